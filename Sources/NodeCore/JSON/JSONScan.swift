// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// JSON text as bytes: where its tokens begin and end. Nothing is built, and nothing is checked beyond what is said.
enum JSONScan {
    /// JSON's four blanks (RFC 8259 §2).
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    /// The first byte from `start` on that is no blank, or the end.
    static func skipBlanks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        return index
    }

    /// Blanks before a document, bytes: who sends more sends no document.
    static let leadingBlanksMax = 1 << 20

    /// Where a document begins that may have a byte order mark and blanks before it; nil: there is none.
    static func beginning(of bytes: UnsafeRawBufferPointer) -> Int? {
        next(bytes, from: ByteOrderMark.begins(bytes) ? ByteOrderMark.byteCount : 0)
    }

    /// The first byte from `start` on that is no blank, of the next `leadingBlanksMax`; nil: there is none.
    static func next(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let end = bytes.count - start > leadingBlanksMax ? start + leadingBlanksMax : bytes.count
        let index = skipBlanks(UnsafeRawBufferPointer(rebasing: bytes[..<end]), from: start)
        return index < end ? index : nil
    }

    /// Behind the closing quote of the text whose opening quote is at `start`, or the end of the bytes.
    static func endOfText(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            // Most texts are no longer than that.
            let end = min(index &+ 8, bytes.count)
            while index < end {
                let byte = bytes[index]
                if byte == UInt8(ascii: "\"") { return index + 1 }
                index += byte == UInt8(ascii: "\\") ? 2 : 1
            }
            // Eight bytes at a time, as long as none is a quote or a backslash.
            while index &+ 8 <= bytes.count,
                isPlain(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            { index &+= 8 }
        }
        return bytes.count
    }

    /// Whether none of eight bytes is a quote or a backslash.
    static func isPlain(_ word: UInt64) -> Bool {
        let low: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (0x22 &* low)
        let slashes = word ^ (0x5C &* low)
        return ((quotes &- low) & ~quotes | (slashes &- low) & ~slashes) & high == 0
    }

    /// Behind the value that begins at `start`: brackets are counted, whatever is between them.
    static func endOfValue(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        var open = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = endOfText(bytes, from: index)
                if open == 0 { return index }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if open == 0 { return index }
                open -= 1
                if open == 0 { return index + 1 }
            case UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09:
                if open == 0 { return index }
            default: break
            }
            index += 1
        }
        return bytes.count
    }

    /// The elements of an array that has been checked, in order, until `body` returns false.
    static func forEachElement<E: Error>(
        _ array: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(E) -> Bool
    ) throws(E) {
        var index = 1
        while let element = nextElement(array, at: &index) { guard try body(element) else { return } }
    }

    /// Whether all elements of an array are texts.
    static func areTexts(_ array: UnsafeRawBufferPointer) -> Bool {
        var index = 1
        while let element = nextElement(array, at: &index) { if element.first != UInt8(ascii: "\"") { return false } }
        return true
    }

    /// The element at `index`, which begins as 1 and moves to the next; nil: there are no more.
    static func nextElement(_ array: UnsafeRawBufferPointer, at index: inout Int) -> UnsafeRawBufferPointer? {
        let start = skipBlanks(array, from: index)
        guard start < array.count, array[start] != UInt8(ascii: "]") else { return nil }
        let end = endOfValue(array, from: start)
        guard end > start else { return nil }
        index = skipBlanks(array, from: end)
        if index < array.count, array[index] == UInt8(ascii: ",") { index += 1 }
        return UnsafeRawBufferPointer(rebasing: array[start..<end])
    }

    /// The members of an object that has been checked: name without its quotes, and value. More may stand behind it.
    /// - Returns: where it ends.
    @discardableResult
    static func forEachMember(
        _ object: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) -> Int {
        var index = skipBlanks(object, from: 1)
        while index < object.count, object[index] == UInt8(ascii: "\"") {
            let nameEnd = endOfText(object, from: index)
            let start = skipBlanks(object, from: skipBlanks(object, from: nameEnd) + 1)
            guard start < object.count else { return object.count }
            let end = endOfValue(object, from: start)
            guard end > start else { return object.count }
            body(
                UnsafeRawBufferPointer(rebasing: object[index + 1..<nameEnd - 1]),
                UnsafeRawBufferPointer(rebasing: object[start..<end]))
            index = skipBlanks(object, from: end)
            if index < object.count, object[index] == UInt8(ascii: ",") { index = skipBlanks(object, from: index + 1) }
        }
        return min(index + 1, object.count)
    }

    /// Calls `body` with a name as it stands in the document, or decoded where it holds escapes and may be as short as
    /// `bytesMax`; a name that is longer is none that anybody asks for.
    static func withName<Result>(
        _ name: UnsafeRawBufferPointer, bytesMax: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        // Escaped, a character takes six bytes.
        guard name.count <= bytesMax * 6, name.contains(UInt8(ascii: "\\")) else { return body(name) }
        return decoded(name).withUnsafeBytes(body)
    }

    /// What a text without its quotes means (RFC 8259 §7). An escape that is none, in a document that has not been
    /// checked, stands for itself.
    static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: max(1, text.count)) { room, count in
            count = room.baseAddress.map { decode(text, into: $0) } ?? 0
        }
    }

    /// The same, written where there is room for as much as the text takes itself.
    /// - Returns: how many bytes it means.
    static func decode(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer) -> Int {
        var length = 0
        func append(_ byte: UInt8) {
            output.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
            length += 1
        }
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < text.count else {
                append(byte)
                continue
            }
            let escape = text[index]
            index += 1
            switch escape {
            case UInt8(ascii: "b"): append(0x08)
            case UInt8(ascii: "f"): append(0x0C)
            case UInt8(ascii: "n"): append(0x0A)
            case UInt8(ascii: "r"): append(0x0D)
            case UInt8(ascii: "t"): append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(text, at: &index) else {
                    append(byte)
                    append(escape)
                    continue
                }
                for unit in UTF8.encode(scalar) ?? UTF8.encode("\u{FFFD}")! { append(unit) }
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): append(escape)
            default:
                append(byte)
                append(escape)
            }
        }
        return length
    }

    /// The character whose first four digits begin at `index`, which moves behind it; nil: there is none.
    private static func scalar(_ text: UnsafeRawBufferPointer, at index: inout Int) -> Unicode.Scalar? {
        guard let first = unit(text, at: index) else { return nil }
        if let scalar = Unicode.Scalar(first) {
            index += 4
            return scalar
        }
        guard first < 0xDC00, index + 6 <= text.count, text[index + 4] == UInt8(ascii: "\\"),
            text[index + 5] == UInt8(ascii: "u"), let second = unit(text, at: index + 6),
            (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { return nil }
        index += 10
        return scalar
    }

    /// Four hexadecimal digits at `index`; nil: they are none.
    static func unit(_ text: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
        guard index + 4 <= text.count else { return nil }
        var value: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = ASCII.hexDigit(text[index + offset]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Whether a name of the document is this one.
    static func isName(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard name.count >= count else { return false }
        return withName(name, bytesMax: count) {
            $0.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
        }
    }

    /// What a value is, in words for an error text; told by its first byte.
    static func kindName(_ value: UnsafeRawBufferPointer) -> StaticString {
        switch value.first {
        case UInt8(ascii: "{"): "an object"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "\""): "a text"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "true or false"
        case UInt8(ascii: "n"): "null"
        default:
            value.contains { $0 == 0x2E || $0 == 0x65 || $0 == 0x45 } ? "a real number" : "an integer"
        }
    }
}
