// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore

/// One connection: a dialed socket, and none to two layers of TLS upon it: one to an https:// proxy, one to the server
/// inside. Loop-bound; made by `connect`, used up by `close` or `streamClosed`. The stream holds its owner until then,
/// so an owner may hold its stream.
final class Stream {
    enum State { case starting, dialing, securing, open, closed }

    private enum TimerToken {
        static let start: UInt64 = 0
        static let writeFailed: UInt64 = 1
        static let turn: UInt64 = 2
    }

    /// Reads per readiness: other descriptors get their turn after half a megabyte.
    static let readsPerTurn = 4

    // What is not private belongs to the extensions in StreamSecurity.swift and HeldBytes.swift, and to nobody else.
    var target: ConnectTarget
    let loop: EventLoop
    var state = State.starting
    private(set) var owner: (any StreamOwner)?
    private var context: TLSContext?
    /// The one at the socket first. The last one is between the owner and the rest.
    var layers: [TLSSession] = []
    private var timer: TimerID?
    private var turnTimer: TimerID?
    private var dialer: Dialer?
    /// Nil: not connected yet. It stays when the stream has ended.
    private(set) var socket: Socket?
    /// The owner was given less than it asked for, and waits for `streamWritable`.
    var isOwnerWaiting = false
    var isFinishing = false
    /// Sending failed. Told by what can still be read, which may say why, or else by this.
    var writeError: TransportError?
    /// Bytes of the owner's that went out before the first layer of TLS, or without any.
    private var plainBytesWritten: UInt64 = 0
    /// Bytes of the owner's that the first layer took before there was a second one.
    var outerBytesBefore: UInt64 = 0
    /// The first layer has said that nothing more comes.
    var hasFinishedOuter = false
    /// What was received and the owner did not take; see `resume`.
    var held = HeldBytes()

    private init(_ target: ConnectTarget, _ context: TLSContext?, _ loop: EventLoop, _ owner: any StreamOwner) {
        self.target = target
        self.context = context
        self.loop = loop
        self.owner = owner
    }

    /// Starts an attempt; the owner hears nothing before this has returned. `tls` must be given if the target is
    /// secure. There is no deadline: an owner that loses patience calls `close`.
    static func connect(
        to target: ConnectTarget, tls: TLSContext?, loop: EventLoop, owner: any StreamOwner
    ) -> Stream {
        loop.assertOnLoop()
        precondition(tls != nil || !target.isSecure, "a secure target needs a TLS context")
        let stream = Stream(target, tls, loop, owner)
        stream.timer = loop.schedule(at: 0, stream, token: TimerToken.start)
        return stream
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
        dialer?.cancel()
        dialer = nil
        socket?.close()
        // Whoever still holds the stream holds no key.
        context = nil
        for session in layers { session.releaseOutput() }
        held = HeldBytes()
    }

    /// The end that the owner is told of. The layers stay until the stream goes: their counters may still be asked for.
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

extension Stream: DialerOwner {
    private func begin() {
        state = .dialing
        let dialer = Dialer(target, loop: loop, owner: self)
        self.dialer = dialer
        dialer.start()
    }

    func dialerEntered(_ phase: StreamPhase) { owner?.streamEntered(phase) }

    func dialerFailed(_ error: TransportError) {
        dialer = nil
        finish(error)
    }

    func dialerConnected(_ socket: Socket) {
        dialer = nil
        self.socket = socket
        socket.applyOptions(target)
        do throws(SystemError) {
            try socket.open(self)
        } catch {
            return finish(.network(error, target))
        }
        if target.isSecure, let context {
            secure(
                context,
                TLSPeer(
                    name: target.serverName ?? target.host, verifyName: target.verifyName, text: target.text,
                    isProxy: target.isProxy, showsCertificate: target.showsCertificate))
        } else {
            becomeOpen()
        }
    }

    func becomeOpen() {
        guard let socket else { return }
        state = .open
        owner?.streamConnected(
            StreamFacts(
                peerAddress: socket.peerAddress, localAddress: socket.localAddress, tls: layers.last?.facts))
    }
}

// MARK: What it knows

extension Stream {
    /// Where the connection leads to; empty before there is one. It stays when the stream has ended.
    var peerAddress: String { socket?.peerAddress ?? "" }

