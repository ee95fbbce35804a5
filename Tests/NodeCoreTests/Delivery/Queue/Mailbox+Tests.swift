// SPDX-License-Identifier: Apache-2.0
@testable import NodeCore

extension Mailbox {
    /// With a chunk if one is needed.
    mutating func put(_ message: OutgoingMessage, id: UInt64) {
        var chunk: MessageChunk?
        if append(message, id: id, chunk: &chunk) { return }
        chunk = ChunkPool.make(byteCount: message.byteCount)
        precondition(append(message, id: id, chunk: &chunk), "there is a chunk")
    }
}
