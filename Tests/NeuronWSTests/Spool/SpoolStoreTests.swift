// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NeuronWS
@testable import NodeCore

@Suite struct SpoolStoreTests {
    private func store(_ texts: [String], first: UInt64, _ store: SpoolStore, forgetsBefore: UInt64 = 0) throws {
        var work = SpoolWork()
        work.forgetsBefore = forgetsBefore
        if !texts.isEmpty {
            work.batches.append(try SpoolBench.chunk(texts, first: first))
            work.storesBefore = first + UInt64(texts.count)
        }
        let result = store.perform(work)
        #expect(result.fault == nil)
    }

    @Test func whatIsForgottenBehindTheLastStoredMessageLeavesAWholeFile() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            try store(["a", "b", "c"], first: 1, opened)
            // 4 to 9 were confirmed in time, and never came here.
            try store([], first: 0, opened, forgetsBefore: 10)
            try store(["j"], first: 10, opened)
        }
        do {
            let opened = try bench.open()
            #expect(opened.damages == 0 && opened.found.count == 1)
        }
        #expect(try bench.loaded() == ["j"])
    }

    @Test func allForgottenThereIsNothingToFindAndNumbersGoOn() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            try store(["a"], first: 1, opened)
            try store([], first: 0, opened, forgetsBefore: 100)
        }
        let opened = try bench.open()
        #expect(opened.damages == 0 && opened.found.count == 0)
        #expect(opened.firstKey == SpoolStore.firstKeyEver + 99)
    }

    @Test func aBatchOfWhichSomeAreForgottenIsNotSentFromItsBeginning() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            try store(["a", "b", "c"], first: 1, opened)
            try store([], first: 0, opened, forgetsBefore: 2)
        }
        #expect(try bench.loaded() == ["b", "c"])
    }

    @Test func whatIsSupersededGoesAndTheRestIsWhole() throws {
        let bench = try SpoolBench()
        do {
            let opened = try bench.open()
            var latest = GroupLatest()
            var first: UInt64 = 1
            var work = SpoolWork()
            for _ in 0..<3 {
                let chunk = try #require(ChunkPool.make(byteCount: 4096))
                chunk.firstID = first
                for group in [1, 2, 0] as [UInt16] {
                    // Group 1's newest is the first.
                    let time = group == 1 ? 100 - Int64(first) : Int64(first)
                    let stamp = MessageStamp(kind: 1, timeMilliseconds: time, group: group)
                    Array("\(first)/\(group)".utf8).withUnsafeBytes { chunk.append($0, stamp) }
                }
                latest.note(chunk)
                work.batches.append(chunk)
                first += 3
            }
            work.storesBefore = first
            _ = opened.perform(work)
            let before = opened.bytes
            var next = SpoolWork()
            next.latest = latest
            next.compactsFrom = 1
            next.compactsBytes = 1000
            let result = opened.perform(next)
            #expect(result.fault == nil && result.compacted.map(\.ids) == [2..<3, 4..<6, 7..<8])
            #expect(opened.bytes == before - 4 * 24 && result.diskBytes == opened.bytes)
        }
        do {
            let opened = try bench.open()
            #expect(opened.damages == 0 && opened.found.bytes == 5 * 24)
        }
        #expect(try bench.loaded() == ["1/1", "1/0", "4/0", "7/2", "7/0"])
    }

    @Test func noMoreIsLookedThroughThanNeeded() throws {
        let bench = try SpoolBench()
        let opened = try bench.open()
        var latest = GroupLatest()
        for id in 1..<10 as Range<UInt64> {
            let chunk = try #require(ChunkPool.make(byteCount: 4096))
            chunk.firstID = id
            let stamp = MessageStamp(kind: 1, timeMilliseconds: Int64(id), group: 1)
            Array("x".utf8).withUnsafeBytes { chunk.append($0, stamp) }
            latest.note(chunk)
            var work = SpoolWork()
            work.batches.append(chunk)
            work.storesBefore = id + 1
            _ = opened.perform(work)
        }
        var work = SpoolWork()
        work.latest = latest
        work.compactsFrom = 1
        work.compactsBytes = 30
        let result = opened.perform(work)
        #expect(result.compacted.map(\.ids) == [1..<2, 2..<3])
    }
}
