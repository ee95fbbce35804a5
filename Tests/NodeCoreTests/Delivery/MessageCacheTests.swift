import CNeuronWS
import Testing

@testable import NodeCore

/// A node's messages between its mailbox, its backlog and its cache, without a disk.
struct CacheBench: ~Copyable {
    var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 10_000))
    var mailbox = Mailbox()
    var backlog = Backlog()
    var cache: MessageCache
    var now: UInt64 = 1_000_000_000_000

    init(_ settings: MessageCache.Settings = CacheBench.settings(), found: UInt64 = 0, foundBytes: UInt64 = 0) {
        cache = MessageCache(settings)
        let first = ledger.adopt(DeliveryLedger.Away(messages: found, bytes: foundBytes))
        cache.opened(
            MessageCache.Found(count: found, bytes: foundBytes, clock: 5_000), first: first, openID: 1, now: now)
    }

    static func settings(memory: Int = 2000, disk: UInt64 = 10_000) -> MessageCache.Settings {
        MessageCache.Settings(memoryBytes: memory, diskBytes: disk, syncInterval: 1_000_000_000)
    }

    /// Messages of 100 bytes in a chunk, taken by the cache.
    mutating func push(_ count: Int, byteCount: Int = 84) {
        for _ in 0..<count {
            var chunk: MessageChunk? =
                mailbox.needsChunk(byteCount: byteCount) ? ChunkPool.make(byteCount: byteCount) : nil
            let id = ledger.accept(byteCount: byteCount)
            let bytes = [UInt8](repeating: 65, count: byteCount)
            let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            bytes.withUnsafeBytes { mailbox.append($0, stamp, id: id, chunk: &chunk) }
        }
        cache.take(mailbox.takeAll(), &backlog, now: now)
    }

    mutating func work() -> SpoolWork? {
        let work = cache.nextWork(&backlog, now: now) { ChunkPool.make(byteCount: $0) }
        cache.checkInvariants(backlog)
        return work
    }

    mutating func wait(_ milliseconds: UInt64) { now += milliseconds * 1_000_000 }

    /// The disk has done it, and has so many bytes then.
    mutating func done(_ work: consuming SpoolWork, bytes: UInt64, gone: [SpoolResult.Gone] = []) {
        var result = SpoolResult(work)
        result.diskBytes = bytes
        result.gone = gone
        cache.finished(result, &backlog, now: now)
        cache.checkInvariants(backlog)
    }

    mutating func failed(_ work: consuming SpoolWork, _ fault: SpoolFault) {
        var result = SpoolResult(work)
        result.fault = fault
        cache.finished(result, &backlog, now: now)
        cache.checkInvariants(backlog)
    }

    /// Stores all that there is.
    mutating func storeAll(bytes: UInt64) {
        cache.storeAll(backlog)
        while let work = work() { done(work, bytes: bytes) }
    }

    mutating func outcomes() -> [Backlog.Run] {
        var runs: [Backlog.Run] = []
        while let action = backlog.nextAction() {
            if case .conclude(let run) = action { runs.append(run) }
        }
        while let action = cache.nextAction() {
            if case .conclude(let run) = action { runs.append(run) }
        }
        for run in runs { ledger.ended(run) }
        return runs
    }
}

private func ids(_ work: borrowing SpoolWork) -> [Range<UInt64>] {
    var ids: [Range<UInt64>] = []
    work.batches.forEach { ids.append($0.firstNumber..<$0.endNumber) }
    return ids
}

@Suite struct MessageCacheTests {
    @Test func aMessageGoesToDiskWhenItHasWaitedLongEnough() throws {
        var bench = CacheBench()
        bench.push(3)
        bench.wait(999)
        #expect(bench.work() == nil)
        bench.wait(1)
        let work = try #require(bench.work())
        #expect(ids(work) == [1..<4] && work.storesBefore == 4)
        #expect(bench.cache.storedEnd == 1 && bench.cache.isBusy)
        bench.done(work, bytes: 300)
        #expect(bench.cache.storedEnd == 4 && !bench.backlog.isEmpty)
    }

    @Test func whatComesMeanwhileGathersForTheNextCommit() throws {
        var bench = CacheBench()
        bench.push(1)
        bench.wait(1000)
        let first = try #require(bench.work())
        for _ in 0..<3 { bench.push(1) }
        bench.wait(5000)
        #expect(bench.work() == nil)
        bench.done(first, bytes: 100)
        let second = try #require(bench.work())
        #expect(ids(second) == [2..<3, 3..<4, 4..<5])
        bench.done(second, bytes: 400)
    }

    @Test func whoWaitsForItNeedsNoInterval() throws {
        var bench = CacheBench()
        bench.push(2)
        bench.cache.storeAll(bench.backlog)
        let work = try #require(bench.work())
        #expect(ids(work) == [1..<3])
        bench.done(work, bytes: 200)
        #expect(bench.work() == nil)
    }

    @Test func whatFindsNoRoomInTheBacklogIsOnDiskAlone() {
        var bench = CacheBench()
        for _ in 0..<4 { bench.push(5) }
        bench.storeAll(bytes: 2000)
        // Half of 2,000 bytes, by chunks.
        #expect(bench.backlog.endID == 11 && bench.cache.away == 11..<21 && bench.cache.awayBytes == 1040)
        bench.push(1)
        #expect(!bench.cache.isTailEmpty)
    }

