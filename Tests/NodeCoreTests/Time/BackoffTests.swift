// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

@Suite struct BackoffTests {
    /// The wait after a failure at 0 by a random number.
    private func wait(
        _ policy: Backoff.Policy = .usual, random: UInt64, minimum: UInt64 = 100, maximum: UInt64 = 1000
    ) -> UInt64 {
        var backoff = Backoff(minimumNanoseconds: minimum, maximumNanoseconds: maximum)
        backoff.failed(policy, now: 0, random: random)
        backoff.checkInvariants()
        return backoff.notBefore
    }

    private func ceilings(_ policy: Backoff.Policy) -> [UInt64] {
        var backoff = Backoff(minimumNanoseconds: second, maximumNanoseconds: 10 * second)
        return (1...8).map { _ in
            backoff.failed(policy, now: 0, random: 0)
            return backoff.ceiling / second
        }
    }

    @Test func theCeilingDoublesFromTheMinimumToTheMaximum() {
        #expect(ceilings(.usual) == [1, 2, 4, 8, 10, 10, 10, 10])
    }

    @Test func aRefusedLoginBacksOffToSixTimesTheMaximum() {
        #expect(ceilings(.atLeast(0, isPatient: true)) == ceilings(.patient))
        #expect(ceilings(.patient) == [1, 2, 4, 8, 16, 32, 60, 60])
    }

    @Test func theJitterIsDrawnOverAllOfTheCeiling() {
        #expect(wait(random: 0) == 0)
        #expect(wait(random: 100) == 100)
        #expect(wait(random: 101) == 0)
    }

    @Test func retryAfterIsHonouredUpToAnHourAndTheUsualWaitComesOnTop() {
        #expect(wait(.atLeast(7 * second), random: 0) == 7 * second)
        #expect(wait(.atLeast(7 * second), random: 99) == 7 * second + 99)
        #expect(wait(.atLeast(.max), random: 0) == 3600 * second)
    }

    /// Each attempt shows the credentials again, and some servers lock an account that does so too often.
    @Test func aRefusedLoginWaitsForTheMinimumAtLeast() {
        #expect(wait(.patient, random: 0) == 100 && wait(.patient, random: 99) == 199)
        #expect(wait(.atLeast(0, isPatient: true), random: 0) == 100)
        #expect(wait(.atLeast(7 * second, isPatient: true), random: 3) == 7 * second + 3)
        var backoff = Backoff(minimumNanoseconds: 1000, maximumNanoseconds: 1000)
        backoff.failed(.patient, now: 0, random: 0)
        backoff.configured(minimumNanoseconds: 10, maximumNanoseconds: 10)
        backoff.checkInvariants()
        #expect(backoff.notBefore == 20)
    }

    @Test func aServerThatAlwaysAsksForNoDelayIsNotHammered() {
        var backoff = Backoff(minimumNanoseconds: second, maximumNanoseconds: 10 * second)
        for _ in 0..<5 { backoff.failed(.atLeast(0), now: 0, random: 10 * second) }
        #expect(backoff.notBefore == 10 * second)
    }

    @Test func newBoundsShortenTheWaitButNotWhatTheServerAskedFor() {
        var backoff = Backoff(minimumNanoseconds: 3600 * second, maximumNanoseconds: 3600 * second)
        backoff.failed(.usual, now: second, random: 3000 * second)
        backoff.configured(minimumNanoseconds: second, maximumNanoseconds: second)
        #expect(backoff.notBefore == 2 * second)
        backoff.configured(minimumNanoseconds: 3600 * second, maximumNanoseconds: 3600 * second)
        #expect(backoff.notBefore == 2 * second)
        backoff.failed(.atLeast(600 * second), now: 2 * second, random: 3000 * second)
        backoff.configured(minimumNanoseconds: second, maximumNanoseconds: second)
        #expect(backoff.notBefore == 603 * second)
    }

    @Test func aThousandFailuresDoNotOverflow() {
        var backoff = Backoff(minimumNanoseconds: .max / 2, maximumNanoseconds: .max - 1)
        for index in 0..<1000 {
            backoff.failed(index % 2 == 0 ? .usual : .patient, now: .max - 5, random: .max)
            backoff.checkInvariants()
        }
    }
}
