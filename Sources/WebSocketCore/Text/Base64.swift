// SPDX-License-Identifier: Apache-2.0
/// Base64 with the standard alphabet and padding (RFC 4648 §4).
public enum Base64 {
    /// - Returns: ASCII, four characters for each three bytes begun.
    public static func encode(_ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { bytes in
            let count = encodedCount(bytes.count)
            // The room of a short text is larger than was asked for.
            return String(unsafeUninitializedCapacity: count) { room in
                encode(bytes, into: UnsafeMutableRawBufferPointer(start: room.baseAddress, count: count))
                return count
            }
        }
    }

    public static func encode(_ secret: SecretBytes) -> SecretBytes {
        let count = encodedCount(secret.count)
        return secret.withBytes { bytes in
            SecretBytes(capacity: count) { room in
                encode(bytes, into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
                return count
            } ?? SecretBytes("")
        }
    }

    public static func encodedCount(_ byteCount: Int) -> Int { (byteCount + 2) / 3 * 4 }

    /// `room` has as many bytes as come out: see `encodedCount`.
    public static func encode(_ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) {
        var index = 0
        var place = 0
        while place + 4 <= room.count {
            let left = bytes.count - index
            let first = UInt32(bytes[index]) << 16
            let second = left > 1 ? UInt32(bytes[index + 1]) << 8 : 0
            let third = left > 2 ? UInt32(bytes[index + 2]) : 0
            let group = first | second | third
            room[place] = character(group >> 18)
            room[place + 1] = character(group >> 12)
            room[place + 2] = left > 1 ? character(group >> 6) : padding
            room[place + 3] = left > 2 ? character(group) : padding
            index += 3
            place += 4
        }
    }

    /// The strict reverse: no white space, all of the padding, and zero in the bits that stand for nothing (RFC 4648
    /// §3.5).
    /// - Returns: nil for text that `encode` cannot have made.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        let bytes = text.withUTF8 { text in
            [UInt8](unsafeUninitializedCapacity: decodedCountMax(text.count)) { room, count in
                count = decode(UnsafeRawBufferPointer(text), into: UnsafeMutableRawBufferPointer(room)) ?? 0
            }
        }
        return encode(bytes).utf8.elementsEqual(text.utf8) ? bytes : nil
    }

    /// What people and tools write: with white space, and with or without the padding.
    /// - Returns: nil: it is something else, or nothing.
    public static func decode(
        _ text: UnsafeRawBufferPointer, memory: MessageMemory
    ) throws(OutOfMemory) -> SecretBytes? {
        try SecretBytes.make(capacity: decodedCountMax(text.count), memory: memory) { decode(text, into: $0) }
    }

    private static func decodedCountMax(_ characterCount: Int) -> Int { characterCount / 4 * 3 + 3 }

    /// - Parameter room: of `decodedCountMax` bytes.
    /// - Returns: how many it has got; nil: the text is none.
    private static func decode(_ text: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Int? {
        var count = 0
        var bits: UInt32 = 0
        var bitCount = 0
        var digits = 0
        var isPadded = false
        for byte in text {
            if ASCII.isSpace(byte) { continue }
            if byte == padding {
                isPadded = true
                continue
            }
            guard !isPadded, let digit = value(byte) else { return nil }
            digits += 1
            bits = (bits << 6 | digit) & 0xFF_FFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                room[count] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
                count += 1
            }
        }
        // One digit alone in the last group carries no byte.
        return digits == 0 || digits % 4 == 1 ? nil : count
    }

    private static let padding = UInt8(ascii: "=")

    private static func character(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 0x3F)
        switch value {
        case 0..<26: return UInt8(ascii: "A") + value
        case 26..<52: return UInt8(ascii: "a") + (value - 26)
        case 52..<62: return UInt8(ascii: "0") + (value - 52)
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }

    /// 0 to 63; nil: it is no character of the alphabet.
    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): return 62
        case UInt8(ascii: "/"): return 63
        default: return nil
        }
    }
}