    @Test func nothingIsStoredBeforeTheDiskHasSaidSo() throws {
        var bench = CacheBench()
        for _ in 0..<4 { bench.push(5) }
        bench.cache.storeAll(bench.backlog)
        let work = try #require(bench.work())
        bench.failed(work, .ioError)
        #expect(bench.cache.storedEnd == 1 && bench.cache.fault == .ioError)
        // It waits before it tries again, longer each time.
        for wait in [1000, 2000, 4000] as [UInt64] {
            bench.wait(wait - 1)
            #expect(bench.work() == nil)
            bench.wait(1)
            let again = try #require(bench.work())
            #expect(ids(again).first?.lowerBound == 1)
            bench.failed(again, .full)
        }
        #expect(bench.cache.isSettled(bench.backlog))
    }

    @Test func theOldestOnDiskMakesRoomForTheNewest() throws {
        var bench = CacheBench(CacheBench.settings(disk: 2100))
        for _ in 0..<4 { bench.push(5) }
        bench.storeAll(bytes: 2080)
        bench.push(5)
        bench.wait(1000)
        let work = try #require(bench.work())
        #expect(work.dropsFrom == 11 && work.dropsBytes == 500 && ids(work) == [21..<26])
        bench.done(
            work, bytes: 2080, gone: [SpoolResult.Gone(ids: 11..<16, bytes: 520, outcome: .NEURON_WS_DROPPED_OVERFLOW)])
        #expect(bench.outcomes().map(\.outcome) == [.NEURON_WS_DROPPED_OVERFLOW])
        #expect(bench.cache.away == 16..<26)
    }

    @Test func withDropNewestTheDiskIsLeftAsItIs() {
        var settings = CacheBench.settings(disk: 600)
        settings.policy = .dropNewest
        var bench = CacheBench(settings)
        bench.push(5)
        bench.storeAll(bytes: 520)
        bench.push(5)
        bench.wait(1000)
        #expect(bench.work() == nil)
        #expect(!bench.cache.trim(&bench.backlog, now: bench.now))
        #expect(bench.outcomes().isEmpty)
    }

    @Test func inMemoryAloneTheOldestThatIsNotOnItsWayMakesRoom() {
        var bench = CacheBench(CacheBench.settings(disk: 0))
        for _ in 0..<4 { bench.push(5) }
        var runs: [Backlog.Run] = []
        while bench.cache.trim(&bench.backlog, now: bench.now) { runs += bench.outcomes() }
        #expect(runs.map(\.firstID) == [1] && runs.map(\.count) == [5])
        #expect(runs.first?.outcome == .NEURON_WS_DROPPED_OVERFLOW)
    }

    @Test func whatWasFoundComesBeforeWhatIsNew() throws {
        var bench = CacheBench(found: 100, foundBytes: 9000)
        #expect(bench.ledger.acceptedCount == 100 && bench.cache.storedEnd == 101)
        bench.push(2)
        let work = try #require(bench.work())
        #expect(work.loadsFrom == 1 && ids(work).isEmpty)
        var result = SpoolResult(work)
        let chunk = try #require(ChunkPool.make(byteCount: 84))
        for _ in 0..<90 {
            [UInt8](repeating: 66, count: 84).withUnsafeBytes {
                chunk.append($0, MessageStamp(kind: 1, timeMilliseconds: 0))
            }
        }
        chunk.firstID = 11
        result.loaded.append(chunk)
        result.loadedEnd = .max
        result.loadedBytes = 9000
        result.diskBytes = 9000
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        guard case .skip(let ids) = bench.cache.nextAction() else { Issue.record("nothing is skipped"); return }
        // The first ten are nowhere.
        #expect(ids == 1..<11 && bench.backlog.openID == 11 && bench.cache.away.isEmpty)
    }

    @Test func aMessageExpiresByAClockThatNobodySets() {
        var settings = CacheBench.settings(disk: 0)
        settings.timeToLive = 10_000_000_000
        var bench = CacheBench(settings)
        bench.push(2)
        bench.wait(10_000)
        #expect(!bench.cache.trim(&bench.backlog, now: bench.now))
        bench.wait(1)
        #expect(bench.cache.trim(&bench.backlog, now: bench.now))
        #expect(bench.outcomes().map(\.outcome) == [.NEURON_WS_EXPIRED])
    }

    @Test func whatComesFromDiskIsPaced() {
        var settings = CacheBench.settings()
        settings.resendInterval = 100_000_000
        var bench = CacheBench(settings)
        bench.push(2)
        #expect(bench.cache.pace(&bench.backlog, now: bench.now) == nil)
        bench.cache.pacedEnd = 3
        #expect(bench.cache.pace(&bench.backlog, now: bench.now) == bench.now + 100_000_000)
        #expect(bench.backlog.frameEnd == 2 && !bench.backlog.isAllFramed)
    }

    @Test func atTheEndWhatIsOnDiskIsStoredAndTheRestIsDropped() {
        var bench = CacheBench()
        for _ in 0..<4 { bench.push(5) }
        bench.storeAll(bytes: 2080)
        bench.push(3)
        bench.cache.abandon(&bench.backlog)
        let runs = bench.outcomes()
        #expect(runs.filter { $0.outcome == .NEURON_WS_STORED }.map(\.count).reduce(0, +) == 20)
        #expect(runs.filter { $0.outcome == .NEURON_WS_DROPPED_STOPPED }.map(\.firstID) == [21])
        #expect(runs.first?.level == .NEURON_WS_LEVEL_STORED)
        #expect(bench.ledger.queuedCount == 0)
    }

    @Test func withoutADiskAllIsAsWithoutACache() {
        var bench = CacheBench(CacheBench.settings(disk: 0))
        for _ in 0..<4 { bench.push(5) }
        #expect(bench.backlog.endID == 21 && bench.cache.isTailEmpty)
        bench.wait(100_000)
        #expect(bench.work() == nil)
    }
}
