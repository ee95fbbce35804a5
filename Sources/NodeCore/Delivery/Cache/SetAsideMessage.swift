// SPDX-License-Identifier: Apache-2.0
/// A message that the server refused again and again, on its way to the part of the disk where such ones are kept.
public struct SetAsideMessage {
    public let id: UInt64
    /// RFC 6455 opcode: 1 text, 2 binary.
    public let kind: UInt8
    /// Of the Close frame by which it was refused the last time; 0: there was none.
    public let closeCode: UInt16
    /// The text of that frame, for people.
    public let closeReason: String
    private let message: LentMessage

    /// A copy, but of a large message, which stays where it lies until it is on disk.
    /// - Parameter make: memory for so many bytes. nil: there is none.
    public init?(
        _ message: LentMessage, closeCode: UInt16, closeReason: String, _ make: (Int) -> MessageChunk?
    ) {
        if message.byteCount >= Mailbox.aloneBytesMin {
            self.message = message
        } else {
            let copy = message.withBytes { bytes -> MessageChunk? in
                guard let chunk = make(bytes.count), chunk.append(OutgoingMessage(bytes, message.stamp)) else {
                    return nil
                }
                return chunk
            }
            guard let copy else { return nil }
            self.message = LentMessage(copy, at: 0, id: message.id)
        }
        id = message.id
        kind = message.stamp.kind
        self.closeCode = closeCode
        self.closeReason = closeReason
    }

    public var byteCount: Int { message.byteCount }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { message.withBytes(body) }
}
