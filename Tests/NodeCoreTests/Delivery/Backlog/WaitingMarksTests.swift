// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct WaitingMarksTests {
    /// Against the times of all, for messages that come at any distance and leave in order.
    @Test func theAgeIsToldToATenthOrTenMilliseconds() {
        for gap in [1000, 3_000_000, 70_000_000, 5_000_000_000] as [UInt64] {
            var marks = WaitingMarks()
            var times: [UInt64] = []
            var now: UInt64 = 1
            var open = 0
            for index in 0..<3000 {
                now += gap
                times.append(now)
                marks.came(UInt64(index + 1), now: now)
                if index % 3 == 2 {
                    open += 1
                    marks.left(before: UInt64(open + 1))
                }
                guard let oldest = marks.oldest, oldest <= times[open] else {
                    return #expect(Bool(false), "\(gap) \(index)")
                }
                let told = now - oldest
                let real = now - times[open]
                guard told - real <= max(10_000_000, told / 10) else {
                    return #expect(Bool(false), "\(gap) \(index): \(told) for \(real)")
                }
            }
            marks.removeAll()
            #expect(marks.oldest == nil)
        }
    }
}
