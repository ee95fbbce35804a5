// SPDX-License-Identifier: Apache-2.0
import NodeCore

extension SendQueue {
    /// As `Node` hands a message over. - Returns: its number; nil: there is no room.
    mutating func put(
        _ message: OutgoingMessage, beyond: DeliveryLedger.Limits = DeliveryLedger.none, now: UInt64,
        chunk make: (Int) -> MessageChunk?
    ) -> UInt64? {
        do throws(Refusal) {
            var chunk: MessageChunk?
            if let id = try put(message, beyond: beyond, unreadRuns: 0, chunk: &chunk, now: now) { return id }
            chunk = make(message.byteCount)
            return try put(message, beyond: beyond, unreadRuns: 0, chunk: &chunk, now: now)
        } catch { return nil }
    }
}
