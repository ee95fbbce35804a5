// SPDX-License-Identifier: Apache-2.0
/// Names one scheduled timer. A timer that has fired or was cancelled leaves its name void; it is never given again
/// before 2^32 others took the same slot.
struct TimerID: Equatable {
    fileprivate let slot: UInt32
    fileprivate let generation: UInt32
}

/// Timers ordered by deadline; those of equal deadlines fire in the order in which they were scheduled.
///
/// A binary heap of slot numbers. Each slot knows its place in the heap, so that cancelling costs no search. Slots are
/// reused: with a steady number of timers nothing is allocated.
struct TimerHeap {
    private struct Slot {
        var handler: (any LoopHandler)?
        var token: UInt64
        var generation: UInt32
        var heapIndex: Int
    }

    private struct Entry {
        var deadlineNanoseconds: UInt64
        var sequence: UInt64
        var slot: UInt32

        func isBefore(_ other: Entry) -> Bool {
            if deadlineNanoseconds != other.deadlineNanoseconds {
                return deadlineNanoseconds < other.deadlineNanoseconds
            }
            return sequence < other.sequence
        }
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var nextSequence: UInt64 = 0

    var count: Int {
        heap.count
    }

    /// So late a timer is only where this process was stopped, or had no processor, 50 ms.
    private static let lateNanoseconds: UInt64 = 50_000_000

    func isLate(now: UInt64) -> Bool {
        guard let deadline = nextDeadlineNanoseconds else { return false }
        return deadline <= now && now - deadline >= Self.lateNanoseconds
    }

    var nextDeadlineNanoseconds: UInt64? {
        heap.first?.deadlineNanoseconds
    }

    mutating func schedule(at deadlineNanoseconds: UInt64, _ handler: any LoopHandler, token: UInt64) -> TimerID {
        let slot: UInt32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = UInt32(truncatingIfNeeded: slots.count)
            slots.append(Slot(handler: nil, token: 0, generation: 0, heapIndex: -1))
        }
        slots[Int(slot)].handler = handler
        slots[Int(slot)].token = token
        heap.append(Entry(deadlineNanoseconds: deadlineNanoseconds, sequence: nextSequence, slot: slot))
        nextSequence &+= 1
        slots[Int(slot)].heapIndex = heap.count - 1
        siftUp(heap.count - 1)
        return TimerID(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// False: it has fired, or was cancelled before.
    @discardableResult
    mutating func cancel(_ timer: TimerID) -> Bool {
        let slot = Int(timer.slot)
        guard slot < slots.count, slots[slot].generation == timer.generation, slots[slot].heapIndex >= 0 else {
            return false
        }
        remove(at: slots[slot].heapIndex)
        return true
    }

    /// Takes the first timer whose deadline is not after `now`, if it was scheduled before `sequenceEnd`.
    mutating func popDue(
        _ nowNanoseconds: UInt64, scheduledBefore sequenceEnd: UInt64
    ) -> (handler: any LoopHandler, token: UInt64)? {
        guard let first = heap.first, first.deadlineNanoseconds <= nowNanoseconds, first.sequence < sequenceEnd else {
            return nil
        }
        let slot = Int(first.slot)
        guard let handler = slots[slot].handler else { return nil }
        let token = slots[slot].token
        remove(at: 0)
        return (handler, token)
    }

    /// The bound for `popDue` that leaves out whatever is scheduled from now on.
    var sequenceEnd: UInt64 {
        nextSequence
    }

    /// heap[(i - 1) / 2] is not after heap[i]; slots[heap[i].slot].heapIndex == i.
    func checkInvariants() {
        for index in heap.indices {
            precondition(slots[Int(heap[index].slot)].heapIndex == index)
            if index > 0 { precondition(!heap[index].isBefore(heap[(index - 1) / 2])) }
        }
        precondition(freeSlots.count + heap.count == slots.count)
    }

    private mutating func remove(at index: Int) {
        let slot = heap[index].slot
        slots[Int(slot)].handler = nil
        slots[Int(slot)].heapIndex = -1
        slots[Int(slot)].generation &+= 1
        freeSlots.append(slot)
        let last = heap.removeLast()
        guard index < heap.count else { return }
        heap[index] = last
        slots[Int(last.slot)].heapIndex = index
        siftUp(index)
        siftDown(slots[Int(last.slot)].heapIndex)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].isBefore(heap[parent]) else { return }
            exchange(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            let left = 2 * index + 1
            if left < heap.count, heap[left].isBefore(heap[least]) { least = left }
            if left + 1 < heap.count, heap[left + 1].isBefore(heap[least]) { least = left + 1 }
            if least == index { return }
            exchange(index, least)
            index = least
        }
    }

    private mutating func exchange(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        slots[Int(heap[left].slot)].heapIndex = left
        slots[Int(heap[right].slot)].heapIndex = right
    }
}
