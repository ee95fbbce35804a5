/// Pings at intervals, and the verdict that the peer is gone (RFC 6455 §5.5.2). Times in nanoseconds.
///
/// Any byte from the peer counts as a sign of life: a Pong may stand behind a long message on a slow link.
public struct KeepAlive: Sendable {
    /// What is to be done now.
    public enum Action: Equatable, Sendable { case none, sendPing, timedOut }

    /// 0: no pings.
    private let interval: UInt64
    private let timeout: UInt64
    private var nextPing: UInt64
    private var lastReceived: UInt64
    private var pingSent: UInt64?
    /// The number of the last ping, which is its payload.
    public private(set) var sequence: UInt64 = 0

    public init(intervalNanoseconds: UInt64, timeoutNanoseconds: UInt64, now: UInt64) {
        interval = intervalNanoseconds
        timeout = timeoutNanoseconds
        nextPing = now &+ intervalNanoseconds
        lastReceived = now
    }

    /// When `timerFired` is due; nil: never.
    public var deadline: UInt64? {
        if interval == 0 { return nil }
        if let pingSent { return max(pingSent, lastReceived) &+ timeout }
        return nextPing
    }

    public mutating func bytesReceived(now: UInt64) { lastReceived = now }

    /// Returns the round trip if this answers the ping that is out.
    public mutating func pongReceived(sequence: UInt64, now: UInt64) -> UInt64? {
        guard let sent = pingSent, sequence == self.sequence else { return nil }
        pingSent = nil
        nextPing = max(sent &+ interval, now)
        return now &- sent
    }

    public mutating func timerFired(now: UInt64) -> Action {
        guard let deadline, now >= deadline else { return .none }
        if pingSent != nil { return .timedOut }
        sequence &+= 1
        pingSent = now
        return .sendPing
    }
}
