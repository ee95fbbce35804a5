// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore

/// The stream with TLS: ciphertext and plaintext between the socket, the layers and the owner.
extension Stream {
    /// Layers at most: one to a proxy, one to the server.
    static let layersMax = 2

    /// TLS from here on, on a stream that is connected: after a proxy has answered, upon the TLS to the proxy if there
    /// is one. The owner hears `streamEntered(.securing)` and `streamConnected` once more.
    ///
    /// Inside `streamReceived` the bytes that the owner does not take are TLS's.
    func startTLS(_ context: TLSContext, _ peer: TLSPeer) {
        loop.assertOnLoop()
        guard state == .open, layers.count < Self.layersMax else { return }
        secure(context, peer)
    }

    /// What was connected to is what it should be: its TLS sessions may go on with the next connection.
    func confirmSecurity() {
        loop.assertOnLoop()
        for session in layers { session.confirm() }
    }

    /// What the server asked for in TLS and did not get; also when the stream is closed.
    var unmetWish: UnmetWish? { layers.last?.unmetWish }

    func secure(_ context: TLSContext, _ peer: TLSPeer) {
        state = .securing
        owner?.streamEntered(.securing)
        guard state == .securing else { return }
        switch TLSSession.make(context, peer, pool: loop.outputBuffers) {
        case .failure(let error):
            finish(error)
        case .success(let session):
            if let last = layers.last { outerBytesBefore &+= last.plaintextBytesTaken }
            layers.append(session)
            stepHandshake(session)
        }
    }

    /// False: closed, or more must be received.
    @discardableResult
    func stepHandshake(_ session: TLSSession) -> Bool {
        let progress = session.handshake()
        // On failure too: it is the alert that tells the peer why.
        flush()
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

    // MARK: Bytes out

    /// Sends what TLS has made, layer by layer, as far as the kernel takes it.
    func flush() {
        guard let socket else { return }
        repeat {
            wrapInner()
            guard writeError == nil, let outer = layers.first, outer.hasOutput, !socket.isBlocked else { break }
            outer.outputSent(send(outer.output, socket))
        } while writeError == nil
        if layers.count == Self.layersMax {
            let sent = layers[0].plaintextBytesSent
            layers[1].outputSettled(through: sent &- min(sent, outerBytesBefore))
        }
        guard isFinishing, writeError == nil, !layers.contains(where: { $0.hasOutput }) else { return }
        socket.shutDown()
    }

    /// What the inner layer has made becomes the outer one's plaintext, as much as there is room for.
    private func wrapInner() {
        guard layers.count == Self.layersMax, writeError == nil else { return }
        let (outer, inner) = (layers[0], layers[1])
        while inner.hasOutput {
            let count = outer.write(inner.output)
            inner.outputMoved(count)
            if let failure = outer.failure { return writeFailed(failure) }
            if count == 0 { return }
        }
        guard isFinishing, !hasFinishedOuter else { return }
        hasFinishedOuter = true
        outer.finish()
    }

    func writeSecure(_ bytes: UnsafeRawBufferPointer, _ session: TLSSession) -> Int {
        var taken = 0
        // More than one round only if the kernel took a whole output buffer at once.
        repeat {
            let count = session.write(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
            taken += count
            flush()
            if let failure = session.failure {
                writeFailed(failure)
                return taken
            }
        } while taken < bytes.count && !session.hasOutput && writeError == nil
        if taken < bytes.count { isOwnerWaiting = true }
        return taken
    }

    // MARK: Bytes in

    /// Decrypts bytes of the layer below, and hands on what comes out.
    func decrypt(_ bytes: UnsafeRawBufferPointer, layer: Int) {
        let session = layers[layer]
        session.feed(bytes)
        // The bytes lie in a buffer of the loop's: whatever happens, the session must not keep them.
        defer { session.feed(UnsafeRawBufferPointer(start: nil, count: 0)) }
        if state == .securing, layer == layers.count - 1, !stepHandshake(session) { return }
        // The loop's own buffer is the first layer's: what lies in it is being read while the next one decrypts.
        guard layer > 0 else { return decrypt(session, layer, into: loop.plaintextBuffer) }
        guard let buffer = loop.outputBuffers.take() else {
            return finish(.noMemory("what was received", target.text))
        }
        decrypt(
            session, layer, into: UnsafeMutableRawBufferPointer(start: buffer, count: loop.outputBuffers.bufferBytes))
        loop.outputBuffers.giveBack(buffer)
    }

    private func decrypt(_ session: TLSSession, _ layer: Int, into buffer: UnsafeMutableRawBufferPointer) {
        while isReading {
            let result = session.read(into: buffer)
            if result.count > 0, !passOn(UnsafeRawBufferPointer(rebasing: buffer[..<result.count]), from: layer) {
                keep(result.end, session, layer)
                return
            }
            guard isReading else { return }
            if result.end == .turnOver { return yield(session, layer) }
            guard goesOn(after: result.end, layer) else { return }
        }
    }

    private var isReading: Bool { state == .open || state == .securing }

    /// Plaintext of a layer, to the one above it or to the owner. False: the stream is paused, or no longer open.
    private func passOn(_ bytes: UnsafeRawBufferPointer, from layer: Int) -> Bool {
        guard layer + 1 < layers.count else { return deliver(bytes) }
        decrypt(bytes, layer: layer + 1)
        return isReading && !held.isPaused
    }

    /// The layer has more, and somebody above it takes no more now.
    private func keep(_ end: TLSReadResult.End?, _ session: TLSSession, _ layer: Int) {
        guard isReading, held.isPaused, let rest = kept(session.unreadBytes) else { return }
        held[layer] = HeldBytes.Layer(readEnd: end, ciphertext: rest)
    }

    /// What is left goes on in the loop's next turn, as if the owner had paused and resumed.
    private func yield(_ session: TLSSession, _ layer: Int) {
        flush()
        guard isReading else { return }
        held.isPaused = true
        keep(nil, session, layer)
        if state != .closed { scheduleTurn() }
    }

    /// False: there is nothing more to be decrypted.
    func goesOn(after end: TLSReadResult.End, _ layer: Int) -> Bool {
        switch end {
        case .bufferFull, .turnOver:
            return true
        case .needsMore:
            // An answer to a KeyUpdate may have come about.
            flush()
        case .closed:
            // What carries the layer above it is at its end.
            if layer + 1 < layers.count { ended() } else { finish(writeError) }
        case .failed(let error):
            flush()
            finish(error)
        }
        return false
    }
}
