// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MessageCacheWorkTests {
    /// A disk with little room takes what it has room for, and nothing has failed before not even one batch fits.
    @Test func whatIsTooMuchAtOnceIsStoredInSmallerPieces() {
        let bench = CacheBench(CacheBench.settings(memory: 20_000, disk: 100_000))
        for _ in 0..<8 { bench.push(5) }
        bench.cache.storeAll()
        var counts: [Int] = []
        while let work = bench.work() {
            var count = 0
            work.batches.forEach { _ in count += 1 }
            counts.append(count)
            var result = SpoolResult(work)
            result.fault = .full
            result.isTooMuch = count > 1
            bench.cache.finished(result, &bench.backlog, now: bench.now)
            bench.cache.checkInvariants(bench.backlog)
        }
        #expect(counts == [8, 4, 2, 1] || counts.last == 1 && counts.count > 2)
        #expect(bench.cache.failedStores == 1 && bench.cache.fault == .full)
        bench.wait(30_000)
        guard let work = bench.work() else { return bench.missing() }
        bench.done(work, bytes: 100)
        guard let more = bench.work() else { return bench.missing() }
        let holdsSeveral = more.batches.holdsSeveral
        #expect(holdsSeveral)
        bench.done(more, bytes: 300)
    }

    /// Who waits for it hears of each failure, and has it tried at once, however long ago the next try was put off.
    @Test func aFullDiskIsNewsOnceUntilSomeOfItIsFree() {
        let bench = CacheBench.full(.dropNewest)
        func isFull() -> Bool {
            bench.cache.noteFull(bench.backlog)
            return bench.cache.isFull
        }
        #expect(isFull())
        // Some has gone there, and less than an eighth is free.
        while let chunk = bench.backlog.chunkToFrame(), bench.backlog.nextID < 6 {
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1)
        }
        bench.backlog.written(1)
        #expect(bench.outcomes().map(\.count) == [5])
        guard let work = bench.work() else { return bench.missing() }
        bench.done(work, bytes: 530)
        let lacksRoom = bench.cache.lacksRoom
        #expect(!lacksRoom && isFull())
        bench.cache.settings.diskBytes = 10_000
        #expect(!isFull())
        bench.cache.settings.diskBytes = 600
        #expect(!isFull())
        // Again none is found: for what the other policies drop, nobody waits.
        bench.expectsNoWork()
        #expect(isFull())
        bench.cache.settings.policy = .dropOldest
        #expect(!isFull())
    }

    @Test func aFaultIsCountedAndWhoWaitsHasItTriedAgain() {
        let bench = CacheBench()
        bench.push(3)
        for failures in 1...8 as ClosedRange<UInt64> {
            bench.cache.storeAll()
            guard let work = bench.work() else { return bench.missing() }
            bench.failed(work, .full)
            #expect(bench.cache.failedStores == failures)
            bench.expectsNoWork()
        }
        bench.wait(29_000)
        bench.expectsNoWork()
        bench.wait(1_000)
        guard let work = bench.work() else { return bench.missing() }
        bench.done(work, bytes: 300)
        #expect(bench.storedEnd == 4 && bench.cache.failedStores == 8)
        // What is stored is not tried again.
        bench.cache.storeAll()
        bench.expectsNoWork()
    }

    /// A disk that fails puts off what it is for, and not the end of what waits in memory.
    @Test func whatIsInMemoryExpiresInItsTimeThoughTheDiskHasFailed() {
        let bench = CacheBench()
        bench.cache.settings.timeToLive = 1_500_000_000
        bench.push(3)
        let came = bench.now
        bench.wait(1000)
        guard let work = bench.work() else { return bench.missing() }
        bench.failed(work, .full)
        bench.cache.storeAll()
        guard let again = bench.work() else { return bench.missing() }
        bench.failed(again, .full)
        // The next try is two seconds away, and the messages end before.
        guard let due = bench.cache.deadline(bench.backlog, now: bench.now) else { return bench.missing() }
        #expect(due > came + 1_500_000_000 && due <= came + 1_502_000_000)
        bench.now = due
        #expect(bench.trims() && bench.outcomes().map(\.outcome) == [.NEURON_WS_EXPIRED])
        let next = bench.cache.deadline(bench.backlog, now: bench.now)
        #expect(next == nil || next == came + 3_000_000_000)
    }

    /// Nothing else happens: the next look comes by itself.
    @Test func whatCouldNotBeLoadedIsLoadedLater() {
        let bench = CacheBench(found: 100, foundBytes: 9000)
        guard let loads = bench.work() else { return bench.missing() }
        bench.failed(loads, .ioError)
        guard let due = bench.cache.deadline(bench.backlog, now: bench.now) else { return bench.missing() }
        #expect(due > bench.now && due <= bench.now + 1_000_000_000)
        bench.now = due
        guard let again = bench.work() else { return bench.missing() }
        let from = again.loadsFrom
        #expect(from == 1)
    }

    @Test func nothingComesFromDiskWhileItsOutcomeCouldNotBeHeld() {
        let bench = CacheBench(found: 100, foundBytes: 9000)
        let work = bench.cache.nextWork(&bench.backlog, now: bench.now, mayLoad: false) {
            ChunkPool.make(byteCount: $0)
        }
        let isWork = work != nil
        #expect(!isWork)
        guard let loads = bench.work() else { return bench.missing() }
        let from = loads.loadsFrom
        #expect(from == 1)
        bench.done(loads, bytes: 9000)
        // What is to be stored goes its way meanwhile.
        bench.push(2)
        bench.cache.storeAll()
        let other = bench.cache.nextWork(&bench.backlog, now: bench.now, mayLoad: false) {
            ChunkPool.make(byteCount: $0)
        }
        guard let other else { return bench.missing() }
        let (stores, loadsToo) = (other.storesBefore, other.loadsFrom)
        #expect(stores == 103 && loadsToo == 0)
        bench.done(other, bytes: 9200)
    }

    @Test func howManyAreSetAsideIsKnownFromTheBeginning() {
        let bench = CacheBench()
        var found = MessageCache.Found(count: 0, bytes: 0, clock: 0)
        found.asideCount = 3
        bench.cache.opened(found, first: 1, openID: 1, bench.backlog, now: bench.now)
        #expect(bench.cache.asideCount == 3)
        bench.push(1)
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        var result = SpoolResult(work)
        result.asideCount = 4
        bench.cache.finished(result, &bench.backlog, now: bench.now)
        #expect(bench.cache.asideCount == 4)
        bench.push(1)
        bench.cache.storeAll()
        guard let next = bench.work() else { return bench.missing() }
        // Work that failed does not say.
        bench.failed(next, .ioError)
        #expect(bench.cache.asideCount == 4)
        bench.cache.closed(bench.backlog)
        #expect(bench.cache.asideCount == 0)
    }

    /// The loop makes the work while all nodes wait for it: a large message is copied by the thread that stores it.
    @Test func aLargeMessageIsStoredWithoutACopyOfTheLoops() {
        let byteCount = Mailbox.aloneBytesMin
        let bench = CacheBench(CacheBench.settings(memory: 4 << 20, disk: 10 << 20))
        bench.push(1, byteCount: byteCount)
        bench.cache.storeAll()
        var made = 0
        let work = bench.cache.nextWork(&bench.backlog, now: bench.now) {
            made += 1
            return ChunkPool.make(byteCount: $0)
        }
        guard let work else { return bench.missing() }
        #expect(made == 0)
        // It goes out meanwhile, and has its outcome.
        bench.backlog.abandon()
        #expect(bench.outcomes().map(\.count) == [1])
        var stored: [UInt64] = []
        work.batches.forEach { batch in
            guard let chunk = batch.whole() else { return }
            chunk.seal()
            #expect(chunk.isImageWhole && chunk !== batch)
            #expect(chunk.payload(at: 0).count == byteCount && chunk.payload(at: 0).allSatisfy { $0 == 65 })
            stored.append(chunk.firstNumber)
        }
        #expect(stored == [1])
        bench.done(work, bytes: UInt64(byteCount))
        #expect(bench.storedEnd == 2)
    }

    @Test func aSmallOneIsItsOwnCopy() {
        let bench = CacheBench()
        bench.push(3)
        bench.cache.storeAll()
        guard let work = bench.work() else { return bench.missing() }
        work.batches.forEach { #expect($0.whole() === $0) }
        bench.done(work, bytes: 300)
    }

    /// Else a stop waits out the sync interval before the disk has forgotten it.
    @Test func allThatThereIsIncludesWhatIsBeingStored() {
        let bench = CacheBench(CacheBench.settings(memory: 400))
        for _ in 0..<3 { bench.push(2) }
        bench.wait(1000)
        guard bench.work() != nil else { return bench.missing() }
        #expect(bench.cache.tail.isEmpty && bench.cache.movedBytes > 0)
        bench.cache.storeAll()
        #expect(bench.cache.wantedEnd == 7)
    }
}
