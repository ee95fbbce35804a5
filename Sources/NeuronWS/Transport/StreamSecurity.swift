import CLinux
import NodeCore

/// TLS on a stream: ciphertext between the socket and the session.
extension Stream {
    /// TLS from here on, on a stream that is connected without: after a proxy has answered. `serverName` is the name or
    /// address that the certificate must bear. The owner hears `streamEntered(.securing)` and `streamConnected` again.
    func startTLS(_ context: TLSContext, serverName: String) {
        loop.assertOnLoop()
        guard state == .open, session == nil else { return }
        secure(context, serverName)
    }

    /// What the server asked for in TLS and did not get; also when the stream is closed.
    var unmetWish: UnmetWish? {
        session?.unmetWish
    }

    func secure(_ context: TLSContext, _ serverName: String) {
        state = .securing
        owner?.streamEntered(.securing)
        guard state == .securing else { return }
        switch TLSSession.make(context, serverName: serverName, peer: target.text, pool: loop.outputBuffers) {
        case .failure(let error):
            finish(error)
        case .success(let session):
            self.session = session
            stepHandshake(session)
        }
    }

    /// False: closed, or more must be received.
    @discardableResult
    func stepHandshake(_ session: TLSSession) -> Bool {
        let progress = session.handshake()
        // On failure too: it is the alert that tells the peer why.
        flush(session)
        guard state == .securing else { return false }
        switch progress {
        case .needsMore:
            return false
        case .failed(let error):
            finish(error)
            return false
        case .done:
            becomeOpen()
            return state == .open
        }
    }

    /// Sends what TLS has made, as far as the kernel takes it.
    func flush(_ session: TLSSession) {
        while !isBlocked, writeError == nil, session.hasOutput {
            switch Syscalls.send(descriptor, session.output) {
            case .bytes(let count):
                session.outputSent(count)
                kernelBytes &+= UInt64(count)
                // The kernel is full: asking again would only cost a call.
                if session.hasOutput { block() }
            case .wouldBlock: block()
            case .failed(let error): writeFailed(.network(error, target))
            }
        }
        if isFinishing, !session.hasOutput { shutDown() }
    }

    func writeSecure(_ bytes: UnsafeRawBufferPointer, _ session: TLSSession) -> Int {
        var taken = 0
        // More than one round only if the kernel took a whole output buffer at once.
        repeat {
            let count = session.write(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
            taken += count
            flush(session)
            if let failure = session.failure {
                writeFailed(failure)
                return taken
            }
        } while taken < bytes.count && !session.hasOutput && writeError == nil
        if taken < bytes.count { isOwnerWaiting = true }
        return taken
    }

    func decrypt(_ bytes: UnsafeRawBufferPointer, _ session: TLSSession) {
        session.feed(bytes)
        // The bytes lie in the loop's buffer: whatever happens, the session must not keep them.
        defer { session.feed(UnsafeRawBufferPointer(start: nil, count: 0)) }
        if state == .securing, !stepHandshake(session) { return }
        while state == .open {
            let buffer = loop.plaintextBuffer
            let result = session.read(into: buffer)
            if result.count > 0, !deliver(UnsafeRawBufferPointer(rebasing: buffer[..<result.count])) {
                guard held.isPaused, let rest = kept(session.unreadBytes) else { return }
                held.readEnd = result.end
                held.ciphertext = rest
                return
            }
            guard state == .open else { return }
            if result.end == .turnOver { return yield(session) }
            guard goesOn(after: result.end, session) else { return }
        }
    }

    /// What is left goes on in the loop's next turn, as if the owner had paused and resumed.
    private func yield(_ session: TLSSession) {
        flush(session)
        guard state == .open, let rest = kept(session.unreadBytes) else { return }
        held.ciphertext = rest
        held.isPaused = true
        scheduleTurn()
    }

    /// False: there is nothing more to be decrypted.
    func goesOn(after end: TLSReadResult.End, _ session: TLSSession) -> Bool {
        switch end {
        case .bufferFull, .turnOver:
            return true
        case .needsMore:
            // An answer to a KeyUpdate may have come about.
            flush(session)
        case .closed:
            finish(writeError)
        case .failed(let error):
            flush(session)
            finish(error)
        }
        return false
    }
}
