// SPDX-License-Identifier: Apache-2.0
/// An IPv4 address as text: four numbers up to 255 with dots between them.
public enum IPv4Literal {
    public static func isValid(_ text: ArraySlice<UInt8>) -> Bool { bytes(text) != nil }

    /// Its four bytes; nil: it is none. RFC 3986 §3.2.2: no leading zeros, which would be octal for some readers.
    public static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard !part.isEmpty, part.count <= 3, part.count == 1 || part.first != UInt8(ascii: "0") else {
                return nil
            }
            var value = 0
            for byte in part {
                guard let digit = ASCII.digit(byte) else { return nil }
                value = value * 10 + Int(digit)
            }
            guard value <= 255 else { return nil }
            bytes.append(UInt8(value))
        }
        return bytes
    }
}
