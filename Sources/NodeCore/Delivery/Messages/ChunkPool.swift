// SPDX-License-Identifier: Apache-2.0
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
        while var chunk = list.removeFirst() {
            let sizeClass = Self.sizeClass(chunk.capacity)
            guard isKnownUniquelyReferenced(&chunk), sizeClass <= Self.sizeClassMax,
                chunk.capacity == MessageChunk.capacityDefault << sizeClass,
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
        list = left
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
