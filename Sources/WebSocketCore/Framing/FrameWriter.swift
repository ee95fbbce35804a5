// SPDX-License-Identifier: Apache-2.0
/// One outgoing frame in progress: the header at once, the payload in as many pieces as the output has room for.
///
/// Invariant: `0 <= payloadWritten <= payloadBytes`.
public struct FrameWriter: Sendable {
    @usableFromInline let masks: Bool
    @usableFromInline var payloadBytes = 0
    @usableFromInline var payloadWritten = 0
    @usableFromInline var maskingKey = MaskingKey(word: 0)

    @inlinable
    public init(role: Role) { masks = role == .client }

    /// True while payload of the started frame is still to be written: nothing else may be written in between, not
    /// even a control frame (RFC 6455 §5.4). A frame without payload is complete with its header.
    @inlinable
    public var isMidFrame: Bool { payloadWritten < payloadBytes }

    /// Bytes of the started frame's payload that are still to be written.
    public var payloadLeft: Int { payloadBytes &- payloadWritten }

    /// Writes a frame's header at `output[position...]` and advances `position`. The previous frame must be complete.
    /// - Parameters:
    ///   - opcode: `.text` or `.binary` for the first frame of a message, `.continuation` for the following ones.
    ///   - fin: true for the last frame of a message.
    ///   - rsv1: true for the first frame of a compressed message (RFC 7692 §6.1).
    ///   - payloadBytes: the payload of this frame, in bytes.
    ///   - maskingKey: a fresh key (RFC 6455 §5.3); ignored in the server role.
    /// - Returns: false if fewer bytes are left than the header needs; then nothing is written.
    @inlinable @inline(__always)
    public mutating func startFrame(
        opcode: Opcode, fin: Bool, rsv1: Bool, payloadBytes: Int, maskingKey: MaskingKey,
        into output: UnsafeMutableRawBufferPointer, at position: inout Int
    ) -> Bool {
        precondition(!isMidFrame && payloadBytes >= 0, "the previous frame is not complete")
        let needed = FrameHeader.encodedLength(payloadBytes: payloadBytes, masked: masks)
        guard let base = output.baseAddress, position >= 0, output.count &- position >= needed else { return false }
        let header = FrameHeader(
            fin: fin, rsv1: rsv1, opcode: opcode, payloadLength: UInt64(truncatingIfNeeded: payloadBytes),
            maskingKey: masks ? maskingKey : nil)
        header.write(into: base + position)
        position &+= needed
        self.payloadBytes = payloadBytes
        self.payloadWritten = 0
        self.maskingKey = maskingKey
        return true
    }

    /// Copies as much of the frame's payload as fits, masked in the client role, and advances `position`.
    /// - Parameter payload: the whole payload of this frame, the same bytes at each call.
    /// - Returns: true when the frame is complete.
    @inlinable @inline(__always)
    public mutating func continueFrame(
        payload: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, at position: inout Int
    ) -> Bool {
        precondition(payload.count == payloadBytes, "the payload is not the one the frame was started with")
        let room = output.count &- position
        let left = payloadBytes &- payloadWritten
        let count = left < room ? left : room
        guard count > 0, position >= 0, let source = payload.baseAddress, let base = output.baseAddress else {
            return left == 0
        }
        let piece = UnsafeRawBufferPointer(start: source + payloadWritten, count: count)
        if masks {
            Masking.copy(from: piece, to: base + position, key: maskingKey, offset: payloadWritten)
        } else {
            (base + position).copyMemory(from: source + payloadWritten, byteCount: count)
        }
        position &+= count
        payloadWritten &+= count
        return count == left
    }
}
