/// One message as it lies in a chunk: this header, then `byteCount` bytes, padded to 8.
@usableFromInline
struct MessageRecord {
    /// The position in the connection's byte stream right behind the message's last frame; 0 until it is framed.
    @usableFromInline var wireEnd: UInt64
    @usableFromInline var byteCount: UInt32
    /// RFC 6455 opcode: 1 text, 2 binary.
    @usableFromInline var kind: UInt8
    /// 1: the message was refused and is skipped. 2: before_send has seen it.
    @usableFromInline var flags: UInt8
    @usableFromInline var reserved: UInt16

    @usableFromInline static let refused: UInt8 = 1
    @usableFromInline static let inspected: UInt8 = 2

    @inlinable
    init(byteCount: Int, kind: UInt8) {
        wireEnd = 0
        self.byteCount = UInt32(truncatingIfNeeded: byteCount)
        self.kind = kind
        flags = 0
        reserved = 0
    }

    @inlinable
    static func size(byteCount: Int) -> Int { (MemoryLayout<MessageRecord>.size + byteCount + 7) & ~7 }
}

/// A block of memory that holds messages one behind the other.
///
/// One owner at a time: the mailbox fills it, the outbox frames and frees it, the pool keeps it for the next.
/// Invariants: `0 <= used <= capacity`, and `count` records lie in `0..<used`; `usedMost <= written <= capacity`.
public final class MessageChunk {
    /// What a chunk holds unless one message needs more, in bytes: it and a send buffer fit a core's L2 cache together.
    public static let capacityDefault = 256 * 1024

    /// So much may be written to and not be needed any more, bytes: 16 KiB.
    private static let unusedMax = 16 * 1024

    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    @usableFromInline var used = 0
    @usableFromInline var count = 0
    @usableFromInline var next: MessageChunk?
    private let memory: ChunkMemory
    /// How far it was written to since it was made, and since the pool looked last.
    private var written = 0
    private var usedMost = 0

    /// nil: no memory.
    init?(capacity: Int, memory: ChunkMemory) {
        guard let base = memory.take(capacity) else { return nil }
        self.capacity = capacity
        self.base = base
        self.memory = memory
    }

    deinit { memory.giveBack(base, capacity) }

    /// Back in the pool, for the next messages.
    fileprivate func clear() {
        usedMost = max(usedMost, used)
        written = max(written, used)
        used = 0
        count = 0
    }

    /// The backlog that needed all of it is gone: a new one costs less than to keep it.
    fileprivate var isMostlyUnused: Bool { written - usedMost > Self.unusedMax }

    /// The pool has looked.
    fileprivate func beginPeriod() { usedMost = 0 }

    @inlinable
    func record(at offset: Int) -> UnsafeMutablePointer<MessageRecord> {
        (base + offset).assumingMemoryBound(to: MessageRecord.self)
    }

    @inlinable
    func payload(at offset: Int) -> UnsafeRawBufferPointer {
        let record = record(at: offset)
        return UnsafeRawBufferPointer(
            start: base + offset + MemoryLayout<MessageRecord>.size, count: Int(record.pointee.byteCount))
    }

    /// Room for one more message of this size?
    @inlinable
    func hasRoom(byteCount: Int) -> Bool { capacity &- used >= MessageRecord.size(byteCount: byteCount) }

    /// Appends a message; the caller has asked `hasRoom`, or has made the chunk for it.
    @inlinable
    public func append(_ bytes: UnsafeRawBufferPointer, kind: UInt8) {
        let target = base + used
        target.initializeMemory(
            as: MessageRecord.self, repeating: MessageRecord(byteCount: bytes.count, kind: kind), count: 1)
        if let source = bytes.baseAddress {
            (target + MemoryLayout<MessageRecord>.size).copyMemory(from: source, byteCount: bytes.count)
        }
        used &+= MessageRecord.size(byteCount: bytes.count)
        count &+= 1
    }
}

/// Chunks that nobody uses, kept for the next who needs one: last in, first out, because the last is warm in the cache.
///
/// Not locked: the owner brings a lock. Chunks come in sizes of powers of two, so that large messages find theirs
/// again. Invariant: `keptBytes <= keptBytesMax`.
public struct ChunkPool {
    /// The largest chunk that is kept, as a power of two above the default size: 16 MiB.
    private static let sizeClassMax = 6

    private var kept: [MessageChunk?] = Array(repeating: nil, count: sizeClassMax + 1)
    private var stock: [IdleStock] = Array(repeating: IdleStock(), count: sizeClassMax + 1)
    private(set) var keptBytes = 0
    private let keptBytesMax: Int

