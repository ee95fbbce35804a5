// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct TimerHeapTests {
    private let handler = RecordingHandler()

    private func drain(_ heap: inout TimerHeap, at now: UInt64) -> [UInt64] {
        var tokens: [UInt64] = []
        while let due = heap.popDue(now, scheduledBefore: .max) { tokens.append(due.token) }
        return tokens
    }

    @Test func firesInOrderOfDeadlines() {
        var heap = TimerHeap()
        for deadline: UInt64 in [50, 10, 40, 20, 30] { _ = heap.schedule(at: deadline, handler, token: deadline) }
        heap.checkInvariants()
        #expect(heap.nextDeadlineNanoseconds == 10)
        let fired6 = drain(&heap, at: 30)
        #expect(fired6 == [10, 20, 30])
        let fired7 = drain(&heap, at: 100)
        #expect(fired7 == [40, 50])
        #expect(heap.nextDeadlineNanoseconds == nil)
    }

    @Test func firesEqualDeadlinesInOrderOfScheduling() {
        var heap = TimerHeap()
        for token: UInt64 in 0..<20 { _ = heap.schedule(at: 7, handler, token: token) }
        let fired8 = drain(&heap, at: 7)
        #expect(fired8 == Array(0..<20))
    }

    @Test func cancelledTimersDoNotFireAndTheirNamesAreVoid() {
        var heap = TimerHeap()
        let first = heap.schedule(at: 1, handler, token: 1)
        _ = heap.schedule(at: 2, handler, token: 2)
        let outcome1 = heap.cancel(first)
        #expect(outcome1)
        let outcome2 = heap.cancel(first)
        #expect(!outcome2)
        let reused = heap.schedule(at: 3, handler, token: 3)
        let outcome3 = heap.cancel(first)
        #expect(!outcome3)
        let fired9 = drain(&heap, at: 9)
        #expect(fired9 == [2, 3])
        let outcome4 = heap.cancel(reused)
        #expect(!outcome4)
    }

    @Test func leavesOutWhatIsScheduledAfterTheBound() {
        var heap = TimerHeap()
        _ = heap.schedule(at: 5, handler, token: 1)
        let bound = heap.sequenceEnd
        _ = heap.schedule(at: 5, handler, token: 2)
        let due11 = heap.popDue(9, scheduledBefore: bound)?.token
        #expect(due11 == 1)
        let due12 = heap.popDue(9, scheduledBefore: bound)?.token
        #expect(due12 == nil)
        #expect(heap.count == 1)
    }

    @Test func keepsItsOrderUnderRandomWork() {
        var generator = SystemRandomNumberGenerator()
        var heap = TimerHeap()
        var live: [UInt64: (TimerID, UInt64)] = [:]
        for token: UInt64 in 0..<5000 {
            if token % 3 == 2, let victim = live.keys.randomElement(using: &generator) {
                let outcome5 = heap.cancel(live.removeValue(forKey: victim)!.0)
                #expect(outcome5)
            }
            let deadline = UInt64.random(in: 0..<1000, using: &generator)
            live[token] = (heap.schedule(at: deadline, handler, token: token), deadline)
            if token % 500 == 0 { heap.checkInvariants() }
        }
        heap.checkInvariants()
        let expected = live.map { ($0.value.1, $0.key) }.sorted { $0 < $1 }.map { $0.1 }
        let fired10 = drain(&heap, at: 1000)
        #expect(fired10 == expected)
    }
}
