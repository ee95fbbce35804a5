// SPDX-License-Identifier: Apache-2.0
/// The two to fourteen bytes before a frame's payload (RFC 6455 §5.2).
public struct FrameHeader: Equatable, Sendable {
    /// The longest header: two bytes, a 64-bit length, a masking key.
    public static let encodedLengthMax = 14

    public var fin: Bool
    public var rsv1: Bool
    public var rsv2: Bool
    public var rsv3: Bool
    public var opcode: Opcode
    /// In bytes; at most 2^63 - 1.
    public var payloadLength: UInt64
    /// Present exactly when the frame is masked.
    public var maskingKey: MaskingKey?

    @inlinable
    public init(
        fin: Bool = true, rsv1: Bool = false, rsv2: Bool = false, rsv3: Bool = false, opcode: Opcode,
        payloadLength: UInt64, maskingKey: MaskingKey? = nil
    ) {
        self.fin = fin
        self.rsv1 = rsv1
        self.rsv2 = rsv2
        self.rsv3 = rsv3
        self.opcode = opcode
        self.payloadLength = payloadLength
        self.maskingKey = maskingKey
    }

    /// How many bytes `write` needs, 2 to 14.
    @inlinable
    public static func encodedLength(payloadBytes: Int, masked: Bool) -> Int {
        // RFC 6455 §5.2: the minimal number of bytes must be used for the length.
        let length = payloadBytes <= 125 ? 2 : payloadBytes <= 0xFFFF ? 4 : 10
        return masked ? length &+ 4 : length
    }

    /// Writes the header.
    /// - Parameter target: room for `encodedLength(…)` bytes; no alignment needed.
    /// - Returns: how many bytes it wrote, 2 to 14.
    @inlinable @inline(__always) @discardableResult
    public func write(into target: UnsafeMutableRawPointer) -> Int {
        var first = opcode.rawValue
        if fin { first |= 0x80 }
        if rsv1 { first |= 0x40 }
        if rsv2 { first |= 0x20 }
        if rsv3 { first |= 0x10 }
        target.storeBytes(of: first, as: UInt8.self)
        let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
        var length: Int
        if payloadLength <= 125 {
            target.storeBytes(of: maskBit | UInt8(truncatingIfNeeded: payloadLength), toByteOffset: 1, as: UInt8.self)
            length = 2
        } else if payloadLength <= 0xFFFF {
            target.storeBytes(of: maskBit | 126, toByteOffset: 1, as: UInt8.self)
            let short = UInt16(truncatingIfNeeded: payloadLength).bigEndian
            target.storeBytes(of: short, toByteOffset: 2, as: UInt16.self)
            length = 4
        } else {
            target.storeBytes(of: maskBit | 127, toByteOffset: 1, as: UInt8.self)
            target.storeBytes(of: payloadLength.bigEndian, toByteOffset: 2, as: UInt64.self)
            length = 10
        }
        if let maskingKey {
            target.storeBytes(of: maskingKey.word, toByteOffset: length, as: UInt32.self)
            length &+= 4
        }
        return length
    }
}
