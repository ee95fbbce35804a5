// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct MaskingKeyPoolTests {
    @Test func givesNoKeyWhenEmpty() {
        var pool = MaskingKeyPool()
        #expect(pool.keysLeft == 0)
        #expect(pool.next() == nil)
    }

    @Test func givesEachKeyOnceInOrder() {
        var pool = MaskingKeyPool()
        pool.refill(hex("37fa213d 01020304").span.bytes)
        #expect(pool.keysLeft == 2)
        #expect(pool.next() == MaskingKey(0x37, 0xFA, 0x21, 0x3D))
        #expect(pool.next() == MaskingKey(1, 2, 3, 4))
        #expect(pool.next() == nil)
    }

    @Test func addsBehindWhatIsLeft() {
        var pool = MaskingKeyPool()
        pool.refill(hex("01010101 02020202").span.bytes)
        _ = pool.next()
        pool.refill(hex("03030303").span.bytes)
        #expect(pool.next() == MaskingKey(2, 2, 2, 2))
        #expect(pool.next() == MaskingKey(3, 3, 3, 3))
        #expect(pool.next() == nil)
    }

    @Test func ignoresWhatGoesBeyondItsCapacityAndAnOddRest() {
        var pool = MaskingKeyPool()
        pool.refill(hex("01020304 050607").span.bytes)
        #expect(pool.keysLeft == 1)
        var random = SeededGenerator(seed: 2)
        pool.refill(random.bytes(5000).span.bytes)
        #expect(pool.keysLeft == 1024)
        pool.refill(random.bytes(4).span.bytes)
        #expect(pool.keysLeft == 1024)
        #expect(pool.next() == MaskingKey(1, 2, 3, 4))
    }

    @Test func givesEveryKeyOfManyRefillsExactlyOnce() {
        var pool = MaskingKeyPool()
        var random = SeededGenerator(seed: 3)
        var expected: [UInt32] = []
        var given: [UInt32] = []
        var next: UInt32 = 0
        for _ in 0..<200 {
            let count = min(Int.random(in: 0...400, using: &random), 1024 - pool.keysLeft)
            let words = (0..<count).map { next + UInt32($0) }
            next += UInt32(count)
            expected += words
            words.withUnsafeBytes { pool.refill($0.bytes) }
            for _ in 0..<Int.random(in: 0...300, using: &random) {
                guard let key = pool.next() else { break }
                given.append(key.word)
            }
        }
        while let key = pool.next() { given.append(key.word) }
        #expect(given == expected)
    }
}
