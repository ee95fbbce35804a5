// SPDX-License-Identifier: Apache-2.0
/// When commands are too late: a heap of moments by which the next one is found in logarithmic time.
///
/// A command that ended, or has a later moment now, leaves its old one here until it comes up or the heap is made
/// anew; who takes one compares it with what the command says.
/// Invariant: no moment is before its parent's.
struct CommandDeadlines {
    struct Moment {
        let time: UInt64
        let id: UInt64
    }

    private var heap: [Moment] = []

    var count: Int { heap.count }
    var first: Moment? { heap.first }

    mutating func add(_ moment: Moment) {
        heap.append(moment)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].time < heap[parent].time else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].time < heap[least].time { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    mutating func removeAll() { heap.removeAll() }

    func checkInvariants() {
        for child in heap.indices.dropFirst() {
            precondition(heap[(child - 1) / 2].time <= heap[child].time)
        }
    }
}