    public init(keptBytesMax: Int) { self.keptBytesMax = keptBytesMax }

    private static func sizeClass(_ needed: Int) -> Int {
        var size = MessageChunk.capacityDefault
        var sizeClass = 0
        while size < needed, sizeClass <= sizeClassMax {
            size <<= 1
            sizeClass += 1
        }
        return sizeClass
    }

    /// A chunk with room for a message of `byteCount` bytes at least; nil: none is kept, `make` one outside of the
    /// lock.
    public mutating func takeKept(byteCount: Int) -> MessageChunk? {
        let sizeClass = Self.sizeClass(MessageRecord.size(byteCount: byteCount))
        guard sizeClass <= Self.sizeClassMax, let chunk = kept[sizeClass] else { return nil }
        kept[sizeClass] = chunk.next
        chunk.next = nil
        stock[sizeClass].took()
        keptBytes -= chunk.capacity
        return chunk
    }

    /// A new chunk with such room, of a size that fits the pool where there is one; nil: no memory.
    public static func make(byteCount: Int, memory: ChunkMemory = .heap) -> MessageChunk? {
        let needed = MessageRecord.size(byteCount: byteCount)
        let sizeClass = sizeClass(needed)
        return MessageChunk(
            capacity: sizeClass <= sizeClassMax ? MessageChunk.capacityDefault << sizeClass : needed, memory: memory)
    }

    /// Takes back what nobody needs any more. What it does not keep is left in `list`, to be freed outside of the lock:
    /// the memory of a message that a host sized is not given back in no time. Nor does it keep a chunk of which a
    /// message is lent.
    public mutating func give(_ list: inout ChunkList) {
        var left = ChunkList()
        defer { list = left }
        while var chunk = list.removeFirst() {
            let sizeClass = Self.sizeClass(chunk.capacity)
            guard isKnownUniquelyReferenced(&chunk), sizeClass <= Self.sizeClassMax,
                keptBytes + chunk.capacity <= keptBytesMax
            else {
                left.append(chunk)
                continue
            }
            chunk.clear()
            chunk.next = kept[sizeClass]
            kept[sizeClass] = chunk
            stock[sizeClass].put()
            keptBytes += chunk.capacity
        }
    }

    /// Hands out what nobody has needed since the last call, to be freed outside of the lock: called now and then, so
    /// that what a backlog took goes back. So do chunks of which only their beginning was needed.
    public mutating func takeIdle() -> ChunkList {
        var idle = ChunkList()
        for sizeClass in kept.indices {
            _ = stock[sizeClass].takeIdle()
            // The last that came back are on top: those that are used again and again.
            var neededCount = stock[sizeClass].count
            var rest = ChunkList()
            rest.append(chain: kept[sizeClass])
            var needed = ChunkList()
            while let chunk = rest.removeFirst() {
                let isNeeded = neededCount > 0
                if isNeeded, !chunk.isMostlyUnused {
                    chunk.beginPeriod()
                    needed.append(chunk)
                } else {
                    if isNeeded { stock[sizeClass].took() }
                    keptBytes -= chunk.capacity
                    idle.append(chunk)
                }
                neededCount -= 1
            }
            kept[sizeClass] = needed.first
        }
        return idle
    }

    /// Hands out what is kept, to be freed outside of the lock.
    public mutating func takeAll() -> ChunkList {
        var list = ChunkList()
        for index in kept.indices {
            list.append(chain: kept[index])
            kept[index] = nil
            stock[index].takeAll()
        }
        keptBytes = 0
        return list
    }
}

/// Chunks in the order of their messages.
public struct ChunkList {
    @usableFromInline var first: MessageChunk?
    @usableFromInline var last: MessageChunk?

    public init() {}

    public var isEmpty: Bool { first == nil }

    mutating func append(_ chunk: MessageChunk) {
        if let last { last.next = chunk } else { first = chunk }
        last = chunk
    }

    mutating func append(_ list: inout ChunkList) {
        if let last { last.next = list.first } else { first = list.first }
        if list.last != nil { last = list.last }
        list = ChunkList()
    }

    fileprivate mutating func append(chain: MessageChunk?) {
        var following = chain
        while let chunk = following {
            following = chunk.next
            chunk.next = nil
            append(chunk)
        }
    }

    /// Frees all, one by one: freed from its head, a long list would recurse.
    public mutating func removeAll() {
        while removeFirst() != nil {}
    }

    mutating func removeFirst() -> MessageChunk? {
        guard let chunk = first else { return nil }
        first = chunk.next
        chunk.next = nil
        if first == nil { last = nil }
        return chunk
    }
}
