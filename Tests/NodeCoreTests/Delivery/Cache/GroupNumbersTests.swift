// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct GroupNumbersTests {
    @Test func aGroupKeepsItsNumberAndSharesItWithNone() {
        let numbers = GroupNumbers()
        // Many that fall into one place at first.
        let hashes = (0..<3000 as Range<UInt64>).map { $0 << 32 }
        #expect(hashes.map { numbers.number(of: $0) } == (1...3000).map { UInt16($0) })
        #expect(hashes.map { numbers.number(of: $0) } == (1...3000).map { UInt16($0) })
    }

    @Test func pastTheLimitNewOnesHaveNoneAndOldOnesKeepTheirs() {
        let numbers = GroupNumbers()
        var random = SplitMix(1)
        let hashes = (0..<GroupNumbers.countMax + 10).map { _ in random.next() }
        let given = hashes.map { numbers.number(of: $0) }
        #expect(given.last == 0 && given.filter { $0 == 0 }.count == 10)
        #expect(Set(given).count == GroupNumbers.countMax + 1)
        #expect(numbers.number(of: hashes[GroupNumbers.countMax - 1]) == UInt16.max)
        #expect(numbers.number(of: hashes[0]) == 1)
    }
}
