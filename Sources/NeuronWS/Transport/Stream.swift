import CLinux
import NodeCore

/// One connection: the attempt to make it, and its life. Loop-bound; made by `connect`, used up by `close` or
/// `streamClosed`. The stream holds its owner until then, so an owner may hold its stream.
final class Stream {
    enum State { case starting, resolving, connecting, securing, open, closed }

    private enum TimerToken {
        static let start: UInt64 = 0
        static let writeFailed: UInt64 = 1
        static let turn: UInt64 = 2
    }

    /// Reads per readiness: other descriptors get their turn after half a megabyte.
    static let readsPerTurn = 4

    // What is not private belongs to the extension in StreamSecurity.swift, and to nobody else.
    var target: ConnectTarget
    let loop: EventLoop
    var state = State.starting
    private(set) var owner: (any StreamOwner)?
    private var context: TLSContext?
    var session: TLSSession?
    private var timer: TimerID?
    private var turnTimer: TimerID?
    private var query: ResolverQuery?
    private var connector: Connector?
    private var registration: EventLoop.Registration?
    private var interest: UInt32 = 0
    private(set) var descriptor: Int32 = -1
    /// Where the connection leads to; empty before there is one. It stays when the stream has ended.
    private(set) var peerAddress = ""
    private var localAddress = ""
    /// The kernel's buffer is full: nothing is sent before EPOLLOUT.
    var isBlocked = false
    /// The owner was given less than it asked for, and waits for `streamWritable`.
    var isOwnerWaiting = false
    var isFinishing = false
    private var hasShutDown = false
    /// Sending failed. Told by what can still be read, which may say why, or else by this.
    var writeError: TransportError?
    private var plainBytesWritten: UInt64 = 0
    /// What was received and the owner did not take; see `resume`.
    var held = HeldBytes()
    /// All bytes that the kernel has taken, ciphertext with TLS.
    var kernelBytes: UInt64 = 0
    /// Of those, how many the peer's kernel had not acknowledged when the stream ended.
    private(set) var unacknowledgedAtEnd = 0

    private init(_ target: ConnectTarget, _ context: TLSContext?, _ loop: EventLoop, _ owner: any StreamOwner) {
        self.target = target
        self.context = context
        self.loop = loop
        self.owner = owner
    }

    /// The loop is gone, and nobody closed the stream.
    deinit {
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// Starts an attempt; the owner hears nothing before this has returned. `tls` must be given if the target is
    /// secure, and for a later `startTLS` it may. There is no deadline: an owner that loses patience calls `close`.
    static func connect(
        to target: ConnectTarget, tls: TLSContext?, loop: EventLoop, owner: any StreamOwner
    ) -> Stream {
        loop.assertOnLoop()
        precondition(tls != nil || !target.isSecure, "a secure target needs a TLS context")
        let stream = Stream(target, tls, loop, owner)
        stream.timer = loop.schedule(at: 0, stream, token: TimerToken.start)
        return stream
    }

    /// Payload bytes that the kernel has taken: with TLS those of records that were sent to their last byte.
    var bytesWritten: UInt64 {
        session.map { plainBytesWritten &+ $0.plaintextBytesSent } ?? plainBytesWritten
    }

    /// Plaintext bytes that TLS has encrypted and the kernel has not taken yet; 0 without TLS.
    var bytesPending: UInt64 {
        session.map { $0.plaintextBytesTaken &- $0.plaintextBytesSent } ?? 0
    }

    /// At once; the owner hears nothing any more. What was not sent yet is lost.
    func close() {
        loop.assertOnLoop()
        if state != .closed { tearDown() }
    }

    private func tearDown() {
        state = .closed
        owner = nil
        if let timer { loop.cancel(timer) }
        timer = nil
        if let turnTimer { loop.cancel(turnTimer) }
        turnTimer = nil
        query?.cancel()
        query = nil
        connector?.cancel()
        connector = nil
        if let registration { loop.remove(registration) }
        registration = nil
        if descriptor >= 0 {
            unacknowledgedAtEnd = Syscalls.unacknowledged(descriptor) ?? 0
            Syscalls.close(descriptor)
        }
        descriptor = -1
        // Whoever still holds the stream holds no key.
        context = nil
        session?.releaseOutput()
        held = HeldBytes()
    }

    /// The end that the owner is told of. The session stays until the stream goes: its counters may still be asked for.
    func finish(_ error: TransportError?) {
        guard state != .closed else { return }
        let owner = owner
        tearDown()
        owner?.streamClosed(error)
    }
}

@available(*, unavailable)
extension Stream: Sendable {}

// MARK: Connecting

extension Stream: ResolverClient {
    private func begin() {
        if let address = SocketAddress(literal: target.host, port: target.port) {
            if target.ipVersion != .any, address.isIPv6 != (target.ipVersion == .v6) {
                let wanted = target.ipVersion == .v6 ? "6" : "4"
                finish(TransportError(.dns, "\(target.host) is not an address of IP version \(wanted) (ip-version)"))
                return
            }
            race([address])
            return
        }
        state = .resolving
        owner?.streamEntered(.resolving)
        guard state == .resolving else { return }
        query = loop.resolver.resolve(
            host: target.host, port: target.port, version: target.ipVersion, loop: loop, client: self)
    }

