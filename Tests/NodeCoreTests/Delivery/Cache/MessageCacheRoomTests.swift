// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MessageCacheRoomTests {
    /// Of twenty messages on a disk that has no room for more, ten are in memory too.
    private func full() -> CacheBench {
        let bench = CacheBench(CacheBench.settings(disk: 2100))
        for _ in 0..<4 { bench.push(5) }
        bench.storeAll(bytes: 2080)
        #expect(bench.backlog.endID == 11 && bench.away == 11..<21)
        return bench
    }

    /// The first is on its way.
    private func begin(_ bench: CacheBench) {
        _ = bench.backlog.chunkToFrame()
        bench.backlog.begin(at: 0)
    }

    private func stored(_ work: borrowing SpoolWork) -> [Range<UInt64>] {
        var ids: [Range<UInt64>] = []
        work.batches.forEach { ids.append($0.firstNumber..<$0.endNumber) }
        return ids
    }

    private func dropped(_ bench: CacheBench) -> [Range<UInt64>] {
        let runs = bench.outcomes()
        #expect(runs.allSatisfy { $0.outcome == .NEURON_WS_DROPPED_OVERFLOW })
        bench.backlog.checkInvariants()
        return runs.map { $0.firstID..<$0.firstID + $0.count }
    }

    @Test func theOldestMakeRoomForTheNewestThoughTheyAreInMemoryToo() {
        let bench = full()
        bench.push(5)
        bench.wait(1000)
        guard let work = bench.work() else { return bench.missing() }
        let (drops, forgets, takes, ids) = (work.dropsBytes, work.forgetsBefore, work.takenOut, stored(work))
        #expect(drops == 0 && forgets == 6 && takes.isEmpty && ids == [21..<26])
        // They lie on disk until that is done, and would be sent again after a restart.
        #expect(dropped(bench).isEmpty)
        bench.done(work, bytes: 2080)
        #expect(dropped(bench) == [1..<6])
        #expect(bench.away == 11..<26 && bench.backlog.openID == 6)
    }

    @Test func whatFoundNoRoomOnDiskGoesThereAsSoonAsThereIsSome() {
        let bench = CacheBench.full(.dropNewest)
        let lacksRoom = bench.cache.lacksRoom
        #expect(lacksRoom)
        while let chunk = bench.backlog.chunkToFrame(), bench.backlog.nextID < 6 {
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1)
        }
        bench.backlog.written(1)
        #expect(bench.outcomes().map(\.count) == [5])
        guard let work = bench.work() else { return bench.missing() }
        let (forgets, stores) = (work.forgetsBefore, work.storesBefore)
        #expect(forgets == 6 && stores == 0)
        bench.done(work, bytes: 0)
        guard let next = bench.work() else { return bench.missing() }
        #expect(stored(next) == [6..<11])
    }

    @Test func whatIsOnItsWayStaysAndTheOldestBehindItMakeRoom() {
        let bench = full()
        begin(bench)
        bench.push(5)
        bench.wait(1000)
        guard let work = bench.work() else { return bench.missing() }
        let (drops, forgets, takes) = (work.dropsBytes, work.forgetsBefore, work.takenOut)
        #expect(drops == 0 && forgets == 1 && takes == [6..<11])
        bench.failed(work, .ioError)
        #expect(dropped(bench).isEmpty)
        // It is asked for until it is done.
        bench.wait(1000)
        guard let again = bench.work() else { return bench.missing() }
        let takesAgain = again.takenOut
        #expect(takesAgain.contains(6..<11))
        bench.done(again, bytes: 2080)
        #expect(dropped(bench) == [6..<11])
        bench.cache.storeAll()
        guard let next = bench.work() else { return }
        let takesNext = next.takenOut
        #expect(!takesNext.contains(6..<11))
    }

    @Test func whereAllInMemoryIsOnItsWayTheOldestOnDiskMakeRoom() {
        let bench = full()
        begin(bench)
        for chunk in [1, 6] as [UInt64] {
            while let each = bench.backlog.chunkToFrame(), each.firstNumber == chunk {
                bench.backlog.framed(each.record(at: bench.backlog.nextOffset), end: 1_000_000)
            }
        }
        #expect(bench.backlog.isAllFramed == true)
        bench.push(5)
        bench.wait(1000)
        guard let work = bench.work() else { return bench.missing() }
        let (from, drops, ids) = (work.dropsFrom, work.dropsBytes, stored(work))
        #expect(from == 11 && drops == 500 && ids == [21..<26])
        bench.done(
            work, bytes: 2080, gone: [SpoolResult.Gone(ids: 11..<16, bytes: 520, outcome: .NEURON_WS_DROPPED_OVERFLOW)])
        #expect(dropped(bench) == [11..<16])
        #expect(bench.away == 16..<26)
    }

    /// A server that does not read must not make the host's pushes fail while older ones can go.
    @Test func inMemoryAloneTheOldestBehindWhatIsOnItsWayMakeRoom() {
        let bench = CacheBench(CacheBench.settings(memory: 2700, disk: 0))
        for _ in 0..<4 { bench.push(5) }
        begin(bench)
        guard let first = bench.backlog.chunkToFrame() else { return }
        bench.backlog.framed(first.record(at: 0), end: 1_000_000)
        #expect(bench.backlog.nextID == 2)
        #expect(bench.trims())
        #expect(dropped(bench) == [6..<11])
        #expect(!bench.trims())
        // What is left goes out, and what comes is behind it.
        bench.push(1)
        var framed: [UInt64] = [1]
        while let chunk = bench.backlog.chunkToFrame() {
            framed.append(bench.backlog.nextID)
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1_000_000)
        }
        #expect(framed == Array(1..<6) + Array(11..<22))
        bench.backlog.checkInvariants()
        // What was dropped is not among what goes out again.
        _ = bench.backlog.connectionEnded(.stopped, acknowledged: nil)
        while let chunk = bench.backlog.chunkToFrame() {
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1_000_000)
        }
        #expect(bench.backlog.takeFramedAgain() == UInt64(framed.count))
    }

    private func expired(_ bench: CacheBench) -> [Range<UInt64>] {
        bench.wait(2000)
        #expect(bench.trims())
        let runs = bench.outcomes()
        #expect(runs.allSatisfy { $0.outcome == .NEURON_WS_EXPIRED })
        bench.backlog.checkInvariants()
        return runs.map { $0.firstID..<$0.firstID + $0.count }
    }

    private var expiring: MessageCache.Settings {
        var settings = CacheBench.settings(memory: 1200, disk: 0)
        settings.timeToLive = 1_000_000_000
        return settings
    }

    @Test func theLastBatchGoesTooAndWhatComesThenIsBehindTheGap() {
        let bench = CacheBench(expiring)
        for _ in 0..<2 { bench.push(5) }
        while let chunk = bench.backlog.chunkToFrame(), chunk.firstNumber == 1 {
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1_000_000)
        }
        // The second is looked at, and none of it framed.
        #expect(bench.backlog.nextID == 6 && bench.backlog.heldEndID == 6)
        #expect(expired(bench) == [6..<11])
        #expect(bench.backlog.isAllFramed == true && bench.backlog.nextID == 6)
        bench.push(2)
        _ = bench.backlog.chunkToFrame()
        #expect(bench.backlog.nextID == 11)
        bench.backlog.checkInvariants()
        // It ends as it should.
        bench.cache.abandon(&bench.backlog)
        let count = bench.outcomes().reduce(0) { $0 + $1.count }
        #expect(count == 7 && bench.ledger.queuedCount == 0)
    }

    @Test func whereTheLastBatchGoesAllIsFramedWhenTheOneBeforeItIs() {
        let bench = CacheBench(expiring)
        for _ in 0..<2 { bench.push(5) }
        begin(bench)
        #expect(expired(bench) == [6..<11])
        for _ in 0..<5 {
            #expect(bench.backlog.isAllFramed == false)
            guard let chunk = bench.backlog.chunkToFrame() else { return }
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1_000_000)
        }
        #expect(bench.backlog.isAllFramed == true)
    }

    /// However little room there is: of one batch the older half goes, and the newest message never.
    @Test func theNewestStays() {
        let bench = CacheBench(CacheBench.settings(memory: 2000, disk: 0))
        bench.push(5)
        var gone: [Range<UInt64>] = []
        while bench.trims(isFull: true) { gone += dropped(bench) }
        #expect(gone == [1..<3, 3..<4, 4..<5] && bench.ledger.queuedCount == 1)
        bench.push(1)
        #expect(bench.trims(isFull: true) && dropped(bench) == [5..<6])
        #expect(!bench.trims(isFull: true))
        // It goes out, and what comes is behind it.
        bench.push(1)
        var framed: [UInt64] = []
        while let chunk = bench.backlog.chunkToFrame() {
            framed.append(bench.backlog.nextID)
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1_000_000)
        }
        #expect(framed == [6, 7])
    }

    @Test func behindWhatIsOnItsWayTheNewestStaysToo() {
        let bench = CacheBench(CacheBench.settings(memory: 2000, disk: 0))
        for _ in 0..<2 { bench.push(5) }
        begin(bench)
        var gone: [Range<UInt64>] = []
        while bench.trims(isFull: true) { gone += dropped(bench) }
        #expect(gone == [6..<8, 8..<9, 9..<10])
        bench.push(1)
        var framed: [UInt64] = []
        while let chunk = bench.backlog.chunkToFrame() {
            framed.append(bench.backlog.nextID)
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1_000_000)
        }
        #expect(framed == [1, 2, 3, 4, 5, 10, 11])
    }

    /// One message takes more than all the memory that there is for them.
    @Test func aMessageLargerThanTheMemoryStaysUntilTheNextOneComes() {
        let bench = CacheBench(CacheBench.settings(memory: 500, disk: 0))
        let replacesLast = bench.cache.replacesLast
        #expect(replacesLast)
        bench.push(1, byteCount: 1000)
        #expect(!bench.trims(isFull: true) && !bench.trims())
        bench.push(1, byteCount: 1000)
        #expect(bench.trims() && dropped(bench) == [1..<2])
        #expect(!bench.trims(isFull: true))
    }

    @Test func aFullDiskThatIsSlowDoesNotKeepTheOldestInMemory() {
        let bench = full()
        for _ in 0..<2 { bench.push(5) }
        guard let work = bench.work() else { return bench.missing() }
        #expect(bench.backlog.openID == 11 || bench.backlog.isEmpty == true)
        bench.push(5)
        bench.push(5)
        // All that there is in memory is on its way to the disk, or newer than what lies there.
        #expect(!bench.trims())
        bench.done(work, bytes: 2080)
        #expect(dropped(bench) == [1..<11])
    }

    /// Whatever fails and however often: of what the disk has not forgotten nothing is told but, at the end, that it
    /// lies there. It takes no room in memory meanwhile.
    @Test func noOutcomeIsToldOfWhatIsSentAgainAfterARestart() {
        let bench = full()
        for _ in 0..<25 {
            bench.push(1)
            bench.wait(60_000)
            guard let work = bench.work() else { return bench.missing() }
            bench.failed(work, .noMemory)
            while bench.trims() {}
        }
        #expect(bench.outcomes().allSatisfy { $0.firstID > 20 })
        let (now, owes) = (bench.cache.awayNow, bench.cache.owes(1))
        #expect(owes && now.messages >= 10)
        bench.cache.abandon(&bench.backlog)
        let runs = bench.outcomes()
        #expect(runs.filter { $0.firstID <= 20 }.allSatisfy { $0.outcome == .NEURON_WS_STORED })
        #expect(bench.ledger.queuedCount == 0)
    }

    @Test func aDiskThatHasRoomIsWaitedFor() {
        let bench = CacheBench(CacheBench.settings(memory: 2000, disk: 100_000))
        for _ in 0..<4 { bench.push(5) }
        guard let work = bench.work() else { return bench.missing() }
        #expect(!bench.trims())
        bench.done(work, bytes: 2080)
        #expect(dropped(bench).isEmpty)
    }

    /// They are counted by the node's limits: what is nowhere must not keep others out.
    @Test func theBytesOfWhatIsMissingOnDiskAreGivenBack() {
        let bench = CacheBench(found: 100, foundBytes: 10_400)
        guard let work = bench.work() else { return bench.missing() }
        let from = work.loadsFrom
        #expect(from == 1)
        var result = SpoolResult(work)
        guard let chunk = ChunkPool.make(byteCount: 84) else { return }
        for _ in 0..<10 {
            [UInt8](repeating: 65, count: 84).withUnsafeBytes {
                _ = chunk.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)))
            }
        }
        _ = chunk.setNumber(91, bearing: 0)
        result.loaded.append(chunk)
        result.loadedBytes = 1040
        result.loadedEnd = .max
        result.diskBytes = 1040
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        var (skipped, bytes): ([Range<UInt64>], UInt64) = ([], 0)
        while let action = bench.cache.nextAction() {
            switch consume action {
            case .skip(let ids): skipped.append(ids)
            case .discount(let count): bytes += count
            default: Issue.record("nothing has its outcome")
            }
        }
        #expect(skipped == [1..<91] && bytes == 9 * 1040)
    }

    /// The disk is asked before it is told of any that it has it.
    @Test func whatIsGoneFromTheDiskIsNotToldAsStored() {
        for isGone in [false, true] {
            let bench = full()
            #expect(bench.isSettled)
            bench.cache.look()
            #expect(!bench.isSettled)
            guard let work = bench.work() else { return bench.missing() }
            let looks = work.looks
            #expect(looks)
            var result = SpoolResult(work)
            result.diskBytes = 2080
            result.fault = isGone ? .missing : nil
            result.isGone = isGone
            bench.cache.finished(result, &bench.backlog, now: bench.now)
            let storedThrough = bench.cache.storedThrough
            #expect(bench.isSettled && storedThrough == (isGone ? 0 : 20))
            bench.cache.abandon(&bench.backlog)
            let runs = bench.outcomes()
            #expect(runs.map(\.count) == [10, 10] && bench.ledger.queuedCount == 0)
            let expected: [neuron_ws_outcome_t] =
                isGone
                ? [.NEURON_WS_DROPPED_STOPPED, .NEURON_WS_DROPPED_LOST] : [.NEURON_WS_STORED, .NEURON_WS_STORED]
            #expect(runs.map(\.outcome) == expected)
        }
    }

    /// What was under way before says nothing of who asks then.
    @Test func whoAsksIsAnsweredByTheLookBehindIt() {
        let bench = full()
        var done: [UInt64] = []
        bench.cache.look(for: 3)
        guard let first = bench.work() else { return bench.missing() }
        bench.cache.look(for: 4)
        done.append(bench.cache.looksDone)
        bench.done(first, bytes: 2080)
        done.append(bench.cache.looksDone)
        guard let second = bench.work() else { return bench.missing() }
        let (looks, failures) = (second.looks, bench.cache.failedStores)
        // Nothing was to be stored, and who waits for it hears all the same that it cannot be.
        bench.failed(second, .ioError)
        done.append(bench.cache.looksDone)
        #expect(looks && done == [0, 3, 3] && bench.cache.failedStores == failures + 1)
        let failed = bench.cache.looksFailed
        #expect(failed == 4)
        // Where there is no disk nobody waits for its word.
        let other = CacheBench(CacheBench.settings(memory: 2000, disk: 0))
        other.cache.look(for: 7)
        let answered = other.cache.looksDone
        #expect(answered == 7)
    }

    /// Seventeen in one chunk, of which all but the last are delivered when the connection ends.
    private func mostlyDelivered(_ settings: MessageCache.Settings) -> CacheBench {
        let bench = CacheBench(settings)
        bench.push(17)
        while let chunk = bench.backlog.chunkToFrame() {
            let end: UInt64 = bench.backlog.nextID == 17 ? 1_000_000 : 1
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: end)
        }
        bench.backlog.written(1)
        #expect(bench.outcomes().map(\.count) == [16])
        _ = bench.backlog.connectionEnded(.stopped, acknowledged: nil)
        return bench
    }

    /// Seed 1358 of the simulator: the newest of its group went.
    @Test(arguments: [MessageCache.Policy.dropOldest, .latestPerGroup])
    func whatHasItsOutcomeMakesNoOtherGo(policy: MessageCache.Policy) {
        var settings = CacheBench.settings(memory: 2000, disk: 0)
        settings.policy = policy
        let bench = mostlyDelivered(settings)
        #expect(!bench.trims() && bench.outcomes().isEmpty)
        // With what comes it is short all the same.
        bench.push(17)
        #expect(bench.trims())
    }

    @Test func whatHasItsOutcomeTakesNoRoomOnDisk() {
        let bench = mostlyDelivered(CacheBench.settings(memory: 100_000, disk: 200))
        bench.wait(2000)
        guard let work = bench.work() else { return bench.missing() }
        let (ids, drops) = (stored(work), work.dropsBytes)
        #expect(ids == [17..<18] && drops == 0)
    }
}
