// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct DueOrderTests {
    @Test func placesComeWhenTheyAreDueAndThoseTogetherByNumber() {
        var order = DueOrder()
        // Each of ten times ten times, in an order that is none.
        for step in UInt64(1)...100 {
            let number = step * 37 % 101
            order.insert(.init(due: number % 10, number: number, place: Int(number)))
        }
        var keys: [UInt64] = []
        while let first = order.first {
            keys.append(first.due * 1000 + first.number)
            order.removeFirst()
        }
        #expect(keys.count == 100)
        #expect(keys == keys.sorted())
        order.removeFirst()
        #expect(order.first == nil)
    }
}
