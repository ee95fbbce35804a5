import Testing

@testable import NeuronWS

@Suite struct BufferPoolTests {
    @Test func keepsAFewAndGivesThemAgain() {
        let pool = BufferPool(bufferBytes: 8_192, keptMax: 2)
        let buffers = (0..<3).map { _ in pool.take() }
        for buffer in buffers {
            buffer.storeBytes(of: 1, toByteOffset: 8_191, as: UInt8.self)
            pool.giveBack(buffer)
        }
        #expect(pool.take() == buffers[1])
        #expect(pool.take() == buffers[0])
        pool.giveBack(buffers[0])
        pool.giveBack(buffers[1])
    }

    @Test func freesWhatNobodyNeeds() {
        let pool = BufferPool(bufferBytes: 8_192, keptMax: 2)
        let buffers = (0..<2).map { _ in pool.take() }
        for buffer in buffers { pool.giveBack(buffer) }
        pool.trim()
        let one = pool.take()
        #expect(one == buffers[1])
        pool.giveBack(one)
        pool.trim()
        // The other one is gone: what comes now is new, zeroes.
        let again = pool.take()
        let new = pool.take()
        #expect(new.load(fromByteOffset: 0, as: UInt64.self) == 0)
        pool.giveBack(again)
        pool.giveBack(new)
    }
}
