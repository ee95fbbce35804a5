// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

private func makePool(_ count: Int) -> ServerPool {
    ServerPool(count: count, minimumNanoseconds: second, maximumNanoseconds: 10 * second)
}

@Suite struct ServerPoolTests {
    @Test func aNewPoolBeginsWithTheFirst() {
        #expect(makePool(3).next(now: 0) == .now(0))
        #expect(makePool(0).next(now: 0) == .now(0))
    }

    @Test func theNextIsTheFirstBehindTheOneThatFailedWhoseWaitIsOver() {
        var pool = makePool(3)
        pool.failed(0, .usual, now: 0, random: 5)
        #expect(pool.next(now: 0) == .now(1))
        pool.failed(1, .usual, now: 0, random: 3)
        pool.failed(2, .usual, now: 0, random: 4)
        #expect(pool.next(now: 0) == .at(3))
        #expect(pool.next(now: 3) == .now(1))
        #expect(pool.next(now: 4) == .now(1))
        pool.failed(1, .usual, now: 4, random: 9)
        #expect(pool.next(now: 4) == .now(2))
    }

    @Test func eachHasItsOwnWait() {
        var pool = makePool(2)
        pool.failed(0, .atLeast(600 * second), now: 0, random: 0)
        pool.failed(1, .patient, now: 0, random: 0)
        #expect(pool.next(now: 0) == .at(second))
        #expect(pool.next(now: second) == .now(1))
        #expect(pool.next(now: 600 * second - 1) == .now(1))
        pool.failed(1, .usual, now: 600 * second - 1, random: 7)
        #expect(pool.next(now: 600 * second) == .now(0))
    }

    @Test func aShortConnectionIsAFailureOfItsServer() {
        var pool = makePool(2)
        pool.opened(0)
        pool.ended(0, .usual, openFor: Backoff.stableNanoseconds - 1, now: 0, random: 9)
        #expect(pool.next(now: 0) == .now(1))
    }

    @Test func afterAGoodOneAllWaitForItsServer() {
        var pool = makePool(2)
        pool.failed(0, .usual, now: 0, random: 0)
        pool.opened(1)
        pool.ended(1, .usual, openFor: Backoff.stableNanoseconds, now: 90 * second, random: 9)
        #expect(pool.next(now: 90 * second) == .at(90 * second + 9))
        #expect(pool.next(now: 90 * second + 9) == .now(1))
        pool.failed(1, .usual, now: 90 * second + 9, random: 9)
        #expect(pool.next(now: 90 * second + 9) == .now(0))
    }

    @Test func oneThatShowsUsTheDoorAfterAnHourIsNotWaitedFor() {
        var pool = makePool(2)
        pool.opened(0)
        pool.ended(0, .patient, openFor: 3600 * second, now: 0, random: 9)
        #expect(pool.next(now: 0) == .now(1))
    }

    @Test func aResetForgetsTheWaitsButNotWhichOneWorked() {
        var pool = makePool(2)
        pool.opened(1)
        pool.ended(1, .usual, openFor: Backoff.stableNanoseconds, now: 0, random: 9)
        pool.reset()
        #expect(pool.next(now: 0) == .now(1))
    }

    @Test func anIndexThatDoesNotExistDoesNothing() {
        var pool = makePool(1)
        pool.failed(7, .usual, now: 0, random: 9)
        pool.ended(-1, .usual, openFor: 0, now: 0, random: 9)
        pool.opened(1)
        pool.checkInvariants()
        #expect(pool.next(now: 0) == .now(0))
    }

    @Test func whatIsKnownOfAServerGoesAlongWithIt() {
        var pool = makePool(3)
        pool.failed(0, .atLeast(600 * second), now: 0, random: 0)
        pool.opened(2)
        // The last comes first now, the first last, and between them stands a new one.
        pool.rearranged([2, nil, 0], fresh: makePool(3))
        pool.checkInvariants()
        #expect(pool.next(now: 0) == .now(0))
        pool.failed(0, .atLeast(300 * second), now: 0, random: 0)
        #expect(pool.next(now: 0) == .now(1))
        pool.failed(1, .atLeast(900 * second), now: 0, random: 0)
        #expect(pool.next(now: 0) == .at(300 * second))
        pool.rearranged([2], fresh: makePool(1))
        pool.checkInvariants()
        #expect(pool.count == 1 && pool.next(now: 0) == .at(600 * second))
    }
}
