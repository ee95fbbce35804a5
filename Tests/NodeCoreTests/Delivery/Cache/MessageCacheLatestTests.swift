// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MessageCacheLatestTests {
    /// Messages of 104 bytes each of memory.
    private func push(_ bench: CacheBench, _ messages: [(group: UInt16, time: Int64)]) {
        for each in messages {
            let id = bench.ledger.accept(byteCount: 84)
            let stamp = MessageStamp(kind: 1, timeMilliseconds: each.time, group: each.group)
            [UInt8](repeating: 65, count: 84).withUnsafeBytes {
                bench.mailbox.put(OutgoingMessage($0, stamp), id: id)
            }
        }
        bench.cache.take(bench.mailbox.takeAll(), &bench.backlog, now: bench.now)
    }

    private func bench(memory: Int = 2000, disk: UInt64) -> CacheBench {
        var settings = CacheBench.settings(memory: memory, disk: disk)
        settings.policy = .latestPerGroup
        return CacheBench(settings)
    }

    private func dropped(_ bench: CacheBench) -> [UInt64] {
        bench.outcomes().filter { $0.outcome == .NEURON_WS_DROPPED_OVERFLOW }
            .flatMap { $0.firstID..<$0.firstID + $0.count }
    }

    @Test func whatTheServerHasAloneIsNotDroppedAndTheOthersAreAsEver() {
        let bench = bench(disk: 0)
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        push(bench, [(1, 1), (2, 2), (1, 3), (1, 4)])
        // Its connection has ended: the first has not been acknowledged.
        let hasNoted = bench.backlog.acknowledged.insert(3, first: 1)
        #expect(hasNoted)
        for time in 5..<20 as Range<Int64> { push(bench, [(1, time)]) }
        #expect(bench.trims())
        #expect(dropped(bench) == [1, 4, 5])
        #expect(bench.backlog.openID == 2 && bench.backlog.isAcknowledged(3))
        while bench.trims() { #expect(dropped(bench).allSatisfy { $0 > 5 }) }
        bench.backlog.checkInvariants()
    }

    @Test func whileThereIsRoomAllAreKept() {
        let bench = bench(disk: 0)
        push(bench, [(1, 1), (1, 2), (1, 3)])
        #expect(!bench.trims())
        #expect(dropped(bench).isEmpty)
    }

    @Test func inMemoryTheNewestOfEachGroupStayInTheirOrder() {
        let bench = bench(disk: 0)
        // Group 2's newest data came early.
        push(bench, [(1, 1), (2, 99), (1, 2), (2, 3), (1, 4), (0, 5)])
        for time in 5..<20 as Range<Int64> { push(bench, [(1, time)]) }
        // No more goes than an eighth of the memory, a batch at a time.
        #expect(bench.trims())
        #expect(dropped(bench) == [1, 3, 4])
        var more: [UInt64] = []
        while bench.trims() { more += dropped(bench) }
        #expect(more == [5] + Array(7..<UInt64(6 + more.count)) && more.count >= 3)
        let (open, end) = (bench.backlog.openID, bench.backlog.endID)
        #expect(open == 2 && end == 22)
        bench.cache.checkInvariants(bench.backlog)
        bench.backlog.checkInvariants()
    }

    @Test func whatIsOnItsWayStays() {
        let bench = bench(disk: 0)
        push(bench, (0..<20).map { (1, Int64($0)) })
        _ = bench.backlog.chunkToFrame()
        bench.backlog.begin(at: 0)
        #expect(!bench.trims())
        #expect(dropped(bench).isEmpty)
    }

    /// What is superseded lies in so many rows already that no more may be made: the oldest go.
    @Test func pastSoManyRowsTheOldestGo() {
        let bench = bench(disk: 2600)
        for _ in 0..<4 { push(bench, (0..<5).map { (1, Int64($0)) }) }
        bench.storeAll(bytes: 2580)
        for row in 0..<UInt64(MessageHoles.countMax) { bench.cache.holes.insert(100 + 2 * row..<101 + 2 * row) }
        push(bench, (5..<10).map { (2, Int64($0)) })
        bench.wait(1000)
        bench.expectsNoWork()
        #expect(bench.trims())
        guard let work = bench.work() else { return bench.missing() }
        let hasLatest = work.latest != nil
        #expect(!hasLatest)
    }

    @Test func theDiskIsLookedThroughBeforeTheOldestGo() {
        let bench = bench(disk: 2600)
        for _ in 0..<4 { push(bench, (0..<5).map { (1, Int64($0)) }) }
        bench.storeAll(bytes: 2580)
        #expect(bench.away == 11..<21)
        push(bench, (5..<10).map { (2, Int64($0)) })
        bench.wait(1000)
        guard let work = bench.work() else { return bench.missing() }
        // The oldest are in memory too: so many go there as have to, and have their outcome when the disk has done it.
        let (hasLatest, drops, bytes) = (work.latest != nil, work.dropsBytes, work.compactsBytes)
        let (taken, latestFrom) = (work.takenOut, work.latestFrom)
        #expect(hasLatest && drops == 0 && bytes == 0 && taken == [1..<6] && latestFrom == 11)
        #expect(dropped(bench).isEmpty)
        var result = SpoolResult(work)
        result.hasMoreToCompact = true
        result.diskBytes = 2580 - 520
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        bench.cache.checkInvariants(bench.backlog)
        #expect(dropped(bench) == Array(1..<6))
        // What is newer is kept, though it is superseded too.
        guard let next = bench.work() else { return bench.missing() }
        let ids = stored(next)
        #expect(ids == Array(21..<26))
        bench.done(next, bytes: 2580)
    }

    @Test func whatTheDiskAloneHadOfSupersededOnesIsGone() {
        let bench = bench(disk: 2600)
        for _ in 0..<4 { push(bench, (0..<5).map { (1, Int64($0)) }) }
        bench.storeAll(bytes: 2580)
        for _ in 0..<3 { push(bench, (5..<10).map { (2, Int64($0)) }) }
        bench.wait(1000)
        guard let work = bench.work() else { return bench.missing() }
        var result = SpoolResult(work)
        result.compacted = [GroupLatest.Part(ids: 11..<20, bytes: 9 * 104)]
        result.diskBytes = 1000
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        bench.cache.checkInvariants(bench.backlog)
        #expect(dropped(bench).suffix(9) == Array(11..<20)[...])
        let count = bench.cache.awayNow.messages
        #expect(bench.away == 20..<21 && count == 1)
    }

    private func stored(_ work: borrowing SpoolWork) -> [UInt64] {
        var stored: [UInt64] = []
        work.batches.forEach { stored += $0.firstNumber..<$0.endNumber }
        return stored
    }

    @Test func aHoleAmongThoseOnDiskIsNoLoss() {
        let bench = bench(disk: 5000)
        for _ in 0..<4 { push(bench, (0..<5).map { (1, Int64($0)) }) }
        bench.storeAll(bytes: 2080)
        bench.cache.concludeCompacted([GroupLatest.Part(ids: 13..<15, bytes: 208)])
        #expect(dropped(bench) == [13, 14])
        let count = bench.cache.awayNow.messages
        #expect(bench.away == 11..<21 && count == 8)
        bench.cache.abandon(&bench.backlog)
        let stored = bench.outcomes().filter { $0.outcome == .NEURON_WS_STORED }.map(\.count).reduce(0, +)
        #expect(stored == 18)
        #expect(bench.ledger.queuedCount == 0)
    }

    @Test func whatLiesOnDiskThoughItHasItsOutcomeIsNotLoaded() {
        let bench = bench(disk: 5000)
        bench.cache.holes.insert(3..<5)
        let chunk = GroupLatestTests.chunk([(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)], first: 2)
        let rest = bench.cache.withoutHoles(chunk)
        #expect(rest?.map { $0.firstNumber..<$0.endNumber } == [2..<3, 5..<7])
    }
}
