// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The inside of a JSON text (RFC 8259 §7) without its escapes.
enum JSONTextDecoder {
    /// Nil: it is none, or not UTF-8, or there is no memory.
    static func decode(_ raw: UnsafeRawBufferPointer, isOutOfMemory: inout Bool) -> SecretBytes? {
        var hasRoom = false
        defer { if !hasRoom { isOutOfMemory = true } }
        // No escape stands for more bytes than it has.
        return SecretBytes(capacity: raw.count, memory: .heap) { room in
            hasRoom = true
            var writer = Writer(room: room)
            var index = 0
            while index < raw.count {
                let byte = raw[index]
                index += 1
                if byte < 0x20 || byte == UInt8(ascii: "\"") { return nil }
                guard byte == UInt8(ascii: "\\") else {
                    writer.put(byte)
                    continue
                }
                guard index < raw.count else { return nil }
                let escape = raw[index]
                index += 1
                if escape == UInt8(ascii: "u") {
                    guard let scalar = scalar(raw, &index) else { return nil }
                    writer.put(scalar)
                } else {
                    guard let plain = plain(escape) else { return nil }
                    writer.put(plain)
                }
            }
            var validator = UTF8Validator()
            let bytes = UnsafeRawBufferPointer(rebasing: room[..<writer.count])
            guard validator.feed(bytes.bytes), validator.isComplete else { return nil }
            return writer.count
        }
    }

    private struct Writer {
        let room: UnsafeMutableRawBufferPointer
        var count = 0

        mutating func put(_ byte: UInt8) {
            room[count] = byte
            count += 1
        }

        mutating func put(_ scalar: Unicode.Scalar) {
            for byte in UTF8.encode(scalar).unsafelyUnwrapped { put(byte) }
        }
    }

    private static func plain(_ escape: UInt8) -> UInt8? {
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// Behind `\u`: four digits, or two times four for what lies beyond the first plane.
    private static func scalar(_ raw: UnsafeRawBufferPointer, _ index: inout Int) -> Unicode.Scalar? {
        guard let first = unit(raw, &index) else { return nil }
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(first) }
        guard index + 1 < raw.count, raw[index] == UInt8(ascii: "\\"), raw[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        index += 2
        guard let second = unit(raw, &index), second & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + ((first & 0x3FF) << 10 | (second & 0x3FF)))
    }

    private static func unit(_ raw: UnsafeRawBufferPointer, _ index: inout Int) -> UInt32? {
        guard index + 4 <= raw.count else { return nil }
        var unit: UInt32 = 0
        for place in index..<index + 4 {
            guard let digit = ASCII.hexDigit(raw[place]) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        index += 4
        return unit
    }
}
