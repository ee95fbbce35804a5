// SPDX-License-Identifier: Apache-2.0
/// Messages that have their outcome in the midst of others that have none, by their numbers. There are no more of these
/// rows than messages between them, and who makes holes on disk keeps them below `countMax`.
struct MessageHoles {
    /// Where superseded messages lie in more rows on disk than this, and those of a batch, the oldest go instead.
    static let countMax = 32_768

    private var ranges = NumberRanges()
    var count: Int { ranges.count }
    var isEmpty: Bool { ranges.isEmpty }
    var first: Range<UInt64>? { ranges.first }

    mutating func insert(_ new: Range<UInt64>) { ranges.insert(new) }

    mutating func remove(before id: UInt64) { ranges.remove(before: id) }

    mutating func removeAll() { ranges.removeAll() }

    func overlapping(_ ids: Range<UInt64>) -> [Range<UInt64>] {
        var overlapping: [Range<UInt64>] = []
        ranges.forEach(from: ids.lowerBound) { each in
            if each.overlaps(ids) { overlapping.append(each) }
            return each.lowerBound < ids.upperBound
        }
        return overlapping
    }

    /// What of these numbers is in none of them, in order.
    func forEachRest(of ids: Range<UInt64>, _ body: (Range<UInt64>) -> Void) { ranges.forEachRest(of: ids, body) }

    /// The same, of few numbers.
    func rest(of ids: Range<UInt64>) -> [Range<UInt64>] {
        var rest: [Range<UInt64>] = []
        forEachRest(of: ids) { rest.append($0) }
        return rest
    }

    func count(in ids: Range<UInt64>) -> UInt64 {
        var rest: UInt64 = 0
        forEachRest(of: ids) { rest += UInt64($0.count) }
        return ids.isEmpty ? 0 : UInt64(ids.count) - rest
    }
}
