import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct BarrierTests {
    private static let second: UInt64 = 1_000_000_000

    private final class Bench {
        var barrier = Barrier(epoch: 7, patience: 3 * BarrierTests.second)
        var keys = MaskingKeyPool()
        var asked: [ControlPayload] = []

        init() { keys.refill((0..<200).map { UInt8($0) }.span.bytes) }

        /// Frames what waits behind the messages before `nextID`; false: nothing is to be asked.
        func ask(before nextID: UInt64, leaves: Bool = true) -> Bool {
            guard barrier.isWanted(before: nextID), let payload = barrier.ask(&keys) else { return false }
            asked.append(payload)
            barrier.framed(before: nextID, end: 100, keepAlive: nil)
            if leaves { _ = barrier.hasLeft(written: 100) }
            return true
        }

        func answer(_ index: Int) { barrier.pongReceived(asked[index]) }
    }

    private func keepAlivePayload(_ sequence: UInt64) -> ControlPayload? {
        withUnsafeBytes(of: sequence.bigEndian) { ControlPayload($0.bytes) }
    }

    @Test func theEchoConfirmsAllBeforeItAndTheNextQuestionFollows() {
        let bench = Bench()
        // The probe, before any message.
        #expect(bench.ask(before: 1) == true)
        #expect(bench.ask(before: 5) == false)
        bench.answer(0)
        #expect(bench.barrier.confirmedID == 1 && bench.barrier.hasEcho)
        #expect(bench.ask(before: 1) == false)
        #expect(bench.ask(before: 5) == true)
        // One at a time.
        #expect(bench.ask(before: 9) == false)
        bench.answer(1)
        #expect(bench.barrier.confirmedID == 5)
        #expect(bench.ask(before: 9) == true)
    }

    @Test func onlyTheEchoOfTheOneThatIsOutConfirms() {
        let bench = Bench()
        #expect(bench.ask(before: 3, leaves: false) == true)
        // Whoever answers before it has left has not read it.
        bench.answer(0)
        #expect(bench.barrier.confirmedID == 0)
        _ = bench.barrier.hasLeft(written: 99)
        bench.answer(0)
        #expect(bench.barrier.confirmedID == 0)
        #expect(bench.barrier.hasLeft(written: 100) == true)
        #expect(bench.barrier.hasLeft(written: 100) == false)
        for other in [ControlPayload(), ControlPayload(reason: "something else"), keepAlivePayload(1)!] {
            bench.barrier.pongReceived(other)
        }
        #expect(bench.barrier.confirmedID == 0)
        bench.answer(0)
        #expect(bench.ask(before: 6) == true)
        // Twice, or late.
        bench.answer(0)
        bench.answer(0)
        #expect(bench.barrier.confirmedID == 3)
    }

    @Test func payloadsDifferAndAreNoKeepAlives() {
        let bench = Bench()
        for index in 0..<20 as Range<UInt64> {
            #expect(bench.ask(before: index + 1) == true)
            bench.answer(Int(index))
        }
        for index in bench.asked.indices {
            #expect(bench.asked[index].count == 24 && bench.asked[index].sequence == nil)
            #expect(!bench.asked[..<index].contains(bench.asked[index]))
        }
        // Without random bytes nothing is asked.
        while bench.keys.next() != nil {}
        #expect(bench.ask(before: 100) == false)
    }

    @Test func aPeerThatAnswersOnlyTheNewestPingConfirmsByTheKeepAlives() {
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.barrier.framed(before: 9, end: 200, keepAlive: 12)
        bench.barrier.pongReceived(keepAlivePayload(11)!)
        #expect(bench.barrier.confirmedID == 0)
        bench.barrier.pongReceived(keepAlivePayload(12)!)
        #expect(bench.barrier.confirmedID == 9)
    }

    @Test func aPeerThatSpeaksAndDoesNotEchoIsDegradedAndMayComeBack() {
        let second = Self.second
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.barrier.left(kernelEnd: 100, now: 0)
        bench.barrier.bytesReceived()
        let read = SendProgress(acknowledged: 100)
        #expect(bench.barrier.deadline == 3 * second / 2)
        #expect(bench.barrier.look(now: 3 * second / 2, progress: read) == false)
        #expect(bench.barrier.look(now: 3 * second, progress: read) == true)
        #expect(bench.barrier.isDegraded && bench.barrier.deadline == nil)
        // No more questions, until somebody answers.
        #expect(bench.ask(before: 9) == false)
    }

    @Test func oneThatMovesIsGivenTime() {
        let second = Self.second
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.barrier.left(kernelEnd: 1000, now: 0)
        bench.barrier.bytesReceived()
        // Its kernel does not have the Ping yet; then its window opens, again and again.
        for half in 1...20 as ClosedRange<UInt64> {
            let progress = SendProgress(acknowledged: min(1000, 100 * half), windowEnd: 1000 + half)
            #expect(bench.barrier.look(now: half * 3 * second / 2, progress: progress) == false)
        }
        let still = SendProgress(acknowledged: 1000, windowEnd: 1020)
        #expect(bench.barrier.look(now: 21 * 3 * second / 2, progress: still) == false)
        #expect(bench.barrier.look(now: 22 * 3 * second / 2, progress: still) == true)
    }

    @Test func oneThatSaysNothingAtAllIsNotJudgedHere() {
        let second = Self.second
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.barrier.left(kernelEnd: 100, now: 0)
        for half in 1...50 as ClosedRange<UInt64> {
            let now = half * 3 * second / 2
            #expect(bench.barrier.look(now: now, progress: SendProgress(acknowledged: 100)) == false)
        }
        #expect(!bench.barrier.isDegraded)
    }

    @Test func whatWasDegradedFromTheStartIsAskedOnceAndBelievedWhenItAnswers() {
        let bench = Bench()
        bench.barrier = Barrier(epoch: 1, patience: 1, isDegraded: true)
        #expect(bench.ask(before: 1) == true)
        #expect(bench.ask(before: 2) == false)
        bench.answer(0)
        #expect(!bench.barrier.isDegraded && bench.barrier.confirmedID == 1)
        #expect(bench.ask(before: 2) == true)
    }
}
