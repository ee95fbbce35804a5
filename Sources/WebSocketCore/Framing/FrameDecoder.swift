// SPDX-License-Identifier: Apache-2.0
/// Reads frame headers from bytes that may be split anywhere (RFC 6455 §5.2). Each fault is found at the byte that
/// shows it. The payload behind a header is not its business: the caller takes it and comes back for the next header.
public struct FrameDecoder: Sendable {
    private enum Phase {
        case first
        case second
        /// `left` more bytes of an extended length.
        case length(left: UInt8)
        /// `left` more bytes of the masking key.
        case key(left: UInt8)
    }

    private let role: Role
    private let maxFrameBytes: UInt64
    /// True when an extension is in force that uses RSV1 (RFC 7692 §6.1).
    public var allowsRSV1: Bool

    private var phase = Phase.first
    private var header = FrameHeader(opcode: .continuation, payloadLength: 0)
    private var key: UInt32 = 0
    /// Whether the extended length in progress has 64 bits.
    private var isLongLength = false

    /// - Parameters:
    ///   - role: ours; the frames are the other side's.
    ///   - maxFrameBytes: the biggest payload of a data frame that is let through.
    public init(role: Role, maxFrameBytes: Int, allowsRSV1: Bool = false) {
        self.role = role
        self.maxFrameBytes = UInt64(clamping: maxFrameBytes)
        self.allowsRSV1 = allowsRSV1
    }

    /// True between the first and the last byte of a header.
    public var isMidHeader: Bool {
        if case .first = phase { return false }
        return true
    }

    /// The bytes of the header in progress, as they came; without those of its masking key.
    var headerSoFar: [UInt8] {
        if case .first = phase { return [] }
        var bytes = [(header.fin ? 0x80 : 0) | (header.rsv1 ? 0x40 : 0) | header.opcode.rawValue]
        if case .length(let left) = phase {
            bytes.append(isLongLength ? 127 : 126)
            let count = (isLongLength ? 8 : 2) - Int(left)
            for index in 0..<count {
                bytes.append(UInt8(truncatingIfNeeded: header.payloadLength >> UInt64(8 * (count - 1 - index))))
            }
        }
        return bytes
    }

    /// Reads on from `input[offset...]` and advances `offset`, at most to the end of one header.
    /// - Returns: a header when it is complete, else nil: more bytes are needed.
    public mutating func bytesReceived(
        _ input: RawSpan, from offset: inout Int
    ) throws(ProtocolError) -> FrameHeader? {
        while offset < input.byteCount {
            let byte = input.byte(at: offset)
            offset += 1
            if try take(byte) {
                phase = .first
                return header
            }
        }
        return nil
    }

    /// - Returns: true when the header is complete.
    private mutating func take(_ byte: UInt8) throws(ProtocolError) -> Bool {
        switch phase {
        case .first:
            try takeFirst(byte)
            phase = .second
            return false
        case .second:
            return try takeSecond(byte)
        case .length(let left):
            header.payloadLength = header.payloadLength &<< 8 | UInt64(byte)
            // RFC 6455 §5.2: the most significant bit of a 64-bit length must be 0.
            if left == 8 && byte & 0x80 != 0 { throw .payloadLengthTooBig }
            guard left == 1 else {
                phase = .length(left: left - 1)
                return false
            }
            return try lengthEnded()
        case .key(let left):
            key = key &<< 8 | UInt32(byte)
            guard left == 1 else {
                phase = .key(left: left - 1)
                return false
            }
            header.maskingKey = MaskingKey(word: key.bigEndian)
            return true
        }
    }

    private mutating func takeFirst(_ byte: UInt8) throws(ProtocolError) {
        guard let opcode = Opcode(rawValue: byte & 0x0F) else { throw .reservedOpcode }
        let fin = byte & 0x80 != 0
        let rsv1 = byte & 0x40 != 0
        // RFC 6455 §5.2: reserved bits must be 0 unless an extension uses them. RFC 7692 §6.1: RSV1 stands only on
        // the first frame of a data message.
        if byte & 0x30 != 0 { throw .reservedBits }
        if rsv1 && (!allowsRSV1 || opcode.isControl || opcode == .continuation) { throw .reservedBits }
        // RFC 6455 §5.5: control frames must not be fragmented.
        if opcode.isControl && !fin { throw .fragmentedControlFrame }
        header = FrameHeader(fin: fin, rsv1: rsv1, opcode: opcode, payloadLength: 0)
    }

    private mutating func takeSecond(_ byte: UInt8) throws(ProtocolError) -> Bool {
        let isMasked = byte & 0x80 != 0
        // RFC 6455 §5.1: a client masks all frames, a server none; each closes the connection on the other's fault.
        if role == .client && isMasked { throw .maskedFrameFromServer }
        if role == .server && !isMasked { throw .unmaskedFrameFromClient }
        let length = byte & 0x7F
        // RFC 6455 §5.5: control frames carry 125 bytes or less.
        if header.opcode.isControl && length > 125 { throw .controlFrameTooLong }
        switch length {
        case 126: phase = .length(left: 2)
        case 127: phase = .length(left: 8)
        default:
            header.payloadLength = UInt64(length)
            return try sizeKnown()
        }
        isLongLength = length == 127
        return false
    }

    private mutating func lengthEnded() throws(ProtocolError) -> Bool {
        // RFC 6455 §5.2: the minimal number of bytes must be used for the length.
        let least: UInt64 = isLongLength ? 0x1_0000 : 126
        if header.payloadLength < least { throw .payloadLengthNotMinimal }
        return try sizeKnown()
    }

    private mutating func sizeKnown() throws(ProtocolError) -> Bool {
        if !header.opcode.isControl && header.payloadLength > maxFrameBytes { throw .frameTooBig }
        guard role == .server else { return true }
        phase = .key(left: 4)
        key = 0
        return false
    }
}
