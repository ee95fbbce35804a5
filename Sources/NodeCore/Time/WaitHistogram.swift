// SPDX-License-Identifier: Apache-2.0
/// How long something took, each time: buckets, each with those before it, the count and the sum. The same buckets for
/// all, from a fieldbus's neighbour to a satellite.
public struct WaitHistogram: Equatable, Sendable {
    public private(set) var within1ms: UInt64 = 0
    public private(set) var within5ms: UInt64 = 0
    public private(set) var within20ms: UInt64 = 0
    public private(set) var within100ms: UInt64 = 0
    public private(set) var within500ms: UInt64 = 0
    public private(set) var within2s: UInt64 = 0
    public private(set) var within10s: UInt64 = 0
    public private(set) var count: UInt64 = 0
    /// All of them together.
    public private(set) var microseconds: UInt64 = 0

    public init() {}

    public mutating func note(microseconds time: UInt64) {
        count &+= 1
        microseconds &+= time
        if time <= 1_000 { within1ms &+= 1 }
        if time <= 5_000 { within5ms &+= 1 }
        if time <= 20_000 { within20ms &+= 1 }
        if time <= 100_000 { within100ms &+= 1 }
        if time <= 500_000 { within500ms &+= 1 }
        if time <= 2_000_000 { within2s &+= 1 }
        if time <= 10_000_000 { within10s &+= 1 }
    }
}
