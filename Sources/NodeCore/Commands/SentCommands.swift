// SPDX-License-Identifier: Apache-2.0
/// Commands in the order in which they went out, oldest first. Those at the front go at no cost, as most do.
///
/// Invariant: `order` grows from each to the next.
struct SentCommands {
    struct Sent: Equatable {
        /// How many sendings went before it.
        let order: UInt64
        let id: UInt64
    }

    private var items: [Sent] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }
    var count: Int { items.count - head }
    var first: Sent? { isEmpty ? nil : items[head] }
    /// Those from `order` on, oldest first.
    var all: ArraySlice<Sent> { items[head...] }

    mutating func append(_ sent: Sent) { items.append(sent) }

    mutating func removeFirst() {
        head += 1
        if isEmpty {
            items.removeAll(keepingCapacity: items.capacity <= 64)
            head = 0
        } else if head >= 64, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
    }

    mutating func remove(order: UInt64) {
        if first?.order == order { return removeFirst() }
        var low = head
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle].order < order { low = middle + 1 } else { high = middle }
        }
        if low < items.count, items[low].order == order { items.remove(at: low) }
    }
}
