// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// One of the ways in which a proxy lets itself be shown who we are: a member of Proxy-Authenticate (RFC 9110 §11.3).
/// All of it is foreign text.
struct ProxyChallenge: Equatable, Sendable {
    /// In lower case.
    let scheme: String
    private(set) var parameters: [(name: String, value: String)] = []

    init(scheme: String) { self.scheme = scheme }

    static func == (left: ProxyChallenge, right: ProxyChallenge) -> Bool {
        left.scheme == right.scheme
            && left.parameters.elementsEqual(right.parameters) { $0.name == $1.name && $0.value == $1.value }
    }

    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The members of a list: a token without a sign behind it begins a challenge, one with it is a parameter of the
    /// last one. What makes no sense is passed over; nobody is let in by it.
    static func parse(_ text: String) -> [ProxyChallenge] {
        var reader = Reader(bytes: Array(text.utf8))
        var challenges: [ProxyChallenge] = []
        while let token = reader.token() {
            if reader.skip(UInt8(ascii: "=")) {
                let value = reader.value()
                if !challenges.isEmpty {
                    challenges[challenges.count - 1].parameters.append((Self.lowercased(token), value))
                }
            } else {
                challenges.append(ProxyChallenge(scheme: Self.lowercased(token)))
            }
        }
        return challenges
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: ASCII.lowercased(bytes), as: UTF8.self)
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        /// The next run of what is no separator; nil: there is none any more.
        mutating func token() -> ArraySlice<UInt8>? {
            while index < bytes.count, isSeparator(bytes[index]) { index += 1 }
            let start = index
            while index < bytes.count, !isSeparator(bytes[index]) { index += 1 }
            return start < index ? bytes[start..<index] : nil
        }

        private func isSeparator(_ byte: UInt8) -> Bool {
            byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "\"")
        }

        /// Bad white space around the sign is taken (RFC 9110 §11.2).
        mutating func skip(_ sign: UInt8) -> Bool {
            var place = index
            while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
            guard place < bytes.count, bytes[place] == sign else { return false }
            index = place + 1
            while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            return true
        }

        /// A token or a quoted string (RFC 9110 §5.6.4).
        mutating func value() -> String {
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
                let start = index
                while index < bytes.count, bytes[index] > 0x20, bytes[index] != UInt8(ascii: ",") { index += 1 }
                return String(decoding: bytes[start..<index], as: UTF8.self)
            }
            index += 1
            var value: [UInt8] = []
            while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count { index += 1 }
                value.append(bytes[index])
                index += 1
            }
            index += 1
            return String(decoding: value, as: UTF8.self)
        }
    }
}
