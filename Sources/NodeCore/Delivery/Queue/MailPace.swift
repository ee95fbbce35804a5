// SPDX-License-Identifier: Apache-2.0

/// When messages are taken from the mailbox while nothing can be sent: so seldom that what comes meanwhile shares a
/// chunk, and so often that it is on disk when it is to be. All times in monotonic nanoseconds.
public struct MailPace: Sendable {
    /// However long the cache's sync-interval is.
    public static let intervalMax: UInt64 = 100_000_000

    private var takenAt: UInt64 = 0
    /// Something waits for the next time.
    private var isDue = false

    public init() {}

    /// Whether what waits is taken now.
    /// - Parameters:
    ///   - isUrgent: there is little room.
    ///   - isEnding: what there was is being stored, as the last that is done. What comes meanwhile stays where it is,
    ///     for the next start or whoever destroys the node: a host that goes on pushing would keep the end from coming.
    public mutating func takes(
        now: UInt64, syncInterval: UInt64, isUrgent: Bool, isEnding: Bool, hasMail: Bool
    ) -> Bool {
        if isEnding {
            isDue = false
            return false
        }
        guard isUrgent || now >= next(syncInterval) else {
            isDue = isDue || hasMail
            return false
        }
        isDue = false
        takenAt = now
        return true
    }

    /// Somebody else takes it.
    public mutating func isLeftToSender() { isDue = false }

    /// When to ask again; nil: nothing waits.
    public func deadline(syncInterval: UInt64) -> UInt64? { isDue ? next(syncInterval) : nil }

    private func next(_ syncInterval: UInt64) -> UInt64 {
        let (next, overflow) = takenAt.addingReportingOverflow(min(Self.intervalMax, syncInterval))
        return overflow ? .max : next
    }
}
