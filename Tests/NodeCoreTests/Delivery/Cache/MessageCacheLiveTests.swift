// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

extension CacheBench {
    fileprivate convenience init(_ settings: MessageCache.Settings = CacheBench.settings(), waiting: Int) {
        self.init(settings)
        push(waiting)
        backlog.setLiveFirst(true)
    }

    /// Of the lane: those without outcome.
    fileprivate var live: Range<UInt64> {
        guard let live = backlog.live, !live.messages.isEmpty else { return 0..<0 }
        return live.messages.openID..<live.messages.endID
    }

    /// So many of the lane go out, and the kernel has them.
    fileprivate func sendLive(_ count: Int) -> [Range<UInt64>] {
        for _ in 0..<count {
            guard let lane = backlog.live, let chunk = lane.messages.chunkToFrame() else { break }
            lane.messages.framed(chunk.record(at: lane.messages.nextOffset), end: 1)
        }
        backlog.written(1)
        return outcomes().map { $0.firstID..<$0.firstID + $0.count }
    }

    /// The others go out, and the kernel has them. - Returns: which ones.
    @discardableResult
    fileprivate func sendAll() -> [UInt64] {
        var ids: [UInt64] = []
        while let chunk = backlog.chunkToFrame() {
            let record = chunk.record(at: backlog.nextOffset)
            if !backlog.leavesOutNext(record.pointee) { ids.append(backlog.nextID) }
            backlog.framed(record, end: 1)
        }
        backlog.written(1)
        return ids
    }

    /// One that waits behind the others, and one that is live. - Returns: the number of that.
    fileprivate func pushBehindAndLive(isNumbered: Bool = false) -> UInt64 {
        backlog.setLiveFirst(false)
        push(1, isNumbered: isNumbered)
        backlog.setLiveFirst(true)
        push(1, isNumbered: isNumbered)
        return ledger.acceptedCount
    }

    fileprivate func cut() { _ = backlog.connectionEnded(.stopped, acknowledged: nil) }
    fileprivate var backlogIDs: Range<UInt64> { backlog.openID..<backlog.endID }
    fileprivate var tail: Range<UInt64> { (cache.tail.first?.firstID ?? 0)..<cache.tail.endID }
}

@Suite struct MessageCacheLiveTests {
    @Test func whatComesWhileOthersWaitGoesInFrontOfThemAndLiesBehindThem() {
        let bench = CacheBench(waiting: 3)
        bench.push(2)
        #expect(bench.live == 4..<6 && bench.backlogIDs == 1..<4 && bench.tail == 4..<6)
        #expect(bench.sendLive(2) == [4..<6])
        // It has its outcome there too, and never touches the disk.
        bench.wait(2000)
        guard let work = bench.work() else { return bench.missing() }
        #expect(work.storesBefore == 4)
        bench.done(work, bytes: 300)
        #expect(bench.backlogIDs == 1..<4 && bench.tail.isEmpty)
        bench.expectsNoWork()
    }

    @Test func whereNothingWaitsMessagesGoTheirWayWithoutACopy() {
        let bench = CacheBench(waiting: 0)
        bench.push(2)
        #expect(bench.live.isEmpty && bench.backlogIDs == 1..<3)
    }

    @Test func withoutAConnectionNothingIsLive() {
        let bench = CacheBench(waiting: 1)
        bench.push(1)
        bench.cut()
        bench.push(1)
        bench.expectsNoWork()
        #expect(bench.live.isEmpty && bench.backlogIDs == 1..<4)
    }

    @Test func aConnectionThatEndsLeavesThemAtTheirPlace() {
        let bench = CacheBench(waiting: 3)
        bench.push(4)
        #expect(bench.sendLive(1) == [4..<5])
        bench.cut()
        bench.expectsNoWork()
        let held = bench.backlog.list.last?.firstID
        #expect(bench.backlogIDs == 1..<8 && held == 5)
    }

    @Test func theyGoToDiskAsTheOthersDo() {
        let bench = CacheBench(waiting: 3)
        bench.push(4)
        bench.storeAll(bytes: 700)
        #expect(bench.storedEnd == 8 && bench.away == 4..<8 && bench.live == 4..<8)
        // What has its outcome goes from there.
        #expect(bench.sendLive(4) == [4..<8])
        bench.wait(2000)
        guard let work = bench.work() else { return bench.missing() }
        let (takenOut, loads) = (work.takenOut, work.loadsFrom)
        #expect(takenOut == [4..<8] && loads == 0)
        bench.done(work, bytes: 300)
        #expect(bench.away.isEmpty && bench.cache.awayBytes == 0 && bench.cache.takenOut.isEmpty)
    }

