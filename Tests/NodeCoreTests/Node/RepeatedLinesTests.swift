// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
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

@Suite struct FailureLinesTests {
    private func ending(_ reason: neuron_ws_reason_t = .NEURON_WS_REASON_ABNORMAL) -> Ending {
        Ending(reason: reason, text: "")
    }

    @Test func failuresOfOneKindAreToldAtDoublingCounts() {
        var lines = RepeatedLines<LogLineKind>()
        let told = (1...20).compactMap { _ in lines.failed(ending(), url: 0) }
        #expect(told == [1, 2, 4, 8, 16])
    }

    @Test func aChangeIsToldAtOnce() {
        var lines = RepeatedLines<LogLineKind>()
        for _ in 0..<5 { _ = lines.failed(ending(), url: 0) }
        #expect(lines.failed(ending(.NEURON_WS_REASON_DNS), url: 0) == 1)
        #expect(lines.failed(ending(), url: 0) == 1)
        lines.succeeded()
        #expect(lines.failed(ending(), url: 0) == 1)
    }

    /// Of two servers one refuses and one is overloaded, in turn: that is no change each time.
    @Test func eachURLHasItsOwnCount() {
        var lines = RepeatedLines<LogLineKind>()
        let told = (1...20).flatMap { _ in
            [lines.failed(ending(), url: 0), lines.failed(ending(.NEURON_WS_REASON_DNS), url: 1)].compactMap { $0 }
        }
        #expect(told == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16])
    }
}
