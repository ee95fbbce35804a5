// SPDX-License-Identifier: Apache-2.0
/// Where host threads put messages for the loop, which takes all of them at once. Whether there is room for one, and
/// which number it has, is the `DeliveryLedger`'s to say.
///
/// Not locked: the node brings its lock, and holds it for one copy of a small message, or for a link in a list.
public struct Mailbox: ~Copyable {
    /// A message from this size on comes in a chunk of its own, filled before the lock is taken, bytes: what it would
    /// leave of a chunk is no more than it takes.
    public static let aloneBytesMin = MessageChunk.capacityDefault / 2

    private var list = ChunkList()

    public init() {}

    /// Nothing waits to be taken.
    public var isEmpty: Bool { list.isEmpty }

    /// Copies the message in.
    /// - Parameters:
    ///   - id: one more than the last message's.
    ///   - chunk: is taken if one is needed, because the last one has no room.
    /// - Returns: false: one is needed, and there is none.
    public mutating func append(_ message: OutgoingMessage, id: UInt64, chunk: inout MessageChunk?) -> Bool {
        if let last = list.last, last.append(message) { return true }
        guard let new = chunk else { return false }
        precondition(new.append(message), "a chunk was brought that has no room for the message it was made for")
        chunk = nil
        append(new, id: id)
        return true
    }

    /// Links in a chunk that holds exactly one message.
    public mutating func append(_ chunk: MessageChunk, id: UInt64) {
        chunk.firstID = id
        list.append(chunk)
    }

    /// Everything that waits, in order.
    public mutating func takeAll() -> ChunkList { exchange(&list, with: ChunkList()) }
}
