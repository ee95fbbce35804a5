// SPDX-License-Identifier: Apache-2.0
/// A message where it lies, which stays as it is as long as somebody holds this: its chunk goes to nobody else
/// meanwhile.
public struct LentMessage {
    public let id: UInt64
    public let stamp: MessageStamp
    public let byteCount: Int
    private let chunk: MessageChunk
    private let offset: Int

    init(_ chunk: MessageChunk, at offset: Int, id: UInt64) {
        self.chunk = chunk
        self.offset = offset
        self.id = id
        let record = chunk.record(at: offset).pointee
        stamp = record.stamp
        byteCount = Int(record.byteCount)
    }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // The record in front of it may be changing, where another thread has this.
        let start = chunk.payloads + offset + MessageChunk.imageHeadBytes
        return withExtendedLifetime(chunk) { body(UnsafeRawBufferPointer(start: start, count: byteCount)) }
    }
}
