// SPDX-License-Identifier: Apache-2.0
/// What a node counts of its commands.
public struct CommandCounts: Equatable, Sendable {
    /// Each try whose last byte the kernel took.
    public internal(set) var sent: UInt64 = 0
    public internal(set) var timedOut: UInt64 = 0
    /// The connection that they went out on ended, and no try was left.
    public internal(set) var lost: UInt64 = 0
    /// Gauge: without outcome.
    public internal(set) var open: UInt64 = 0
    /// Of those that were answered: from when the newest try had left.
    public internal(set) var responses = WaitHistogram()

    public init() {}
}

extension CommandTable {
    /// For the metrics.
    public var counts: CommandCounts {
        var counts = counted
        counts.open = UInt64(count)
        return counts
    }
}
