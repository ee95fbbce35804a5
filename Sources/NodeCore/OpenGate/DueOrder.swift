/// Places in the order in which they are due: a heap, so that one more costs a logarithm. Times are monotonic
/// nanoseconds. An entry is never changed: whose time is another one goes in again, with a new number.
///
/// Invariant: no entry is due before the one at `(index - 1) / 2`.
struct DueOrder: Sendable {
    struct Entry: Sendable {
        let due: UInt64
        /// Of two that are due together the smaller goes first.
        let number: UInt64
        let place: Int

        fileprivate func isBefore(_ other: Entry) -> Bool { (due, number) < (other.due, other.number) }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        var index = entries.count
        entries.append(entry)
        while index > 0, entry.isBefore(entries[(index - 1) / 2]) {
            entries.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        var index = 0
        while index * 2 + 1 < entries.count {
            var child = index * 2 + 1
            if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
            guard entries[child].isBefore(entries[index]) else { return }
            entries.swapAt(index, child)
            index = child
        }
    }
}
