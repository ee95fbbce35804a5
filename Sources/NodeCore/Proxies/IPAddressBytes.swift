/// An IP address as its 4 or 16 bytes.
enum IPAddressBytes {
    /// Nil when it is no address. Without a zone and brackets.
    static func parse(_ text: String) -> [UInt8]? {
        switch IPAddressText.parse(text) {
        case .version4: version4(text.utf8[...])
        case .version6: version6(Array(text.utf8))
        case nil: nil
        }
    }

    /// Of a valid address.
    private static func version4(_ text: some Collection<UInt8>) -> [UInt8] {
        text.split(separator: UInt8(ascii: ".")).map { part in
            part.reduce(0) { $0 &* 10 &+ ($1 &- 0x30) }
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
                halves[halves.count - 1] += version4(group)
            } else {
                let value = group.reduce(UInt16(0)) { $0 << 4 | UInt16(digit($1)) }
                halves[halves.count - 1] += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        let known = halves.reduce(0) { $0 + $1.count }
        guard known <= 16, halves.count <= 2 else { return nil }
        guard halves.count == 2 else { return known == 16 ? halves[0] : nil }
        return halves[0] + [UInt8](repeating: 0, count: 16 - known) + halves[1]
    }

    private static func digit(_ byte: UInt8) -> UInt8 { byte < 0x3A ? byte - 0x30 : (byte | 0x20) - 0x61 + 10 }
}
