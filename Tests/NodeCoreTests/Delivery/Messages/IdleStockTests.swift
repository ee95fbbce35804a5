// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct IdleStockTests {
    @Test func whatLayThereAllTheTimeIsIdle() {
        var stock = IdleStock()
        for _ in 0..<10 { stock.put() }
        // They came since the last look.
        #expect(stock.takeIdle() == 0)
        for _ in 0..<4 { stock.took() }
        for _ in 0..<3 { stock.put() }
        #expect(stock.takeIdle() == 6)
        #expect(stock.count == 3)
        #expect(stock.takeIdle() == 3)
        #expect(stock.count == 0)
        #expect(stock.takeIdle() == 0)
    }

    @Test func whatIsTakenAndPutAgainIsNeeded() {
        var stock = IdleStock()
        stock.put()
        for _ in 0..<5 {
            _ = stock.takeIdle()
            stock.took()
            stock.put()
        }
        #expect(stock.count == 1)
        stock.takeAll()
        #expect(stock.count == 0 && stock.takeIdle() == 0)
    }
}
