// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS
@testable import NodeCore

/// There is one, which other suites use meanwhile: what is said here holds beside them.
@Suite struct MessagePoolTests {
    @Test func aChunkHasRoomForWhatItWasTakenFor() throws {
        let sizes = [0, 1000, MessageChunk.capacityDefault, 3 * MessageChunk.capacityDefault]
        for size in sizes {
            let chunk = try #require(MessagePool.shared.takeChunk(byteCount: size))
            let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            [UInt8](repeating: 1, count: size).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
            var mailbox = Mailbox()
            mailbox.append(chunk, id: 1)
            var list = mailbox.takeAll()
            MessagePool.shared.give(&list)
            let isEmpty = list.isEmpty
            #expect(isEmpty)
        }
        MessagePool.shared.trim()
    }
}
