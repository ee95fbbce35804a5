// SPDX-License-Identifier: Apache-2.0
/// A block of memory that holds messages one behind the other.
///
/// One owner at a time: the mailbox fills it, the backlog holds it until all in it has its outcome, the pool keeps it
/// for the next.
/// Invariants: `0 <= used <= capacity`, and `count` records lie in `0..<used`; `usedMost <= written <= capacity`.
public final class MessageChunk {
    /// What a chunk holds unless one message needs more, in bytes: it and a send buffer fit a core's L2 cache together.
    public static let capacityDefault = 256 * 1024

    /// So much may be written to and not be needed any more, bytes: 16 KiB.
    private static let unusedMax = 16 * 1024

    let base: UnsafeMutableRawPointer
    /// The messages' bytes lie as far behind this as their records behind `base`, whose memory it is unless it is that
    /// of `source`.
    private(set) var payloads: UnsafeMutableRawPointer
    let capacity: Int
    var used = 0
    var count = 0
    /// The number of its first message; those of the others follow.
    var firstID: UInt64 = 0
    /// As that of the last of its messages that was framed.
    var wireEnd: UInt32 = 0
    /// Of those that were framed and have no outcome: the bytes of their messages.
    var framedBytes: UInt64 = 0
    /// One of those that were framed was refused; one bears no number.
    private(set) var hasFramedRefused = false
    private(set) var hasFramedUnnumbered = false
    var next: MessageChunk?
    /// When its messages came, milliseconds on the clock of the node's cache.
    public var arrival: UInt64 = 0
    /// What the numbers that its messages bear (setting sequence) are beyond its own: 0, but for those of an earlier
    /// life.
    public var numberShift: UInt64 = 0
    /// The one whose only message this is, too; nil: its own.
    private var source: MessageChunk?
    private let memory: ChunkMemory
    /// How far it was written to since it was made, and since the pool looked last.
    private var written = 0
    private var usedMost = 0

    /// What a chunk takes beside its messages, bytes, about: a list of small ones is larger than what is in them.
    static let overheadBytes = 128
    /// Of memory that it takes.
    public var memoryBytes: Int { used + Self.overheadBytes }

    /// nil: no memory.
    init?(capacity: Int, memory: ChunkMemory) {
        guard let base = memory.take(capacity) else { return nil }
        self.capacity = capacity
        self.base = base
        payloads = base
        self.memory = memory
    }

    deinit { memory.giveBack(base, capacity) }

    /// One that holds an image of this size and no more; nil: no memory.
    public static func fitting(_ imageBytes: Int, memory: ChunkMemory = .heap) -> MessageChunk? {
        let payloadBytes = max(0, imageBytes - MemoryLayout<MessageRecord>.size)
        return MessageChunk(capacity: MessageRecord.size(byteCount: payloadBytes), memory: memory)
    }

    /// What is in it takes a small part of its memory.
    var isMostlyEmpty: Bool { used <= capacity / 16 }

    /// Back in the pool, for the next messages.
    func clear() {
        usedMost = max(usedMost, used)
        written = max(written, used)
        used = 0
        count = 0
        numberShift = 0
    }

    /// The backlog that needed all of it is gone: a new one costs less than to keep it.
    var isMostlyUnused: Bool { written - usedMost > Self.unusedMax }

    /// The pool has looked.
    func beginPeriod() { usedMost = 0 }

    func record(at offset: Int) -> UnsafeMutablePointer<MessageRecord> {
        (base + offset).assumingMemoryBound(to: MessageRecord.self)
    }

    func payload(at offset: Int) -> UnsafeRawBufferPointer {
        let record = record(at: offset)
        return UnsafeRawBufferPointer(
            start: payloads + offset + MemoryLayout<MessageRecord>.size, count: Int(record.pointee.byteCount))
    }

    /// Appends a message. - Returns: false: there is no room for it.
    @discardableResult
    public func append(_ message: OutgoingMessage) -> Bool {
        let byteCount = message.byteCount
        let start = used
        let end = start &+ MessageRecord.size(byteCount: byteCount)
        guard end <= capacity else { return false }
        let target = base + start
        target.initializeMemory(
            as: MessageRecord.self, repeating: MessageRecord(byteCount: byteCount, stamp: message.stamp), count: 1)
        message.write(to: target + MemoryLayout<MessageRecord>.size)
        used = end
        count &+= 1
        return true
    }

    /// Its next message is framed, up to its `wireEnd`. - Parameter isFirst: none before it that has no outcome.
    func framed(_ record: MessageRecord, isFirst: Bool) {
        if isFirst { (framedBytes, hasFramedRefused, hasFramedUnnumbered) = (0, false, false) }
        wireEnd = record.wireEnd
        framedBytes &+= UInt64(record.byteCount)
        if record.has(MessageRecord.refused) { hasFramedRefused = true }
        if !record.has(MessageRecord.numbered) { hasFramedUnnumbered = true }
    }

    /// A large message is not copied while others wait.
    var isOneLarge: Bool { count == 1 && used >= Mailbox.aloneBytesMin }

    /// Its only message as it is now, with a record of its own and the same bytes, while this one goes on with it; nil:
    /// no memory. There is nothing to be done with it but `whole` on another thread, or to send it on this one.
    func shared() -> MessageChunk? {
        guard let chunk = MessageChunk(capacity: Self.imageHeadBytes, memory: .heap) else { return nil }
        chunk.base.copyMemory(from: base, byteCount: Self.imageHeadBytes)
        chunk.source = source ?? self
        chunk.payloads = payloads
        chunk.describe(as: self)
        return chunk
    }

    /// Itself, or a copy of a message that is shared: what is looked at then is what nobody changes. nil: no memory.
    public func whole() -> MessageChunk? {
        guard let source else { return self }
        guard let chunk = MessageChunk(capacity: used, memory: source.memory) else { return nil }
        let head = Self.imageHeadBytes
        chunk.base.copyMemory(from: base, byteCount: head)
        (chunk.base + head).copyMemory(from: payloads + head, byteCount: used - head)
        chunk.describe(as: self)
        return chunk
    }

    private func describe(as other: MessageChunk) {
        used = other.used
        count = other.count
        firstID = other.firstID
        arrival = other.arrival
        numberShift = other.numberShift
    }

    /// The only message in it has a number now.
    public func number(_ message: OutgoingMessage) { message.writeHead(to: base + MemoryLayout<MessageRecord>.size) }
}
