// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct RandomTests {
    @Test func fillsEveryByte() {
        // Each of 4096 bytes is zero in all of 16 rounds with a probability of 2^-128.
        var union = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 {
            var bytes = [UInt8](repeating: 0, count: 4096)
            bytes.withUnsafeMutableBytes { Random.fill($0) }
            for index in union.indices { union[index] |= bytes[index] }
        }
        #expect(!union.contains(0))
        #expect(Random.next() != Random.next())
    }
}