    /// The owner's bytes that the kernel has taken: with TLS those of records that were sent to their last byte.
    var bytesWritten: UInt64 {
        layers.last.map { plainBytesWritten &+ outerBytesBefore &+ $0.plaintextBytesSent } ?? plainBytesWritten
    }

    /// The owner's bytes that TLS has encrypted and the kernel has not taken yet; 0 without TLS.
    var bytesPending: UInt64 {
        layers.last.map { $0.plaintextBytesTaken &- $0.plaintextBytesSent } ?? 0
    }

    /// All bytes that the kernel has taken, ciphertext with TLS.
    var kernelBytes: UInt64 { socket?.bytesSent ?? 0 }

    /// How far the peer's kernel has come with what ours was given; nil: unknown.
    func sendProgress() -> SendProgress? { state == .open ? socket?.sendProgress() : nil }

    /// The owner's bytes that the peer's kernel has, also when the stream has ended. With TLS about so many: what it
    /// adds counts as some of them. Through a proxy it is the proxy's kernel.
    var bytesAcknowledged: UInt64 {
        let written = bytesWritten
        return written &- min(UInt64(clamping: socket?.bytesUnacknowledged ?? 0), written)
    }

    func discardReceived() { socket?.discardReceived() }

    /// Options that change while the connection lives. One that is under way gets them when it is made.
    func configure(noDelay: Bool, userTimeoutMilliseconds: Int) {
        loop.assertOnLoop()
        target.noDelay = noDelay
        target.userTimeoutMilliseconds = userTimeoutMilliseconds
        socket?.applyOptions(target)
    }
}

// MARK: Writing

extension Stream {
    /// Takes bytes of the owner's and says how many. Without TLS: what the kernel took, uncopied, with one system call.
    /// With TLS: what was encrypted into the output buffer, which is sent at once as far as possible. Less than asked:
    /// `streamWritable` will come. 0 too once writing has failed or was finished; then `streamClosed` comes.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        loop.assertOnLoop()
        guard state == .open, !isFinishing, writeError == nil, !bytes.isEmpty, let socket else { return 0 }
        if let session = layers.last { return writeSecure(bytes, session) }
        let count = send(bytes, socket)
        plainBytesWritten &+= UInt64(count)
        if count < bytes.count { isOwnerWaiting = true }
        return count
    }

    /// To the kernel, as much as it takes.
    func send(_ bytes: UnsafeRawBufferPointer, _ socket: Socket) -> Int {
        switch socket.write(bytes) {
        case .success(let count):
            if let error = socket.failure { writeFailed(.network(error, target)) }
            return count
        case .failure(let error):
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
        layers.last?.finish()
        flush()
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
}

// MARK: The loop's events

extension Stream: LoopHandler {
    func descriptorReady(_ events: UInt32) {
        if events & EPOLLOUT.rawValue != 0 {
            socket?.becameWritable()
            becameWritable()
            socket?.wroteAll()
            if state == .closed { return }
        }
        if events & ~EPOLLOUT.rawValue != 0 { receive() }
    }

    private func becameWritable() {
        if let session = layers.last {
            flush()
            let isWorthTelling = isOwnerWaiting && session.outputRoom >= TLSSession.outputRoomWorthTelling
            if socket?.isBlocked == true && !isWorthTelling { return }
        }
        guard state == .open, !isFinishing, writeError == nil else { return }
        isOwnerWaiting = false
        owner?.streamWritable()
    }

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

    /// The stream resumes by itself in the loop's next turn.
    func scheduleTurn() {
        if turnTimer == nil { turnTimer = loop.schedule(at: 0, self, token: TimerToken.turn) }
    }

    private func receive() {
        for _ in 0..<Self.readsPerTurn {
            guard state == .open || state == .securing, !held.isPaused, let socket else { return }
            let buffer = loop.receiveBuffer
            switch socket.read(into: buffer) {
            case .bytes(0):
                ended()
                return
            case .bytes(let count):
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if layers.isEmpty {
                    deliver(bytes)
                } else {
                    decrypt(bytes, layer: 0)
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

    /// The peer sent FIN, or what carries the innermost layer has ended.
    func ended() {
        if let writeError {
            finish(writeError)
        } else if let session = layers.last {
            finish(session.endOfStream(isHandshaking: state == .securing))
        } else {
            finish(nil)
        }
    }
}
