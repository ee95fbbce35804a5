// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct NameHashTests {
    private func hash(_ text: String, _ seed: UInt64) -> UInt64 {
        Array(text.utf8).withUnsafeBytes { NameHash.of($0, seed: seed) }
    }

    @Test func everyByteTheLengthAndTheSeedCount() {
        let names = [
            "", "a", "b", "a\0", "ab", "abcdefgh", "abcdefgi", "bbcdefgh", "abcdefghi", "abcdefghj", "a```", "a````",
        ]
        let hashes = names.map { hash($0, 1) } + names.map { hash($0, 2) }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func theOrderOfAPairCounts() {
        let one = hash("a", 1)
        let other = hash("b", 1)
        #expect(NameHash.pair(one, other) != NameHash.pair(other, one))
    }

    @Test func equalComparesToTheLastByte() {
        let names = [
            "a", "b", "abc", "axc", "abx", "abcdefg", "abcxefg", "abcdefgh", "abcdefgx", "abcdefghi", "abcdefghx",
        ].map { Array($0.utf8) }
        for (index, one) in names.enumerated() {
            for (place, other) in names.enumerated() {
                guard one.count == other.count, !one.isEmpty else { continue }
                let isEqual = one.withUnsafeBytes { one in
                    other.withUnsafeBytes { NameHash.equal(one.baseAddress!, $0.baseAddress!, one.count) }
                }
                #expect(isEqual == (index == place))
            }
        }
    }
}
