// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What kind of address a text is.
enum IPAddressText: Equatable {
    case version4
    case version6

    /// Nil when it is no address. A zone, `fe80::1%eth0`, is taken.
    static func parse(_ text: String) -> IPAddressText? {
        if text.utf8.contains(UInt8(ascii: ":")) { return isVersion6(text) ? .version6 : nil }
        return IPv4Literal.isValid(Array(text.utf8)[...]) ? .version4 : nil
    }

    /// As the host of a URL, which has brackets and writes the zone's sign escaped (RFC 6874 §2).
    private static func isVersion6(_ text: String) -> Bool {
        var url = Array("ws://[".utf8)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "[") { return false }
            url.append(byte)
            if byte == UInt8(ascii: "%") { url.append(contentsOf: "25".utf8) }
        }
        url.append(UInt8(ascii: "]"))
        do throws(URLError) {
            return try WebSocketURL.parse(String(decoding: url, as: UTF8.self)).isIPv6Literal
        } catch { return false }
    }
}
