// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct BufferPoolTests {
    @Test func keepsAFewAndGivesThemAgain() throws {
        let pool = BufferPool(bufferBytes: 8_192, keptMax: 2)
        let buffers = try (0..<3).map { _ in try #require(pool.take()) }
        for buffer in buffers {
            buffer.storeBytes(of: 1, toByteOffset: 8_191, as: UInt8.self)
            pool.giveBack(buffer)
        }
        #expect(pool.take() == buffers[1])
        #expect(pool.take() == buffers[0])
        pool.giveBack(buffers[0])
        pool.giveBack(buffers[1])
    }

    @Test func freesWhatNobodyNeeds() throws {
        let pool = BufferPool(bufferBytes: 8_192, keptMax: 2)
        let buffers = try (0..<2).map { _ in try #require(pool.take()) }
        for buffer in buffers { pool.giveBack(buffer) }
        pool.trim()
        let one = try #require(pool.take())
        #expect(one == buffers[1])
        pool.giveBack(one)
        pool.trim()
        // The other one is gone: what comes now is new, zeroes.
        let again = try #require(pool.take())
        let new = try #require(pool.take())
        #expect(new.load(fromByteOffset: 0, as: UInt64.self) == 0)
        pool.giveBack(again)
        pool.giveBack(new)
    }

    @Test func saysWhereTheSystemGivesNothing() throws {
        let pool = BufferPool(bufferBytes: 8_192, keptMax: 2, map: { _ in nil })
        #expect(pool.take() == nil)
    }
}
