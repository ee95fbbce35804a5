// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A pin: SHA-256 of a public key as it stands in a certificate (SubjectPublicKeyInfo, RFC 7469 §2.4).
enum TLSPin {
    static let byteCount = 32

    /// Continues "it takes …".
    static let takes = "the base64 of 32 bytes, or 64 hexadecimal digits, each perhaps behind sha256/"

    /// `sha256/` or `sha256//`, as some tools write it, may stand before; colons between digits do not matter.
    /// Nil: it is no pin.
    static func parse(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)[...]
        let prefix = Array("sha256/".utf8)
        if bytes.count > prefix.count, bytes.prefix(prefix.count).map(ASCII.lowercased) == prefix {
            bytes = bytes.dropFirst(prefix.count)
            if bytes.first == UInt8(ascii: "/"), bytes.count > 43, bytes.count != 44 || bytes.last != 0x3D {
                bytes = bytes.dropFirst()
            }
        }
        return hexadecimal(bytes.filter { $0 != UInt8(ascii: ":") }) ?? base64(bytes)
    }

    private static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == 2 * byteCount else { return nil }
        var result: [UInt8] = []
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = ASCII.hexDigit(text[index]), let low = ASCII.hexDigit(text[index + 1]) else {
                return nil
            }
            result.append(high << 4 | low)
        }
        return result
    }

    /// 43 digits and perhaps their padding.
    private static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = text.last == UInt8(ascii: "=") ? text.dropLast() : text
        guard digits.count == 43 else { return nil }
        return Base64.decode(String(decoding: digits, as: UTF8.self) + "=")
    }
}
