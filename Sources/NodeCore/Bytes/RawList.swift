// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Plain values in memory of malloc's, which grows by doubling: what a host sizes must be able to fail, and Swift's
/// arrays end the process when memory does.
///
/// Invariant: 0 ≤ count ≤ capacity.
struct RawList<Element: BitwiseCopyable>: ~Copyable {
    private(set) var count = 0
    private var capacity = 0
    private var base: UnsafeMutablePointer<Element>?

    init() {}

    deinit { free(base) }

    /// The memory it holds, bytes.
    var byteCount: Int { capacity * MemoryLayout<Element>.stride }

    @inline(__always)
    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return base.unsafelyUnwrapped[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base.unsafelyUnwrapped[index] = newValue
        }
    }

    mutating func removeAll() { count = 0 }

    mutating func removeLast() {
        precondition(count > 0)
        count -= 1
    }

    /// Takes so many out at the front; the others move up.
    mutating func removeFirst(_ number: Int) {
        precondition(number >= 0 && number <= count)
        if let base, number > 0 { base.update(from: base + number, count: count - number) }
        count -= number
    }

    /// Room for so many elements in all, so that appending them takes no memory and cannot fail.
    mutating func reserve(_ wanted: Int) throws(EncodingError) {
        if wanted > capacity { try grow(to: max(wanted, capacity * 2, Self.capacityMin)) }
    }

    private static var capacityMin: Int { 16 }

    private mutating func grow(to wanted: Int) throws(EncodingError) {
        let (byteCount, overflows) = wanted.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflows, let moved = realloc(base, byteCount) else { throw .noMemory }
        base = moved.assumingMemoryBound(to: Element.self)
        capacity = wanted
    }

    /// Sorts in its own memory (heap sort): n log n in every case, and elements that are equal may change places.
    mutating func sort(_ isBefore: (Element, Element) -> Bool) {
        guard count > 1 else { return }
        var root = count / 2
        while root > 0 {
            root -= 1
            sink(root, below: count, isBefore)
        }
        var end = count - 1
        while end > 0 {
            swap(0, end)
            sink(0, below: end, isBefore)
            end -= 1
        }
    }

    /// Moves an element of a heap down to its place.
    private mutating func sink(_ index: Int, below end: Int, _ isBefore: (Element, Element) -> Bool) {
        var index = index
        while index * 2 + 1 < end {
            var child = index * 2 + 1
            if child + 1 < end, isBefore(self[child], self[child + 1]) { child += 1 }
            guard isBefore(self[index], self[child]) else { return }
            swap(index, child)
            index = child
        }
    }

    mutating func swap(_ one: Int, _ other: Int) {
        let element = self[one]
        self[one] = self[other]
        self[other] = element
    }

    mutating func append(_ element: Element) throws(EncodingError) {
        if count == capacity { try grow(to: max(capacity * 2, Self.capacityMin)) }
        base.unsafelyUnwrapped[count] = element
        count += 1
    }
}
