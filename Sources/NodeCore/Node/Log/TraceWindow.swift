// SPDX-License-Identifier: Apache-2.0
/// Until when a node's connections are traced. Monotonic nanoseconds.
public struct TraceWindow: Equatable, Sendable {
    /// 0: nobody has asked.
    public private(set) var end: UInt64 = 0

    public init() {}

    public func isOpen(now: UInt64) -> Bool { now < end }

    /// From now on for so long; an earlier wish is forgotten. 0 ends it.
    public mutating func open(seconds: UInt32, now: UInt64) {
        end = seconds == 0 ? 0 : now &+ UInt64(seconds) &* 1_000_000_000
    }
}
