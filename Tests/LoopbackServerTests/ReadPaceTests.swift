// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LoopbackServer

@Suite struct ReadPaceTests {
    @Test func startsWithATenthOfASecondsBytes() {
        var pace = ReadPace(bytesPerSecond: 1000, nowMilliseconds: 50)
        #expect(pace.allowance(nowMilliseconds: 50) == 100)
        #expect(pace.allowance(nowMilliseconds: 100_000) == 100)
    }

    @Test func timeBringsBytes() {
        var pace = ReadPace(bytesPerSecond: 1000, nowMilliseconds: 0)
        pace.spent(100)
        #expect(pace.allowance(nowMilliseconds: 0) == 0)
        #expect(pace.readyMilliseconds == 1)
        #expect(pace.allowance(nowMilliseconds: 30) == 30)
    }

    @Test func aByteASecondIsNotLostInBetween() {
        var pace = ReadPace(bytesPerSecond: 1, nowMilliseconds: 0)
        pace.spent(1)
        let allowed = stride(from: Int64(0), through: 999, by: 9).map { pace.allowance(nowMilliseconds: $0) }
        #expect(allowed.max() == 0)
        #expect(pace.readyMilliseconds == 1000)
        #expect(pace.allowance(nowMilliseconds: 1000) == 1)
    }

    @Test func whatWasReadTooEarlyIsOwed() {
        var pace = ReadPace(bytesPerSecond: 10, nowMilliseconds: 0)
        pace.spent(31)
        #expect(pace.allowance(nowMilliseconds: 2900) == 0)
        #expect(pace.readyMilliseconds > 2900 && pace.readyMilliseconds <= 3900)
        #expect(pace.allowance(nowMilliseconds: 3100) == 1)
    }

    @Test func overALongTimeItIsTheRate() {
        for bytesPerSecond in [1, 7, 999, 1001, 123_457, ReadPace.bytesPerSecondMax] {
            var pace = ReadPace(bytesPerSecond: bytesPerSecond, nowMilliseconds: 0)
            var now: Int64 = 0
            var total = 0
            while now < 20_000 {
                let allowed = pace.allowance(nowMilliseconds: now)
                pace.spent(allowed)
                total += allowed
                now = max(now + 1, pace.readyMilliseconds)
            }
            #expect(total >= bytesPerSecond * 19 && total <= bytesPerSecond * 21 + 1)
        }
    }

    @Test func noNumbersTrap() {
        for rate in [Int.min, -1, 0, Int.max] {
            var pace = ReadPace(bytesPerSecond: rate, nowMilliseconds: Int64.max - 1)
            #expect(pace.allowance(nowMilliseconds: 0) >= 1)
            #expect(pace.allowance(nowMilliseconds: Int64.max - 1) >= 1)
        }
    }
}
