// SPDX-License-Identifier: Apache-2.0
/// Chunks in the order of their messages. It is moved, not copied: the pool keeps a chunk that nobody else holds.
public struct ChunkList: ~Copyable {
    private(set) var first: MessageChunk?
    private(set) var last: MessageChunk?

    public init() {}

    public var isEmpty: Bool { first == nil }

    public var holdsSeveral: Bool { first?.next != nil }

    /// What its last message's number is followed by; 0: there is none.
    var endID: UInt64 { last.map { $0.firstID &+ UInt64($0.count) } ?? 0 }

    public mutating func append(_ chunk: MessageChunk) {
        if let last { last.next = chunk } else { first = chunk }
        last = chunk
    }

    public mutating func append(_ list: consuming ChunkList) {
        if let last { last.next = list.first } else { first = list.first }
        if list.last != nil { last = list.last }
    }

    /// Each of them, in order.
    public func forEach(_ body: (MessageChunk) -> Void) {
        var following = first
        while let chunk = following {
            body(chunk)
            following = chunk.next
        }
    }

    mutating func append(chain: MessageChunk?) {
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

    /// Takes out the one that comes right behind another.
    mutating func remove(_ chunk: MessageChunk, behind other: MessageChunk) {
        assert(other.next === chunk)
        other.next = chunk.next
        chunk.next = nil
        if last === chunk { last = other }
    }

    public mutating func removeFirst() -> MessageChunk? {
        guard let chunk = first else { return nil }
        first = chunk.next
        chunk.next = nil
        if first == nil { last = nil }
        return chunk
    }
}
