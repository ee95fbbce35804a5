// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

@Suite struct RepeatedLinesTests {
    @Test func linesOfOneKindAreToldAtDoublingCounts() {
        var lines = RepeatedLines<Int>()
        let told = (1...20).compactMap { lines.came(7, now: UInt64($0)) }
        #expect(told == [1, 2, 4, 8, 16])
    }

    @Test func ofAnAuditTheFirstAreToldEach() {
        var lines = RepeatedLines<Int>()
        let told = (1...100).compactMap { lines.came(7, now: UInt64($0), each: 10) }
        #expect(told == Array(1...10) + [16, 32, 64])
    }

    @Test func aFloodOfAMillionIsTwentyLines() {
        var lines = RepeatedLines<Int>()
        var told = 0
        for number in 0..<1_000_000 where lines.came(1, now: UInt64(number)) != nil { told += 1 }
        #expect(told == 20)
    }

    @Test func eachKindIsCountedByItself() {
        var lines = RepeatedLines<Int>()
        for _ in 0..<3 { _ = lines.came(1, now: 0) }
        #expect(lines.came(2, now: 0) == 1)
        #expect(lines.came(1, now: 0) == 4)
    }

    @Test func afterAQuietTimeAKindIsToldAgain() {
        var lines = RepeatedLines<Int>()
        for _ in 0..<3 { _ = lines.came(1, now: 0) }
        #expect(lines.came(1, now: 60 * second - 1) == 4)
        #expect(lines.came(1, now: 119 * second) == nil)
        #expect(lines.came(1, now: 179 * second) == 1)
    }

    @Test func kindsThatAPeerInventsTakeNoMoreMemory() {
        var lines = RepeatedLines<Int>()
        for kind in 0..<10_000 { _ = lines.came(kind, now: UInt64(kind)) }
        #expect(lines.came(9_999, now: 10_000) == 2)
        #expect(lines.came(0, now: 10_001) == 1)
    }

    @Test func aClockThatStandsOrGoesBackDoesNoHarm() {
        var lines = RepeatedLines<Int>()
        #expect(lines.came(1, now: .max) == 1)
        #expect(lines.came(1, now: 0) == 2)
    }
}
