// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// A cache that is opened when messages have been accepted already: a setting turned it on, or its directory was not
/// there before.
@Suite struct MessageCacheOpenedTests {
    /// Messages 1 to 3 wait, and 4 to 8 are found.
    private func bench(
        _ settings: MessageCache.Settings = CacheBench.settings(), pushed: Int = 3, clock: UInt64 = 5_000
    ) -> CacheBench {
        let bench = CacheBench(settings, isOpen: false)
        bench.push(pushed)
        bench.open(found: 5, bytes: 500, clock: clock)
        return bench
    }

    private func outcomes(_ bench: CacheBench) -> [UInt64: neuron_ws_outcome_t] {
        bench.cache.abandon(&bench.backlog)
        return bench.outcomes().reduce(into: [:]) { all, run in
            for id in run.firstID..<run.firstID + run.count { all[id] = run.outcome }
        }
    }

    @Test func whatWaitedIsStoredInFrontOfWhatWasFound() {
        let bench = bench()
        #expect(bench.away == 4..<9 && bench.storedEnd == 1)
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        let stored = work.storesBefore
        #expect(stored == 4)
        bench.done(work, bytes: 800)
        // What was found is there.
        #expect(bench.storedEnd == 9)
    }

    @Test func whatWasFoundIsStoredWhateverBecameOfWhatWaited() throws {
        let bench = bench()
        guard let work = bench.work() else { return bench.missing() }
        var result = SpoolResult(work)
        let found = try #require(ChunkPool.make(byteCount: 5 * 100))
        for _ in 0..<5 {
            let isAppended = [UInt8](repeating: 65, count: 84).withUnsafeBytes {
                found.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)))
            }
            #expect(isAppended)
        }
        found.firstID = 4
        result.loaded.append(found)
        (result.loadedEnd, result.loadedBytes, result.diskBytes) = (.max, 500, 500)
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        bench.cache.checkInvariants(bench.backlog)
        #expect(bench.away.isEmpty)
        let outcomes = outcomes(bench)
        #expect((1...3).allSatisfy { outcomes[$0] == .NEURON_WS_DROPPED_STOPPED })
        #expect((4...8).allSatisfy { outcomes[$0] == .NEURON_WS_STORED })
    }

    @Test func whatWasFoundIsStoredWhenAllInFrontOfItHasItsOutcome() {
        let bench = bench()
        #expect(bench.storedEnd == 1)
        _ = bench.cache.removeOldest(&bench.backlog, .NEURON_WS_DROPPED_OVERFLOW)
        let isEmpty = bench.backlog.isEmpty
        #expect(isEmpty)
        _ = bench.work()
        #expect(bench.storedEnd == 9)
    }

    /// The file's clock is another than that of a node that had none.
    @Test(arguments: [0, 5_000, 1 << 50] as [UInt64])
    func whatWaitedHasItsAge(_ clock: UInt64) {
        var settings = CacheBench.settings()
        settings.timeToLive = 2_000_000_000
        let bench = CacheBench(settings, isOpen: false)
        bench.push(3)
        bench.wait(1_500)
        bench.open(found: 0, bytes: 0, clock: clock)
        #expect(!bench.trims())
        bench.wait(400)
        #expect(!bench.trims())
        bench.wait(200)
        // A clock that has just begun knows of no more than its own time.
        #expect(bench.trims() == (clock >= 1_500))
    }

    @Test func nothingIsSupersededByWhatWasDeleted() throws {
        var settings = CacheBench.settings(memory: 1000)
        settings.policy = .latestPerGroup
        let bench = CacheBench(settings)
        bench.push(1, group: 1, time: 100)
        bench.storeAll(bytes: 100)
        let old = bench.cache.latest
        let first = bench.backlog.list.first
        let chunk = try #require(first)
        #expect(old.superseded(in: chunk, from: 1).isEmpty)
        bench.push(1, group: 1, time: 50)
        let newest = bench.backlog.list.last
        let last = try #require(newest)
        #expect(bench.cache.latest.superseded(in: last, from: 2).count == 1)
        _ = bench.cache.removeOldest(&bench.backlog, .NEURON_WS_DROPPED_OVERFLOW)
        bench.cache.closed(bench.backlog)
        #expect(bench.cache.latest.superseded(in: last, from: 2).isEmpty)
    }

    /// A full disk has room for it: what is set aside is counted by itself.
    @Test func theEndWaitsForWhatIsSetAsideOnAFullDiskToo() throws {
        var settings = CacheBench.settings(disk: 150)
        settings.policy = .dropNewest
        let bench = CacheBench(settings)
        bench.push(2)
        bench.cache.storeAll()
        while let work = bench.work() { bench.done(work, bytes: 100) }
        let first = bench.backlog.firstMessage()
        let message = SetAsideMessage(
            try #require(first), closeCode: 1009, closeReason: "", { ChunkPool.make(byteCount: $0) })
        let isKept = bench.cache.setAside(try #require(message))
        #expect(isKept && !bench.isSettled)
    }
}