    func nameResolved(_ result: ResolverResult) {
        query = nil
        guard state == .resolving else { return }
        switch result {
        case .addresses(let addresses): race(addresses)
        case .failed(let failure): finish(.resolving(target, failure))
        }
    }

    private func race(_ addresses: [SocketAddress]) {
        state = .connecting
        owner?.streamEntered(.connecting)
        guard state == .connecting else { return }
        var usable = addresses
        if let source = target.sourceAddress.flatMap({ SocketAddress(literal: $0, port: 0) }) {
            usable.removeAll { $0.family != source.family }
            if usable.isEmpty { return finish(.sourceOfOtherVersion(target, addresses)) }
        }
        let connector = Connector(target, usable, loop: loop, stream: self)
        self.connector = connector
        connector.start()
    }

    func connectorFailed(_ error: TransportError) {
        connector = nil
        finish(error)
    }

    func connectorSucceeded(_ descriptor: Int32, _ address: SocketAddress) {
        connector = nil
        guard state == .connecting else {
            Syscalls.close(descriptor)
            return
        }
        self.descriptor = descriptor
        applyOptions()
        peerAddress = address.text
        localAddress = Syscalls.localAddress(descriptor)?.text ?? ""
        interest = EPOLLIN.rawValue
        do throws(SystemError) {
            registration = try loop.add(descriptor, interest: interest, self)
        } catch {
            finish(.network(error, target))
            return
        }
        if target.isSecure, let context {
            secure(context, target.serverName ?? target.host)
        } else {
            becomeOpen()
        }
    }

    func becomeOpen() {
        state = .open
        owner?.streamConnected(
            StreamFacts(peerAddress: peerAddress, localAddress: localAddress, tls: session?.facts))
    }
}

// MARK: Writing

extension Stream {
    /// Takes bytes of the owner's and says how many. Without TLS: what the kernel took, uncopied, with one system call.
    /// With TLS: what was encrypted into the output buffer, which is sent at once as far as possible. Less than asked:
    /// `streamWritable` will come. 0 too once writing has failed or was finished; then `streamClosed` comes.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        loop.assertOnLoop()
        guard state == .open, !isFinishing, writeError == nil, !bytes.isEmpty else { return 0 }
        if let session { return writeSecure(bytes, session) }
        if isBlocked {
            isOwnerWaiting = true
            return 0
        }
        switch Syscalls.send(descriptor, bytes) {
        case .bytes(let count):
            plainBytesWritten &+= UInt64(count)
            kernelBytes &+= UInt64(count)
            if count < bytes.count {
                isOwnerWaiting = true
                block()
            }
            return count
        case .wouldBlock:
            isOwnerWaiting = true
            block()
            return 0
        case .failed(let error):
            writeFailed(.network(error, target))
            return 0
        }
    }

