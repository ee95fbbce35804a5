// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct FailureLinesTests {
    private func ending(_ reason: neuron_ws_reason_t = .NEURON_WS_REASON_ABNORMAL) -> Ending {
        Ending(reason: reason, text: "")
    }

    private func closed(_ code: Int) -> Ending {
        var ending = ending(.NEURON_WS_REASON_APPLICATION)
        ending.closeCode = UInt16(code)
        return ending
    }

    private func refused(_ status: Int) -> Ending {
        var ending = ending(.NEURON_WS_REASON_HANDSHAKE_REJECTED)
        ending.httpStatus = Int32(status)
        return ending
    }

    @Test func failuresOfOneKindAreToldAtDoublingCounts() {
        var lines = FailureLines()
        let told = (1...20).compactMap { _ in lines.failed(ending(), url: 0, now: 0)?.ofKind }
        #expect(told == [1, 2, 4, 8, 16])
    }

    @Test func aChangeIsToldAtOnce() {
        var lines = FailureLines()
        for _ in 0..<5 { _ = lines.failed(ending(), url: 0, now: 0) }
        #expect(lines.failed(ending(.NEURON_WS_REASON_DNS), url: 0, now: 0)?.ofKind == 1)
        #expect(lines.failed(ending(), url: 0, now: 0) == FailureLines.Told(ofKind: 1, inAll: 7))
    }

    /// Of two servers one refuses and one is overloaded, in turn: that is no change each time.
    @Test func eachURLHasItsOwnCount() {
        var lines = FailureLines()
        let told = (1...20).flatMap { _ in
            [ending(), ending(.NEURON_WS_REASON_DNS)].enumerated().compactMap { url, ending in
                lines.failed(ending, url: url, now: 0)?.ofKind
            }
        }
        #expect(told == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16])
    }

    /// Close codes, statuses, and kinds that alternate: nothing that a server picks makes more lines.
    @Test(arguments: 0..<5) func whatAServerVariesIsToldAtDoublingCounts(pattern: Int) {
        var lines = FailureLines()
        var told = 0
        for number in 0..<10_000 {
            let ending =
                switch pattern {
                case 0: closed(3000 + number % 2000)
                case 1: refused(400 + number % 200)
                case 2: number % 2 == 0 ? closed(1000) : refused(500)
                case 3: number / 2 % 2 == 0 ? closed(1000) : refused(500)
                default: closed(3000 + number / 3 % 2000)
                }
            if lines.failed(ending, url: 0, now: UInt64(number) * 10_000_000) != nil { told += 1 }
        }
        #expect(told >= 8 && told <= 2 * 14 + 8, "\(told) lines")
    }

    @Test func aLineSaysHowManyThereWere() {
        var lines = FailureLines()
        let told = (0..<16).compactMap { lines.failed(closed(3000 + $0), url: 0, now: 0)?.text }
        #expect(told.last == " (16 ends of different kinds in a row)" && told.first == "")
        for _ in 0..<15 { _ = lines.failed(closed(1000), url: 0, now: 0) }
        #expect(lines.failed(closed(1000), url: 0, now: 0)?.text == " (16 times in a row)")
    }

    @Test func afterAQuietMinuteAChangeIsToldAgain() {
        var lines = FailureLines()
        for number in 0..<100 { _ = lines.failed(closed(3000 + number), url: 0, now: 0) }
        #expect(lines.failed(closed(1000), url: 0, now: 0) == nil)
        #expect(lines.failed(closed(1001), url: 0, now: 60_000_000_000)?.ofKind == 1)
    }
}
