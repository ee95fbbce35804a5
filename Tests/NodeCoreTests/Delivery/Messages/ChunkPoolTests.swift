// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct ChunkPoolTests {
    /// Heap memory that is counted.
    private final class Counter: @unchecked Sendable {
        private(set) var bytes = 0

        var memory: ChunkMemory {
            ChunkMemory(
                take: { [self] count in
                    bytes += count
                    return ChunkMemory.heap.take(count)
                },
                giveBack: { [self] memory, count in
                    bytes -= count
                    ChunkMemory.heap.giveBack(memory, count)
                })
        }
    }

    /// A pool whose chunks are filled and come back.
    private struct Bench {
        let counter = Counter()
        var pool = ChunkPool(keptBytesMax: 64 << 20)

        /// Messages of these sizes at the same time, each in a chunk of its own.
        mutating func use(_ sizes: [Int]) {
            var list = ChunkList()
            for size in sizes {
                let chunk = pool.takeKept(byteCount: size) ?? ChunkPool.make(byteCount: size, memory: counter.memory)!
                let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
                [UInt8](repeating: 1, count: size).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
                list.append(chunk)
            }
            pool.give(&list)
            list.removeAll()
        }

        mutating func trim() {
            var idle = pool.takeIdle()
            idle.removeAll()
        }
    }

    @Test func thePoolFreesWhatNobodyNeeds() {
        var bench = Bench()
        // A backlog of small and of large messages.
        bench.use([Int](repeating: 1_000, count: 50) + [5 << 20, 1 << 20])
        let atMost = bench.counter.bytes
        #expect(bench.pool.keptBytes == atMost && atMost > 50 * MessageChunk.capacityDefault)
        bench.trim()
        #expect(bench.counter.bytes == atMost)
        // Then one at a time.
        for _ in 0..<2 {
            for _ in 0..<10 { bench.use([1_000]) }
            bench.trim()
            #expect(bench.counter.bytes == MessageChunk.capacityDefault)
        }
        bench.trim()
        #expect(bench.counter.bytes == 0 && bench.pool.keptBytes == 0)
    }

    /// Many nodes go on with a chunk each, of which they need a few pages only.
    @Test func thePoolFreesChunksOfWhichOnlyTheBeginningIsNeeded() {
        var bench = Bench()
        let all = [Int](repeating: 200_000, count: 10)
        let few = [Int](repeating: 1_000, count: 10)
        bench.use(all)
        bench.use(few)
        bench.trim()
        #expect(bench.counter.bytes == 10 * MessageChunk.capacityDefault)
        bench.use(few)
        bench.trim()
        #expect(bench.counter.bytes == 0 && bench.pool.keptBytes == 0)
        // New ones stay as long as they are used alike.
        for _ in 0..<3 {
            bench.use(few)
            bench.trim()
            #expect(bench.counter.bytes == 10 * MessageChunk.capacityDefault)
        }
    }

    @Test func whatIsUsedAgainAndAgainIsNotFreed() {
        var bench = Bench()
        bench.use([1_000, 1_000, 1_000])
        bench.trim()
        // Who still holds a chunk keeps it from being used again.
        var warm: MessageChunk? = bench.pool.takeKept(byteCount: 1)!
        let place = ObjectIdentifier(warm!)
        var list = ChunkList()
        list.append(warm!)
        warm = nil
        bench.pool.give(&list)
        bench.trim()
        #expect(bench.pool.takeKept(byteCount: 1).map { ObjectIdentifier($0) } == place)
    }

    @Test func aMessageBeyondAllClassesIsNotKept() {
        var bench = Bench()
        bench.use([40 << 20])
        #expect(bench.counter.bytes == 0 && bench.pool.keptBytes == 0)
        bench.trim()
    }

    @Test func noMemoryIsNoChunk() {
        let none = ChunkMemory(take: { _ in nil }, giveBack: { _, _ in })
        #expect(ChunkPool.make(byteCount: 10, memory: none) == nil)
        #expect(ChunkPool.make(byteCount: 100 << 20, memory: none) == nil)
    }

    @Test func thePoolGivesChunksAgain() {
        var pool = ChunkPool(keptBytesMax: MessageChunk.capacityDefault)
        // By where they are: a chunk that somebody holds is not kept.
        var places: [UnsafeMutableRawPointer] = []
        var list = ChunkList()
        for _ in 0..<2 {
            let chunk = ChunkPool.make(byteCount: 10)!
            places.append(chunk.base)
            list.append(chunk)
        }
        pool.give(&list)
        #expect(pool.takeKept(byteCount: 10)?.base == places[0])
        #expect(pool.takeKept(byteCount: 10) == nil)
        // What is not kept comes back, to be freed by whoever holds no lock.
        #expect(list.removeFirst()?.base == places[1])
        let isEmpty = list.isEmpty
        #expect(isEmpty)
    }
}
