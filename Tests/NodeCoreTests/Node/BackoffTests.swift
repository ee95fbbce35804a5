import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

@Suite struct BackoffTests {
    @Test func theCeilingDoublesFromTheMinimumToTheMaximum() {
        let backoff = Backoff(minimumNanoseconds: second / 2, maximumNanoseconds: 60 * second)
        let ceilings = (1...9).map { backoff.ceiling(failures: $0) }
        #expect(
            ceilings == [
                second / 2, second, 2 * second, 4 * second, 8 * second, 16 * second, 32 * second, 60 * second,
                60 * second,
            ])
    }

    @Test func theJitterIsDrawnOverAllOfTheCeiling() {
        var backoff = Backoff(minimumNanoseconds: 100, maximumNanoseconds: 1000)
        #expect(backoff.failed(.usual, random: 0) == 0)
        backoff.reset()
        #expect(backoff.failed(.usual, random: 100) == 100)
        backoff.reset()
        #expect(backoff.failed(.usual, random: 101) == 0)
    }

    @Test func aRefusedLoginWaitsAtLeastHalfOfTheMaximum() {
        var backoff = Backoff(minimumNanoseconds: 100, maximumNanoseconds: 1000)
        #expect(backoff.failed(.patient, random: 0) == 500)
        #expect(backoff.failed(.patient, random: 500) == 1000)
        #expect(backoff.failed(.patient, random: 501) == 500)
    }

    @Test func retryAfterIsHonouredUpToAnHour() {
        var backoff = Backoff(minimumNanoseconds: 100, maximumNanoseconds: 1000)
        #expect(backoff.failed(.atLeast(7 * second), random: 0) == 7 * second)
        #expect(backoff.failed(.atLeast(.max), random: 0) == 3600 * second)
    }

    @Test func aThousandFailuresDoNotOverflow() {
        var backoff = Backoff(minimumNanoseconds: .max / 2, maximumNanoseconds: .max - 1)
        for _ in 0..<1000 { #expect(backoff.failed(.usual, random: .max) <= UInt64.max - 1) }
    }
}

@Suite struct KeepAliveTests {
    @Test func aPingGoesOutAtEachIntervalAndItsPongGivesTheRoundTrip() {
        var keepAlive = KeepAlive(intervalNanoseconds: 20 * second, timeoutNanoseconds: 10 * second, now: 0)
        #expect(keepAlive.deadline == 20 * second)
        #expect(keepAlive.timerFired(now: 19 * second) == .none)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        #expect(keepAlive.deadline == 30 * second)
        #expect(keepAlive.pongReceived(sequence: keepAlive.sequence, now: 21 * second) == second)
        #expect(keepAlive.deadline == 40 * second)
    }

    @Test func silenceAfterAPingIsTheEnd() {
        var keepAlive = KeepAlive(intervalNanoseconds: 20 * second, timeoutNanoseconds: 10 * second, now: 0)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        #expect(keepAlive.timerFired(now: 30 * second) == .timedOut)
    }

    @Test func anyByteIsASignOfLife() {
        var keepAlive = KeepAlive(intervalNanoseconds: 20 * second, timeoutNanoseconds: 10 * second, now: 0)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        keepAlive.bytesReceived(now: 29 * second)
        #expect(keepAlive.timerFired(now: 30 * second) == .none)
        #expect(keepAlive.deadline == 39 * second)
        #expect(keepAlive.timerFired(now: 39 * second) == .timedOut)
    }

    @Test func aForeignOrLatePongIsNotOurs() {
        var keepAlive = KeepAlive(intervalNanoseconds: 20 * second, timeoutNanoseconds: 10 * second, now: 0)
        #expect(keepAlive.pongReceived(sequence: 0, now: 1) == nil)
        #expect(keepAlive.timerFired(now: 20 * second) == .sendPing)
        #expect(keepAlive.pongReceived(sequence: 99, now: 21 * second) == nil)
        #expect(keepAlive.deadline == 30 * second)
    }

    @Test func anIntervalOfZeroMeansNoPings() {
        var keepAlive = KeepAlive(intervalNanoseconds: 0, timeoutNanoseconds: 10 * second, now: 0)
        #expect(keepAlive.deadline == nil)
        #expect(keepAlive.timerFired(now: .max) == .none)
    }
}
