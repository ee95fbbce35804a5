// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

/// What lies on disk is less than it was: because it was damaged, or because less may lie there.
@Suite struct MessageCacheDamageTests {
    private func stored(_ work: borrowing SpoolWork) -> [Range<UInt64>] {
        var ids: [Range<UInt64>] = []
        work.batches.forEach { ids.append($0.firstNumber..<$0.endNumber) }
        return ids
    }

    /// 1 to 10 are in memory and on disk, 11 to 20 on disk alone.
    private func full(_ policy: MessageCache.Policy = .dropOldest) -> CacheBench {
        var settings = CacheBench.settings(disk: 2100)
        settings.policy = policy
        let bench = CacheBench(settings)
        for _ in 0..<4 { bench.push(5) }
        bench.storeAll(bytes: 2080)
        #expect(bench.backlog.endID == 11 && bench.away == 11..<21)
        return bench
    }

    private func dropped(_ bench: CacheBench) -> [Range<UInt64>] {
        let runs = bench.outcomes()
        #expect(runs.allSatisfy { $0.outcome == .NEURON_WS_DROPPED_OVERFLOW })
        return runs.map { $0.firstID..<$0.firstID + $0.count }
    }

    private func salvaged(_ work: consuming SpoolWork, _ bench: CacheBench, bytes: UInt64, fault: SpoolFault? = nil) {
        var result = SpoolResult(work)
        result.diskBytes = bytes
        result.isSalvaged = true
        result.fault = fault
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        bench.cache.checkInvariants(bench.backlog)
    }

    @Test func whatIsInMemoryIsStoredOnceMoreInTheRoomOfWhatIsLeft() {
        let bench = full()
        bench.cache.look()
        guard let look = bench.work() else { return bench.missing() }
        salvaged(look, bench, bytes: 1040)
        #expect(bench.storedEnd == 1)
        guard let work = bench.work() else { return bench.missing() }
        let (ids, replaces, drops) = (stored(work), work.replaces, work.dropsBytes)
        #expect(ids == [1..<6, 6..<11] && replaces == 0..<11 && drops == 0)
        bench.done(work, bytes: 2080)
        #expect(bench.storedEnd == 21 && bench.away == 11..<21)
        bench.expectsNoWork()
        #expect(bench.outcomes().isEmpty)
    }

    @Test func ifThatFailsItIsTriedAgainAsItWas() {
        let bench = full()
        bench.cache.look()
        guard let look = bench.work() else { return bench.missing() }
        salvaged(look, bench, bytes: 1040, fault: .full)
        bench.wait(30_000)
        guard let work = bench.work() else { return bench.missing() }
        let (ids, replaces) = (stored(work), work.replaces)
        #expect(ids == [1..<6, 6..<11] && replaces == 0..<11)
        bench.failed(work, .ioError)
        bench.wait(30_000)
        guard let again = bench.work() else { return bench.missing() }
        let (idsAgain, replacesAgain) = (stored(again), again.replaces)
        #expect(idsAgain == ids && replacesAgain == replaces)
        // What comes meanwhile goes behind all of them.
        bench.done(again, bytes: 2080)
        #expect(bench.storedEnd == 21)
    }

    @Test func whereNothingIsInMemoryNothingIsStoredOnceMore() {
        let bench = CacheBench(found: 10, foundBytes: 1000)
        bench.cache.look()
        guard let look = bench.work() else { return bench.missing() }
        salvaged(look, bench, bytes: 500)
        guard let work = bench.work() else { return }
        let (batches, replaces) = (stored(work), work.replaces)
        #expect(batches.isEmpty && replaces.isEmpty)
    }

    @Test func aSmallerDiskLosesTheOldestAtOnce() {
        let bench = full()
        bench.cache.settings.diskBytes = 1100
        guard let work = bench.work() else { return bench.missing() }
        // Both batches in memory, which are told when they are gone from the disk.
        let (forgets, drops) = (work.forgetsBefore, work.dropsBytes)
        #expect(forgets == 11 && drops == 0)
        bench.done(work, bytes: 1040)
        #expect(bench.outcomes().allSatisfy { $0.outcome == .NEURON_WS_DROPPED_OVERFLOW })
        #expect(bench.away == 11..<21)
        bench.cache.settings.diskBytes = 600
        guard let more = bench.work() else { return bench.missing() }
        let (from, moreDrops) = (more.dropsFrom, more.dropsBytes)
        #expect(from == 11 && moreDrops == 440)
        bench.done(
            more, bytes: 520, gone: [SpoolResult.Gone(ids: 11..<16, bytes: 520, outcome: .NEURON_WS_DROPPED_OVERFLOW)])
        #expect(bench.away == 16..<21)
    }

    /// Whoever finds nothing to delete is not asked for it for ever.
    @Test func aDiskThatFreesNothingIsAskedOnce() {
        let bench = CacheBench(found: 10, foundBytes: 1000)
        bench.cache.settings.diskBytes = 500
        var asked = 0
        for _ in 0..<10 {
            guard let work = bench.work() else { break }
            if work.dropsBytes > 0 { asked += 1 }
            bench.done(work, bytes: 1000)
        }
        #expect(asked == 1)
    }

    @Test func whatMayNotBeDroppedStaysOnASmallerDisk() {
        let bench = full(.dropNewest)
        bench.cache.settings.diskBytes = 600
        bench.expectsNoWork()
        #expect(bench.outcomes().isEmpty && bench.away == 11..<21)
    }

    @Test(arguments: [MessageCache.Policy.dropOldest, .latestPerGroup])
    func whatLiesOnDiskMakesNoRoomWhereNothingMoreIsKeptThere(policy: MessageCache.Policy) {
        let bench = full(policy)
        bench.cache.settings.diskBytes = 0
        var ids: [Range<UInt64>] = []
        for time in 0..<8 as Range<Int64> {
            bench.push(5, group: UInt16(1 + time % 3), time: time)
            while bench.trims() { ids += dropped(bench) }
            bench.cache.checkInvariants(bench.backlog)
        }
        // Of the newer ones, the oldest in memory alone, or those of which their group has a newer one.
        #expect(!ids.isEmpty && ids.allSatisfy { $0.lowerBound > 20 && $0.upperBound <= 60 })
        #expect(bench.backlog.openID == 1 && bench.away == 11..<21)
        // On disk again what is left is stored behind them.
        bench.cache.settings.diskBytes = 10_000
        bench.storeAll(bytes: 3000)
        let (end, left) = (bench.storedEnd, bench.cache.awayNow.messages)
        #expect(end == 61 && left == 50 - UInt64(ids.map(\.count).reduce(0, +)))
        #expect(dropped(bench).isEmpty)
    }
}