    /// Nothing more will be written: sends what is pending, TLS's close_notify, and FIN. Reading goes on until the peer
    /// ends too.
    func finishWriting() {
        loop.assertOnLoop()
        guard state == .open, !isFinishing else { return }
        isFinishing = true
        if let session {
            session.finish()
            flush(session)
        } else {
            shutDown()
        }
    }

    func shutDown() {
        if hasShutDown || writeError != nil { return }
        hasShutDown = true
        Syscalls.shutdownWriting(descriptor)
    }

    func block() {
        isBlocked = true
        setInterest(EPOLLIN.rawValue | EPOLLOUT.rawValue)
    }

    private func setInterest(_ wanted: UInt32) {
        guard let registration, interest != wanted else { return }
        interest = wanted
        do throws(SystemError) {
            try loop.modify(registration, interest: wanted)
        } catch {
            writeFailed(.network(error, target))
        }
    }

    /// Called from within the owner's `write`, so the owner hears of it on a later turn; and what the peer sent
    /// before it went, a Close frame or an alert, is read first.
    func writeFailed(_ error: TransportError) {
        if writeError != nil { return }
        writeError = error
        if timer == nil { timer = loop.schedule(at: 0, self, token: TimerToken.writeFailed) }
    }

    /// There is no memory to send from. The owner hears of it by `streamClosed`, on a later turn.
    func lacksMemory() {
        loop.assertOnLoop()
        if state != .closed { writeFailed(.noMemory("a buffer to send from", target.text)) }
    }

    private func becameWritable() {
        isBlocked = false
        if let session {
            flush(session)
            if isBlocked && !(isOwnerWaiting && session.outputRoom >= TLSSession.outputRoomWorthTelling) { return }
        }
        if state == .open, !isFinishing, writeError == nil {
            isOwnerWaiting = false
            owner?.streamWritable()
        }
        if state != .closed, !isBlocked { setInterest(EPOLLIN.rawValue) }
    }
}

// MARK: Reading

extension Stream: LoopHandler {
    func timerFired(_ token: UInt64) {
        if token == TimerToken.turn {
            turnTimer = nil
            return resume()
        }
        timer = nil
        if token == TimerToken.start {
            begin()
            return
        }
        receive()
        guard let writeError else { return }
        if held.isPaused {
            // The owner has not read all that came before.
            timer = loop.schedule(at: loop.nowNanoseconds &+ 1_000_000, self, token: TimerToken.writeFailed)
        } else {
            finish(writeError)
        }
    }

    func descriptorReady(_ events: UInt32) {
        if events & EPOLLOUT.rawValue != 0 {
            becameWritable()
            if state == .closed { return }
        }
        if events & ~EPOLLOUT.rawValue != 0 { receive() }
    }

    /// The stream resumes by itself in the loop's next turn.
    func scheduleTurn() {
        if turnTimer == nil { turnTimer = loop.schedule(at: 0, self, token: TimerToken.turn) }
    }

    private func receive() {
        for _ in 0..<Self.readsPerTurn {
            guard state == .open || state == .securing, !held.isPaused else { return }
            let buffer = loop.receiveBuffer
            switch Syscalls.receive(descriptor, buffer) {
            case .bytes(0):
                ended()
                return
            case .bytes(let count):
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if let session {
                    decrypt(bytes, session)
                } else {
                    deliver(bytes)
                }
                // Less than there was room for: the kernel has no more, and asking again would only cost a call.
                if count < buffer.count { return }
            case .wouldBlock:
                return
            case .failed(let error):
                finish(writeError ?? .network(error, target))
                return
            }
        }
    }

    /// The peer sent FIN.
    private func ended() {
        if let writeError {
            finish(writeError)
        } else if let session {
            finish(session.endOfStream(isHandshaking: state == .securing))
        } else {
            finish(nil)
        }
    }
}
