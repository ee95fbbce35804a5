// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct FirstInFirstOutTests {
    @Test func whatCameFirstGoesFirst() {
        var line = FirstInFirstOut<Int>()
        let none = line.removeFirst()
        #expect(line.isEmpty && none == nil)
        for round in 0..<3 {
            for number in 0..<5 { line.append(round * 10 + number) }
            var taken: [Int?] = []
            for _ in 0..<3 { taken.append(line.removeFirst()) }
            #expect(taken == [0, 1, 2].map { round * 10 + $0 })
            line.append(99)
            var rest: [Int] = []
            while let next = line.removeFirst() { rest.append(next) }
            #expect(rest == [round * 10 + 3, round * 10 + 4, 99] && line.isEmpty)
        }
    }

    /// In blocks, of which each is as small as an allocation that may not fail has to be.
    @Test func whereThereAreManyTheyAreTheSame() {
        var line = FirstInFirstOut<Int>()
        var taken = 0
        for number in 0..<20_000 {
            line.append(number)
            guard number % 3 == 0 else { continue }
            let next = line.removeFirst()
            #expect(next == taken)
            taken += 1
        }
        #expect(line.count == 20_000 - taken && line.contains { $0 == taken } && !line.contains { $0 < taken })
        while let next = line.removeFirst() {
            #expect(next == taken)
            taken += 1
        }
        #expect(taken == 20_000 && line.isEmpty)
    }

    @Test func onlyOneThatWaitsIsChanged() {
        var line = FirstInFirstOut<Int>()
        let changesNothing = line.changeLast { _ in true }
        #expect(!changesNothing)
        line.append(1)
        line.append(2)
        let changes = line.changeLast {
            $0 += 5
            return true
        }
        let (first, second) = (line.removeFirst(), line.removeFirst())
        #expect(changes && first == 1 && second == 7)
        let isLate = line.changeLast { _ in true }
        #expect(!isLate)
    }
}
