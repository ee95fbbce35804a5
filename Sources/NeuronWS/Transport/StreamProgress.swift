import CLinux
import NodeCore

/// What the kernel knows of a living connection, and what it can be told.
extension Stream {
    /// How far the peer's kernel has come with what ours was given; nil: unknown.
    func sendProgress() -> SendProgress? {
        guard state == .open, let waiting = Syscalls.unacknowledged(descriptor) else { return nil }
        // A FIN on its way counts as one byte.
        let acknowledged = kernelBytes &- min(UInt64(clamping: waiting), kernelBytes)
        guard let information = Syscalls.tcpInformation(descriptor) else {
            return SendProgress(acknowledged: acknowledged)
        }
        return SendProgress(
            acknowledged: acknowledged, windowEnd: information.sendWindow.map { acknowledged &+ UInt64($0) },
            acknowledgementAge: UInt64(information.lastAcknowledgement) &* 1_000_000,
            isHeldByPeer: waiting > 0 && information.unacknowledgedSegments == 0)
    }

    /// Payload bytes that the peer's kernel has, also when the stream has ended. With TLS about so many: what it adds
    /// to the payload counts as some of it.
    var bytesAcknowledged: UInt64 {
        let written = bytesWritten
        let waiting = descriptor >= 0 ? Syscalls.unacknowledged(descriptor) ?? 0 : unacknowledgedAtEnd
        return written &- min(UInt64(clamping: waiting), written)
    }

    /// What the peer has sent and nobody reads any more is taken from the kernel, as far as it is there: closed with
    /// unread bytes, a connection is reset, and the peer may not see what was sent last.
    func discardReceived() {
        var turns = 0
        while descriptor >= 0, turns < Self.discardsMax, case .bytes(let count) = Syscalls.receive(
            descriptor, loop.receiveBuffer), count > 0
        {
            turns += 1
        }
    }

    /// A peer that sends without end must not hold up the loop.
    private static let discardsMax = 16

    /// Options that change while the connection lives. One that is under way gets them when it is made.
    func configure(noDelay: Bool, userTimeoutMilliseconds: Int) {
        loop.assertOnLoop()
        target.noDelay = noDelay
        target.userTimeoutMilliseconds = userTimeoutMilliseconds
        applyOptions()
    }

    func applyOptions() {
        guard descriptor >= 0 else { return }
        // They cannot fail on a TCP socket, and a connection is not ended for them.
        do throws(SystemError) { try target.applyOptions(descriptor) } catch {}
    }
}

extension ConnectTarget {
    /// The options that may change later.
    func applyOptions(_ descriptor: Int32) throws(SystemError) {
        let tcp = Int32(IPPROTO_TCP)
        try Syscalls.setOption(descriptor, tcp, TCP_NODELAY, noDelay ? 1 : 0)
        try Syscalls.setOption(descriptor, tcp, TCP_USER_TIMEOUT, Int32(clamping: userTimeoutMilliseconds))
    }
}
