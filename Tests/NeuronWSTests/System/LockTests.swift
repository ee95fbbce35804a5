// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct LockTests {
    @Test func excludesOthers() throws {
        let lock = Lock()
        var count = 0
        let threads = try (0..<4).map { _ in
            try spawn { for _ in 0..<50_000 { lock.withLock { count += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(count == 200_000)
    }

    @Test func aWaitEndsAtItsDeadline() {
        let lock = Lock()
        let condition = Condition()
        let deadline = NeuronWS.Clock.monotonicNanoseconds + 5_000_000
        lock.lock()
        while condition.wait(lock, until: deadline) {}
        lock.unlock()
        #expect(NeuronWS.Clock.monotonicNanoseconds >= deadline)
    }

    @Test func aWaitEndsWithASignal() throws {
        let lock = Lock()
        let condition = Condition()
        var isReady = false
        let thread = try spawn {
            lock.withLock {
                isReady = true
                condition.broadcast()
            }
        }
        lock.lock()
        while !isReady { condition.wait(lock) }
        lock.unlock()
        thread.join()
        #expect(isReady)
    }
}
