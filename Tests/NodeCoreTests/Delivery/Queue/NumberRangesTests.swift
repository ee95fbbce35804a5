// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct NumberRangesTests {
    private func all(_ ranges: NumberRanges) -> [Range<UInt64>] {
        var all: [Range<UInt64>] = []
        ranges.forEach {
            all.append($0)
            return true
        }
        return all
    }

    /// As many as take several blocks, put in at random, are what a set of their numbers is.
    @Test(arguments: [1, 2, 3] as [UInt64]) func theyAreWhatASetOfTheirNumbersIs(seed: UInt64) {
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var ranges = NumberRanges()
        var numbers: Set<UInt64> = []
        for step in 0..<6000 {
            let start = random(20_000)
            let new = start..<start + 1 + random(step < 5000 ? 2 : 40)
            ranges.insert(new)
            numbers.formUnion(new)
            guard step % 500 == 0 || step % 1999 == 0 else { continue }
            if step % 1999 == 0 {
                let first = random(2000)
                ranges.remove(before: first)
                ranges.insert(0..<first + 1)
                numbers.formUnion(0..<first + 1)
            }
            ranges.checkInvariants()
            #expect(all(ranges).flatMap { Array($0) } == numbers.sorted())
            for _ in 0..<200 {
                let id = random(20_100)
                #expect(ranges.contains(id) == numbers.contains(id))
            }
            var rest: [UInt64] = []
            ranges.forEachRest(of: 300..<9000) { rest += $0 }
            #expect(rest == (300..<9000).filter { !numbers.contains($0) })
        }
        while let first = ranges.first {
            ranges.removeFirst()
            #expect(!ranges.contains(first.lowerBound))
        }
        #expect(ranges.isEmpty && ranges.count == 0)
    }

    @Test func theyReachFromEndToEnd() {
        var ranges = NumberRanges()
        ranges.insert(UInt64.max - 1..<UInt64.max)
        ranges.insert(0..<1)
        #expect(ranges.contains(0) && !ranges.contains(1) && ranges.contains(.max - 1) && !ranges.contains(.max))
        ranges.remove(before: .max)
        #expect(ranges.isEmpty)
    }
}
