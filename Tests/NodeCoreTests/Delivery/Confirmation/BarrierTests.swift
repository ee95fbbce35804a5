// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct BarrierTests {
    private static let second: UInt64 = 1_000_000_000

    private final class Bench {
        var barrier = Barrier(epoch: 7, patience: 3 * BarrierTests.second)
        var keys = MaskingKeyPool()
        /// The payloads, as bytes.
        var asked: [[UInt8]] = []

        var confirmedID: UInt64 { barrier.confirmedID }
        var isDegraded: Bool { barrier.isDegraded }
        var deadline: UInt64? { barrier.deadline }

        init() {
            let random: [UInt8] = (0..<200).map { UInt8($0) }
            keys.refill(random.span.bytes)
        }

        /// Frames what waits behind the messages before `nextID`; false: nothing is to be asked.
        func ask(before nextID: UInt64, leaves: Bool = true) -> Bool {
            guard barrier.isWanted(before: nextID), let payload = barrier.ask(&keys) else { return false }
            asked.append(payload.withBytes { $0.withUnsafeBytes { Array($0) } })
            barrier.framed(before: nextID, end: 100, keepAlive: nil)
            if leaves { _ = barrier.hasLeft(written: 100) }
            return true
        }

        func answer(_ index: Int) { pong(asked[index]) }

        func pong(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { raw in
                guard let payload = ControlPayload(raw.bytes) else { return }
                barrier.pongReceived(payload)
            }
        }

        /// All that was sent is written.
        func hasLeft(written: UInt64) -> Bool { barrier.hasLeft(written: written) }
        func framed(before nextID: UInt64, keepAlive: UInt64) {
            barrier.framed(before: nextID, end: 200, keepAlive: keepAlive)
        }

        /// The kernel has the Ping, and the peer sends something.
        func leaves(kernelEnd: UInt64, speaks: Bool) {
            barrier.left(kernelEnd: kernelEnd, now: 0)
            if speaks { barrier.bytesReceived() }
        }

        func look(_ now: UInt64, _ acknowledged: UInt64, _ windowEnd: UInt64? = nil) -> Bool {
            barrier.look(now: now, progress: SendProgress(acknowledged: acknowledged, windowEnd: windowEnd))
        }
    }

    private static func keepAlive(_ sequence: UInt8) -> [UInt8] { [0, 0, 0, 0, 0, 0, 0, sequence] }

    @Test func theEchoConfirmsAllBeforeItAndTheNextQuestionFollows() {
        let bench = Bench()
        // The probe, before any message.
        #expect(bench.ask(before: 1) == true)
        #expect(bench.ask(before: 5) == false)
        bench.answer(0)
        #expect(bench.confirmedID == 1)
        #expect(bench.ask(before: 1) == false)
        #expect(bench.ask(before: 5) == true)
        // One at a time.
        #expect(bench.ask(before: 9) == false)
        bench.answer(1)
        #expect(bench.confirmedID == 5)
        #expect(bench.ask(before: 9) == true)
    }

    @Test func onlyTheEchoOfTheOneThatIsOutConfirms() {
        let bench = Bench()
        #expect(bench.ask(before: 3, leaves: false) == true)
        // Whoever answers before it has left has not read it.
        bench.answer(0)
        #expect(bench.confirmedID == 0)
        _ = bench.hasLeft(written: 99)
        bench.answer(0)
        #expect(bench.confirmedID == 0)
        #expect(bench.hasLeft(written: 100) == true)
        #expect(bench.hasLeft(written: 100) == false)
        for other in [[], Array("something else".utf8), Self.keepAlive(1)] { bench.pong(other) }
        #expect(bench.confirmedID == 0)
        bench.answer(0)
        #expect(bench.ask(before: 6) == true)
        // Twice, or late.
        bench.answer(0)
        bench.answer(0)
        #expect(bench.confirmedID == 3)
    }

    @Test func payloadsDifferAndAreNoKeepAlives() {
        let bench = Bench()
        for index in 0..<20 as Range<UInt64> {
            #expect(bench.ask(before: index + 1) == true)
            bench.answer(Int(index))
        }
        for index in bench.asked.indices {
            #expect(bench.asked[index].count == 24)
            #expect(!bench.asked[..<index].contains(bench.asked[index]))
        }
        // Without random bytes nothing is asked.
        while bench.keys.next() != nil {}
        #expect(bench.ask(before: 100) == false)
    }

    @Test func aPeerThatAnswersOnlyTheNewestPingConfirmsByTheKeepAlives() {
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.framed(before: 9, keepAlive: 12)
        bench.pong(Self.keepAlive(11))
        #expect(bench.confirmedID == 0)
        bench.pong(Self.keepAlive(12))
        #expect(bench.confirmedID == 9)
    }

    @Test func aPeerThatSpeaksAndDoesNotEchoIsDegradedAndMayComeBack() {
        let second = Self.second
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.leaves(kernelEnd: 100, speaks: true)
        #expect(bench.deadline == 3 * second / 2)
        #expect(bench.look(3 * second / 2, 100) == false)
        #expect(bench.look(3 * second, 100) == true)
        #expect(bench.isDegraded && bench.deadline == nil)
        // No more questions, until somebody answers.
        #expect(bench.ask(before: 9) == false)
    }

    /// Its Pongs have other bytes, to the keep-alive's Pings too: that it takes and reads these is no progress.
    @Test func whatComesBehindThePingIsNoProgress() {
        let half = 3 * Self.second / 2
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.leaves(kernelEnd: 100, speaks: true)
        #expect(bench.look(half, 100, 1000) == false)
        #expect(bench.look(2 * half, 114, 1014) == true)
    }

    /// The Ping lies in its kernel, and it reads what stands before.
    @Test func whoReadsMoreThanComesIsGivenTime() {
        let half = 3 * Self.second / 2
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.leaves(kernelEnd: 100, speaks: true)
        #expect(bench.look(half, 100, 1000) == false)
        #expect(bench.look(2 * half, 114, 1050) == false)
        #expect(bench.look(3 * half, 114, 1050) == false)
        #expect(bench.look(4 * half, 114, 1050) == true)
    }

    @Test func oneThatMovesIsGivenTime() {
        let second = Self.second
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.leaves(kernelEnd: 1000, speaks: true)
        // Its kernel does not have the Ping yet; then its window opens, again and again.
        for half in 1...20 as ClosedRange<UInt64> {
            #expect(bench.look(half * 3 * second / 2, min(1000, 100 * half), 1000 + half) == false)
        }
        #expect(bench.look(21 * 3 * second / 2, 1000, 1020) == false)
        #expect(bench.look(22 * 3 * second / 2, 1000, 1020) == true)
    }

    @Test func oneThatSaysNothingAtAllIsNotJudgedHere() {
        let second = Self.second
        let bench = Bench()
        #expect(bench.ask(before: 4) == true)
        bench.leaves(kernelEnd: 100, speaks: false)
        for half in 1...50 as ClosedRange<UInt64> {
            #expect(bench.look(half * 3 * second / 2, 100) == false)
        }
        #expect(!bench.isDegraded)
    }

    @Test func whatWasDegradedFromTheStartIsAskedOnceAndBelievedWhenItAnswers() {
        let bench = Bench()
        bench.barrier = Barrier(epoch: 1, patience: 1, isDegraded: true)
        #expect(bench.ask(before: 1) == true)
        #expect(bench.ask(before: 2) == false)
        bench.answer(0)
        #expect(!bench.isDegraded && bench.confirmedID == 1)
        #expect(bench.ask(before: 2) == true)
    }
}
