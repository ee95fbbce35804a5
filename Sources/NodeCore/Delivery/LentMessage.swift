/// A message where it lies, which stays as it is as long as somebody holds this: its chunk goes to nobody else
/// meanwhile.
public struct LentMessage {
    /// RFC 6455 opcode: 1 text, 2 binary.
    public let kind: UInt8
    private let chunk: MessageChunk
    private let offset: Int

    init(_ chunk: MessageChunk, at offset: Int) {
        self.chunk = chunk
        self.offset = offset
        kind = chunk.record(at: offset).pointee.kind
    }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(chunk) { body(chunk.payload(at: offset)) }
    }
}
