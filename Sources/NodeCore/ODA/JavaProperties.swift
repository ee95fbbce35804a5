// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Lines of `key=value` as java.util.Properties reads them: `=`, `:` or white space between the two, comments with `#`
/// or `!`, lines that a backslash at their end goes on, and the escapes `\t`, `\n`, `\r`, `\f` and `\uXXXX`. A byte
/// order mark and blanks behind a value are passed over. Text is UTF-8, or ISO 8859-1 where it is none.
struct JavaProperties {
    /// What cannot be read, with the number of its line.
    struct Fault: Error {
        let text: String
        var isOutOfMemory = false

        static let noMemory = Fault(text: "memory is exhausted", isOutOfMemory: true)
    }

    private let bytes: UnsafeRawBufferPointer
    private let isUTF8: Bool
    private var position = 0
    private var line = 0

    private init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        var validator = UTF8Validator()
        isUTF8 = validator.feed(bytes.bytes) && validator.isComplete
    }

    static func parse(_ text: UnsafeRawBufferPointer) throws(Fault) -> PropertyList {
        var reader = JavaProperties(ByteOrderMark.skipped(text))
        // Of ISO 8859-1 each byte may become two; nothing else grows.
        return try PropertyList.make(byteCountMax: reader.bytes.count * 2) { room, start throws(Fault) in
            guard let logical = try reader.nextLine() else { return nil }
            return try logical.text.withBytes { bytes throws(Fault) in
                var end = start
                let parts = parts(bytes)
                try decode(parts.key, logical.line, into: room, &end)
                let key = end
                try decode(parts.value, logical.line, into: room, &end)
                return (logical.line, key, end)
            }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0C }

    // MARK: Lines

    /// The next line that says something, with those that go on with it.
    private mutating func nextLine() throws(Fault) -> (text: SecretBytes, line: Int)? {
        while position < bytes.count {
            line += 1
            let number = line
            skipBlanks()
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case 0x0A, 0x0D:
                endLine()
                continue
            case UInt8(ascii: "#"), UInt8(ascii: "!"):
                while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
                endLine()
                continue
            default: break
            }
            // Of ISO 8859-1 each byte may become two.
            let byteCountMax = logicalBytesMax() * 2
            do throws(OutOfMemory) {
                let text = try SecretBytes.make(capacity: byteCountMax, memory: .heap) { readLogical(into: $0) }
                return (text ?? "", number)
            } catch { throw .noMemory }
        }
        return nil
    }

    private mutating func skipBlanks() {
        while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
    }

    /// CR, LF or both.
    private mutating func endLine() {
        guard position < bytes.count else { return }
        let isReturn = bytes[position] == 0x0D
        position += 1
        if isReturn, position < bytes.count, bytes[position] == 0x0A { position += 1 }
    }

    /// No more than the file has left; most lines end soon.
    private func logicalBytesMax() -> Int {
        var end = position
        while end < bytes.count {
            let byte = bytes[end]
            if byte == UInt8(ascii: "\\") {
                end += 2
                if end <= bytes.count, bytes[end - 1] == 0x0D, end < bytes.count, bytes[end] == 0x0A { end += 1 }
                continue
            }
            if byte == 0x0A || byte == 0x0D { break }
            end += 1
        }
        return min(end, bytes.count) - position
    }

    private mutating func readLogical(into room: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        func put(_ byte: UInt8) {
            if byte < 0x80 || isUTF8 {
                room[count] = byte
                count += 1
            } else {
                room[count] = 0xC0 | byte >> 6
                room[count + 1] = 0x80 | byte & 0x3F
                count += 2
            }
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x0A || byte == 0x0D {
                endLine()
                return count
            }
            guard byte == UInt8(ascii: "\\") else {
                put(byte)
                position += 1
                continue
            }
            position += 1
            guard position < bytes.count else { return count }
            if bytes[position] == 0x0A || bytes[position] == 0x0D {
                endLine()
                line += 1
                skipBlanks()
                continue
            }
            put(byte)
            put(bytes[position])
            position += 1
        }
        return count
    }

    // MARK: One line

    private static func parts(
        _ text: UnsafeRawBufferPointer
    ) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        var end = 0
        while end < text.count {
            let byte = text[end]
            if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") || isBlank(byte) { break }
            end += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        end = min(end, text.count)
        var start = end
        while start < text.count, isBlank(text[start]) { start += 1 }
        if start < text.count, text[start] == UInt8(ascii: "=") || text[start] == UInt8(ascii: ":") {
            start += 1
            while start < text.count, isBlank(text[start]) { start += 1 }
        }
        var last = text.count
        while last > start, isBlank(text[last - 1]), last - 1 == start || text[last - 2] != UInt8(ascii: "\\") {
            last -= 1
        }
        return (UnsafeRawBufferPointer(rebasing: text[..<end]), UnsafeRawBufferPointer(rebasing: text[start..<last]))
    }

    /// Appends what a key or a value means; never longer than it is.
    private static func decode(
        _ text: UnsafeRawBufferPointer, _ line: Int, into room: UnsafeMutableRawBufferPointer, _ count: inout Int
    ) throws(Fault) {
        var index = 0
        while index < text.count {
            var byte = text[index]
            index += 1
            if byte == UInt8(ascii: "\\"), index < text.count {
                byte = text[index]
                index += 1
                if byte == UInt8(ascii: "u") {
                    guard let scalar = scalar(text, &index) else {
                        throw Fault(text: "line \(line): \\u takes four hexadecimal digits")
                    }
                    for unit in UTF8.encode(scalar) ?? UTF8.encode("\u{FFFD}")! {
                        room[count] = unit
                        count += 1
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "t"): byte = 0x09
                case UInt8(ascii: "n"): byte = 0x0A
                case UInt8(ascii: "r"): byte = 0x0D
                case UInt8(ascii: "f"): byte = 0x0C
                default: break
                }
            }
            room[count] = byte
            count += 1
        }
    }

    /// `XXXX`, or `XXXX\uXXXX` of two surrogates, at `index`, which moves behind it; nil: no four digits.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Unicode.Scalar? {
        guard let first = JSONScan.unit(text, at: index) else { return nil }
        index += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, index + 6 <= text.count, text[index] == UInt8(ascii: "\\"),
            text[index + 1] == UInt8(ascii: "u"), let second = JSONScan.unit(text, at: index + 2),
            (0xDC00...0xDFFF).contains(second)
        {
            index += 6
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        }
        return "\u{FFFD}"
    }
}
