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

    mutating func append(_ element: Element) throws(EncodingError) {
        if count == capacity {
            let wanted = max(capacity * 2, 16)
            guard let moved = realloc(base, wanted * MemoryLayout<Element>.stride) else { throw .noMemory }
            base = moved.assumingMemoryBound(to: Element.self)
            capacity = wanted
        }
        base.unsafelyUnwrapped[count] = element
        count += 1
    }
}
