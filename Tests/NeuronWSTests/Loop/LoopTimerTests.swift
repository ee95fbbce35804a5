// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct LoopTimerTests {
    /// Does something with a timer on a loop's thread, and gives what has fired once a second deadline has passed.
    private func firedTokens(
        _ body: @escaping (inout LoopTimer, EventLoop, RecordingHandler, UInt64) -> Void
    ) throws -> [UInt64] {
        let loop = EventLoop()
        try loop.start()
        let handler = RecordingHandler()
        var fired: [UInt64] = []
        handler.onTimer = { fired.append($0) }
        var timer = LoopTimer(token: 7)
        loop.perform { body(&timer, loop, handler, Clock.monotonicNanoseconds) }
        // Behind all that is due in the next milliseconds.
        let patience = Clock.monotonicNanoseconds + 5_000_000_000
        var end = LoopTimer(token: 99)
        loop.perform { end.set(at: Clock.monotonicNanoseconds + 30_000_000, loop, handler) }
        var tokens: [UInt64] = []
        while !tokens.contains(99), Clock.monotonicNanoseconds < patience {
            loop.perform { tokens = fired }
        }
        loop.perform { timer.cancel(loop) }
        loop.stopAndJoin()
        return tokens
    }

    @Test func theEarliestOfWhatWasAskedCounts() throws {
        let tokens = try firedTokens { timer, loop, handler, now in
            timer.set(at: now + 1_000_000_000_000, loop, handler)
            timer.set(at: now + 1_000_000, loop, handler)
            timer.set(at: now + 2_000_000_000_000, loop, handler)
            #expect(timer.isSet)
        }
        #expect(tokens == [7, 99])
    }

    @Test func oneThatIsMovedFiresAtItsNewTimeAlone() throws {
        let tokens = try firedTokens { timer, loop, handler, now in
            timer.set(at: now + 1_000_000, loop, handler)
            timer.move(to: now + 1_000_000_000_000, loop, handler)
        }
        #expect(tokens == [99])
    }

    @Test func oneThatIsCancelledOrMovedToNeverDoesNot() throws {
        for moves in [false, true] {
            let tokens = try firedTokens { timer, loop, handler, now in
                timer.set(at: now, loop, handler)
                if moves { timer.move(to: nil, loop, handler) } else { timer.cancel(loop) }
                #expect(!timer.isSet)
            }
            #expect(tokens == [99])
        }
    }

    @Test func oneThatHasFiredCanBeSetForALaterTime() throws {
        let tokens = try firedTokens { timer, loop, handler, now in
            timer.set(at: now, loop, handler)
            timer.fired()
            timer.set(at: now + 1_000_000, loop, handler)
        }
        #expect(tokens == [7, 7, 99])
    }

    /// Each purpose has its own place, which `SessionTimers` finds by its number.
    @Test func theTokensAreTheirPlaces() {
        for (index, timer) in SessionTimer.allCases.enumerated() {
            #expect(timer.rawValue == UInt64(index) && SessionTimers()[timer].token == timer.rawValue)
        }
        #expect(SessionTimer.allCases.filter(\.isOfConnection) == [.quiet, .barrier, .heartbeat, .refusal, .holding])
    }
}
