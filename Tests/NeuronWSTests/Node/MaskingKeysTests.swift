// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct MaskingKeysTests {
    @Test func aRefillFillsThePoolWithKeysThatDiffer() {
        let keys = MaskingKeys()
        #expect(keys.pool.keysLeft == 0)
        keys.refill()
        #expect(keys.pool.keysLeft == MaskingKeyPool.capacityBytes / 4)
        var words: Set<UInt32> = []
        while let key = keys.pool.next() { words.insert(key.word) }
        // Of 1,024 random words two are the same once in 8,000 times, four pairs never.
        let differing = words.count
        #expect(differing > 1020)
    }
}
