// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct CommandDeadlinesTests {
    @Test func momentsComeInTheirOrder() {
        var deadlines = CommandDeadlines()
        // Each number below 101 once, in an order that is none.
        for step in UInt64(1)...100 { deadlines.add(.init(time: step * 37 % 101, id: step)) }
        deadlines.checkInvariants()
        var times: [UInt64] = []
        while let first = deadlines.first {
            times.append(first.time)
            deadlines.removeFirst()
            deadlines.checkInvariants()
        }
        #expect(times == Array(1...100))
        deadlines.removeFirst()
        #expect(deadlines.count == 0)
    }

    @Test func allGoAtOnce() {
        var deadlines = CommandDeadlines()
        deadlines.add(.init(time: 3, id: 1))
        deadlines.removeAll()
        #expect(deadlines.first == nil)
    }
}
