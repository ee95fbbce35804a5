// SPDX-License-Identifier: Apache-2.0
import CJansson

/// What is published together: a group's values that have one publishing time, as they came. Which of them are of one
/// datastream is found out when they are written: until then one more costs the same, however many there are, and to
/// give a basket back takes no memory.
public final class DatastreamBasket: @unchecked Sendable {
    /// The device, a NUL and the group.
    private let names: [UInt8]
    /// Nanoseconds.
    let period: UInt64
    /// Of both.
    let hash: UInt64
    let device: [UInt8]
    /// As JSON.
    let quotedGroup: [UInt8]
    let statics: StaticTagSet
    private(set) var first: GatheredValues?
    private var last: GatheredValues?
    /// What the values take, bytes.
    private(set) var valueByteCount: Int
    public private(set) var valueCount: Int

    /// Of a list that somebody keeps.
    public var next: DatastreamBasket?
    /// In the gatherer's table, which refers to baskets that it owns.
    var nextInBucket: UnsafeMutableRawPointer?

    /// What a basket takes besides its texts, bytes.
    private static let ownBytes = 512
    /// - Parameter seed: the gatherer's.
    init(_ split: DatastreamGatherer.Split, period: UInt64, _ values: GatheredValues, seed: UInt64) {
        names = split.names
        self.period = period
        hash = NameHash.pair(split.names.withUnsafeBytes { NameHash.of($0, seed: seed) }, period)
        device = split.device
        quotedGroup = split.quotedGroup
        statics = split.statics
        first = values
        last = values
        valueByteCount = values.byteCount
        valueCount = values.count
    }

    deinit {
        // One behind the other: a chain of many would let go of itself as deep as it is long.
        var rest = first
        first = nil
        last = nil
        while let values = rest {
            rest = values.next
            values.next = nil
        }
    }

    var byteCount: Int { Self.ownBytes + device.count + names.count + quotedGroup.count + valueByteCount }

    func isSame(_ other: DatastreamBasket) -> Bool { period == other.period && names == other.names }

    /// What the other one holds goes behind.
    func append(_ other: DatastreamBasket) {
        last?.next = other.first
        last = other.last
        valueByteCount += other.valueByteCount
        valueCount += other.valueCount
        other.first = nil
        other.last = nil
    }

    /// What the other one holds goes before.
    func prepend(_ other: DatastreamBasket) {
        other.last?.next = first
        first = other.first
        valueByteCount += other.valueByteCount
        valueCount += other.valueCount
        other.first = nil
        other.last = nil
    }
}
