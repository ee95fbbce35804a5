// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import NeuronWS

@Suite struct TurnEndTests {
    @Test func whatRunsHasReturned() throws {
        let loop = EventLoop()
        try loop.start()
        let isIn = Signal()
        let mayReturn = Signal()
        let hasReturned = Atomic(false)
        loop.post(
            ClosureTask {
                isIn.raise()
                _ = mayReturn.wait()
                hasReturned.store(true, ordering: .releasing)
            })
        #expect(isIn.wait())
        let waiter = try spawn {
            TurnEnd.wait(on: loop)
            let isOver = hasReturned.load(ordering: .acquiring)
            #expect(isOver)
        }
        mayReturn.raise()
        waiter.join()
        loop.stopAndJoin()
    }

    @Test func aLoopThatHasEndedIsNotWaitedFor() throws {
        let loop = EventLoop()
        TurnEnd.wait(on: loop)
        try loop.start()
        loop.stopAndJoin()
        TurnEnd.wait(on: loop)
    }
}
