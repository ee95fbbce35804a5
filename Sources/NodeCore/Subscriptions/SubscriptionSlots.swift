/// The memory of a subscription table: open addressing with linear probing, keyed by bytes.
///
/// Its own memory and unmanaged references, because a search through Swift arrays of references costs a retain and a
/// release for each step. A class, because Embedded Swift cannot end another module's noncopyable struct.
///
/// Invariants: the capacity is a power of two, `count * 2 <= capacity`, and between an entry's home and its place no
/// slot is empty.
final class SubscriptionSlots {
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

    var slots: UnsafeMutablePointer<Slot>
    var capacity = 16
    private(set) var count = 0

    init() {
        slots = .allocate(capacity: 16)
        slots.initialize(repeating: .empty, count: 16)
    }

    deinit {
        for index in 0..<capacity { slots[index].subscription?.release() }
        slots.deallocate()
    }

    /// Where the entry of these names stands; nil if there is none.
    func find(_ hash: UInt64, _ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Int? {
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

    subscript(index: Int) -> Subscription? { slots[index].subscription?.takeUnretainedValue() }

    /// Puts in what `find` did not find.
    func insert(_ hash: UInt64, _ subscription: Subscription) {
        if (count + 1) * 2 > capacity { grow() }
        place(Self.slot(hash, subscription))
        count += 1
    }

    func replace(at index: Int, with subscription: Subscription) {
        slots[index].subscription?.release()
        slots[index] = Self.slot(slots[index].hash, subscription)
    }

    /// Empties a slot and moves back what stands behind it, so that no search ends early.
    func remove(at index: Int) {
        let mask = capacity - 1
        slots[index].subscription?.release()
        count -= 1
        var hole = index
        var next = (index + 1) & mask
        while slots[next].names != nil {
            let home = Int(truncatingIfNeeded: slots[next].hash) & mask
            // It may move only if its home does not lie between the hole and it.
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = .empty
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
        while slots[index].names != nil { index = (index + 1) & (capacity - 1) }
        slots[index] = slot
    }

    private func grow() {
        let old = slots
        let oldCapacity = capacity
        capacity *= 2
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: .empty, count: capacity)
        for index in 0..<oldCapacity where old[index].names != nil { place(old[index]) }
        old.deallocate()
    }
}
