// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct SentCommandsTests {
    private func sent(_ orders: Range<UInt64>) -> SentCommands {
        var sent = SentCommands()
        for order in orders { sent.append(.init(order: order, id: order + 1000)) }
        return sent
    }

    @Test func theOldestComesFirst() {
        var list = sent(1..<4)
        #expect(list.first == .init(order: 1, id: 1001))
        list.removeFirst()
        #expect(list.first?.order == 2)
        #expect(list.count == 2)
    }

    @Test func oneIsTakenOutWhereverItStands() {
        for order in UInt64(1)..<4 {
            var list = sent(1..<4)
            list.remove(order: order)
            #expect(list.all.map { $0.order } == [1, 2, 3].filter { $0 != order })
        }
        var list = sent(1..<4)
        list.remove(order: 9)
        #expect(list.count == 3)
    }

    @Test func thousandsGoFromTheFront() {
        var list = sent(0..<1000)
        for order in UInt64(0)..<1000 {
            #expect(list.first?.order == order)
            list.remove(order: order)
        }
        #expect(list.isEmpty)
        #expect(list.first == nil)
    }
}
