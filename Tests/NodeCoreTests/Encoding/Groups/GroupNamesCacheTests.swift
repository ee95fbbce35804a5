// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct GroupNamesCacheTests {
    /// Names that take about so many bytes.
    private func names(_ byteCount: Int) -> GroupNames {
        let names = GroupNames()
        let tags = (0..<max(byteCount / 2200, 1)).map { TestTag("\($0)" + String(repeating: "n", count: 1000)) }
        _ = encoded(TestGroup(tags), names: names, key: GroupNames.Key(settings: 0, subscription: 0))
        return names
    }

    @Test func whatIsGivenBackIsTakenOutOnce() {
        var cache = GroupNamesCache()
        let one = names(1)
        #expect(cache.give(one, 7) == nil)
        cache.checkInvariants()
        #expect(cache.take(8) == nil)
        #expect(cache.take(7) === one)
        #expect(cache.take(7) == nil)
        #expect(cache.byteCount == 0)
        cache.checkInvariants()
    }

    @Test func ofTwoPushesOfOneGroupOneKeepsItsNames() {
        var cache = GroupNamesCache()
        let first = names(1)
        let second = names(1)
        #expect(cache.give(first, 7) == nil)
        #expect(cache.give(second, 7) === first)
        cache.checkInvariants()
        #expect(cache.take(7) === second)
    }

    @Test func aLargeGroupIsNotKept() {
        var cache = GroupNamesCache()
        let large = names(GroupNamesCache.groupBytesMax * 2)
        #expect(large.byteCount > GroupNamesCache.groupBytesMax)
        #expect(cache.give(large, 1) === large)
        #expect(cache.count == 0)
    }

    /// A hundred thousand groups in turn: the memory stays bounded, and those that are pushed again and again stay.
    @Test func theMemoryIsBoundedWhateverTheNumberOfGroups() {
        var cache = GroupNamesCache()
        var random = TestRandom(3)
        var found = 0
        for round in 0..<20_000 {
            let often = UInt64(round % 50) &* 0x9E37_79B9_7F4A_7C15
            for hash in [often, random.next()] {
                let taken = cache.take(hash)
                if taken != nil && hash == often { found += 1 }
                _ = cache.give(taken ?? names(1), hash)
            }
            if round % 100 == 0 { cache.checkInvariants() }
        }
        cache.checkInvariants()
        #expect(cache.byteCount > GroupNamesCache.byteCountMax / 2)
        #expect(found > 19_000)
    }
}
