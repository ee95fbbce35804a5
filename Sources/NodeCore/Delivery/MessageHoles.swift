// SPDX-License-Identifier: Apache-2.0
/// Messages that have their outcome in the midst of others that have none, by their numbers. There are no more of these
/// rows than messages between them, and who makes holes on disk keeps them below `countMax`.
///
/// Invariant: they are sorted, not empty, and apart from each other.
struct MessageHoles {
    /// Where superseded messages lie in more rows on disk than this, and those of a batch, the oldest go instead.
    static let countMax = 32_768

    private(set) var ranges: [Range<UInt64>] = []
    var count: Int { ranges.count }

    /// The first that ends at this number or behind it, or the number of all.
    private func place(of id: UInt64) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound >= id { high = middle } else { low = middle + 1 }
        }
        return low
    }

    mutating func insert(_ new: Range<UInt64>) {
        guard !new.isEmpty else { return }
        var merged = new
        let first = place(of: new.lowerBound)
        var end = first
        while end < ranges.count, ranges[end].lowerBound <= new.upperBound {
            let each = ranges[end]
            merged =
                min(merged.lowerBound, each.lowerBound)..<max(merged.upperBound, each.upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
    }

    mutating func remove(before id: UInt64) {
        let count = id == .max ? ranges.count : place(of: id + 1)
        if count > 0 { ranges.removeFirst(count) }
    }

    mutating func removeAll() { ranges.removeAll() }

    func overlapping(_ ids: Range<UInt64>) -> some Sequence<Range<UInt64>> {
        ranges[place(of: ids.lowerBound)...].prefix { $0.lowerBound < ids.upperBound }.filter { $0.overlaps(ids) }
    }

    /// What of these numbers is in none of them, in order.
    func rest(of ids: Range<UInt64>) -> [Range<UInt64>] {
        var rest: [Range<UInt64>] = []
        var from = ids.lowerBound
        for each in ranges[place(of: ids.lowerBound)...] {
            if each.lowerBound >= ids.upperBound { break }
            if each.lowerBound > from { rest.append(from..<each.lowerBound) }
            from = max(from, each.upperBound)
        }
        if from < ids.upperBound { rest.append(from..<ids.upperBound) }
        return rest
    }

    func count(in ids: Range<UInt64>) -> UInt64 {
        ids.isEmpty ? 0 : UInt64(ids.count) - rest(of: ids).reduce(0) { $0 + UInt64($1.count) }
    }
}
