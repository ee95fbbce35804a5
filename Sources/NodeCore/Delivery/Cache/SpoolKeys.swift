// SPDX-License-Identifier: Apache-2.0
/// Where a node's messages lie in its cache's file: by keys, in their order, which go on from one life to the next. A
/// life's numbers are keys less `shift`.
///
/// A file may be opened when messages have been accepted already. They are older than all that is pushed from then on,
/// and were numbered before what was found got its numbers: their keys lie in front of what was found, and the file's
/// first key moves there with the first work that changes anything.
///
/// Pure. What a transaction changes is told by `committed`, and by `restore` where it is not known what it did.
public struct SpoolKeys {
    /// All before this one have their outcome, as the file says.
    public private(set) var first: Int64
    /// Of the next message that is stored at the end.
    public private(set) var next: Int64
    private var shift: Int64 = 0
    /// What lay there when it was opened.
    private var found: Range<Int64>
    /// Of the first without outcome that was accepted before the file was opened, while the file says a later one; nil:
    /// it does not.
    private var earlier: Int64?

    public init(first: Int64, next: Int64) {
        self.first = first
        self.next = next
        found = first..<next
    }

    /// - Parameters:
    ///   - id: the number of the first message that was found.
    ///   - openID: of the first without outcome; no more than `id`.
    public mutating func begin(_ id: UInt64, openID: UInt64) {
        shift = first &- Int64(truncatingIfNeeded: id)
        earlier = openID < id ? key(openID) : nil
    }

    public func key(_ id: UInt64) -> Int64 { Int64(truncatingIfNeeded: id) &+ shift }
    public func id(_ key: Int64) -> UInt64 { UInt64(truncatingIfNeeded: key &- shift) }

    /// So many keys in front of `first` are given to other messages than those that had them before. In the first
    /// transaction rows that begin before `first` are cut there, and what was set aside moves away by as many.
    public var givenAnew: Int64 { earlier.map { first &- $0 } ?? 0 }

    /// What `first` is when all messages before this one are forgotten; with `givenAnew` it may be less than it is.
    /// - Parameter id: 0: none are.
    public func first(forgetting id: UInt64) -> Int64 {
        let start = earlier ?? first
        return id > 0 ? max(start, key(id)) : start
    }

    /// Where rows may lie of work that seemed to have failed, when what it stored is stored again from `key` on: what
    /// was found is none of it.
    public func unsure(from key: Int64) -> [Range<Int64>] {
        let parts = [key..<max(key, found.lowerBound), max(key, found.upperBound)..<Int64.max]
        return parts.filter { !$0.isEmpty }
    }

    /// The file says so now. - Parameter end: behind the last that it has; 0: as before.
    public mutating func committed(first: Int64, end: Int64 = 0) {
        self.first = first
        next = max(next, end, first)
        earlier = nil
    }

    /// What the file says after work that failed: it may have been done.
    public mutating func restore(first: Int64, next: Int64) {
        if let start = earlier, (start..<self.first).contains(first) {
            self.first = first
            earlier = nil
        }
        self.first = max(first, self.first)
        self.next = next
    }
}