    /// Nor is it dropped there.
    @Test func nothingIsLoadedThatIsNotOlderThanAllThatIsLive() {
        let bench = CacheBench(CacheBench.settings(memory: 300))
        bench.push(3)
        bench.push(5)
        bench.storeAll(bytes: 800)
        #expect(bench.away == 4..<9)
        bench.backlog.setLiveFirst(true)
        bench.push(1)
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        let (stored, end) = (work.storesBefore, work.movesBefore)
        #expect(stored == 10 && end == 9)
        bench.done(work, bytes: 900)
        #expect(bench.live == 9..<10 && bench.away == 4..<10)
        let size = UInt64(MessageRecord.size(byteCount: 84))
        #expect(bench.cache.awayBytes == 6 * size && bench.cache.droppableBytes(bench.backlog) == 5 * size)
        #expect(bench.sendLive(1) == [9..<10])
        guard let work = bench.work() else { return bench.missing() }
        let takenOut = work.takenOut
        #expect(takenOut == [9..<10] && bench.away == 4..<10)
        #expect(bench.cache.awayBytes == 5 * size && bench.cache.droppableBytes(bench.backlog) == 5 * size)
    }

    @Test func aSuspectLetsNoneGoInFront() {
        let bench = CacheBench(waiting: 3)
        var ending = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "ended")
        ending.isByPeer = true
        bench.backlog.begin(at: 0)
        _ = bench.backlog.connectionEnded(ending, acknowledged: 10)
        bench.backlog.setLiveFirst(true)
        bench.push(1)
        #expect(bench.live.isEmpty && bench.backlogIDs == 1..<5)
    }

    @Test func roomIsMadeByWhatIsNotOnItsWay() {
        let bench = CacheBench(CacheBench.settings(memory: 2000, disk: 0), waiting: 1)
        bench.push(1)
        bench.cache.settings.memoryBytes = 300
        bench.push(1)
        bench.push(1)
        #expect(bench.live == 2..<3 && bench.tail == 2..<5)
        var dropped: [Range<UInt64>] = []
        while bench.trims() { dropped += bench.outcomes().map { $0.firstID..<$0.firstID + $0.count } }
        // The newest stays.
        #expect(dropped == [1..<2, 3..<4])
        #expect(bench.sendLive(1) == [2..<3])
    }

    @Test func whatIsLeftHasItsOutcomeOnceWhenTheNodeEnds() {
        let bench = CacheBench(waiting: 3)
        bench.push(4)
        #expect(bench.sendLive(2) == [4..<6])
        bench.cache.abandon(&bench.backlog)
        let ids = bench.outcomes().map { $0.firstID..<$0.firstID + $0.count }
        #expect(ids == [1..<4, 6..<8])
    }

    /// One is with the spool when it has its outcome, the next one has its own in memory alone: they are forgotten now,
    /// and not an interval later.
    @Test func theEndWaitsForNothingThatHadItsOutcomeBehindWhatIsStored() {
        let bench = CacheBench(waiting: 3)
        bench.push(1)
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        #expect(bench.sendLive(1) == [4..<5])
        bench.push(1)
        #expect(bench.sendLive(1) == [5..<6])
        bench.sendAll()
        #expect(bench.outcomes().map(\.count) == [3])
        bench.expectsNoWork()
        #expect(bench.tail.isEmpty)
        bench.cache.storeAll()
        bench.done(work, bytes: 500)
        guard let last = bench.work() else { return bench.missing() }
        bench.done(last, bytes: 0)
        #expect(bench.isSettled)
    }

    // MARK: What changes while they are out

    @Test func aNewPriorityOnAnOpenConnectionIsForWhatComesThen() {
        let bench = CacheBench(CacheBench.settings(memory: 100_000), waiting: 2)
        bench.push(2)
        bench.backlog.setLiveFirst(false)
        bench.push(2)
        let takesMail = bench.backlog.takesMail
        #expect(!takesMail && bench.tail == 3..<7)
        bench.backlog.setLiveFirst(true)
        bench.push(1)
        let live = (3..<8 as Range<UInt64>).filter { bench.backlog.isLive($0) }
        #expect(live == [3, 4, 7] && bench.backlogIDs == 1..<3)
        // What came meanwhile waits behind the others.
        #expect(bench.sendLive(3) == [3..<5, 7..<8])
        bench.expectsNoWork()
        #expect(bench.backlogIDs == 1..<7 && bench.tail.isEmpty)
    }

    @Test func whatIsInTheLaneGoesOutThoughThePriorityChanges() {
        let bench = CacheBench(waiting: 2)
        bench.push(2)
        bench.backlog.setLiveFirst(false)
        #expect(bench.live == 3..<5)
        #expect(bench.sendLive(2) == [3..<5])
        bench.push(1)
        bench.expectsNoWork()
        #expect(bench.live.isEmpty && bench.backlogIDs == 1..<6)
        bench.cache.abandon(&bench.backlog)
        #expect(bench.outcomes().map { $0.firstID..<$0.firstID + $0.count } == [1..<3, 5..<6])
    }

    @Test func whatIsLiveExpiresOnDiskOnlyWhenItsConnectionHasEnded() {
        var settings = CacheBench.settings()
        settings.timeToLive = 10_000_000_000
        let bench = CacheBench(settings, waiting: 3)
        bench.push(4)
        bench.storeAll(bytes: 700)
        #expect(bench.away == 4..<8)
        bench.wait(20_000)
        while bench.trims() {}
        guard let work = bench.work() else { return bench.missing() }
        let (open, expires) = (work.forgetsBefore, work.expiresBefore)
        #expect(open == 4 && expires == 0)
        bench.done(work, bytes: 400)
        #expect(bench.outcomes().map(\.outcome) == [.NEURON_WS_EXPIRED])
        #expect(bench.sendLive(1) == [4..<5])
        bench.cut()
        guard let next = bench.work() else { return bench.missing() }
        let (from, before) = (next.dropsFrom, next.expiresBefore)
        #expect(from == 5 && before > 0)
        bench.done(
            next, bytes: 0, gone: [SpoolResult.Gone(ids: 4..<8, bytes: 400, outcome: .NEURON_WS_EXPIRED)])
        let runs = bench.outcomes()
        #expect(runs.map { $0.firstID..<$0.firstID + $0.count } == [5..<8])
        #expect(runs.map(\.outcome) == [.NEURON_WS_EXPIRED] && bench.ledger.queuedCount == 0)
    }

    @Test(arguments: [true, false]) func whatLiesOnDiskBehindWhatIsLiveExpiresThere(endsConnection: Bool) {
        var settings = CacheBench.settings()
        settings.timeToLive = 10_000_000_000
        let bench = CacheBench(settings, waiting: 3)
        bench.push(4)
        bench.backlog.setLiveFirst(false)
        bench.push(3)
        bench.storeAll(bytes: 1000)
        #expect(bench.live == 4..<8 && bench.away == 4..<11)
        bench.wait(20_000)
        while bench.trims() {}
        guard let work = bench.work() else { return bench.missing() }
        let (from, moves, before) = (work.dropsFrom, work.movesBefore, work.expiresBefore)
        #expect(from == 8 && moves == .max && before > 0)
        // Whatever becomes of what is live meanwhile.
        if endsConnection { bench.cut() }
        bench.done(work, bytes: 400, gone: [SpoolResult.Gone(ids: 9..<11, bytes: 200, outcome: .NEURON_WS_EXPIRED)])
        let runs = bench.outcomes()
        #expect(runs.map { $0.firstID..<$0.firstID + $0.count } == [1..<4, 8..<9, 9..<11])
        // One of them was not there.
        #expect(runs.map(\.outcome) == [.NEURON_WS_EXPIRED, .NEURON_WS_DROPPED_LOST, .NEURON_WS_EXPIRED])
        #expect(bench.away == 4..<11 && bench.cache.awayNow.messages == 4)
        if endsConnection { return }
        #expect(bench.sendLive(4) == [4..<8])
        #expect(!bench.trims() && bench.away.isEmpty && bench.ledger.queuedCount == 0)
    }

    /// Of seven that a killed process left, two had gone in front and were gone from the disk already.
    @Test func whatWasLiveInAProcessThatWasKilledIsFoundAtItsPlace() throws {
        let bench = CacheBench(found: 7, foundBytes: 500)
        bench.backlog.setLiveFirst(true)
        bench.push(1)
        #expect(bench.live == 8..<9)
        guard let work = bench.work() else { return bench.missing() }
        let (loads, end) = (work.loadsFrom, work.movesBefore)
        #expect(loads == 1 && end == 8)
        var result = SpoolResult(work)
        for (first, count) in [(1, 3), (6, 2)] as [(UInt64, Int)] {
            let chunk = try #require(ChunkPool.make(byteCount: 84))
            for _ in 0..<count {
                [UInt8](repeating: 66, count: 84).withUnsafeBytes {
                    _ = chunk.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)))
                }
            }
            chunk.firstID = first
            result.loaded.append(chunk)
        }
        (result.loadedEnd, result.loadedBytes, result.diskBytes) = (.max, 500, 500)
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        bench.cache.checkInvariants(bench.backlog)
        guard case .skip(let gone)? = bench.cache.nextAction() else { return bench.missing() }
        #expect(gone == 4..<6 && bench.backlogIDs == 1..<8 && bench.backlog.repeatsEndID == 8)
        #expect(bench.sendLive(1) == [8..<9])
    }

    @Test func whatIsDeletedOnDiskHasNoSecondOutcome() {
        let bench = CacheBench(waiting: 3)
        bench.push(4)
        bench.storeAll(bytes: 700)
        #expect(bench.away == 4..<8)
        #expect(bench.sendLive(2) == [4..<6])
        bench.cut()
        bench.cache.closed(bench.backlog)
        #expect(bench.outcomes().map { $0.firstID..<$0.firstID + $0.count } == [6..<8])
    }

    @Test func theHostIsAskedAgainForWhatGoesOutAgain() {
        let bench = CacheBench(waiting: 1)
        bench.push(1)
        bench.backlog.live?.messages.markInspected(isRefused: true)
        bench.cut()
        bench.expectsNoWork()
        let record = bench.backlog.list.last?.record(at: 0).pointee
        #expect(bench.backlogIDs == 1..<3 && record?.has(MessageRecord.inspected) == false)
        #expect(record?.has(MessageRecord.refused) == false)
    }

    // MARK: What is kept of them

    @Test func aLargeOneIsNotCopied() throws {
        let bench = CacheBench(CacheBench.settings(memory: 64 << 20, disk: 64 << 20), waiting: 1)
        bench.push(1, byteCount: Mailbox.aloneBytesMin)
        let (waiting, live) = (bench.cache.tail.first, bench.backlog.live?.messages.list.first)
        let (place, own) = (try #require(waiting), try #require(live))
        #expect(own !== place && own.capacity < 100)
        #expect(own.payload(at: 0).baseAddress == place.payload(at: 0).baseAddress)
        #expect(own.payload(at: 0).count == Mailbox.aloneBytesMin)
        // While the disk seals the one that waits, the other says where it ends in the stream; the host sees its bytes.
        own.record(at: 0).pointee.wireEnd = 17
        place.seal()
        #expect(own.record(at: 0).pointee.wireEnd == 17 && place.isImageWhole)
        let next = bench.backlog.live?.messages.nextMessage()
        let lent = try #require(next)
        #expect(lent.withBytes { $0.baseAddress == place.payload(at: 0).baseAddress && $0.count == lent.byteCount })
    }

    /// A host may push for years while others wait in memory.
    @Test func ofThoseThatHadTheirOutcomeOnlyWhatLiesBetweenOthersIsKept() {
        let bench = CacheBench(CacheBench.settings(memory: 1 << 20, disk: 0), waiting: 1)
        bench.push(1)
        for _ in 0..<1000 {
            _ = bench.pushBehindAndLive()
            #expect(bench.sendLive(1).count == 1)
            bench.expectsNoWork()
        }
        #expect(bench.cache.holes.count < 10 && bench.ledger.queuedCount == 1002)
    }

    @Test func anAcknowledgementThatIsSaidAgainStandsForNoOther() {
        let bench = CacheBench(CacheBench.settings(memory: 1 << 20, disk: 0))
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        bench.push(1, isNumbered: true)
        bench.backlog.setLiveFirst(true)
        bench.push(1, isNumbered: true)
        var live: UInt64 = 2
        for _ in 0..<1000 {
            let next = bench.pushBehindAndLive(isNumbered: true)
            _ = bench.sendLive(1)
            let became = bench.backlog.acknowledge(live, isCumulative: true)
            #expect(became == .new && bench.outcomes().map(\.firstID) == [live])
            bench.expectsNoWork()
            live = next
        }
        bench.sendAll()
        #expect(bench.outcomes().isEmpty)
        for isCumulative in [false, true] {
            let became = bench.backlog.acknowledge(10, isCumulative: isCumulative)
            #expect(became == .repeated && bench.outcomes().isEmpty)
        }
    }

    @Test func whatTheApplicationHasAloneIsNotSentAgainOnTheNextConnection() {
        let bench = CacheBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        bench.push(2, isNumbered: true)
        bench.backlog.setLiveFirst(true)
        bench.push(4, isNumbered: true)
        #expect(bench.sendLive(4).isEmpty)
        for (id, isCumulative) in [(3, true), (5, false)] as [(UInt64, Bool)] {
            let became = bench.backlog.acknowledge(id, isCumulative: isCumulative)
            #expect(became == .new)
        }
        #expect(bench.outcomes().map(\.firstID) == [3])
        bench.cut()
        bench.expectsNoWork()
        #expect(bench.sendAll() == [1, 2, 4, 6])
        let became = bench.backlog.acknowledge(4, isCumulative: true)
        #expect(became == .new)
        let delivered = bench.outcomes().flatMap { $0.firstID..<$0.firstID + $0.count }
        #expect(delivered == [1, 2, 4, 5] && bench.ledger.queuedCount == 1)
    }
}
