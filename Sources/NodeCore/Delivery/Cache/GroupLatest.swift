// SPDX-License-Identifier: Apache-2.0
/// Which message of each driver's group is the newest by the time of its data, whenever it came: what the policy
/// `latest-per-group` keeps. Of those of one time it is the one that came last.
///
/// Messages of no group, and those of an earlier life of the process, whose groups nobody knows any more, are never
/// superseded. Nor do messages supersede others of which note could not be taken for want of memory.
public struct GroupLatest: @unchecked Sendable {
    /// By the group's number. Shared until it changes.
    private var newest = NewestOfGroups()
    /// Messages of an earlier life, as far as there may be any.
    private var unknown: [Range<UInt64>] = []

    public init() {}

    /// The groups of these are not known.
    /// - Parameter openID: there are none before this one any more.
    public mutating func noteUnknown(_ ids: Range<UInt64>, openID: UInt64) {
        unknown.removeAll { $0.upperBound <= openID }
        if !ids.isEmpty { unknown.append(ids) }
    }

    /// What was noted is gone: nothing is superseded by it any more.
    public mutating func forgetNewest() { newest = NewestOfGroups() }

    private func isKnown(_ id: UInt64) -> Bool { !unknown.contains { $0.contains(id) } }

    /// Takes note of a chunk's messages, from this one on.
    public mutating func note(_ chunk: MessageChunk, from openID: UInt64 = 0) {
        if !isKnownUniquelyReferenced(&newest) {
            guard let copy = newest.copy() else { return }
            newest = copy
        }
        chunk.forEachRecord { record, id, _ in
            guard id >= openID, record.group > 0, isKnown(id), newest.reach(record.group), !isBehind(record, id)
            else { return }
            newest.list[record.group] = NewestOfGroups.Newest(time: record.packed & MessageRecord.timeMask, id: id)
        }
    }

    private func isBehind(_ record: MessageRecord, _ id: UInt64) -> Bool {
        let latest = newest.list[record.group]
        let time = record.packed & MessageRecord.timeMask
        return latest.id > 0 && (latest.time, latest.id) > (time, id)
    }

    private func isSuperseded(_ record: MessageRecord, _ id: UInt64) -> Bool {
        record.group > 0 && record.group < newest.list.count && isBehind(record, id) && isKnown(id)
    }

    /// Consecutive messages, and what they take.
    public struct Part: Equatable, Sendable {
        public var ids: Range<UInt64>
        public var bytes: Int

        public init(ids: Range<UInt64>, bytes: Int) {
            self.ids = ids
            self.bytes = bytes
        }
    }

    /// Which messages of a chunk are superseded, from this one on, in order.
    /// - Parameter bytesMax: no more when they take so many bytes.
    public func superseded(
        in chunk: MessageChunk, from id: UInt64, bytesMax: Int = .max, but isKept: (UInt64) -> Bool = { _ in false }
    ) -> [Part] {
        var parts: [Part] = []
        var bytes = 0
        chunk.forEachRecord { record, each, size in
            guard each >= id, bytes < bytesMax, isSuperseded(record, each), !isKept(each) else { return }
            bytes += size
            if let last = parts.last, last.ids.upperBound == each {
                parts[parts.count - 1] = Part(ids: last.ids.lowerBound..<each &+ 1, bytes: last.bytes + size)
            } else {
                parts.append(Part(ids: each..<each &+ 1, bytes: size))
            }
        }
        return parts
    }

    /// The messages of a chunk from this one on without these, each row of them in a chunk that is no larger than it
    /// has to be; nil: there is no memory.
    public static func rest(
        of chunk: MessageChunk, from id: UInt64, without parts: [Part], memory: ChunkMemory = .heap
    ) -> [MessageChunk]? {
        var rest: [MessageChunk] = []
        var from = max(id, chunk.firstNumber)
        for end in parts.map({ $0.ids.lowerBound }) + [chunk.endNumber] {
            if end > from {
                guard let part = chunk.part(from..<end, memory: memory) else { return nil }
                rest.append(part)
            }
            from = parts.first { $0.ids.lowerBound == end }?.ids.upperBound ?? end
        }
        return rest
    }
}

/// A host decides how many groups there are.
private final class NewestOfGroups {
    struct Newest: BitwiseCopyable {
        var time: UInt64 = 0
        /// 0: none has been seen.
        var id: UInt64 = 0
    }

    var list = RawList<Newest>()

    /// Makes room as far as this one. - Returns: false: there is no memory.
    func reach(_ group: Int) -> Bool {
        do throws(EncodingError) { while list.count <= group { try list.append(Newest()) } } catch { return false }
        return true
    }

    /// nil: there is no memory.
    func copy() -> NewestOfGroups? {
        let copy = NewestOfGroups()
        do throws(EncodingError) {
            try copy.list.reserve(list.count)
            for group in 0..<list.count { try copy.list.append(list[group]) }
        } catch { return nil }
        return copy
    }
}

extension MessageChunk {
    func forEachRecord(_ body: (_ record: MessageRecord, _ id: UInt64, _ size: Int) -> Void) {
        var offset = 0
        var id = firstID
        while offset < used {
            let record = record(at: offset).pointee
            let size = MessageRecord.size(byteCount: Int(record.byteCount))
            body(record, id, size)
            offset &+= size
            id &+= 1
        }
    }

    /// A copy of these, as they are.
    func part(_ ids: Range<UInt64>, memory: ChunkMemory) -> MessageChunk? {
        let (start, end) = (place(of: ids.lowerBound).offset, place(of: ids.upperBound).offset)
        guard let part = MessageChunk(capacity: end - start, memory: memory) else { return nil }
        _ = part.setImage(
            UnsafeRawBufferPointer(start: base + start, count: end - start), firstID: ids.lowerBound, count: ids.count)
        part.arrival = arrival
        part.numberShift = numberShift
        return part
    }
}
