// SPDX-License-Identifier: Apache-2.0
/// How a peer may write what it was told.
enum SecretForm {
    case plain
    /// In a text of JSON (RFC 8259 §7).
    case json
    /// The same in a text of JSON that is one of another: the log line of a log line.
    case jsonTwice
    /// RFC 3986 §2.1, or a form's, with a + for a space.
    case percent
    /// In a text of HTML or XML, where some characters stand by name or number.
    case markup

    static let all: [SecretForm] = [.plain, .json, .jsonTwice, .percent, .markup]

    /// The first bytes of what stands for another one, in any form.
    static let specialBytes: [UInt8] = Array("\\%+&".utf8)
    /// As many bytes stand for one at most: `&#0000065;`.
    static let bytesPerByteMax = 10

    /// How many bytes of the secret stand in `bytes[index...]`, and where they end there.
    func match(
        _ secret: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, from index: Int
    ) -> (count: Int, end: Int) {
        var count = 0
        var end = index
        while count < secret.count, end < bytes.count {
            let byte = bytes[end]
            if !isSpecial(byte) {
                guard byte == secret[count] else { break }
                count += 1
                end += 1
                continue
            }
            let rest = secret[count...]
            let next = UnsafeRawBufferPointer(rebasing: bytes[end...])
            guard let (values, length) = special(next, wanted: secret[count]), rest.count >= values.count,
                rest.starts(with: values)
            else { break }
            count += values.count
            end += length
        }
        return (count, end)
    }

    private func isSpecial(_ byte: UInt8) -> Bool {
        switch self {
        case .plain: false
        case .json, .jsonTwice: byte == UInt8(ascii: "\\")
        case .percent: byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+")
        case .markup: byte == UInt8(ascii: "&")
        }
    }

    /// Nothing follows, or the beginning of one character of this form.
    func isCutOff(_ rest: UnsafeRawBufferPointer) -> Bool {
        if rest.isEmpty { return true }
        switch self {
        case .plain: return false
        case .json:
            // Two escapes may be one character.
            let most = rest.count >= 2 && rest[1] != UInt8(ascii: "u") ? 2 : 12
            return rest[0] == UInt8(ascii: "\\") && rest.count < most && Self.escaped(rest) == nil
        case .jsonTwice: return rest[0] == UInt8(ascii: "\\") && rest.count < 14 && Self.escapedTwice(rest) == nil
        case .percent: return rest[0] == UInt8(ascii: "%") && rest.count < 3
        case .markup:
            return rest[0] == UInt8(ascii: "&") && rest.count < Self.bytesPerByteMax
                && !rest.contains(UInt8(ascii: ";"))
        }
    }

    /// The bytes that a special character stands for, and its own length; nil: it is none.
    private func special(_ bytes: UnsafeRawBufferPointer, wanted: UInt8) -> (values: [UInt8], length: Int)? {
        switch bytes[0] {
        case UInt8(ascii: "\\"): self == .jsonTwice ? Self.escapedTwice(bytes) : Self.escaped(bytes)
        case UInt8(ascii: "%"): Self.number(bytes, from: 1, digits: 2).map { ([UInt8($0)], 3) }
        // Where a server leaves the sign as it is, it stands for itself.
        case UInt8(ascii: "&"): Self.entity(bytes) ?? ([bytes[0]], 1)
        // In a form a space, elsewhere itself.
        default: ([wanted == bytes[0] ? wanted : 0x20], 1)
        }
    }

    private static let entities: [(name: StaticString, value: UInt8)] = [
        ("&amp;", 0x26), ("&lt;", 0x3C), ("&gt;", 0x3E), ("&quot;", 0x22), ("&apos;", 0x27),
    ]

