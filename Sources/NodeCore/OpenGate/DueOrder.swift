// SPDX-License-Identifier: Apache-2.0
/// Baskets in the order in which they are due: a heap, so that one more costs a logarithm. Times are monotonic
/// nanoseconds. It owns the baskets that stand in it. A host decides how many those are: room for them is made first,
/// which can fail, and then they are put in, which cannot.
///
/// Invariant: no basket is due before the one at `(index - 1) / 2`.
struct DueOrder: ~Copyable {
    private struct Entry: BitwiseCopyable {
        let due: UInt64
        /// Of two that are due together the smaller goes first.
        let number: UInt64
        /// Retained.
        let basket: UnsafeMutableRawPointer

        func isBefore(_ other: Entry) -> Bool { (due, number) < (other.due, other.number) }
    }

    private var entries = RawList<Entry>()

    init() {}

    deinit {
        for index in 0..<entries.count { Unmanaged<DatastreamBasket>.fromOpaque(entries[index].basket).release() }
    }

    var count: Int { entries.count }
    /// When the first one is due; nil: there is none.
    var firstDue: UInt64? { entries.count == 0 ? nil : entries[0].due }

    /// Room for so many in all.
    mutating func reserve(_ count: Int) throws(EncodingError) { try entries.reserve(count) }

    /// Needs no memory where room was made for it.
    mutating func insert(_ basket: DatastreamBasket, due: UInt64, number: UInt64) throws(EncodingError) {
        try entries.reserve(entries.count + 1)
        let pointer = Unmanaged.passRetained(basket).toOpaque()
        try entries.append(Entry(due: due, number: number, basket: pointer))
        var index = entries.count - 1
        while index > 0, entries[index].isBefore(entries[(index - 1) / 2]) {
            entries.swap(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes the first one out; nil: there is none.
    mutating func removeFirst() -> DatastreamBasket? {
        guard entries.count > 0 else { return nil }
        let basket = Unmanaged<DatastreamBasket>.fromOpaque(entries[0].basket).takeRetainedValue()
        entries.swap(0, entries.count - 1)
        entries.removeLast()
        var index = 0
        while index * 2 + 1 < entries.count {
            var child = index * 2 + 1
            if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
            guard entries[child].isBefore(entries[index]) else { break }
            entries.swap(index, child)
            index = child
        }
        return basket
    }
}
