// SPDX-License-Identifier: Apache-2.0
/// Rows of numbers, in blocks that are small each: a host, a server and a disk decide how many there are. To find one
/// takes a logarithm of their number, and to put one in moves a block at most.
///
/// Invariants: they are sorted, not empty, and apart from each other; no block is empty.
public struct NumberRanges: Sendable {
    private static let blockCount = 512

    private var blocks: [[Range<UInt64>]] = []

    private struct Place {
        var block: Int
        var index: Int
    }

    public init() {}

    var isEmpty: Bool { blocks.isEmpty }
    var first: Range<UInt64>? { blocks.first?.first }
    var last: Range<UInt64>? { blocks.last?.last }
    /// Looks at each block.
    var count: Int { blocks.reduce(0) { $0 + $1.count } }

    /// The first that ends at this number or behind it; behind the last block: there is none.
    private func place(of id: UInt64) -> Place {
        let block = Self.first(of: blocks.count) { blocks[$0][blocks[$0].count - 1].upperBound >= id }
        guard block < blocks.count else { return Place(block: block, index: 0) }
        let index = Self.first(of: blocks[block].count) { blocks[block][$0].upperBound >= id }
        return Place(block: block, index: index)
    }

    /// The first number below `count` that `isIt` says yes to, as to all behind it.
    private static func first(of count: Int, _ isIt: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isIt(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func contains(_ id: UInt64) -> Bool {
        let place = place(of: id == .max ? id : id + 1)
        return place.block < blocks.count && blocks[place.block][place.index].contains(id)
    }

    /// Becomes one with those that it touches.
    public mutating func insert(_ new: Range<UInt64>) {
        guard !new.isEmpty else { return }
        var merged = new
        var place = place(of: new.lowerBound)
        while place.block < blocks.count {
            let each = blocks[place.block][place.index]
            guard each.lowerBound <= new.upperBound else { break }
            merged = min(merged.lowerBound, each.lowerBound)..<max(merged.upperBound, each.upperBound)
            blocks[place.block].remove(at: place.index)
            if blocks[place.block].isEmpty {
                blocks.remove(at: place.block)
                place.index = 0
            } else if place.index == blocks[place.block].count {
                place = Place(block: place.block + 1, index: 0)
            }
        }
        put(merged, place)
    }

    private mutating func put(_ range: Range<UInt64>, _ place: Place) {
        var place = place
        // Most come behind the last one.
        if place.index == 0, place.block > 0, blocks[place.block - 1].count < Self.blockCount {
            place = Place(block: place.block - 1, index: blocks[place.block - 1].count)
        }
        guard place.block < blocks.count else { return blocks.append([range]) }
        blocks[place.block].insert(range, at: place.index)
        guard blocks[place.block].count > Self.blockCount else { return }
        let rest = Array(blocks[place.block][(Self.blockCount / 2)...])
        blocks[place.block].removeLast(rest.count)
        blocks.insert(rest, at: place.block + 1)
    }

    mutating func removeFirst() {
        guard !blocks.isEmpty else { return }
        blocks[0].removeFirst()
        if blocks[0].isEmpty { blocks.removeFirst() }
    }

    /// Those that end at this number or before it.
    public mutating func remove(before id: UInt64) {
        let place = id == .max ? Place(block: blocks.count, index: 0) : place(of: id + 1)
        blocks.removeFirst(place.block)
        guard place.index > 0 else { return }
        blocks[0].removeFirst(place.index)
        if blocks[0].isEmpty { blocks.removeFirst() }
    }

    public mutating func removeAll() { blocks.removeAll() }

    /// From the one that ends at this number or behind it, in order, until `body` returns false.
    public func forEach(from id: UInt64 = 0, _ body: (Range<UInt64>) -> Bool) {
        let place = place(of: id)
        for block in blocks.indices.dropFirst(place.block) {
            for index in (block == place.block ? place.index : 0)..<blocks[block].count {
                guard body(blocks[block][index]) else { return }
            }
        }
    }

    /// What of these numbers is in none of them, in order.
    func forEachRest(of ids: Range<UInt64>, _ body: (Range<UInt64>) -> Void) {
        var from = ids.lowerBound
        forEach(from: ids.lowerBound) { each in
            if each.lowerBound >= ids.upperBound { return false }
            if each.lowerBound > from { body(from..<each.lowerBound) }
            from = max(from, each.upperBound)
            return true
        }
        if from < ids.upperBound { body(from..<ids.upperBound) }
    }

    /// Holds the invariants; for tests and the simulator. - Parameter last: all lie behind it, apart.
    func checkInvariants(behind last: UInt64? = nil) {
        var last = last
        forEach { each in
            precondition(!each.isEmpty && last.map { each.lowerBound > $0 } != false)
            last = each.upperBound
            return true
        }
        precondition(blocks.allSatisfy { !$0.isEmpty && $0.count <= Self.blockCount })
    }
}
