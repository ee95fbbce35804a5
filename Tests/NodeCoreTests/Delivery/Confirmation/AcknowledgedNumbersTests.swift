// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct AcknowledgedNumbersTests {
    /// Held against a set, in random order.
    @Test func itHoldsWhatASetHolds() {
        var numbers = AcknowledgedNumbers()
        var model: Set<UInt64> = []
        var state: UInt64 = 7
        var first: UInt64 = 1
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let id = first + (state >> 33) % 3000
            if state >> 60 == 0 {
                first += (state >> 20) % 400
                numbers.remove(before: first)
                model = model.filter { $0 >= first }
            } else {
                guard numbers.insert(id, first: first) else { return }
                model.insert(id)
            }
            guard numbers.count == model.count, numbers.contains(id) == model.contains(id) else {
                Issue.record("at \(first): \(numbers.count) and \(model.count)")
                return
            }
        }
        numbers.checkInvariants()
        let isSame = (first..<first + 4000).allSatisfy { numbers.contains($0) == model.contains($0) }
        #expect(isSame)
    }

    /// Neither the order nor the number of them makes the work more than linear: a second is far from what is needed
    /// for a million, and far below what a list would take.
    @Test func aMillionBackwardsIsLinearWork() {
        var numbers = AcknowledgedNumbers()
        for id in stride(from: UInt64(1_000_000), to: 1, by: -1) { _ = numbers.insert(id, first: 1) }
        #expect(numbers.count == 999_999)
        numbers.remove(before: 1_000_001)
        #expect(numbers.isEmpty)
    }

    @Test func whatIsBehindIsNoneOfThem() {
        var numbers = AcknowledgedNumbers()
        let isTaken = numbers.insert(3, first: 10)
        let (isEmpty, has) = (numbers.isEmpty, numbers.contains(3))
        #expect(isTaken && isEmpty && !has)
        // So far away that there is no memory for what lies between.
        let isFarTaken = numbers.insert(UInt64.max, first: 10)
        #expect(!isFarTaken)
    }
}
