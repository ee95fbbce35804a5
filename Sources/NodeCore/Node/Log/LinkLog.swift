// SPDX-License-Identifier: Apache-2.0
/// What the log says of the link: connected, lost, regained, with how long it was away, how many messages waited and
/// how many were lost. Times are monotonic nanoseconds.
///
/// A link that comes and goes fills no log: of its losses the 1st, 2nd, 4th… are told (`FailureLines`), and it is
/// called regained only where something was told of its absence.
public struct LinkLog: Sendable {
    /// What is known of the messages when the link comes or goes.
    public struct Messages: Equatable, Sendable {
        public var queued: UInt64
        /// Refused because the queue was full, or dropped, since the node was made.
        public var lost: UInt64

        public init(queued: UInt64, lost: UInt64) {
            self.queued = queued
            self.lost = lost
        }
    }

    private var wasOpen = false
    private var lostAt: UInt64 = 0
    private var lostBefore: UInt64 = 0
    /// Of the time without a link something was told.
    private var isToldAway = true

    public init() {}

    /// The link is there. Returns the line; nil: none is worth it.
    /// - Parameter peer: "127.0.0.1:8080 over TLSv1.3".
    public mutating func opened(to peer: String, messages: Messages, now: UInt64) -> String? {
        let isAgain = wasOpen
        let isTold = isToldAway
        wasOpen = true
        isToldAway = false
        guard isTold else { return nil }
        guard isAgain else {
            let waiting = messages.queued > 0 ? "; \(Self.count(messages.queued)) in the queue" : ""
            return "connected to \(peer)\(waiting)."
        }
        let lost = messages.lost &- lostBefore
        return "connected again to \(peer) after \(seconds(now &- min(lostAt, now))) s; "
            + "\(Self.count(messages.queued)) waited, \(lost) were lost."
    }

    /// The connection ended that was open for so many nanoseconds. Returns the line, which is worth telling if `ending`
    /// is; then `failureTold` is to be called.
    /// - Parameter ending: why, in sentences.
    public mutating func lost(_ ending: String, openFor duration: UInt64, messages: Messages, now: UInt64) -> String {
        lostAt = now
        lostBefore = messages.lost
        let waiting = messages.queued > 0 ? " \(Self.count(messages.queued)) in the queue." : ""
        return "connection lost after \(seconds(duration)) s: \(ending)\(waiting)"
    }

    /// A line was told of an end, or of an attempt that failed.
    public mutating func failureTold() { isToldAway = true }

    private static func count(_ number: UInt64) -> String { number == 1 ? "1 message" : "\(number) messages" }
}
