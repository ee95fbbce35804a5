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

    /// The next message needs a chunk, because the last one has no room for it.
    public func needsChunk(byteCount: Int) -> Bool {
        guard let last = list.last else { return true }
        return !last.hasRoom(byteCount: byteCount)
    }

    /// Copies the message in.
    /// - Parameters:
    ///   - id: one more than the last message's.
    ///   - chunk: is taken if one is needed.
    public mutating func append(_ message: OutgoingMessage, id: UInt64, chunk: inout MessageChunk?) {
        if let last = list.last, last.hasRoom(byteCount: message.byteCount) { return last.append(message) }
        guard let new = chunk, new.hasRoom(byteCount: message.byteCount) else {
            preconditionFailure("no chunk was brought for a message that needs one")
        }
        chunk = nil
        new.append(message)
        append(new, id: id)
    }

    /// The same of a message as it is.
    public mutating func append(
        _ bytes: UnsafeRawBufferPointer, _ stamp: MessageStamp, id: UInt64, chunk: inout MessageChunk?
    ) { append(OutgoingMessage(bytes, stamp), id: id, chunk: &chunk) }

    /// Links in a chunk that holds exactly one message.
    public mutating func append(_ chunk: MessageChunk, id: UInt64) {
        chunk.firstID = id
        list.append(chunk)
    }

    /// Everything that waits, in order.
    public mutating func takeAll() -> ChunkList { exchange(&list, with: ChunkList()) }
}
