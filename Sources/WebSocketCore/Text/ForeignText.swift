// SPDX-License-Identifier: Apache-2.0
/// Text that somebody else wrote: a close reason, a header's value, a name in a request or a certificate. Whoever wants
/// it as a `String` goes through `shown`, which makes it harmless where it is printed; nothing else turns it into one,
/// and to put it into a sentence as it is does not compile.
///
/// It may be no UTF-8, of any length, and hold control characters that a terminal or a log would obey: a line break
/// forges a log line, an escape sequence hides one, a direction mark turns the words around.
public struct ForeignText: Equatable, Sendable {
    /// Characters that are shown of it, unless the caller says otherwise; a longer text ends in "…".
    public static let charactersMax = 120

    let bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Of bytes of any number: as many of them as anybody shows, so that little is copied of much.
    public static func beginning(_ bytes: some Collection<UInt8>) -> ForeignText {
        ForeignText(bytes.prefix(beginningBytesMax))
    }

    private static let beginningBytesMax = 1024

    public init(_ span: RawSpan) {
        bytes = span.withUnsafeBytes { Array($0) }
    }

    public var isEmpty: Bool { bytes.isEmpty }

    public var byteCount: Int { bytes.count }

    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { bytes.withUnsafeBytes(body) }

    /// As it came, for who takes it apart; never for a sentence.
    public func withText<R>(_ body: ([UInt8]) -> R) -> R { body(bytes) }

    /// For comparisons where ASCII case does not count, as in DNS names; not for people.
    public var lowercasedASCII: [UInt8] { bytes.map(ASCII.lowercased) }

    /// What stands before the first byte of this value, or all of it.
    public func before(_ end: UInt8) -> ForeignText { ForeignText(bytes.prefix { $0 != end }) }

    /// Without what stands before an `@` in a URL's authority (RFC 3986 §3.2.1): it may be a password.
    public var withoutUserInformation: ForeignText {
        let slash = UInt8(ascii: "/")
        guard let first = bytes.indices.first(where: { $0 > 0 && bytes[$0] == slash && bytes[$0 - 1] == slash }) else {
            return self
        }
        let authority = bytes[(first + 1)...].prefix { $0 != slash && $0 != 0x3F && $0 != 0x23 }
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return self }
        return ForeignText(bytes[...first] + bytes[(at + 1)...])
    }

    /// As it may stand in a sentence of ours, a log line or a state: what is not plainly visible is spelled out as
    /// `\u{1b}`, a byte that is no UTF-8 as `\xff`; cut behind `charactersMax` characters of it.
    public func shown(charactersMax: Int = ForeignText.charactersMax) -> String {
        shown(charactersMax: charactersMax, escapes: false)
    }

    /// The same as a word among words: in quotes, with a backslash before a quote and a backslash in it, unless it is
    /// made of ASCII letters, digits and `_ - . :` alone, or nothing is shown of it but "…".
    public func shownAsWord(charactersMax: Int = ForeignText.charactersMax) -> String {
        let isPlain = !bytes.isEmpty && bytes.count <= charactersMax && bytes.allSatisfy(Self.isPlain)
        if isPlain || bytes.elementsEqual("…".utf8) { return shown(charactersMax: charactersMax) }
        return "\"\(shown(charactersMax: charactersMax, escapes: true))\""
    }

    /// It has more characters than that.
    public func isLonger(than charactersMax: Int) -> Bool {
        var (count, index) = (0, 0)
        while index < bytes.count, count <= charactersMax {
            count += 1
            index += Self.decode(bytes, at: index).1
        }
        return count > charactersMax
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
    }

    private func shown(charactersMax: Int, escapes: Bool) -> String {
        var text = ""
        var count = 0
        var index = 0
        while index < bytes.count {
            guard count < charactersMax else { return text + "…" }
            count += 1
            let (scalar, length) = Self.decode(bytes, at: index)
            if escapes, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "\\") { text += "\\" }
            index += length
            guard let scalar else {
                text += "\\x" + Self.hex(UInt32(bytes[index - 1]), digits: 2)
                continue
            }
            if Self.isVisible(scalar.value) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "\\u{" + Self.hex(scalar.value, digits: 1) + "}"
            }
        }
        return text
    }

    /// A URI reference (RFC 3986 §4.1) as an object of a sentence: without its query, which carries keys, and without
    /// user and password. One that has nothing else is said to be that.
    public func shownAsReference() -> String {
        if isEmpty { return "the same address (its Location is empty)" }
        let address = before(UInt8(ascii: "?"))
        return address.isEmpty ? "the same path with another query" : address.withoutUserInformation.shown()
    }

    /// The scalar that begins at `index`, and its bytes; nil and 1 where there is none (RFC 3629 §4).
    private static func decode(_ bytes: [UInt8], at index: Int) -> (Unicode.Scalar?, Int) {
        let first = bytes[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, index + length <= bytes.count else { return (nil, 1) }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = bytes[index + offset]
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        // Longer than need be, or half of a surrogate pair.
        guard value >= [0, 0, 0x80, 0x800, 0x10000][length], let scalar = Unicode.Scalar(value) else { return (nil, 1) }
        return (scalar, length)
    }

    /// No control character, no break of a line or paragraph, no mark of direction, nothing without a width.
    private static func isVisible(_ value: UInt32) -> Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F: false
        case 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: false
        // Tags, which repeat ASCII unseen, and what is for private use.
        case 0xE000...0xF8FF, 0xE0000...0x10FFFF: false
        // No characters (Unicode §23.7).
        case 0xFDD0...0xFDEF: false
        default: value & 0xFFFE != 0xFFFE
        }
    }

    /// Whether there is a control character in UTF-8, of C0, DEL or C1, or a break of a line or paragraph (U+2028,
    /// U+2029): what splits a line of log or of metrics in two, or worse.
    public static func hasControl(_ utf8: UnsafeRawBufferPointer) -> Bool {
        for (index, byte) in utf8.enumerated() {
            switch byte {
            case 0..<0x20, 0x7F: return true
            case 0xC2 where index + 1 < utf8.count: if (0x80...0x9F).contains(utf8[index + 1]) { return true }
            case 0xE2 where index + 2 < utf8.count:
                if utf8[index + 1] == 0x80, utf8[index + 2] & 0xFE == 0xA8 { return true }
            default: break
            }
        }
        return false
    }

    private static func hex(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return text.utf8.count < digits ? "0" + text : text
    }
}

/// A text in our own source is nobody else's; for tests.
extension ForeignText: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}

extension DefaultStringInterpolation {
    @available(*, unavailable, message: "foreign text goes through shown() before it stands in a sentence")
    public mutating func appendInterpolation(_ text: ForeignText) {}

    @available(*, unavailable, message: "foreign text goes through shown() before it stands in a sentence")
    public mutating func appendInterpolation(_ text: ForeignText?) {}
}
