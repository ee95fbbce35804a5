// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct MemoryKeeperTests {
    @Test func whatNobodyNeedsGoesAtTheSecondLook() throws {
        let loop = EventLoop()
        try loop.start()
        defer { loop.stopAndJoin() }
        loop.perform {
            let keeper = MemoryKeeper(loop)
            let pool = loop.outputBuffers
            guard let first = pool.take(), let second = pool.take() else { return _ = Issue.record("no memory") }
            second.storeBytes(of: 1, as: UInt8.self)
            first.storeBytes(of: 1, as: UInt8.self)
            pool.giveBack(second)
            pool.giveBack(first)
            // Both were needed since the last look.
            keeper.timerFired(0)
            #expect(pool.take() == first)
            pool.giveBack(first)
            keeper.timerFired(0)
            let left = pool.take()
            #expect(left == first || left == second)
            // The other one is gone: what comes now is zeroes.
            let new = pool.take()
            #expect(new?.load(as: UInt8.self) == 0)
            for buffer in [left, new] { if let buffer { pool.giveBack(buffer) } }
        }
    }

    @Test func endsWithItsLoop() throws {
        weak var keeper: MemoryKeeper?
        let loop = EventLoop()
        try loop.start()
        loop.perform {
            let new = MemoryKeeper(loop)
            new.runOnLoop()
            keeper = new
        }
        #expect(keeper != nil)
        loop.stopAndJoin()
        #expect(keeper == nil)
    }
}
