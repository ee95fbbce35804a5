// SPDX-License-Identifier: Apache-2.0
/// What HTTP, URLs and settings ask of single bytes. Not `Character` and `String ==`: those compare by Unicode's rules,
/// which these protocols do not mean, and bring Unicode's tables into an Embedded build.
public enum ASCII {
    @inlinable
    public static func isASCII(_ byte: UInt8) -> Bool { byte < 0x80 }

    @inlinable
    public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inlinable
    public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    @inlinable
    public static func isSmallLetter(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }

    @inlinable
    public static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

    /// What a URL has as it is, wherever it stands (RFC 3986 §2.3).
    public static func isUnreserved(_ byte: UInt8) -> Bool {
        if isAlphanumeric(byte) { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): return true
        default: return false
        }
    }

    /// Space, tab, line feed, vertical tab, form feed, carriage return.
    @inlinable
    public static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }

    static func isHexDigit(_ byte: UInt8) -> Bool { hexDigit(byte) != nil }

    /// 0 to 9; nil: it is no decimal digit.
    @inlinable
    public static func digit(_ byte: UInt8) -> UInt8? { isDigit(byte) ? byte &- 0x30 : nil }

    /// 0 to 15; nil: it is no hexadecimal digit.
    @inlinable
    public static func hexDigit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// The digit of a value below 16, a small letter from 10 on.
    @inlinable
    public static func hexDigit(of value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x57 &+ value }

    /// The same, a capital letter from 10 on (RFC 3986 §2.1).
    @inlinable
    public static func capitalHexDigit(of value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x37 &+ value }

    /// The number that these decimal digits say; nil: there are none, or other bytes among them, or it has more than 64
    /// bits.
    @inlinable
    public static func decimal(_ digits: some Sequence<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        var isEmpty = true
        for byte in digits {
            guard let digit = digit(byte) else { return nil }
            let (shifted, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, carries) = shifted.addingReportingOverflow(UInt64(digit))
            if overflows || carries { return nil }
            number = sum
            isEmpty = false
        }
        return isEmpty ? nil : number
    }

    /// The same of hexadecimal digits.
    @inlinable
    public static func hexadecimal(_ digits: some Sequence<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        var isEmpty = true
        for byte in digits {
            guard let digit = hexDigit(byte), number >> 60 == 0 else { return nil }
            number = number << 4 | UInt64(digit)
            isEmpty = false
        }
        return isEmpty ? nil : number
    }

    @inlinable
    public static func uppercased(_ byte: UInt8) -> UInt8 { isSmallLetter(byte) ? byte & 0xDF : byte }

    @inlinable
    public static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// A text as it is compared where case does not count.
    @inlinable
    public static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] { text.map { lowercased($0) } }

    /// A character of an HTTP token (RFC 9110 §5.6.2).
    static func isTokenCharacter(_ byte: UInt8) -> Bool {
        if isDigit(byte) || isLetter(byte) { return true }
        switch byte {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: return true
        default: return false
        }
    }

    static func isToken(_ text: String) -> Bool {
        var isEmpty = true
        for byte in text.utf8 {
            guard isTokenCharacter(byte) else { return false }
            isEmpty = false
        }
        return !isEmpty
    }

    /// A byte of a field value: printable, space, tab, or beyond ASCII (RFC 9110 §5.5).
    static func isFieldValueByte(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7F) }

    public static func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        for (first, second) in zip(left.utf8, right.utf8) where lowercased(first) != lowercased(second) {
            return false
        }
        return true
    }

    /// The same bytes.
    static func equals(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    /// The bytes without spaces and tabs at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let first = slice.first, first == 0x20 || first == 0x09 { slice.removeFirst() }
        while let last = slice.last, last == 0x20 || last == 0x09 { slice.removeLast() }
        return slice
    }

    /// The members of a comma-separated list, trimmed, without empty ones (RFC 9110 §5.6.1). Quoted strings are not
    /// understood: none of the handshake's lists of tokens has any.
    static func listMembers(_ text: String) -> [String] {
        var members: [String] = []
        for part in Array(text.utf8).split(separator: UInt8(ascii: ",")) {
            let member = trimmed(part)
            if !member.isEmpty { members.append(String(decoding: member, as: UTF8.self)) }
        }
        return members
    }
}
