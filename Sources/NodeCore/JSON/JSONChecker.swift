// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Checks that bytes are one JSON document (RFC 8259), in one pass and without building anything: for documents of
/// which only a part counts. It takes what jansson takes, and numbers of any size besides. The pass may be made in
/// pieces.
struct JSONChecker {
    /// The deepest nesting that it can check.
    static let depthMax = 64

    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    /// Where the present line is, and begins: outside of texts a line's end is a blank.
    private var line = 1
    private var lineStart = 0
    private var step = Step.value
    /// The pass stops as soon as it may from here on.
    private var limit = Int.max
    /// Open brackets, and for each, from the lowest bit on, whether it is an object's.
    private var depth = 0
    private var objects: UInt64 = 0

    private struct Fault: Error { let text: StaticString }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Throws an error with line and column, 1-based.
    static func check(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var checker = JSONChecker(bytes)
        _ = try checker.check(byteCount: bytes.count)
    }

    /// Looks at so many bytes more, and as few besides as may be. Throws an error with line and column, 1-based.
    /// - Returns: whether that was the end.
    mutating func check(byteCount: Int) throws(JSONError) -> Bool {
        // At the end of the bytes it is to find what is missing there.
        limit = byteCount < bytes.count - index ? index + max(1, byteCount) : .max
        do throws(Fault) {
            return try checkDocument()
        } catch { throw JSONError(text: place + ": \(error.text)") }
    }

