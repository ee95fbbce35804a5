// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Chunks as they lie on disk: the bytes they have in memory, in which each record bears a checksum where it bears its
/// place in the connection's stream else. Little-endian, as all processors are that this is built for.
extension MessageChunk {
    /// In front of each message of an image.
    public static let imageHeadBytes = MemoryLayout<MessageRecord>.size
    public var firstNumber: UInt64 { firstID }
    public var messageCount: Int { count }
    public var imageBytes: Int { used }
    public var endNumber: UInt64 { firstID &+ UInt64(count) }
    /// What the first message bears as its number, if it bears one.
    public var sequence: UInt64 { firstID &+ numberShift }

    /// Makes it what lies on disk.
    public func seal() {
        var offset = 0
        while offset < used {
            let record = record(at: offset)
            record.pointee.packed &= ~MessageRecord.inspected
            record.pointee.wireEnd = checksum(at: offset)
            offset &+= MessageRecord.size(byteCount: Int(record.pointee.byteCount))
        }
    }

    public func withImage<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: base, count: used))
    }

    /// CRC-32 of all that a record is but for the checksum.
    private func checksum(at offset: Int) -> UInt32 {
        let length = Int(record(at: offset).pointee.byteCount) + MemoryLayout<MessageRecord>.size - 4
        return Self.checksum(of: UnsafeRawBufferPointer(start: base + offset + 4, count: length))
    }

    /// CRC-32. Of less than 4 GiB.
    public static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(
            truncatingIfNeeded: crc32(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count)))
    }

    /// Whether a whole record as it was sealed lies there.
    private func isWhole(at offset: Int) -> Bool {
        guard used - offset >= MemoryLayout<MessageRecord>.size else { return false }
        let record = record(at: offset).pointee
        guard Int(record.byteCount) <= used - offset - MemoryLayout<MessageRecord>.size else { return false }
        return record.wireEnd == checksum(at: offset)
    }

    /// Takes an image over, which is not yet looked at; `checkImage` does that.
    public func setImage(_ image: UnsafeRawBufferPointer, firstID: UInt64, count: Int) -> Bool {
        guard image.count <= capacity else { return false }
        if let source = image.baseAddress { base.copyMemory(from: source, byteCount: image.count) }
        used = image.count
        self.count = count
        self.firstID = firstID
        return true
    }

    /// Whether each message of the image is as it was stored.
    public var isImageWhole: Bool {
        var offset = 0
        var found = 0
        while offset < used {
            guard isWhole(at: offset) else { return false }
            offset &+= MessageRecord.size(byteCount: Int(record(at: offset).pointee.byteCount))
            found += 1
        }
        return offset == used && found == count
    }

    /// Takes over the messages of another one, which come next. - Returns: false: it has no room, or they do not.
    func absorb(_ other: MessageChunk) -> Bool {
        guard other.firstID == endNumber, other.numberShift == numberShift, other.used <= capacity - used else {
            return false
        }
        (base + used).copyMemory(from: other.base, byteCount: other.used)
        used += other.used
        count += other.count
        return true
    }

    /// A message's bytes may be so many lengths of messages that looking at each would take for ever: so many times the
    /// image's bytes are looked at in all.
    private static let salvageLooks = 4

    /// What can be read of a damaged image, in order, in chunks of one message at least. Where messages are missing in
    /// between is known of those alone that bear their number: else they count as the last ones.
    public func salvaged(_ make: (Int) -> MessageChunk?) -> ChunkList {
        var list = ChunkList()
        var offset = 0
        var id = firstID
        var looksLeft = used &* Self.salvageLooks
        while offset < used, id &- firstID < UInt64(count) {
            let length = used - offset < Self.imageHeadBytes ? 0 : Int(record(at: offset).pointee.byteCount)
            let isTooDear = length > looksLeft
            if !isTooDear, length <= used - offset { looksLeft -= length }
            guard !isTooDear, isWhole(at: offset) else {
                // Records begin at multiples of 8.
                offset += 8
                continue
            }
            let record = record(at: offset)
            let byteCount = Int(record.pointee.byteCount)
            if let known = numberBorne(at: offset), known > id { id = known }
            guard id &- firstID < UInt64(count) else { break }
            let message = OutgoingMessage(payload(at: offset), record.pointee.stamp)
            if list.endID != id || list.last?.append(message) != true {
                guard let chunk = make(byteCount) else { break }
                chunk.firstID = id
                chunk.arrival = arrival
                chunk.numberShift = numberShift
                precondition(chunk.append(message), "a chunk was made that has no room for its message")
                list.append(chunk)
            }
            id &+= 1
            offset &+= MessageRecord.size(byteCount: byteCount)
        }
        return list
    }

    /// By what it bears; nil: it bears none.
    private func numberBorne(at offset: Int) -> UInt64? {
        guard record(at: offset).pointee.has(MessageRecord.numbered) else { return nil }
        return OutgoingMessage.head(of: payload(at: offset)).map { $0.number &- numberShift }
    }

    /// Takes out the messages before this one, which have their outcome.
    public func removeMessages(before id: UInt64) {
        let (offset, first) = place(of: id)
        guard offset > 0 else { return }
        base.copyMemory(from: base + offset, byteCount: used - offset)
        used -= offset
        count -= Int(first &- firstID)
        firstID = first
    }

    /// Where this message lies, or the first behind it.
    func place(of id: UInt64) -> (offset: Int, id: UInt64) {
        var offset = 0
        var at = firstID
        // Numbers of earlier lives lie below 1, and so behind the largest.
        while Int64(bitPattern: at &- id) < 0, offset < used {
            offset &+= MessageRecord.size(byteCount: Int(record(at: offset).pointee.byteCount))
            at &+= 1
        }
        return (offset, at)
    }

    /// A copy of the messages from this one on, in a chunk that is brought; nil: it has no room.
    func copy(from id: UInt64, into chunk: MessageChunk) -> Bool {
        let (offset, first) = place(of: id)
        guard
            chunk.setImage(
                UnsafeRawBufferPointer(start: base + offset, count: used - offset), firstID: first,
                count: count - Int(first &- firstID))
        else { return false }
        chunk.arrival = arrival
        chunk.numberShift = numberShift
        return true
    }
}
