// SPDX-License-Identifier: Apache-2.0
/// What a frame is (RFC 6455 §5.2). The numbers that are missing are reserved.
public enum Opcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// Control frames have the highest bit of the opcode set (RFC 6455 §5.5).
    @inlinable
    public var isControl: Bool { rawValue & 0x8 != 0 }
}

/// What a message is: the opcode of its first frame (RFC 6455 §5.6).
public enum MessageKind: UInt8, Sendable {
    case text = 1
    case binary = 2

    /// The opcode that the first frame of such a message carries.
    @inlinable
    public var opcode: Opcode { self == .text ? .text : .binary }
}
