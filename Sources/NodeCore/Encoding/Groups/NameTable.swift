// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Tells for each of many names which earlier one equals it: open addressing with linear probing over numbers that
/// stand for names. Which names those are, only the caller knows.
///
/// Invariant: the capacity is a power of two and at least twice the number of names, so that searches end soon.
final class NameTable {
    private struct Slot {
        var hash: UInt32
        /// The name's number and one; 0: the slot is empty.
        var name: UInt32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int
    /// For the names' hashes: where the table lies, other in each process and unknown to whoever chooses names, so that
    /// nobody can choose some that take long to tell apart.
    let seed: UInt64
    /// How often a slot was looked at, for tests: their number must grow as the names' does.
    private(set) var probes = 0

    private init(_ slots: UnsafeMutablePointer<Slot>, capacity: Int) {
        self.slots = slots
        mask = capacity - 1
        seed = UInt64(UInt(bitPattern: slots)) &* 0x9E37_79B9_7F4A_7C15
    }

    deinit { free(slots) }

    /// For so many names, at most 2^30.
    static func make(nameCountMax: Int) throws(EncodingError) -> NameTable {
        var capacity = 16
        while capacity < nameCountMax * 2 { capacity *= 2 }
        guard let memory = calloc(capacity, MemoryLayout<Slot>.stride) else { throw .noMemory }
        return NameTable(memory.assumingMemoryBound(to: Slot.self), capacity: capacity)
    }

    /// The number of the equal name that was put in before; nil if there is none, and then `name` is in.
    @inline(__always)
    func findOrInsert(hash: UInt64, name: Int, isEqual: (Int) -> Bool) -> Int? {
        let place = search(hash, isEqual)
        if slots[place].name != 0 { return Int(slots[place].name) - 1 }
        slots[place] = Slot(hash: UInt32(truncatingIfNeeded: hash >> 32), name: UInt32(truncatingIfNeeded: name) + 1)
        return nil
    }

    /// The number of the equal name; nil if there is none.
    @inline(__always)
    func find(hash: UInt64, isEqual: (Int) -> Bool) -> Int? {
        let place = search(hash, isEqual)
        return slots[place].name == 0 ? nil : Int(slots[place].name) - 1
    }

    /// The slot of the equal name, or the empty one where it would be.
    @inline(__always)
    private func search(_ hash: UInt64, _ isEqual: (Int) -> Bool) -> Int {
        let short = UInt32(truncatingIfNeeded: hash >> 32)
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            probes &+= 1
            let slot = slots[place]
            if slot.name == 0 || (slot.hash == short && isEqual(Int(slot.name) - 1)) { return place }
            place = (place &+ 1) & mask
        }
    }
}