    /// `&amp;`, `&#47;` or `&#x2F;`.
    private static func entity(_ bytes: UnsafeRawBufferPointer) -> (values: [UInt8], length: Int)? {
        for entity in entities {
            let name = UnsafeBufferPointer(start: entity.name.utf8Start, count: entity.name.utf8CodeUnitCount)
            if bytes.starts(with: name) { return ([entity.value], name.count) }
        }
        guard bytes.count >= 4, bytes[1] == UInt8(ascii: "#") else { return nil }
        let isHexadecimal = ASCII.lowercased(bytes[2]) == UInt8(ascii: "x")
        let start = isHexadecimal ? 3 : 2
        guard let end = bytes.prefix(bytesPerByteMax).firstIndex(of: UInt8(ascii: ";")), end > start else { return nil }
        var number: UInt32 = 0
        if isHexadecimal {
            guard let value = Self.number(bytes, from: start, digits: end - start) else { return nil }
            number = value
        } else {
            for byte in bytes[start..<end] {
                guard let digit = ASCII.digit(byte) else { return nil }
                number = number * 10 + UInt32(digit)
            }
        }
        guard let scalar = Unicode.Scalar(number), let encoded = UTF8.encode(scalar) else { return nil }
        return (Array(encoded), end + 1)
    }

    /// Behind a backslash.
    private static func escaped(_ bytes: UnsafeRawBufferPointer) -> (values: [UInt8], length: Int)? {
        guard bytes.count >= 2 else { return nil }
        switch bytes[1] {
        case UInt8(ascii: "u"):
            guard let unit = number(bytes, from: 2, digits: 4) else { return nil }
            if let scalar = Unicode.Scalar(unit), let encoded = UTF8.encode(scalar) { return (Array(encoded), 6) }
            // The first half of two (RFC 8259 §7).
            guard unit < 0xDC00, bytes.count >= 12, bytes[6] == UInt8(ascii: "\\"), bytes[7] == UInt8(ascii: "u"),
                let low = number(bytes, from: 8, digits: 4), (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)),
                let encoded = UTF8.encode(scalar)
            else { return nil }
            return (Array(encoded), 12)
        case UInt8(ascii: "b"): return ([8], 2)
        case UInt8(ascii: "t"): return ([9], 2)
        case UInt8(ascii: "n"): return ([10], 2)
        case UInt8(ascii: "f"): return ([12], 2)
        case UInt8(ascii: "r"): return ([13], 2)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return ([bytes[1]], 2)
        default: return nil
        }
    }

    /// What an escape stands for that is escaped itself, or one that is not. No more than two of those are one
    /// character.
    private static func escapedTwice(_ bytes: UnsafeRawBufferPointer) -> (values: [UInt8], length: Int)? {
        var inner: [UInt8] = []
        // Where each ends.
        var ends: [Int] = []
        var end = 0
        while end < bytes.count, inner.count < 12 {
            var values = [bytes[end]]
            var length = 1
            if bytes[end] == UInt8(ascii: "\\") {
                guard let one = escaped(UnsafeRawBufferPointer(rebasing: bytes[end...])) else { break }
                (values, length) = one
            }
            end += length
            for value in values {
                inner.append(value)
                ends.append(end)
            }
            if inner[0] != UInt8(ascii: "\\") { return (inner, end) }
        }
        return inner.withUnsafeBytes { escaped($0) }.map { ($0.values, ends[$0.length - 1]) }
    }

    /// As much of what stands in `bytes[index...]` as `count` bytes, or as there is.
    /// - Parameter plus: what a form's + stands for.
    /// - Returns: where that ends, and whether it is written otherwise than plain.
    func decode(
        _ bytes: UnsafeRawBufferPointer, from index: Int, count: Int, plus: UInt8, into decoded: WipedBytes
    ) -> (end: Int, isEncoded: Bool) {
        var end = index
        var isEncoded = false
        while decoded.count < count, end < bytes.count {
            guard isSpecial(bytes[end]) else {
                decoded.append(bytes[end])
                end += 1
                continue
            }
            let next = UnsafeRawBufferPointer(rebasing: bytes[end...])
            guard let (values, length) = special(next, wanted: plus) else { break }
            for value in values { decoded.append(value) }
            end += length
            isEncoded = true
        }
        return (end, isEncoded)
    }

    /// What `%2F` stands for at this place; nil: there is none.
    static func percentByte(_ bytes: UnsafeRawBufferPointer, at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "%") else { return nil }
        return number(bytes, from: index + 1, digits: 2).map { UInt8(truncatingIfNeeded: $0) }
    }

    /// In hexadecimal.
    private static func number(_ bytes: UnsafeRawBufferPointer, from start: Int, digits: Int) -> UInt32? {
        guard bytes.count >= start + digits else { return nil }
        return ASCII.hexadecimal(bytes[start..<start + digits]).map { UInt32(truncatingIfNeeded: $0) }
    }
}
