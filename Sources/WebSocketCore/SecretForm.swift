// SPDX-License-Identifier: Apache-2.0
/// How a peer may write what it was told.
enum SecretForm {
    case plain
    /// In a text of JSON (RFC 8259 §7).
    case json
    /// RFC 3986 §2.1, or a form's, with a + for a space.
    case percent

    static let all: [SecretForm] = [.plain, .json, .percent]

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
        case .json: byte == UInt8(ascii: "\\")
        case .percent: byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+")
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
        case .percent: return rest[0] == UInt8(ascii: "%") && rest.count < 3
        }
    }

    /// The bytes that a special character stands for, and its own length; nil: it is none.
    private func special(_ bytes: UnsafeRawBufferPointer, wanted: UInt8) -> (values: [UInt8], length: Int)? {
        switch bytes[0] {
        case UInt8(ascii: "\\"): Self.escaped(bytes)
        case UInt8(ascii: "%"): Self.number(bytes, from: 1, digits: 2).map { ([UInt8($0)], 3) }
        // In a form a space, elsewhere itself.
        default: ([wanted == bytes[0] ? wanted : 0x20], 1)
        }
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

    /// In hexadecimal.
    private static func number(_ bytes: UnsafeRawBufferPointer, from start: Int, digits: Int) -> UInt32? {
        guard bytes.count >= start + digits else { return nil }
        return ASCII.hexadecimal(bytes[start..<start + digits]).map { UInt32(truncatingIfNeeded: $0) }
    }
}
