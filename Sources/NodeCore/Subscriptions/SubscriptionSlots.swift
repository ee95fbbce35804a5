// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The memory of a subscription table: open addressing with linear probing, keyed by bytes.
///
/// Its own memory and unmanaged references, because a search through Swift arrays of references costs a retain and a
/// release for each step. A class, because Embedded Swift cannot end another module's noncopyable struct.
///
/// Invariants: the capacity is a power of two, or 0 before the first entry; `count * 2 <= capacity`; between an entry's
/// home and its place no slot is empty.
public final class SubscriptionSlots {
    struct Slot {
        var hash: UInt64
        /// Driver and group, in the subscription's memory; nil: the slot is empty.
        var names: UnsafeRawPointer?
        var driverCount: Int32
        var groupCount: Int32
        /// Owns one reference.
        var subscription: Unmanaged<Subscription>?

        static var empty: Slot { Slot(hash: 0, names: nil, driverCount: 0, groupCount: 0, subscription: nil) }
    }

    /// Entries of the first memory.
    private static let capacityMin = 16

    private let slots: UnsafeMutablePointer<Slot>?
    let capacity: Int
    private(set) var count = 0
    private var ownsEntries = true

    /// Without memory: the first that is taken is that of the first entry, and may fail.
    init() {
        slots = nil
        capacity = 0
    }

    /// malloc's: a host decides how much it is.
    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Slot>? {
        malloc(capacity * MemoryLayout<Slot>.stride)?.bindMemory(to: Slot.self, capacity: capacity)
    }

    /// The same entries in twice the room; they are this one's from the time when `disown` is called on `old`. Nil:
    /// there is no memory.
    init?(growing old: SubscriptionSlots) {
        capacity = max(old.capacity * 2, Self.capacityMin)
        guard let larger = Self.allocate(capacity) else { return nil }
        slots = larger
        larger.initialize(repeating: .empty, count: capacity)
        count = old.count
        for index in 0..<old.capacity where old.at(index).names != nil { place(old.at(index)) }
    }

    deinit {
        if ownsEntries { for index in 0..<capacity { at(index).subscription?.release() } }
        free(slots)
    }

    /// The entries are another's now.
    func disown() { ownsEntries = false }

    /// Whether so many more entries go in without a larger one.
    func hasRoom(for more: Int) -> Bool { (count + more) * 2 <= capacity }

    private func at(_ index: Int) -> Slot {
        precondition(index >= 0 && index < capacity)
        return slots.unsafelyUnwrapped[index]
    }

    private func put(_ slot: Slot, at index: Int) {
        precondition(index >= 0 && index < capacity)
        slots.unsafelyUnwrapped[index] = slot
    }

    /// Where the entry of these names stands; nil if there is none.
    func find(_ hash: UInt64, _ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Int? {
        guard let slots else { return nil }
        let mask = capacity - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while let names = slots[index].names {
            let slot = slots[index]
            if slot.hash == hash && Int(slot.driverCount) == driver.count && Int(slot.groupCount) == group.count,
                let driverBase = driver.baseAddress, let groupBase = group.baseAddress,
                NameHash.equal(names, driverBase, driver.count),
                NameHash.equal(names + driver.count, groupBase, group.count)
            {
                return index
            }
            index = (index + 1) & mask
        }
        return nil
    }

    subscript(index: Int) -> Subscription? { at(index).subscription?.takeUnretainedValue() }

    /// Puts in what `find` did not find. There is room.
    func insert(_ hash: UInt64, _ subscription: Subscription) {
        precondition(hasRoom(for: 1))
        place(Self.slot(hash, subscription))
        count += 1
    }

    /// Returns what stood there.
    func replace(at index: Int, with subscription: Subscription) -> Subscription? {
        let old = at(index).subscription?.takeRetainedValue()
        put(Self.slot(at(index).hash, subscription), at: index)
        return old
    }

    /// Empties a slot and moves back what stands behind it, so that no search ends early. Returns what stood there.
    func remove(at index: Int) -> Subscription? {
        let mask = capacity - 1
        let removed = at(index).subscription?.takeRetainedValue()
        count -= 1
        var hole = index
        var next = (index + 1) & mask
        while at(next).names != nil {
            let home = Int(truncatingIfNeeded: at(next).hash) & mask
            // It may move only if its home does not lie between the hole and it.
            if (next - home) & mask >= (next - hole) & mask {
                put(at(next), at: hole)
                hole = next
            }
            next = (next + 1) & mask
        }
        put(.empty, at: hole)
        return removed
    }

    private static func slot(_ hash: UInt64, _ subscription: Subscription) -> Slot {
        Slot(
            hash: hash, names: UnsafeRawPointer(subscription.names),
            driverCount: Int32(truncatingIfNeeded: subscription.driverCount),
            groupCount: Int32(truncatingIfNeeded: subscription.groupCount),
            subscription: .passRetained(subscription))
    }

    private func place(_ slot: Slot) {
        var index = Int(truncatingIfNeeded: slot.hash) & (capacity - 1)
        while at(index).names != nil { index = (index + 1) & (capacity - 1) }
        put(slot, at: index)
    }
}
