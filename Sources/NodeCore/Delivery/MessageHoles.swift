// SPDX-License-Identifier: Apache-2.0
/// Messages that have their outcome in the midst of others that have none, by their numbers. There are no more of these
/// rows than messages between them.
///
/// Invariant: they are sorted, not empty, and apart from each other.
struct MessageHoles {
    private(set) var ranges: [Range<UInt64>] = []

    mutating func insert(_ new: Range<UInt64>) {
        guard !new.isEmpty else { return }
        var merged = new
        let first = ranges.firstIndex { $0.upperBound >= new.lowerBound } ?? ranges.count
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
        let count = ranges.firstIndex { $0.upperBound > id } ?? ranges.count
        if count > 0 { ranges.removeFirst(count) }
    }

    mutating func removeAll() { ranges.removeAll() }

    /// What of these numbers is in none of them, in order.
    func rest(of ids: Range<UInt64>) -> [Range<UInt64>] {
        var rest: [Range<UInt64>] = []
        var from = ids.lowerBound
        for each in ranges where each.upperBound > ids.lowerBound && each.lowerBound < ids.upperBound {
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
