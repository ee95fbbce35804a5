// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Integers from 2^63 to 2^64-1 in a JSON text, which jansson refuses to read: before parsing they are put into texts
/// with a mark, and known again by it afterwards.
///
/// The mark begins with U+0000, so only a text that holds `\u0000` could be taken for one. Where both occur in one
/// document, `rewritten` gives up, and the document is refused as jansson does.
enum LargeIntegers {
    /// How the mark stands in the JSON text, and in the parsed text.
    private static let escapedMark: [UInt8] = Array("\"\\u0000u64:".utf8)
    private static let mark: [UInt8] = [0] + Array("u64:".utf8)

    /// The document with each such integer marked; nil when there is none, or when it could not be told from a text.
    static func rewritten(_ bytes: UnsafeRawBufferPointer) throws(EncodingError) -> ByteBuffer? {
        let output = ByteBuffer(byteCountMax: .max)
        try output.reserve(bytes.count + 64)
        var isChanged = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                guard let end = endOfString(bytes, from: index) else { return nil }
                try output.append(UnsafeRawBufferPointer(rebasing: bytes[index..<end]))
                index = end
            } else if isNumberByte(byte) {
                var end = index
                while end < bytes.count && isNumberByte(bytes[end]) { end += 1 }
                let number = bytes[index..<end]
                if isLarge(number) {
                    try output.append(escapedMark)
                    try output.append(UnsafeRawBufferPointer(rebasing: number))
                    try output.append(UInt8(ascii: "\""))
                    isChanged = true
                } else {
                    try output.append(UnsafeRawBufferPointer(rebasing: number))
                }
                index = end
            } else {
                try output.append(byte)
                index += 1
            }
        }
        return isChanged ? output : nil
    }

    /// The integer that a marked text stands for; nil for everything else.
    static func value(of value: JSONValue) -> UInt64? {
        // A text of the user's own may look like a marked one where nothing was marked.
        if !value.owner.marksLargeIntegers { return nil }
        return value.withUTF8 { text -> UInt64? in
            guard text.count > mark.count, text[0] == 0, text.starts(with: mark) else { return nil }
            return ASCII.decimal(text[mark.count...])
        } ?? nil
    }

    /// 2^63 to 2^64-1 in decimal digits, as JSON writes an integer: no leading zero (RFC 8259 §6).
    private static func isLarge(_ number: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard number.count >= 19, number.first != UInt8(ascii: "0"), let value = ASCII.decimal(number) else {
            return false
        }
        return value > UInt64(Int64.max)
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case _ where ASCII.isDigit(byte): true
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// Behind the text's closing quote; nil when it has none, or holds `\u0000`.
    private static func endOfString(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"):
                if bytes[index...].starts(with: "\\u0000".utf8) { return nil }
                index += 2
            default: index += 1
            }
        }
        return nil
    }
}
