// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct LinkTests {
    private func makeLink() throws -> Link {
        let request = HandshakeRequest(
            url: try WebSocketURL.parse("ws://h/"), key: [UInt8](repeating: 1, count: HandshakeRequest.keyBytes))
        return Link(Connection(request, Connection.Options()), Attempt(urlIndex: 0), nil)
    }

    /// It may hold credentials.
    @Test func theOpeningHandshakeIsOverwrittenBeforeItsBufferGoesBack() throws {
        let pool = BufferPool(bufferBytes: 4096, keptMax: 1)
        let link = try makeLink()
        let buffer = try #require(link.takeBuffer(pool))
        for index in buffer.indices { buffer[index] = 0xAA }
        let handshakeBytes = link.connection.negotiationBytes
        var backlog = Backlog()
        var keys = MaskingKeyPool()
        link.connection.transportOpened()
        #expect(link.connection.fill(buffer, at: &link.end, backlog: &backlog, keys: &keys) == .allFramed)
        #expect(link.end == handshakeBytes && buffer[0] == UInt8(ascii: "G"))
        link.giveBuffer(pool)
        #expect(handshakeBytes > 0 && buffer[..<handshakeBytes].allSatisfy { $0 == 0 })
        #expect(buffer[handshakeBytes] == 0xAA && link.buffer == nil)
        // The same one; messages in it are no secrets.
        let again = try #require(link.takeBuffer(pool))
        again[0] = 0xBB
        link.giveBuffer(pool)
        #expect(again.baseAddress == buffer.baseAddress && again[0] == 0xBB)
    }

    @Test func withoutMemoryThereIsNoBuffer() throws {
        let pool = BufferPool(bufferBytes: 4096, keptMax: 1, map: { _ in nil })
        #expect(try makeLink().takeBuffer(pool) == nil)
    }

    @Test func keysComeFromTheSystemAndFillThePool() {
        let keys = MaskingKeys()
        #expect(keys.pool.keysLeft == 0)
        keys.refill()
        #expect(keys.pool.keysLeft == MaskingKeyPool.capacityBytes / 4)
        let first = keys.pool.next()
        let second = keys.pool.next()
        #expect(first != nil && second != nil)
    }
}
