// SPDX-License-Identifier: Apache-2.0
/// Small numbers for the drivers' groups of a node, which messages carry as what they belong to. Not locked.
///
/// By hash alone: 64 bits with a seed that nobody outside knows do not meet among so few. A number is never given to
/// another group. Past `countMax` groups, and where there is no memory, there are no more: those that come then have
/// none.
///
/// Invariants: the number of `slots` is a power of two, and more than half of them are empty.
public final class GroupNumbers: @unchecked Sendable {
    /// Groups that get a number.
    public static let countMax = Int(UInt16.max)

    /// The hash of number n, at n - 1.
    private var hashes = RawList<UInt64>()
    /// Numbers, with linear probing; 0: empty.
    private var slots = RawList<UInt16>()

    public init() {}

    /// The number of the group with this hash (`SubscriptionTable.hash`), a new one if it has none; 0: none is left.
    public func number(of hash: UInt64) -> UInt16 {
        if slots.count > 0, case let known = slots[place(of: hash)], known != 0 { return known }
        guard hashes.count < Self.countMax else { return 0 }
        do throws(EncodingError) {
            if (hashes.count + 1) * 2 >= slots.count { try grow() }
            try hashes.append(hash)
        } catch { return 0 }
        slots[place(of: hash)] = UInt16(hashes.count)
        return UInt16(hashes.count)
    }

    /// Where its number stands, or would.
    private func place(of hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[place] != 0, hashes[Int(slots[place]) - 1] != hash { place = (place + 1) & (slots.count - 1) }
        return place
    }

    private func grow() throws(EncodingError) {
        var larger = RawList<UInt16>()
        let size = max(16, slots.count * 2)
        try larger.reserve(size)
        for _ in 0..<size { try larger.append(0) }
        swap(&slots, &larger)
        for index in 0..<hashes.count { slots[place(of: hashes[index])] = UInt16(index + 1) }
    }
}
