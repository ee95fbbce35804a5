// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Which value of a JSON document is meant: a member of the root object by its name, or any value by a JSON pointer
/// (RFC 6901), which begins with "/".
public struct JSONPointer: Hashable, Sendable {
    /// A member's name, or the place of an element in an array.
    struct Token: Hashable, Sendable {
        let name: [UInt8]
        let hash: UInt64
        /// RFC 6901 §4: digits without leading zeros; -1: it is none.
        let element: Int32

        init(_ name: [UInt8]) {
            self.name = name
            hash = name.withUnsafeBytes { Self.hash($0) }
            element = Self.element(name)
        }

        static func == (one: Token, other: Token) -> Bool { one.hash == other.hash && one.name == other.name }

        /// What was hashed once is not hashed again; a host asks for few places at a time.
        func hash(into hasher: inout Hasher) { hasher.combine(hash) }

        /// FNV-1a: names that differ seldom have the same.
        static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            return hash
        }

        private static func element(_ name: [UInt8]) -> Int32 {
            guard let first = name.first, name.count <= 9, name.count == 1 || first != UInt8(ascii: "0") else {
                return -1
            }
            return ASCII.decimal(name).map { Int32($0) } ?? -1
        }
    }

    /// From the root on; at least one.
    let tokens: [Token]

    /// Why a text is none.
    public enum Fault: Error, Equatable, Sendable {
        case empty
        /// "~" is followed by neither 0 nor 1 (RFC 6901 §3).
        case escape

        /// For people.
        public var text: StaticString {
            switch self {
            case .empty: "is empty; expected a member's name, or a JSON pointer such as /timing/origin"
            case .escape: "is no JSON pointer (RFC 6901): in it \"~\" is written as ~0 and \"/\" as ~1"
            }
        }
    }

    public init(_ text: UnsafeRawBufferPointer) throws(Fault) {
        guard let first = text.first else { throw .empty }
        guard first == UInt8(ascii: "/") else {
            self.init(member: Array(text))
            return
        }
        var tokens: [[UInt8]] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "/"): tokens.append([])
            case UInt8(ascii: "~"):
                // RFC 6901 §4: ~1 stands for "/", ~0 for "~".
                guard index < text.count, text[index] == UInt8(ascii: "0") || text[index] == UInt8(ascii: "1") else {
                    throw .escape
                }
                tokens[tokens.count - 1].append(UInt8(ascii: text[index] == UInt8(ascii: "0") ? "~" : "/"))
                index += 1
            default: tokens[tokens.count - 1].append(byte)
            }
        }
        self.init(tokens: tokens.map { Token($0) })
    }

    /// A member of the root object, whatever its name.
    init(member: [UInt8]) { self.init(tokens: [Token(member)]) }

    private init(tokens: [Token]) { self.tokens = tokens }

    /// What a value says, to be compared with a text of the host's: a text without its quotes, with what its escapes
    /// mean; a number, true, false and null as they stand. Nil: an object, an array, or longer than `bytesMax`.
    public static func text(of value: UnsafeRawBufferPointer, bytesMax: Int) -> [UInt8]? {
        switch value.first {
        case UInt8(ascii: "{"), UInt8(ascii: "["), nil: return nil
        case UInt8(ascii: "\""):
            guard value.count >= 2, value.count <= bytesMax * 6 + 2 else { return nil }
            let inside = JSONScan.decoded(UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1]))
            return inside.count <= bytesMax ? inside : nil
        default: return value.count <= bytesMax ? Array(value) : nil
        }
    }
}
