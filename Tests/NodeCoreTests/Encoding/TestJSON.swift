// SPDX-License-Identifier: Apache-2.0
/// A JSON reader for tests that keeps what jansson does not: the text of numbers (some are above 2^63-1) and members
/// that come twice. Valid JSON only; anything else ends the test run.
indirect enum TestJSON: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// A number as it stands in the text.
    case number(String)
    case string(String)
    case array([TestJSON])
    case object([(name: String, value: TestJSON)])

    static func parse(_ bytes: [UInt8]) -> TestJSON {
        var reader = TestJSONReader(bytes: bytes)
        let value = reader.value()
        reader.skipSpace()
        precondition(reader.index == bytes.count, "text behind the document at \(reader.index)")
        return value
    }

    static func parse(_ text: String) -> TestJSON { parse(Array(text.utf8)) }

    subscript(name: String) -> TestJSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    var elements: [TestJSON] { if case .array(let elements) = self { elements } else { [] } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var isTrue: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
    var number: String? { if case .number(let text) = self { text } else { nil } }
    var integer: Int64? { number.flatMap { Int64($0) } }

    /// Equal values, members in the same order, numbers of the same kind and value.
    static func == (left: TestJSON, right: TestJSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.string(let a), .string(let b)): Array(a.utf8) == Array(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        case (.number(let a), .number(let b)): a == b || (isReal(a) && isReal(b) && sameReal(a, b))
        default: false
        }
    }

    private static func isReal(_ text: String) -> Bool { text.contains { ".eE".contains($0) } }

    private static func sameReal(_ a: String, _ b: String) -> Bool {
        Double(a)!.bitPattern == Double(b)!.bitPattern
    }

    /// The document as text, members in their order.
    var compact: String {
        switch self {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .number(let text): text
        case .string(let text): TestJSON.quoted(text)
        case .array(let elements): "[" + elements.map(\.compact).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { TestJSON.quoted($0.name) + ":" + $0.value.compact }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

private struct TestJSONReader {
    let bytes: [UInt8]
    var index = 0

    mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[index]) { index += 1 }
    }

    mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        if index < bytes.count && bytes[index] == byte.asciiValue! {
            index += 1
            return true
        }
        return false
    }

    mutating func value() -> TestJSON {
        skipSpace()
        switch Character(UnicodeScalar(bytes[index])) {
        case "{": return object()
        case "[": return array()
        case "\"": return .string(string())
        case "t", "f", "n": return word()
        default: return number()
        }
    }

    private mutating func object() -> TestJSON {
        var members: [(name: String, value: TestJSON)] = []
        precondition(take("{"))
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            let name = string()
            precondition(take(":"))
            members.append((name, value()))
        } while take(",")
        precondition(take("}"))
        return .object(members)
    }

    private mutating func array() -> TestJSON {
        var elements: [TestJSON] = []
        precondition(take("["))
        if take("]") { return .array([]) }
        repeat { elements.append(value()) } while take(",")
        precondition(take("]"))
        return .array(elements)
    }

    private mutating func word() -> TestJSON {
        for (text, value) in [("true", TestJSON.boolean(true)), ("false", .boolean(false)), ("null", .null)]
        where bytes[index...].starts(with: text.utf8) {
            index += text.utf8.count
            return value
        }
        preconditionFailure("no JSON at \(index)")
    }

    private mutating func number() -> TestJSON {
        let start = index
        while index < bytes.count, "+-.eE0123456789".utf8.contains(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        precondition(
            text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil, "no number: \(text)")
        return .number(text)
    }

    private mutating func string() -> String {
        precondition(bytes[index] == 0x22)
        index += 1
        var result: [UInt8] = []
        var units: [UInt16] = []
        func flushed(_ units: [UInt16]) -> [UInt8] { Array(String(decoding: units, as: UTF16.self).utf8) }
        while bytes[index] != 0x22 {
            let byte = bytes[index]
            precondition(byte >= 0x20, "a raw control character at \(index)")
            index += 1
            if byte != 0x5c {
                result += flushed(units)
                units = []
                result.append(byte)
                continue
            }
            let escape = bytes[index]
            index += 1
            if escape == 0x75 {
                units.append(UInt16(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16)!)
                index += 4
                continue
            }
            result += flushed(units)
            units = []
            let plain: [Character: UInt8] = [
                "\"": 0x22, "\\": 0x5c, "/": 0x2f, "b": 0x08, "f": 0x0c, "n": 0x0a, "r": 0x0d, "t": 0x09,
            ]
            result.append(plain[Character(UnicodeScalar(escape))]!)
        }
        index += 1
        result += flushed(units)
        precondition(String(validating: result, as: UTF8.self) != nil, "a string that is not UTF-8")
        return String(decoding: result, as: UTF8.self)
    }
}
