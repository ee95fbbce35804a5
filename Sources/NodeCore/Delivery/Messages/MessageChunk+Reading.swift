// SPDX-License-Identifier: Apache-2.0
/// For those who look at what lies on disk.
extension MessageChunk {
    /// The first message from this one on; nil: there is none.
    public func firstStamp(from id: UInt64) -> MessageStamp? {
        var stamp: MessageStamp?
        forEachMessage(from: id) { _, each in
            stamp = each
            return false
        }
        return stamp
    }

    public var lastStamp: MessageStamp? { count > 0 ? firstStamp(from: endNumber &- 1) : nil }

    /// Of a chunk that was filled by hand. - Parameter sequence: what the first message bears as its number.
    /// - Returns: the number behind its last message.
    public func setNumber(_ id: UInt64, bearing sequence: UInt64) -> UInt64 {
        firstID = id
        numberShift = sequence &- id
        return endNumber
    }

    /// The messages from this one on, in order, until `body` says false; those that the host refused are none.
    public func forEachMessage(from id: UInt64, _ body: (UnsafeRawBufferPointer, MessageStamp) -> Bool) {
        var offset = place(of: id).offset
        while offset < used {
            let record = record(at: offset)
            if !record.pointee.has(MessageRecord.refused), !body(payload(at: offset), record.pointee.stamp) { return }
            offset &+= MessageRecord.size(byteCount: Int(record.pointee.byteCount))
        }
    }
}
