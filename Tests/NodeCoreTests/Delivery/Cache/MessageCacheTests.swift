// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// A node's messages between its mailbox, its backlog and its cache, without a disk.
final class CacheBench {
    var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 10_000))
    var mailbox = Mailbox()
    var backlog = Backlog()
    var cache: MessageCache
    var now: UInt64 = 1_000_000_000_000

    init(
        _ settings: MessageCache.Settings = CacheBench.settings(), found: UInt64 = 0, foundBytes: UInt64 = 0,
        isOpen: Bool = true
    ) {
        cache = MessageCache(settings)
        if isOpen { open(found: found, bytes: foundBytes) }
    }

    func open(found: UInt64, bytes: UInt64, clock: UInt64 = 5_000) {
        let first = ledger.adopt(DeliveryLedger.Away(messages: found, bytes: bytes))
        cache.opened(
            MessageCache.Found(count: found, bytes: bytes, clock: clock), first: first, openID: 1, backlog, now: now)
    }

    static func settings(memory: Int = 2000, disk: UInt64 = 10_000) -> MessageCache.Settings {
        MessageCache.Settings(memoryBytes: memory, diskBytes: disk, syncInterval: 1_000_000_000)
    }

    /// Five messages are on disk, which has no room for five more.
    static func full(_ policy: MessageCache.Policy) -> CacheBench {
        var settings = settings(disk: 600)
        settings.policy = policy
        let bench = CacheBench(settings)
        bench.push(5)
        bench.storeAll(bytes: 520)
        bench.push(5)
        bench.wait(1000)
        bench.expectsNoWork()
        return bench
    }

    /// Messages of 100 bytes in a chunk, taken by the cache.
    func push(_ count: Int, byteCount: Int = 84, isNumbered: Bool = false, group: UInt16 = 0, time: Int64 = 0) {
        for _ in 0..<count {
            let id = ledger.accept(byteCount: byteCount)
            let bytes = [UInt8](repeating: 65, count: byteCount)
            var stamp = MessageStamp(kind: 1, timeMilliseconds: time, group: group)
            stamp.isNumbered = isNumbered
            bytes.withUnsafeBytes { mailbox.put(OutgoingMessage($0, stamp), id: id) }
        }
        cache.take(mailbox.takeAll(), &backlog, now: now)
    }

    func work() -> SpoolWork? {
        let work = cache.nextWork(&backlog, now: now) { ChunkPool.make(byteCount: $0) }
        cache.checkInvariants(backlog)
        return work
    }

    func expectsNoWork(_ place: SourceLocation = #_sourceLocation) {
        let hasWork = work() != nil
        #expect(!hasWork, sourceLocation: place)
    }

    func missing() { Issue.record("there is no work") }
    func trims(isFull: Bool = false) -> Bool { cache.trim(&backlog, now: now, isFull: isFull) }
    func paces() -> UInt64? { cache.pace(&backlog, now: now) }
    var isSettled: Bool { cache.isSettled(backlog) }
    var away: Range<UInt64> { cache.away }
    var storedEnd: UInt64 { cache.storedEnd }

    func wait(_ milliseconds: UInt64) { now += milliseconds * 1_000_000 }

    /// The disk has done it, and has so many bytes then.
    func done(_ work: consuming SpoolWork, bytes: UInt64, gone: [SpoolResult.Gone] = []) {
        var result = SpoolResult(work)
        result.diskBytes = bytes
        result.gone = gone
        cache.finished(result, &backlog, now: now)
        cache.checkInvariants(backlog)
    }

    func failed(_ work: consuming SpoolWork, _ fault: SpoolFault) {
        var result = SpoolResult(work)
        result.fault = fault
        cache.finished(result, &backlog, now: now)
        cache.checkInvariants(backlog)
    }

    /// Stores all that there is.
    func storeAll(bytes: UInt64) {
        cache.storeAll()
        while let work = work() { done(work, bytes: bytes) }
    }

    func outcomes() -> [Backlog.Run] {
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
    /// All that came while the loop was late: what is stored and more than the window goes from memory.
    @Test func oneMailOfMoreThanTheWindowDoesNotStayInMemory() {
        let bench = CacheBench(CacheBench.settings(memory: 1 << 20, disk: 10 << 20))
        bench.push(1048, byteCount: 984)
        bench.storeAll(bytes: 1 << 20)
        #expect(bench.away.upperBound == 1049 && bench.away.count >= 200)
    }

    /// Each transaction writes pages of the file's own.
    @Test func whereMemoryIsShortAPartOfTheWindowGoesTogether() {
        let bench = CacheBench(CacheBench.settings(memory: 1 << 20, disk: 10 << 20))
        bench.push(524, byteCount: 984)
        bench.storeAll(bytes: 1 << 20)
        var pushes = 0
        var work: SpoolWork?
        while work == nil, pushes < 1000 {
            bench.push(1, byteCount: 984)
            pushes += 1
            work = bench.work()
        }
        // An eighth of 512 KiB.
        #expect((50...70).contains(pushes), "\(pushes)")
    }

    /// Small messages come to their number before they come to the bytes.
    @Test func manySmallMessagesDoNotStayInMemory() {
        var settings = CacheBench.settings(memory: 1 << 20, disk: 10 << 20)
        settings.messagesMax = 100
        let bench = CacheBench(settings)
        for _ in 0..<10 {
            bench.push(10, byteCount: 8)
            bench.storeAll(bytes: 1000)
        }
        #expect(bench.away == 51..<101)
    }

    @Test func aMessageGoesToDiskWhenItHasWaitedLongEnough() throws {
        let bench = CacheBench()
        bench.push(3)
        bench.wait(999)
        bench.expectsNoWork()
        bench.wait(1)
        guard let work = bench.work() else { return bench.missing() }
        let (stored, before) = (ids(work), work.storesBefore)
        #expect(stored == [1..<4] && before == 4)
        #expect(bench.storedEnd == 1)
        bench.done(work, bytes: 300)
        #expect(bench.storedEnd == 4)
    }

    @Test func whatComesMeanwhileGathersForTheNextCommit() throws {
        let bench = CacheBench()
        bench.push(1)
        bench.wait(1000)
        guard let first = bench.work() else { return bench.missing() }
        for _ in 0..<3 { bench.push(1) }
        bench.wait(5000)
        bench.expectsNoWork()
        bench.done(first, bytes: 100)
        guard let second = bench.work() else { return bench.missing() }
        let gathered = ids(second)
        #expect(gathered == [2..<3, 3..<4, 4..<5])
        bench.done(second, bytes: 400)
    }

    @Test func whoWaitsForItNeedsNoInterval() throws {
        let bench = CacheBench()
        bench.push(2)
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        let stored = ids(work)
        #expect(stored == [1..<3])
        bench.done(work, bytes: 200)
        bench.expectsNoWork()
    }

    @Test func whatFindsNoRoomInTheBacklogIsOnDiskAlone() {
        let bench = CacheBench()
        for _ in 0..<4 { bench.push(5) }
        bench.storeAll(bytes: 2000)
        // Half of 2,000 bytes, by chunks.
        let (end, away, bytes) = (bench.backlog.endID, bench.away, bench.cache.awayBytes)
        #expect(end == 11 && away == 11..<21 && bytes == 1040)
        bench.push(1)
        let isEmpty = bench.cache.tail.isEmpty
        #expect(!isEmpty)
    }

    @Test func nothingIsStoredBeforeTheDiskHasSaidSo() throws {
        let bench = CacheBench()
        for _ in 0..<4 { bench.push(5) }
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        bench.failed(work, .ioError)
        let fault = bench.cache.fault
        #expect(bench.storedEnd == 1 && fault == .ioError)
        // It waits before it tries again, longer each time.
        for wait in [1000, 2000, 4000] as [UInt64] {
            bench.wait(wait - 1)
            bench.expectsNoWork()
            bench.wait(1)
            guard let again = bench.work() else { return bench.missing() }
            let first = ids(again).first?.lowerBound
            #expect(first == 1)
            bench.failed(again, .full)
        }
        #expect(bench.isSettled)
    }

    @Test func withDropNewestTheDiskIsLeftAsItIs() {
        let bench = CacheBench.full(.dropNewest)
        #expect(!bench.trims())
        let runs = bench.outcomes()
        #expect(runs.isEmpty)
        // Who waits for it to be stored would wait for a delivery.
        #expect(bench.cache.failedStores == 1)
    }

    @Test func inMemoryAloneTheOldestThatIsNotOnItsWayMakesRoom() {
        let bench = CacheBench(CacheBench.settings(memory: 2700, disk: 0))
        for _ in 0..<4 { bench.push(5) }
        var runs: [Backlog.Run] = []
        while bench.trims() { runs += bench.outcomes() }
        #expect(runs.map(\.firstID) == [1] && runs.map(\.count) == [5])
        #expect(runs.first?.outcome == .NEURON_WS_DROPPED_OVERFLOW)
    }

    @Test func whatWasFoundComesBeforeWhatIsNew() throws {
        let bench = CacheBench(found: 100, foundBytes: 9000)
        #expect(bench.ledger.acceptedCount == 100 && bench.storedEnd == 101)
        bench.push(2)
        guard let work = bench.work() else { return bench.missing() }
        let (loads, stored) = (work.loadsFrom, ids(work))
        #expect(loads == 1 && stored.isEmpty)
        var result = SpoolResult(work)
        let chunk = try #require(ChunkPool.make(byteCount: 84))
        for _ in 0..<90 {
            [UInt8](repeating: 66, count: 84).withUnsafeBytes {
                chunk.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 0)))
            }
        }
        chunk.firstID = 11
        result.loaded.append(chunk)
        result.loadedEnd = UInt64.max
        result.loadedBytes = 9000
        result.diskBytes = 9000
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        guard case .skip(let ids) = bench.cache.nextAction() else { Issue.record("nothing is skipped"); return }
        // The first ten are nowhere.
        let (open, repeats) = (bench.backlog.openID, bench.backlog.repeatsEndID)
        #expect(ids == 1..<11 && open == 11 && bench.away.isEmpty)
        // They may have arrived in the life before; what is new has not.
        #expect(repeats == 101)
    }

    @Test func numbersAreReservedBeforeTheyRunOut() {
        let bench = CacheBench()
        bench.push(1)
        bench.expectsNoWork()
        let half = MessageCache.numbersReserved / 2
        bench.storeAll(bytes: 100)
        bench.cache.reservedNumber = half
        guard let work = bench.work() else { return bench.missing() }
        let reserves = work.reservesNumber
        #expect(reserves == 2 + MessageCache.numbersReserved)
        bench.done(work, bytes: 100)
        bench.expectsNoWork()
    }

    @Test func numbersGoOnWhereTheLifeBeforeLeftOff() {
        let bench = CacheBench()
        let first = bench.ledger.adopt(DeliveryLedger.Away(messages: 3, bytes: 300), next: 51)
        #expect(first == 48 && bench.ledger.acceptedCount == 50 && bench.ledger.queuedCount == 3)
        #expect(bench.ledger.endedThrough == 47)
        bench.ledger.checkInvariants()
        // Behind messages that wait they cannot.
        let next = bench.ledger.adopt(DeliveryLedger.Away(messages: 1, bytes: 100), next: 1000)
        #expect(next == 51)
        bench.ledger.checkInvariants()
    }

    @Test func aMessageExpiresByAClockThatNobodySets() {
        var settings = CacheBench.settings(disk: 0)
        settings.timeToLive = 10_000_000_000
        let bench = CacheBench(settings)
        bench.push(2)
        bench.wait(10_000)
        #expect(!bench.trims())
        bench.wait(1)
        #expect(bench.trims())
        let runs = bench.outcomes()
        #expect(runs.map(\.outcome) == [.NEURON_WS_EXPIRED])
    }

    @Test func atTheEndWhatIsOnDiskIsStoredAndTheRestIsDropped() {
        let bench = CacheBench()
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

    /// Each takes more than its bytes: they count as what they take, and no more than is needed is taken.
    @Test func messagesThatComeAloneTakeNoWholeChunkEach() {
        let bench = CacheBench(CacheBench.settings(memory: 1 << 20, disk: 0))
        for _ in 0..<2000 { bench.push(1, byteCount: 8) }
        #expect(bench.backlog.chunkCount == MessageCache.looseChunksMax)
        #expect(bench.backlog.endID == 2001)
        bench.cache.settings.timeToLive = 60_000_000_000
        for _ in 0..<2000 {
            bench.push(1, byteCount: 8)
            bench.wait(1)
        }
        let list = chunks(of: bench)
        let capacity = list.dropFirst(MessageCache.looseChunksMax).reduce(0) { $0 + $1.capacity }
        #expect(list.count == 2000 + MessageCache.looseChunksMax && capacity == 2000 * 24)
        #expect(bench.backlog.heldBytes == 4000 * 24 + list.count * MessageChunk.overheadBytes)
        bench.cache.abandon(&bench.backlog)
        let runs = bench.outcomes()
        #expect(runs.reduce(0) { $0 + $1.count } == 4000 && bench.backlog.heldBytes == 0)
    }

    private func chunks(of bench: CacheBench) -> [MessageChunk] {
        var chunks: [MessageChunk] = []
        bench.backlog.list.forEach { chunks.append($0) }
        return chunks
    }

    @Test func whatIsForgottenIsDroppedAndTheNextDiskBeginsAnew() {
        let bench = CacheBench(found: 100, foundBytes: 9000)
        bench.push(5)
        guard let work = bench.work() else { return bench.missing() }
        bench.done(work, bytes: 9000)
        bench.cache.closed(bench.backlog)
        let runs = bench.outcomes()
        let dropped = runs.filter { $0.outcome == .NEURON_WS_DROPPED_STOPPED }.reduce(0) { $0 + $1.count }
        #expect(dropped == 100 && runs.count == 1 && bench.away.isEmpty)
        bench.cache.opened(
            MessageCache.Found(count: 0, bytes: 0, clock: 0), first: 106, openID: 101, bench.backlog,
            now: bench.now)
        bench.wait(2000)
        guard let again = bench.work() else { return bench.missing() }
        let stored = ids(again)
        #expect(stored == [101..<106])
    }

    @Test func batchesThatGoTogetherAreOneOutcome() {
        let bench = CacheBench(found: 10_000, foundBytes: 900_000)
        bench.cache.settings.timeToLive = 1_000_000_000
        bench.wait(60_000)
        guard let work = bench.work() else { return bench.missing() }
        let expires = work.expiresBefore
        #expect(expires > 0)
        let gone = (0..<1000).map { number in
            let first = 1 + UInt64(number) * 10
            // The last of each hundred is missing.
            let count: UInt64 = number % 100 == 99 ? 9 : 10
            return SpoolResult.Gone(ids: first..<first + count, bytes: 900, outcome: .NEURON_WS_EXPIRED)
        }
        bench.done(work, bytes: 0, gone: gone)
        let runs = bench.outcomes()
        #expect(runs.count == 10 && runs.allSatisfy { $0.outcome == .NEURON_WS_EXPIRED })
        #expect(runs.first?.count == 999 && runs.first?.recordBytes == 90_000)
    }

    @Test func withoutADiskAllIsAsWithoutACache() {
        let bench = CacheBench(CacheBench.settings(disk: 0))
        for _ in 0..<4 { bench.push(5) }
        let (end, isEmpty) = (bench.backlog.endID, bench.cache.tail.isEmpty)
        #expect(end == 21 && isEmpty)
        bench.wait(100_000)
        bench.expectsNoWork()
    }
}
