// SPDX-License-Identifier: Apache-2.0
/// A message where it lies, which stays as it is as long as somebody holds this: its chunk goes to nobody else
/// meanwhile.
public struct LentMessage {
    public let id: UInt64
    public let stamp: MessageStamp
    private let chunk: MessageChunk
    private let offset: Int

    init(_ chunk: MessageChunk, at offset: Int, id: UInt64) {
        self.chunk = chunk
        self.offset = offset
        self.id = id
        stamp = chunk.record(at: offset).pointee.stamp
    }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(chunk) { body(chunk.payload(at: offset)) }
    }
}
