// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct TurnBudgetTests {
    private let works: [TurnBudget.Work] = [
        .bytesReceived, .framesReceived, .eventsHandled, .bytesParsed, .requestsParsed, .bytesSent, .bytesDeflated,
        .bytesInflated, .outcomesTold, .commandsSettled, .linesAudited,
    ]

    @Test func eachKindOfWorkEndsTheTurn() {
        for work in works {
            var budget = TurnBudget(lengthNanoseconds: 1_000_000, now: 0)
            var count = 0
            while !budget.isSpent {
                budget.draw(work)
                count += 1
                guard count < 10_000_000 else { break }
            }
            #expect(budget.isSpent)
            #expect(UInt64(count) == (1_000_000_000 + work.picoseconds - 1) / work.picoseconds)
        }
    }

    @Test func drawsAreAddedUpWhateverTheirKind() {
        var budget = TurnBudget(lengthNanoseconds: 1_000_000, now: 0)
        budget.draw(.bytesReceived, 1_000_000)
        #expect(budget.drawnNanoseconds == 250_000)
        budget.draw(.framesReceived, 10_000)
        #expect(budget.drawnNanoseconds == 750_000)
        #expect(!budget.isSpent)
        budget.draw(.eventsHandled, 1000)
        #expect(budget.isSpent)
    }

    @Test func theClockEndsItToo() {
        var budget = TurnBudget(lengthNanoseconds: 1_000_000, now: 5_000_000)
        budget.timeIs(5_999_999)
        #expect(!budget.isSpent)
        budget.timeIs(6_000_000)
        #expect(budget.isSpent)
        // A clock that goes backwards does not give it back.
        budget.timeIs(0)
        #expect(budget.isSpent)
    }

    @Test func theClockIsWantedAfterWorkAndAfterAFewCallbacks() {
        var budget = TurnBudget(lengthNanoseconds: 1_000_000, now: 0)
        #expect(!budget.wantsTime)
        budget.draw(.bytesReceived, 999_999)
        #expect(!budget.wantsTime)
        budget.draw(.bytesReceived)
        #expect(budget.wantsTime)
        budget.timeIs(1)
        #expect(!budget.wantsTime)
        for (work, count) in [
            (TurnBudget.Work.eventsHandled, 8), (.requestsParsed, 8), (.outcomesTold, 32), (.linesTraced, 32),
            (.groupsPublished, 1),
        ] {
            for _ in 1..<count { budget.draw(work) }
            #expect(!budget.wantsTime)
            budget.draw(work)
            #expect(budget.wantsTime)
            budget.timeIs(1)
        }
    }

    @Test func theTurnOfTheLoopIsShared() {
        let turn = TurnBudget.loopTurnNanoseconds
        #expect(TurnBudget(turnStart: 0, now: 0, busyNodes: 0).lengthNanoseconds == turn)
        #expect(TurnBudget(turnStart: 0, now: 0, busyNodes: 1).lengthNanoseconds == turn)
        #expect(TurnBudget(turnStart: 0, now: 0, busyNodes: 5).lengthNanoseconds == turn / 5)
        // What others have used of it is gone, and the least is always given.
        #expect(TurnBudget(turnStart: 0, now: turn - 1_000_000, busyNodes: 1).lengthNanoseconds == 1_000_000)
        #expect(TurnBudget(turnStart: 0, now: turn, busyNodes: 1).lengthNanoseconds == TurnBudget.leastNanoseconds)
        #expect(TurnBudget(turnStart: 0, now: .max, busyNodes: 1).lengthNanoseconds == TurnBudget.leastNanoseconds)
        #expect(TurnBudget(turnStart: 0, now: 0, busyNodes: 1 << 40).lengthNanoseconds == TurnBudget.leastNanoseconds)
        #expect(TurnBudget(turnStart: 9, now: 0, busyNodes: 1).lengthNanoseconds == turn)
    }

    @Test func absurdCountsEndTheTurnAndNothingElse() {
        for count in [Int.max, Int.min, -1] {
            var budget = TurnBudget(lengthNanoseconds: 1_000_000, now: .max)
            budget.draw(.requestsParsed, count)
            budget.draw(.bytesSent, count)
            #expect(budget.isSpent == (count > 0))
        }
    }
}
