// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// An IP address as its 4 or 16 bytes.
enum IPAddressBytes {
    /// Nil when it is no address. Without a zone and brackets.
    static func parse(_ text: String) -> [UInt8]? {
        switch IPAddressText.parse(text) {
        case .version4: IPv4Literal.bytes(Array(text.utf8)[...])
        case .version6: version6(Array(text.utf8))
        case nil: nil
        }
    }

    /// Of a valid address (RFC 4291 §2.2).
    private static func version6(_ text: [UInt8]) -> [UInt8]? {
        if text.contains(UInt8(ascii: "%")) { return nil }
        let colon = UInt8(ascii: ":")
        var halves: [[UInt8]] = [[]]
        var index = 0
        while index < text.count {
            if text[index] == colon {
                if index + 1 < text.count, text[index + 1] == colon {
                    halves.append([])
                    index += 2
                } else {
                    index += 1
                }
                continue
            }
            let group = text[index...].prefix { $0 != colon }
            index = group.endIndex
            if group.contains(UInt8(ascii: ".")) {
                halves[halves.count - 1] += IPv4Literal.bytes(group) ?? []
            } else {
                let value = group.reduce(UInt16(0)) { $0 << 4 | UInt16(ASCII.hexDigit($1) ?? 0) }
                halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        let known = halves.reduce(0) { $0 + $1.count }
        guard known <= 16, halves.count <= 2 else { return nil }
        guard halves.count == 2 else { return known == 16 ? halves[0] : nil }
        return halves[0] + [UInt8](repeating: 0, count: 16 - known) + halves[1]
    }
}
