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
        bench.cache.storeAll(bench.backlog)
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
        #expect(dropped == [1..<2, 3..<4, 4..<5])
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
}
