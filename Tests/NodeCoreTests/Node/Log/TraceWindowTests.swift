// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct TraceWindowTests {
    private let second: UInt64 = 1_000_000_000

    @Test func itEndsByItself() {
        var window = TraceWindow()
        #expect(!window.isOpen(now: 0))
        window.open(seconds: 5, now: second)
        #expect(window.isOpen(now: second) && window.isOpen(now: 6 * second - 1) && !window.isOpen(now: 6 * second))
    }

    @Test func theLastWishCounts() {
        var window = TraceWindow()
        window.open(seconds: 600, now: 0)
        window.open(seconds: 2, now: second)
        #expect(window.end == 3 * second)
        window.open(seconds: 0, now: second)
        #expect(!window.isOpen(now: second))
    }

    @Test func theLongestIsTaken() {
        var window = TraceWindow()
        window.open(seconds: .max, now: second)
        #expect(window.isOpen(now: 130 * 365 * 24 * 3600 * second))
    }
}
