// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct SetAsideMessageTests {
    private func message(_ bench: CacheBench) throws -> SetAsideMessage {
        let message = bench.backlog.firstMessage()
        let first = try #require(message)
        return try #require(
            SetAsideMessage(first, closeCode: 1009, closeReason: "", { ChunkPool.make(byteCount: $0) }))
    }

    @Test func aRefusedMessageGoesToDiskAtOnceAndIsTriedAgainUntilItIsThere() throws {
        let bench = CacheBench()
        bench.push(2)
        bench.expectsNoWork()
        let isKept = bench.cache.setAside(try message(bench))
        #expect(isKept)
        guard let work = bench.work() else { return bench.missing() }
        let (ids, bytes, most) = (work.setAside.map(\.id), work.setAside.map(\.byteCount), work.setAsideBytesMax)
        #expect(ids == [1] && bytes == [84] && most == 10_000 / 8)
        #expect(!bench.isSettled)
        bench.failed(work, .full)
        bench.wait(1000)
        guard let again = bench.work() else { return bench.missing() }
        let stillThere = again.setAside.map(\.id)
        #expect(stillThere == [1])
        bench.done(again, bytes: 0)
        bench.expectsNoWork()
    }

    /// The loop would copy it while all nodes wait.
    @Test func aLargeOneStaysWhereItLies() throws {
        let bench = CacheBench(CacheBench.settings(memory: 4 << 20, disk: 10 << 20))
        bench.push(1, byteCount: Mailbox.aloneBytesMin)
        let first = bench.backlog.firstMessage()
        let lent = try #require(first)
        let kept = try #require(SetAsideMessage(lent, closeCode: 1009, closeReason: "", { _ in nil }))
        bench.backlog.abandon()
        #expect(bench.outcomes().count == 1)
        #expect(kept.byteCount == Mailbox.aloneBytesMin)
        #expect(kept.withBytes { $0.allSatisfy { $0 == 65 } })
    }

    @Test func theFirstWithoutOutcomeIsTheOne() {
        let bench = CacheBench()
        bench.push(2)
        bench.push(1)
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        let id = bench.backlog.firstMessage()?.id
        #expect(id == 1)
    }

    @Test func withoutADiskNothingKeepsIt() throws {
        let bench = CacheBench(CacheBench.settings(disk: 0))
        bench.push(1)
        let isKept = bench.cache.setAside(try message(bench))
        let small = CacheBench(CacheBench.settings(disk: 50))
        small.push(1)
        let isSmallKept = small.cache.setAside(try message(small))
        #expect(!isKept && !isSmallKept)
    }

    @Test func noMoreThanSixteenWaitForADiskThatFails() throws {
        let bench = CacheBench()
        bench.push(1)
        for _ in 0..<20 { _ = bench.cache.setAside(try message(bench)) }
        let count = bench.cache.setAside.count
        #expect(count == 16)
    }
}
