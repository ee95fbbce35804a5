// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct DeliveryLedgerTests {
    private func run(
        _ first: UInt64, _ count: UInt64, bytes: UInt64 = 0, _ outcome: neuron_ws_outcome_t = .NEURON_WS_DELIVERED
    ) -> Backlog.Run {
        var run = Backlog.Run(firstID: first, count: count, outcome: outcome)
        run.recordBytes = bytes
        return run
    }

    @Test func numbersCountFromOne() {
        var bench = OutboxBench()
        #expect(bench.push("a") == 1)
        #expect(bench.push("b") == 2)
    }

    @Test func theLimitInMessagesHoldsUntilSomeAreDone() {
        var bench = OutboxBench()
        bench.ledger.limits.messagesMax = 2
        bench.push("a")
        bench.push("b")
        #expect(bench.push("c") == nil)
        _ = bench.fill(room: 1000)
        #expect(bench.push("c") == nil)
        bench.settle(written: bench.stream.count)
        #expect(bench.push("c") == 3)
    }

    @Test func theLimitInBytesCountsTheMemoryTaken() {
        var bench = OutboxBench()
        bench.ledger.limits.bytesMax = 48
        #expect(bench.push("12345678") == 1)
        #expect(bench.push("12345678") == 2)
        #expect(bench.push("") == nil)
        #expect(bench.ledger.queuedBytes == 48)
    }

    @Test func aMessageLargerThanTheLimitIsTakenWhenNothingWaits() {
        var bench = OutboxBench()
        bench.ledger.limits.bytesMax = 64
        let large = String(repeating: "x", count: 1000)
        #expect(bench.push(large) == 1)
        #expect(bench.push(large) == nil)
    }

    @Test func answersGoPastTheLimitsSoFarAndNoFurther() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1000, messagesMax: 2))
        let beyond = DeliveryLedger.Limits(bytesMax: 1000, messagesMax: 3)
        func accept(_ byteCount: Int, _ beyond: DeliveryLedger.Limits = DeliveryLedger.none) -> UInt64? {
            ledger.hasRoom(byteCount: byteCount, beyond: beyond) ? ledger.accept(byteCount: byteCount) : nil
        }
        #expect(accept(8) == 1)
        #expect(accept(8) == 2)
        #expect(accept(8) == nil)
        #expect(accept(8, beyond) == 3)
        #expect(accept(8) == nil)
        #expect(accept(2000, beyond) == nil)
        #expect(accept(1500, beyond) == 4)
        #expect(accept(8, beyond) == 5)
        #expect(accept(8, beyond) == nil)
        ledger.ended(run(1, 4, bytes: ledger.queuedBytes - 24))
        #expect(accept(8) == 6)
    }

    /// Where the oldest make room, one that waits alone keeps no other one out, however small the limits are.
    @Test func oneThatWaitsAloneIsReplaced() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 64, messagesMax: 1))
        ledger.replacesLast = true
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(ledger.hasRoom(byteCount: 1000))
            let number = ledger.accept(byteCount: 1000)
            #expect(number == id)
            if id > 1 { ledger.ended(run(id - 1, 1, bytes: UInt64(MessageRecord.size(byteCount: 1000)))) }
        }
        _ = ledger.accept(byteCount: 8)
        #expect(!ledger.hasRoom(byteCount: 8))
        _ = ledger.refused(byteCount: 0)
        var told = [ledger.takeRoom(unreadRuns: 0)]
        ledger.ended(run(3, 1, bytes: UInt64(MessageRecord.size(byteCount: 1000))))
        told.append(ledger.takeRoom(unreadRuns: 0))
        #expect(told == [false, true])
        ledger.replacesLast = false
        #expect(!ledger.hasRoom(byteCount: 8))
    }

    /// A host that reads nothing, while each message becomes something else than the one before it.
    @Test func outcomesThatAlternateAndAreNotReadStopTheNodeFromTakingMore() {
        let messagesMax = 1000
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 30, messagesMax: messagesMax))
        var backlog = EventBacklog()
        var accepted: UInt64 = 0
        func tell(_ id: UInt64) {
            let outcome: neuron_ws_outcome_t = id % 2 == 0 ? .NEURON_WS_DELIVERED : .NEURON_WS_DROPPED_REFUSED
            let run = DeliveryRun(firstID: id, count: 1, outcome: outcome, level: .NEURON_WS_LEVEL_ACCEPTED)
            #expect(backlog.append(.delivery(run)) == .held)
            ledger.ended(self.run(id, 1, bytes: UInt64(MessageRecord.size(byteCount: 1)), outcome))
        }
        func accept() -> Bool {
            guard ledger.hasRoom(byteCount: 1) else { return false }
            accepted = ledger.accept(byteCount: 1)
            return true
        }
        while accept() {
            tell(accepted)
            ledger.unreadRuns = backlog.runs
            #expect(backlog.runs + Int(ledger.queuedCount) <= messagesMax + EventBacklog.runsMax)
        }
        #expect(accepted == UInt64(messagesMax + EventBacklog.runsMax) && backlog.droppedCount == 0)
        #expect(!ledger.hasRoomForOutcome())
        // As soon as the host reads one there is room for one.
        _ = backlog.take()
        ledger.unreadRuns = backlog.runs
        #expect(accept() && !accept())
    }

    @Test func outcomesNeedNotComeInOrder() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 100))
        for _ in 0..<10 { _ = ledger.accept(byteCount: 8) }
        ledger.ended(run(4, 2, bytes: 48))
        ledger.ended(run(9, 1, bytes: 24))
        #expect(ledger.endedThrough == 0 && ledger.endedCount == 3)
        let open = (0...10).map { ledger.openCount(through: $0, .NEURON_WS_LEVEL_PEER_PARSED) }
        #expect(open == [0, 1, 2, 3, 3, 3, 4, 5, 6, 6, 7])
        #expect((0...11).filter { ledger.isOpen($0) } == [1, 2, 3, 6, 7, 8, 10])
        ledger.ended(run(6, 1, bytes: 24, .NEURON_WS_DROPPED_REFUSED))
        ledger.ended(run(3, 1, bytes: 24))
        ledger.checkInvariants()
        ledger.ended(run(1, 2, bytes: 48))
        #expect(ledger.endedThrough == 6)
        ledger.ended(run(7, 2, bytes: 48))
        #expect(ledger.endedThrough == 9 && ledger.queuedCount == 1 && ledger.queuedBytes == 24)
        ledger.checkInvariants()
    }

    @Test func whatTheKernelHasIsFurtherThanWhatHasItsOutcome() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 100))
        for _ in 0..<10 { _ = ledger.accept(byteCount: 8) }
        ledger.written(through: 6)
        ledger.ended(run(1, 2, bytes: 48))
        ledger.checkInvariants()
        #expect(ledger.reachedThrough(.NEURON_WS_LEVEL_WRITTEN) == 6)
        #expect(ledger.reachedThrough(.NEURON_WS_LEVEL_PEER_PARSED) == 2)
        #expect(ledger.openCount(through: 10, .NEURON_WS_LEVEL_WRITTEN) == 4)
        #expect(ledger.openCount(through: 10, .NEURON_WS_LEVEL_PEER_PARSED) == 8)
        // A connection that ends takes nothing back.
        ledger.written(through: 3)
        #expect(ledger.reachedThrough(.NEURON_WS_LEVEL_WRITTEN) == 6)
        ledger.ended(run(3, 6, bytes: 144))
        #expect(ledger.reachedThrough(.NEURON_WS_LEVEL_WRITTEN) == 8)
    }

    @Test func roomIsToldOnceWhenAQuarterIsFree() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 8))
        for _ in 0..<8 { _ = ledger.accept(byteCount: 0) }
        var told = [ledger.takeRoom(unreadRuns: 0)]
        _ = ledger.refused(byteCount: 0)
        ledger.ended(run(1, 1, bytes: 16))
        told.append(ledger.takeRoom(unreadRuns: 0))
        ledger.ended(run(2, 1, bytes: 16))
        // Outcomes that nobody has read take the place of room.
        told.append(ledger.takeRoom(unreadRuns: 8 + EventBacklog.runsMax))
        told.append(ledger.takeRoom(unreadRuns: 0))
        told.append(ledger.takeRoom(unreadRuns: 0))
        #expect(told == [false, false, false, true, false])
        // One that is larger than the limit goes alone.
        var small = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 64, messagesMax: 8))
        _ = small.accept(byteCount: 1000)
        _ = small.refused(byteCount: 0)
        told = [small.takeRoom(unreadRuns: 0)]
        small.ended(run(1, 1, bytes: 1016))
        told.append(small.takeRoom(unreadRuns: 0))
        #expect(told == [false, true])
    }

    /// A quarter is free, and is not enough for the one that was refused.
    @Test func roomIsToldWhenThereIsSomeForTheLargestThatWasRefused() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 10_000, messagesMax: 100))
        for _ in 0..<4 { _ = ledger.accept(byteCount: 2000) }
        let isFull = ledger.lacksRoom
        let wanted = [6000, 500, 6000, 7000].map { ledger.refused(byteCount: $0) }
        #expect(!isFull && wanted == [true, false, false, true] && ledger.lacksRoom)
        var told: [Bool] = []
        for id in 1...3 as ClosedRange<UInt64> {
            ledger.ended(run(id, 1, bytes: UInt64(MessageRecord.size(byteCount: 2000))))
            told.append(ledger.takeRoom(unreadRuns: 0))
        }
        #expect(told == [false, false, true] && !ledger.lacksRoom && ledger.hasRoom(byteCount: 7000))
    }

    /// Else a quarter would never be free while nothing can be sent.
    @Test func whereTheOldestMakeRoomItIsToldWhenTheyHave() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 16))
        ledger.replacesLast = true
        for _ in 0..<16 { _ = ledger.accept(byteCount: 0) }
        _ = ledger.refused(byteCount: 0)
        var told = [ledger.takeRoom(unreadRuns: 0)]
        ledger.ended(run(1, 1, bytes: 16))
        told.append(ledger.takeRoom(unreadRuns: 0))
        ledger.ended(run(2, 1, bytes: 16))
        told.append(ledger.takeRoom(unreadRuns: 0))
        #expect(told == [false, false, true])
    }

    /// What went out in front of those that lie on disk is not stored, and has its outcome.
    @Test func whereAllThatAreLeftLieOnDiskOneMoreIsTaken() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 64, messagesMax: 8))
        for _ in 0..<3 { _ = ledger.accept(byteCount: 1000) }
        ledger.stored(through: 1)
        var has = [ledger.hasRoom(byteCount: 1000)]
        ledger.ended(run(3, 1, bytes: 1016))
        has.append(ledger.hasRoom(byteCount: 1000))
        ledger.ended(run(2, 1, bytes: 1016))
        has.append(ledger.hasRoom(byteCount: 1000))
        #expect(has == [false, false, true])
    }

    @Test func whatLiesOnDiskAloneTakesNoRoom() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 8))
        for _ in 0..<8 { _ = ledger.accept(byteCount: 0) }
        _ = ledger.refused(byteCount: 0)
        ledger.away = DeliveryLedger.Away(messages: 1, bytes: 16)
        var told = [ledger.takeRoom(unreadRuns: 0)]
        ledger.away = DeliveryLedger.Away(messages: 2, bytes: 32)
        told.append(ledger.takeRoom(unreadRuns: 0))
        #expect(told == [false, true])
    }

    /// Nothing is taken twice beyond the limits: the next one is not on disk when it comes.
    @Test(arguments: [(1 << 20, 1), (64, 8)])
    func whereAllLieOnDiskOneMoreIsTaken(bytesMax: Int, messagesMax: Int) {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: bytesMax, messagesMax: messagesMax))
        _ = ledger.accept(byteCount: 1000)
        _ = ledger.refused(byteCount: 0)
        var has = [ledger.hasRoom(byteCount: 1000), ledger.takeRoom(unreadRuns: 0)]
        ledger.stored(through: 1)
        has += [ledger.hasRoom(byteCount: 1000), ledger.takeRoom(unreadRuns: 0)]
        _ = ledger.accept(byteCount: 1000)
        has.append(ledger.hasRoom(byteCount: 1000))
        ledger.stored(through: 2)
        has.append(ledger.hasRoom(byteCount: 1000))
        ledger.lostStored()
        has.append(ledger.hasRoom(byteCount: 1000))
        #expect(has == [false, false, true, true, false, true, false])
    }

    @Test func whoWaitsForStoringWaitsNoLongerThanItCanBe() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 1000))
        for _ in 0..<3 { _ = ledger.accept(byteCount: 0) }
        ledger.failedStores = 7
        func progress(_ level: neuron_ws_level_t, through id: UInt64 = 3) -> DeliveryLedger.Progress {
            ledger.progress(through: id, level, failedStores: 7)
        }
        // What has failed before says nothing of what is tried now.
        #expect(progress(.NEURON_WS_LEVEL_STORED) == .open && progress(.NEURON_WS_LEVEL_WRITTEN) == .open)
        ledger.stored(through: 2)
        #expect(progress(.NEURON_WS_LEVEL_STORED, through: 2) == .reached)
        ledger.failedStores = 8
        #expect(progress(.NEURON_WS_LEVEL_STORED) == .unstorable && progress(.NEURON_WS_LEVEL_WRITTEN) == .open)
        // Who has what it waited for is told that, whatever failed beside.
        #expect(progress(.NEURON_WS_LEVEL_STORED, through: 2) == .reached)
        ledger.ended(run(1, 3, bytes: 48))
        #expect(progress(.NEURON_WS_LEVEL_STORED) == .reached && progress(.NEURON_WS_LEVEL_APP_ACKED) == .reached)
    }

    @Test func whoAsksWhetherItIsStillStoredWaitsForTheDisksWord() {
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 1000))
        _ = ledger.accept(byteCount: 0)
        ledger.stored(through: 1)
        let (first, second) = (ledger.askLook(), ledger.askLook())
        func progress(_ look: UInt64, failedStores: UInt64 = 0) -> DeliveryLedger.Progress {
            ledger.progress(through: 1, .NEURON_WS_LEVEL_STORED, failedStores: failedStores, look: look)
        }
        #expect(progress(0) == .reached && progress(first) == .open)
        ledger.looksDone = first
        #expect(progress(first) == .reached && progress(second) == .open)
        // It is gone, and cannot be stored once more.
        ledger.looksDone = second
        ledger.lostStored()
        #expect(progress(second) == .open && progress(second, failedStores: 1) == .unstorable)
        // The disk has no answer, and then one.
        ledger.stored(through: 1)
        let third = ledger.askLook()
        ledger.looksFailed = third
        #expect(progress(second) == .reached && progress(third) == .unstorable)
        ledger.looksDone = ledger.askLook()
        #expect(progress(third) == .reached)
    }

    @Test(arguments: 0..<50) func whateverTheOrderEachIsCountedOnce(seed: UInt64) {
        var random = SplitMix(seed)
        var ledger = DeliveryLedger(limits: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 1000))
        var open: [Range<UInt64>] = []
        while ledger.acceptedCount < 200 {
            let count = UInt64.random(in: 1...5, using: &random)
            for _ in 0..<count { _ = ledger.accept(byteCount: 0) }
            open.append(ledger.acceptedCount - count + 1..<ledger.acceptedCount + 1)
        }
        while !open.isEmpty {
            let ended = open.remove(at: Int.random(in: 0..<open.count, using: &random))
            ledger.ended(run(ended.lowerBound, UInt64(ended.count), bytes: UInt64(16 * ended.count)))
            ledger.checkInvariants()
            #expect(ledger.endedThrough + 1 == open.map(\.lowerBound).min() ?? ledger.acceptedCount + 1)
        }
        #expect(ledger.queuedCount == 0 && ledger.queuedBytes == 0)
    }
}
