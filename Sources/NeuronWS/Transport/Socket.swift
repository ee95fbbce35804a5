// SPDX-License-Identifier: Apache-2.0
import CLinux
import NodeCore

/// A connected TCP socket on the loop: bytes out and in without waiting, its options, and what the kernel knows of it.
/// Loop-bound; the owner closes it, and is the loop's handler of the descriptor.
final class Socket {
    private let loop: EventLoop
    private var registration: EventLoop.Registration?
    private var interest: UInt32 = 0
    private var descriptor: Int32
    /// For example `192.168.0.7:443`.
    let peerAddress: String
    let localAddress: String
    /// The kernel's buffer is full: nothing is sent before `becameWritable`.
    private(set) var isBlocked = false
    private var hasShutDown = false
    /// Epoll does not do what it must: nothing will be told of this socket.
    private(set) var failure: SystemError?
    /// All bytes that the kernel has taken.
    private(set) var bytesSent: UInt64 = 0
    /// Of those, how many the peer's kernel had not acknowledged when the socket was closed.
    private var unacknowledgedAtEnd = 0

    /// Takes the descriptor over.
    init(_ descriptor: Int32, peer: SocketAddress, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
        peerAddress = peer.text
        localAddress = Syscalls.localAddress(descriptor)?.text ?? ""
    }

    /// The loop is gone, and nobody closed the socket.
    deinit {
        if descriptor >= 0 { Syscalls.close(descriptor) }
    }

    /// The handler hears of it from now on, until `close`.
    func open(_ handler: any LoopHandler) throws(SystemError) {
        interest = EPOLLIN.rawValue
        registration = try loop.add(descriptor, interest: interest, handler)
    }

    /// At once. What the kernel has taken it goes on sending.
    func close() {
        if let registration { loop.remove(registration) }
        registration = nil
        guard descriptor >= 0 else { return }
        unacknowledgedAtEnd = Syscalls.unacknowledged(descriptor) ?? 0
        Syscalls.close(descriptor)
        descriptor = -1
    }

    // MARK: Bytes

    /// Hands bytes to the kernel, as many as it takes. With fewer than all, or none, EPOLLOUT comes, and nothing
    /// is taken before `becameWritable`.
    func write(_ bytes: UnsafeRawBufferPointer) -> Result<Int, SystemError> {
        if isBlocked { return .success(0) }
        switch Syscalls.send(descriptor, bytes) {
        case .bytes(let count):
            bytesSent &+= UInt64(count)
            // The kernel is full: asking again would only cost a call.
            if count < bytes.count { block() }
            return .success(count)
        case .wouldBlock:
            block()
            return .success(0)
        case .failed(let error):
            return .failure(error)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult { Syscalls.receive(descriptor, buffer) }

    /// Nothing more will be written: FIN, once.
    func shutDown() {
        if hasShutDown { return }
        hasShutDown = true
        Syscalls.shutdownWriting(descriptor)
    }

    private func block() {
        isBlocked = true
        setInterest(EPOLLIN.rawValue | EPOLLOUT.rawValue)
    }

    private func setInterest(_ wanted: UInt32) {
        guard let registration, interest != wanted else { return }
        interest = wanted
        do throws(SystemError) {
            try loop.modify(registration, interest: wanted)
        } catch {
            failure = error
        }
    }

    /// EPOLLOUT has come.
    func becameWritable() { isBlocked = false }

    /// What there was to be written then has been: unless the kernel is full again, EPOLLOUT is of no interest.
    func wroteAll() { if !isBlocked { setInterest(EPOLLIN.rawValue) } }

    // MARK: What the kernel knows of it

    /// Bytes that the kernel was given and the peer's has not acknowledged, also when it is closed; nil: unknown.
    var bytesUnacknowledged: Int? { descriptor >= 0 ? Syscalls.unacknowledged(descriptor) : unacknowledgedAtEnd }

    /// How far the peer's kernel has come with what ours was given; nil: unknown.
    func sendProgress() -> SendProgress? {
        guard descriptor >= 0, let waiting = Syscalls.unacknowledged(descriptor) else { return nil }
        // A FIN on its way counts as one byte.
        let acknowledged = bytesSent &- min(UInt64(clamping: waiting), bytesSent)
        guard let information = Syscalls.tcpInformation(descriptor) else {
            return SendProgress(acknowledged: acknowledged)
        }
        return SendProgress(
            acknowledged: acknowledged, windowEnd: information.sendWindow.map { acknowledged &+ UInt64($0) },
            acknowledgementAge: UInt64(information.lastAcknowledgement) &* 1_000_000,
            isHeldByPeer: waiting > 0 && information.unacknowledgedSegments == 0)
    }

    /// What the peer has sent and nobody reads any more is taken from the kernel, as far as it is there: closed with
    /// unread bytes, a connection is reset, and the peer may not see what was sent last.
    func discardReceived() {
        var turns = 0
        while descriptor >= 0, turns < Self.discardsMax,
            case .bytes(let count) = Syscalls.receive(descriptor, loop.receiveBuffer), count > 0
        {
            turns += 1
        }
    }

    /// A peer that sends without end must not hold up the loop.
    private static let discardsMax = 16

    func applyOptions(_ target: ConnectTarget) {
        guard descriptor >= 0 else { return }
        // They cannot fail on a TCP socket, and a connection is not ended for them.
        do throws(SystemError) { try target.applyOptions(descriptor) } catch {}
    }
}

@available(*, unavailable)
extension Socket: Sendable {}

extension ConnectTarget {
    /// The options that may change later.
    func applyOptions(_ descriptor: Int32) throws(SystemError) {
        // They are TCP's.
        if unixPath != nil { return }
        let tcp = Int32(IPPROTO_TCP)
        try Syscalls.setOption(descriptor, tcp, TCP_NODELAY, noDelay ? 1 : 0)
        try Syscalls.setOption(descriptor, tcp, TCP_USER_TIMEOUT, Int32(clamping: userTimeoutMilliseconds))
    }
}
