// SPDX-License-Identifier: Apache-2.0
/// The value of Sec-WebSocket-Extensions, taken apart (RFC 6455 §9.1).
struct ExtensionList {
    struct Parameter {
        let name: String
        /// Without its quotes; nil: the parameter stands alone.
        let value: String?
    }

    /// One extension with its parameters, in their order.
    struct Member {
        let name: String
        fileprivate(set) var parameters: [Parameter] = []
    }

    let members: [Member]

    /// Nil if the text does not follow the grammar. Empty members of the list are let through, as HTTP wants it
    /// (RFC 9110 §5.6.1.2), and so are spaces and tabs between any two words.
    static func parse(_ text: String) -> ExtensionList? {
        var reader = Reader(bytes: Array(text.utf8))
        var members: [Member] = []
        while true {
            reader.skipSpace()
            if reader.isAtEnd { return ExtensionList(members: members) }
            if reader.take(UInt8(ascii: ",")) { continue }
            guard let member = reader.member() else { return nil }
            members.append(member)
            guard reader.isAtEnd || reader.take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func skipSpace() {
            while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard index < bytes.count, bytes[index] == byte else { return false }
            index += 1
            return true
        }

        /// `extension = extension-token *( ";" extension-param )`, and the space behind it.
        mutating func member() -> Member? {
            guard let name = token() else { return nil }
            var member = Member(name: name)
            skipSpace()
            while take(UInt8(ascii: ";")) {
                skipSpace()
                guard let name = token() else { return nil }
                skipSpace()
                var value: String?
                if take(UInt8(ascii: "=")) {
                    skipSpace()
                    value = take(UInt8(ascii: "\"")) ? quoted() : token()
                    if value == nil { return nil }
                    skipSpace()
                }
                member.parameters.append(Parameter(name: name, value: value))
            }
            return member
        }

        mutating func token() -> String? {
            let start = index
            while index < bytes.count, ASCII.isTokenCharacter(bytes[index]) { index += 1 }
            return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
        }

        /// What stands behind the opening quote. RFC 6455 §9.1: without quotes and backslashes it must be a token too.
        mutating func quoted() -> String? {
            var value: [UInt8] = []
            while index < bytes.count {
                var byte = bytes[index]
                index += 1
                if byte == UInt8(ascii: "\"") { return value.isEmpty ? nil : String(decoding: value, as: UTF8.self) }
                if byte == UInt8(ascii: "\\") {
                    guard index < bytes.count else { return nil }
                    byte = bytes[index]
                    index += 1
                }
                guard ASCII.isTokenCharacter(byte) else { return nil }
                value.append(byte)
            }
            return nil
        }
    }
}
