// SPDX-License-Identifier: Apache-2.0
/// Pings at intervals, and the verdict that the peer is gone (RFC 6455 §5.5.2). Times in nanoseconds.
///
/// What counts is progress, not the Pong. While a Ping is out, the connection is alive
/// - when bytes come, whatever they are: a Pong with another payload, or with none, is as good as the echo;
/// - when the peer acknowledges bytes in front of the Ping or the Ping itself: on a slow link that may take long, and
///   the Ping's time runs only from then on;
/// - when the peer's receive window moves on: its application reads, though slowly. What it acknowledges behind the
///   Ping does not count: the kernel of a process that hangs goes on acknowledging until its buffer is full.
///
/// Without any of these for `timeout` the peer is dead. It gets `interval` more while bytes wait for its window: it, or
/// its kernel, has answered to the last byte that was sent, and a slow reader with a large buffer opens its window
/// seldom.
///
/// How far the peer has come is asked of the kernel a few times while a Ping is out, and never else.
public struct KeepAlive: Sendable {
    /// What is to be done now.
    public enum Action: Equatable, Sendable { case none, sendPing, timedOut }

    /// A Ping that is out: nothing has come since.
    private struct Question {
        let asked: UInt64
        /// When progress is looked at next.
        var nextLook: UInt64
        /// Where the Ping ends among the bytes that the kernel was given; nil: the kernel does not have it yet.
        var end: UInt64?
    }

    /// Progress is looked at so many times in `timeout`.
    private static let looksPerTimeout: UInt64 = 4
    /// A window moves by its unit (RFC 7323 §2.3: at most 16 KiB) without anybody reading, once for each Ping that
    /// arrives, and two more are sent before the verdict: only more than that counts.
    static let windowStepMin: UInt64 = 32 * 1024

    /// 0: no pings.
    private var interval: UInt64
    private var timeout: UInt64
    /// When the last ping was asked for, or the connection opened.
    private var lastPing: UInt64
    private var lastLife: UInt64
    private var question: Question?
    /// The most that was seen of either.
    private var acknowledged: UInt64 = 0
    private var windowEnd: UInt64 = 0
    private var isHeldByPeer = false
    /// When the newest ping left; nil: it has not, or is answered.
    private var roundTripStart: UInt64?
    /// The number of the last ping, which is its payload.
    public private(set) var sequence: UInt64 = 0

    public init(intervalNanoseconds: UInt64, timeoutNanoseconds: UInt64, now: UInt64) {
        interval = intervalNanoseconds
        timeout = timeoutNanoseconds
        lastPing = now
        lastLife = now
    }

    /// New settings, in force at once: for the Ping that is out as well.
    public mutating func configured(intervalNanoseconds: UInt64, timeoutNanoseconds: UInt64, now: UInt64) {
        interval = intervalNanoseconds
        timeout = timeoutNanoseconds
        if interval == 0 { question = nil }
        question?.nextLook = now
    }

    /// When `timerFired` is due; nil: never.
    public var deadline: UInt64? {
        if interval == 0 { return nil }
        guard let question else { return max(lastPing &+ interval, lastLife) }
        return min(question.nextLook, deathDate(question))
    }

    private func deathDate(_ question: Question) -> UInt64 {
        max(question.asked, lastLife) &+ patience
    }

    /// How long nothing may move while a Ping is out.
    public var patience: UInt64 { isHeldByPeer ? interval &+ timeout : timeout }

    /// Any byte of the peer's answers the Ping that is out.
    public mutating func bytesReceived(now: UInt64) {
        // A Ping that is due is not put off by it.
        guard question != nil else { return }
        lastLife = now
        question = nil
    }

    /// The kernel has the newest ping, which ends at `end` of the bytes it was given.
    public mutating func pingLeft(end: UInt64, now: UInt64) {
        roundTripStart = now
        if question?.end == nil { question?.end = end }
    }

    /// Returns the round trip if this echoes the newest ping.
    public mutating func pongReceived(sequence: UInt64, now: UInt64) -> UInt64? {
        guard let left = roundTripStart, sequence == self.sequence else { return nil }
        roundTripStart = nil
        return now &- left
    }

    /// - Parameter progress: as of now; nil: it cannot be told.
    public mutating func timerFired(now: UInt64, progress: SendProgress? = nil) -> Action {
        guard let deadline, now >= deadline else { return .none }
        if let progress { note(progress, now: now) }
        guard var open = question else {
            lastPing = now
            question = Question(asked: now, nextLook: now &+ timeout / Self.looksPerTimeout)
            return ping()
        }
        if now >= deathDate(open) { return .timedOut }
        open.nextLook = now &+ max(1, timeout / Self.looksPerTimeout)
        question = open
        // What the peer's window is like is told by its acknowledgements: in the second half of the time, when nothing
        // waits that would bring one, another Ping asks. It serves too where the peer has lost the first one.
        let isDue = now >= max(open.asked, lastLife) &+ timeout / 2
        return isDue && !isHeldByPeer && acknowledged >= open.end ?? .max ? ping() : .none
    }

    /// A ping out of turn, of which nothing depends: no verdict waits for its Pong.
    public mutating func pingWanted() { _ = ping() }

    private mutating func ping() -> Action {
        sequence &+= 1
        roundTripStart = nil
        return .sendPing
    }

    private mutating func note(_ progress: SendProgress, now: UInt64) {
        isHeldByPeer = progress.isHeldByPeer
        // Behind the Ping that is out, acknowledgements prove nothing.
        let counted = min(progress.acknowledged, question?.end ?? .max)
        var isLife = counted > acknowledged
        acknowledged = max(acknowledged, question == nil ? progress.acknowledged : counted)
        if let end = progress.windowEnd {
            if question != nil, end > windowEnd &+ Self.windowStepMin { isLife = true }
            if question == nil || isLife { windowEnd = max(windowEnd, end) }
        }
        guard question != nil, isLife else { return }
        // It may have come before the last acknowledgement, but not after it.
        lastLife = max(lastLife, now &- min(progress.acknowledgementAge, now))
    }
}
