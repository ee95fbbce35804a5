// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Which value of a JSON document is meant: a member of the root object by its name, or any value by a JSON pointer
/// (RFC 6901), which begins with "/".
public struct JSONPointer: Hashable, Sendable {
    /// Member names, or the places of elements in arrays, from the root on; at least one.
    private let tokens: [[UInt8]]

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
            tokens = [Array(text)]
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
        self.tokens = tokens
    }

    /// Where the value stands in a document; nil: there is none. Of members of one name the last counts. The document
    /// need not be checked before, and is not checked by this.
    public func find(in document: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let start = JSONScan.skipBlanks(
            document, from: ByteOrderMark.begins(document) ? ByteOrderMark.byteCount : 0)
        guard start < document.count else { return nil }
        var value = UnsafeRawBufferPointer(rebasing: document[start...])
        for token in tokens {
            switch value.first {
            case UInt8(ascii: "{"):
                var found: UnsafeRawBufferPointer?
                JSONScan.forEachMember(value) { name, member in
                    if JSONScan.withName(name, bytesMax: token.count, { $0.elementsEqual(token) }) { found = member }
                }
                guard let found else { return nil }
                value = found
            case UInt8(ascii: "["):
                guard let element = Self.element(value, at: token) else { return nil }
                value = element
            default: return nil
            }
        }
        return value
    }

    /// RFC 6901 §4: digits without leading zeros.
    private static func element(_ array: UnsafeRawBufferPointer, at token: [UInt8]) -> UnsafeRawBufferPointer? {
        guard let first = token.first, token.count <= 9, token.count == 1 || first != UInt8(ascii: "0") else {
            return nil
        }
        var place = 0
        for digit in token {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            place = place * 10 + Int(digit - UInt8(ascii: "0"))
        }
        var index = 1
        while let element = JSONScan.nextElement(array, at: &index) {
            if place == 0 { return element }
            place -= 1
        }
        return nil
    }

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
