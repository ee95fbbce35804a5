// SPDX-License-Identifier: Apache-2.0
/// What waits for its turn, in blocks that are small each: a host and a disk decide how many there are. To take the
/// first costs the same however many that is, unlike an array's `removeFirst`.
///
/// Invariants: no block is empty, but for what is taken of the first, and each but the last is full.
struct FirstInFirstOut<Element> {
    private static var blockCount: Int { max(1, 16 * 1024 / MemoryLayout<Element>.stride) }

    private var blocks: [[Element]] = []
    /// So many of the first block's are taken.
    private var takenCount = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { blocks.first?[takenCount] }

    mutating func append(_ element: Element) {
        count += 1
        if let last = blocks.last, last.count < Self.blockCount {
            blocks[blocks.count - 1].append(element)
        } else {
            blocks.append([element])
        }
    }

    mutating func removeFirst() -> Element? {
        guard let first = blocks.first else { return nil }
        let element = first[takenCount]
        takenCount += 1
        count -= 1
        if takenCount == first.count {
            blocks.removeFirst()
            takenCount = 0
        }
        return element
    }

    mutating func changeFirst(_ body: (inout Element) -> Void) {
        if !isEmpty { body(&blocks[0][takenCount]) }
    }

    /// Looks at each.
    func contains(where isIt: (Element) -> Bool) -> Bool {
        blocks.enumerated().contains { block, elements in
            elements.dropFirst(block == 0 ? takenCount : 0).contains(where: isIt)
        }
    }

    /// Changes the last one. - Returns: false: there is none, or `body` says that it is as it was.
    mutating func changeLast(_ body: (inout Element) -> Bool) -> Bool {
        guard !isEmpty else { return false }
        let block = blocks.count - 1
        return body(&blocks[block][blocks[block].count - 1])
    }
}
