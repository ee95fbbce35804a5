// SPDX-License-Identifier: Apache-2.0
/// Small numbers for the drivers' groups of a node, which messages carry as what they belong to.
///
/// By hash alone: 64 bits with a seed that nobody outside knows do not meet among so few. A number is never given to
/// another group. Past `countMax` groups, and where there is no memory, there are no more: those that come then have
/// none.
///
/// Invariants: the number of `slots` is a power of two, and more than half of them are empty.
public struct GroupNumbers {
    /// Groups that get a number.
    public static let countMax = Int(UInt16.max)

    /// The hash of number n, at n - 1.
    private var hashes: [UInt64] = []
    /// Numbers, with linear probing; 0: empty.
    private var slots: [UInt16] = Array(repeating: 0, count: 16)

    public init() {}

    /// The number of the group with this hash (`SubscriptionTable.hash`), a new one if it has none; 0: none is left.
    public mutating func number(of hash: UInt64) -> UInt16 {
        let place = place(of: hash)
        if slots[place] != 0 { return slots[place] }
        guard hashes.count < Self.countMax, hasMemory else { return 0 }
        hashes.append(hash)
        slots[place] = UInt16(hashes.count)
        if hashes.count * 2 >= slots.count { grow() }
        return UInt16(hashes.count)
    }

    /// From so many groups on memory is asked for before there are twice as many.
    private static let fewCount = 4096

    private var hasMemory: Bool {
        let count = hashes.count
        return count < Self.fewCount || count & (count - 1) != 0 || EventBlock.hasMemory(count * 24)
    }

    /// Where its number stands, or would.
    private func place(of hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[place] != 0, hashes[Int(slots[place]) - 1] != hash { place = (place + 1) & (slots.count - 1) }
        return place
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for index in hashes.indices { slots[place(of: hashes[index])] = UInt16(index + 1) }
    }
}
