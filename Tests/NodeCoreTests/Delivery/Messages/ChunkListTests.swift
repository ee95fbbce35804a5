// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct ChunkListTests {
    private func chunk(_ firstID: UInt64, messages: Int = 1) -> MessageChunk {
        let chunk = MessageChunk(capacity: 4096, memory: .heap)!
        chunk.firstID = firstID
        for _ in 0..<messages {
            [UInt8(65)].withUnsafeBytes {
                _ = chunk.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)))
            }
        }
        return chunk
    }

    private func numbers(_ list: borrowing ChunkList) -> [UInt64] {
        var numbers: [UInt64] = []
        list.forEach { numbers.append($0.firstID) }
        return numbers
    }

    @Test func anEmptyOneHasNothing() {
        var list = ChunkList()
        let (isEmpty, endID, first) = (list.isEmpty, list.endID, list.removeFirst())
        #expect(isEmpty && endID == 0 && first == nil)
    }

    @Test func chunksKeepTheirOrder() {
        var list = ChunkList()
        list.append(chunk(1, messages: 3))
        list.append(chunk(4, messages: 2))
        let (found, endID) = (numbers(list), list.endID)
        #expect(found == [1, 4] && endID == 6)
        let first = list.removeFirst()
        #expect(first?.firstID == 1 && first?.next == nil)
        let second = list.removeFirst()
        let (isEmpty, last) = (list.isEmpty, list.last)
        #expect(second?.firstID == 4 && isEmpty && last == nil)
        list.append(chunk(9))
        let again = numbers(list)
        #expect(again == [9])
    }

    @Test func listsAreJoinedWhicheverIsEmpty() {
        func list(_ ids: [UInt64]) -> ChunkList {
            var list = ChunkList()
            for id in ids { list.append(chunk(id)) }
            return list
        }
        for (left, right) in [([], []), ([1], []), ([], [2]), ([1, 2], [3, 4])] as [([UInt64], [UInt64])] {
            var joined = list(left)
            joined.append(list(right))
            let (found, endID) = (numbers(joined), joined.endID)
            #expect(found == left + right && endID == (left + right).last.map { $0 + 1 } ?? 0)
            // Its end is where the next goes.
            joined.append(chunk(9))
            let longer = numbers(joined)
            #expect(longer == left + right + [9])
        }
    }

    @Test func aChainBecomesAListOfItsOwn() {
        let chain = chunk(1)
        chain.next = chunk(2)
        var list = ChunkList()
        list.append(chain: chain)
        list.append(chain: nil)
        let found = numbers(list)
        #expect(found == [1, 2])
    }

    /// Freed from its head it would take as much of the stack as it is long.
    @Test func aLongOneIsFreedOneByOne() {
        var list = ChunkList()
        for id in 1...100_000 as ClosedRange<UInt64> {
            let chunk = MessageChunk(capacity: 16, memory: .heap)!
            chunk.firstID = id
            list.append(chunk)
        }
        list.removeAll()
        let isEmpty = list.isEmpty
        #expect(isEmpty)
    }
}