    /// Whether these bytes are one text, with its quotes.
    static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.first == UInt8(ascii: "\"") else { return false }
        var checker = JSONChecker(bytes)
        checker.index = 1
        do throws(Fault) { return try checker.checkTextRest() && checker.index == bytes.count } catch { return false }
    }

    private var place: String { "line \(line), column \(min(index, bytes.count) - lineStart + 1)" }

    private enum Step {
        case value, name, behindName, behindValue, insideText, insideName
        /// Behind an opening bracket.
        case opened
        case digits, fractionDigits, exponentDigits
    }

    /// - Returns: whether the document is at its end.
    private mutating func checkDocument() throws(Fault) -> Bool {
        while index < limit {
            switch step {
            case .value, .name, .behindName, .behindValue, .opened:
                skipBlanks()
                if index >= limit { return false }
            case .insideText, .insideName, .digits, .fractionDigits, .exponentDigits: break
            }
            switch step {
            case .opened: step = checkOpened()
            case .digits, .fractionDigits, .exponentDigits: step = try checkDigitsRest(step)
            case .value: step = try checkValue()
            case .name:
                guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
                    throw Fault(text: "a name in quotes is expected")
                }
                index += 1
                step = .insideName
            case .insideName: if try checkTextRest() { step = .behindName }
            case .insideText: if try checkTextRest() { step = .behindValue }
            case .behindName:
                try expect(UInt8(ascii: ":"), "a colon is expected")
                step = .value
            case .behindValue:
                if depth == 0 {
                    guard index == bytes.count else { throw Fault(text: "something follows the document's end") }
                    return true
                }
                step = try checkSeparator()
            }
        }
        return false
    }

    private mutating func skipBlanks() {
        let end = min(limit, bytes.count)
        while index < end, JSONScan.isBlank(bytes[index]) {
            let isLine = bytes[index] == 0x0A
            index += 1
            if isLine {
                line += 1
                lineStart = index
            }
        }
    }

    private mutating func expect(_ byte: UInt8, _ otherwise: StaticString) throws(Fault) {
        guard index < bytes.count, bytes[index] == byte else { throw Fault(text: otherwise) }
        index += 1
    }

    /// Between two values of an array or an object, or behind the last.
    private mutating func checkSeparator() throws(Fault) -> Step {
        guard index < bytes.count else { throw Fault(text: "the document is cut off") }
        let isObject = objects >> UInt64(depth - 1) & 1 == 1
        switch bytes[index] {
        case UInt8(ascii: ","):
            index += 1
            return isObject ? .name : .value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
            index += 1
            depth -= 1
            return .behindValue
        default: throw Fault(text: isObject ? "\",\" or \"}\" is expected" : "\",\" or \"]\" is expected")
        }
    }

    private mutating func checkValue() throws(Fault) -> Step {
        guard index < bytes.count else { throw Fault(text: "the document is cut off") }
        switch bytes[index] {
        case UInt8(ascii: "\""):
            index += 1
            return .insideText
        case UInt8(ascii: "{"): return try open(isObject: true)
        case UInt8(ascii: "["): return try open(isObject: false)
        case UInt8(ascii: "t"): try checkWord("true")
        case UInt8(ascii: "f"): try checkWord("false")
        case UInt8(ascii: "n"): try checkWord("null")
        case let byte where byte == UInt8(ascii: "-") || ASCII.isDigit(byte): return try checkNumber()
        default: throw Fault(text: "a value is expected")
        }
        return .behindValue
    }

    private mutating func open(isObject: Bool) throws(Fault) -> Step {
        guard depth < Self.depthMax else { throw Fault(text: "it is nested too deep") }
        objects = objects & ~(1 << UInt64(depth)) | (isObject ? 1 : 0) << UInt64(depth)
        depth += 1
        index += 1
        return .opened
    }

    /// Perhaps there is nothing in it.
    private mutating func checkOpened() -> Step {
        let isObject = objects >> UInt64(depth - 1) & 1 == 1
        guard index < bytes.count, bytes[index] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            return isObject ? .name : .value
        }
        index += 1
        depth -= 1
        return .behindValue
    }

    private mutating func checkWord(_ word: StaticString) throws(Fault) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard index < bytes.count, bytes[index] == word.utf8Start[offset] else {
                throw Fault(text: "a value is expected")
            }
            index += 1
        }
    }

    private mutating func checkNumber() throws(Fault) -> Step {
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index += 1
            return try checkBehindDigits(.digits)
        }
        try checkDigit()
        return .digits
    }

    /// One at least.
    private mutating func checkDigit() throws(Fault) {
        guard index < bytes.count, ASCII.isDigit(bytes[index]) else { throw Fault(text: "a digit is expected") }
        index += 1
    }

    private mutating func checkDigitsRest(_ part: Step) throws(Fault) -> Step {
        let end = min(limit, bytes.count)
        while index < end, ASCII.isDigit(bytes[index]) { index += 1 }
        return index < limit ? try checkBehindDigits(part) : part
    }

    private mutating func checkBehindDigits(_ part: Step) throws(Fault) -> Step {
        guard index < bytes.count, part != .exponentDigits else { return .behindValue }
        if part == .digits, bytes[index] == UInt8(ascii: ".") {
            index += 1
            try checkDigit()
            return .fractionDigits
        }
        guard ASCII.lowercased(bytes[index]) == UInt8(ascii: "e") else { return .behindValue }
        index += 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
        try checkDigit()
        return .exponentDigits
    }

    // MARK: Texts

    /// From a place inside a text on. Returns whether it is behind its closing quote.
    private mutating func checkTextRest() throws(Fault) -> Bool {
        while index < limit {
            skipPlain()
            guard index < bytes.count else { throw Fault(text: "a text is cut off") }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return true
            case UInt8(ascii: "\\"): try checkEscape()
            case 0..<0x20: throw Fault(text: "a text holds a control character")
            case 0x80...0xFF: try checkUTF8()
            default: index += 1
            }
        }
        return false
    }

    /// Eight bytes at a time, as long as they are ASCII without quote, backslash and control characters.
    private mutating func skipPlain() {
        let low: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        while index &+ 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quotes = word ^ (0x22 &* low)
            let slashes = word ^ (0x5C &* low)
            let found =
                (word &- 0x20 &* low) & ~word | (quotes &- low) & ~quotes | (slashes &- low) & ~slashes | word
            if found & high != 0 { return }
            index &+= 8
        }
    }

    private mutating func checkEscape() throws(Fault) {
        index += 1
        guard index < bytes.count else { throw Fault(text: "a text is cut off") }
        switch bytes[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 1
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            switch unit {
            case 0xD800...0xDBFF:
                // RFC 8259 §7: the other half of the pair follows.
                guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
                    bytes[index + 1] == UInt8(ascii: "u")
                else { throw Fault(text: "a text holds half a surrogate pair") }
                index += 1
                guard (0xDC00...0xDFFF).contains(try hexadecimal()) else {
                    throw Fault(text: "a text holds half a surrogate pair")
                }
            case 0xDC00...0xDFFF: throw Fault(text: "a text holds half a surrogate pair")
            default: break
            }
        default: throw Fault(text: "a text holds an escape that is none")
        }
    }

    /// The four digits behind the `u` at `index`.
    private mutating func hexadecimal() throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            index += 1
            guard index < bytes.count, let digit = ASCII.hexDigit(bytes[index]) else {
                throw Fault(text: "a text holds an escape that is none")
            }
            value = value << 4 | UInt32(digit)
        }
        index += 1
        return value
    }

    /// One character of more than one byte (RFC 3629 §4).
    private mutating func checkUTF8() throws(Fault) {
        let first = bytes[index]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, index + length <= bytes.count else {
            throw Fault(text: "a text is no UTF-8")
        }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            guard bytes[index + offset] & 0xC0 == 0x80 else { throw Fault(text: "a text is no UTF-8") }
            value = value << 6 | UInt32(bytes[index + offset] & 0x3F)
        }
        let least: UInt32 = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80
        guard value >= least, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else {
            throw Fault(text: "a text is no UTF-8")
        }
        index += length
    }
}
