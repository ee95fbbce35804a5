// SPDX-License-Identifier: Apache-2.0
import CJansson

/// A JSON value of jansson's, owned. The tool parses and writes whatever is not the library's own with it.
final class JSON {
    enum Kind { case object, array, string, integer, real, boolean, null }

    /// The text is no JSON; `text` says where and why.
    struct Failure: Error { let text: String }

    let pointer: UnsafeMutablePointer<json_t>

    /// Takes over the reference.
    private init(owned pointer: UnsafeMutablePointer<json_t>) { self.pointer = pointer }

    deinit { neuron_ws_json_decref(pointer) }

    /// A further reference to a value of somebody else's.
    private static func shared(_ pointer: UnsafeMutablePointer<json_t>?) -> JSON? {
        guard let pointer else { return nil }
        _ = neuron_ws_json_incref(pointer)
        return JSON(owned: pointer)
    }

    static func parse(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> JSON {
        var error = json_error_t()
        let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        if let start, let root = json_loadb(start, bytes.count, flags, &error) { return JSON(owned: root) }
        let message = withUnsafeBytes(of: &error.text) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        throw Failure(text: start == nil || bytes.isEmpty ? "there is nothing" : "column \(error.column): \(message)")
    }

    static func parse(_ text: String) throws(Failure) -> JSON {
        var copy = text
        let result: Result<JSON, Failure> = copy.withUTF8 { bytes in
            do throws(Failure) { return .success(try parse(UnsafeRawBufferPointer(bytes))) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    static func object() -> JSON { JSON(owned: json_object()) }

    static func text(_ text: String) -> JSON { JSON(owned: json_stringn(text, text.utf8.count)) }

    static func integer(_ integer: Int64) -> JSON { JSON(owned: json_integer(integer)) }

    static func array(_ elements: [JSON]) -> JSON {
        let array = JSON(owned: json_array())
        for element in elements { json_array_append_new(array.pointer, neuron_ws_json_incref(element.pointer)) }
        return array
    }

    var kind: Kind {
        switch neuron_ws_json_typeof(pointer) {
        case JSON_OBJECT: .object
        case JSON_ARRAY: .array
        case JSON_STRING: .string
        case JSON_INTEGER: .integer
        case JSON_REAL: .real
        case JSON_TRUE, JSON_FALSE: .boolean
        default: .null
        }
    }

    var boolean: Bool? { kind == .boolean ? neuron_ws_json_typeof(pointer) == JSON_TRUE : nil }
    var integer: Int64? { kind == .integer ? json_integer_value(pointer) : nil }
    var string: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// A text's bytes; they live as long as this value.
    var bytes: UnsafeRawBufferPointer? {
        guard kind == .string, let start = json_string_value(pointer) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: json_string_length(pointer))
    }

    var count: Int { kind == .array ? json_array_size(pointer) : json_object_size(pointer) }

    subscript(index: Int) -> JSON? { Self.shared(json_array_get(pointer, index)) }

    subscript(member: String) -> JSON? { Self.shared(json_object_get(pointer, member)) }

    /// Of an array.
    var elements: [JSON] { kind == .array ? (0..<count).compactMap { self[$0] } : [] }

    /// Of an object, in their order.
    var memberNames: [String] {
        var names: [String] = []
        var iterator = json_object_iter(pointer)
        while let current = iterator {
            names.append(String(cString: json_object_iter_key(current)))
            iterator = json_object_iter_next(pointer, current)
        }
        return names
    }

    func remove(_ member: String) { json_object_del(pointer, member) }

    /// Puts a member into an object, or another value into it.
    func set(_ member: String, _ value: JSON) {
        json_object_set_new(pointer, member, neuron_ws_json_incref(value.pointer))
    }

    func set(_ member: String, _ text: String) { set(member, JSON.text(text)) }

    func set(_ member: String, _ value: Bool) {
        json_object_set_new(pointer, member, value ? json_true() : json_false())
    }

    /// Compact JSON, members in their order. Reals get the fewest digits that read back as the same numbers.
    var compactText: [UInt8] { text(indent: 0) }

    /// The same over several lines, if it is to be indented.
    func text(indent: Int) -> [UInt8] {
        for digits in 15...16 where hasReals {
            let text = dump(digits: digits, indent: indent)
            let isSame = text.withUnsafeBytes { bytes in
                guard let again = try? JSON.parse(bytes) else { return false }
                return json_equal(again.pointer, pointer) == 1
            }
            if isSame { return text }
        }
        return dump(digits: 17, indent: indent)
    }

    private var hasReals: Bool {
        switch kind {
        case .real: return true
        case .array:
            return (0..<count).contains { self[$0]?.hasReals ?? false }
        case .object:
            var iterator = json_object_iter(pointer)
            while let current = iterator {
                if let value = Self.shared(json_object_iter_value(current)), value.hasReals { return true }
                iterator = json_object_iter_next(pointer, current)
            }
            return false
        default: return false
        }
    }

    private func dump(digits: Int, indent: Int) -> [UInt8] {
        // The macro JSON_REAL_PRECISION(n) is n in bits 11 to 15, JSON_INDENT(n) in bits 0 to 4.
        let flags = Int(indent == 0 ? JSON_COMPACT : 0) | Int(JSON_ENCODE_ANY) | digits << 11 | indent
        let needed = json_dumpb(pointer, nil, 0, flags)
        let text = [UInt8](unsafeUninitializedCapacity: needed) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) { count = json_dumpb(pointer, $0.baseAddress, $0.count, flags) }
        }
        return JSONText.harmless(text)
    }
}

/// Writes JSON texts by hand, where a tree would be in the way.
enum JSONText {
    /// JSON as a terminal may have it: what would be obeyed there, or mislead, stands in texts alone, and is escaped
    /// there. All JSON that the tool writes goes through here.
    static func harmless(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(where: { isSuspect($0) }) else { return text }
        var output: [UInt8] = []
        output.reserveCapacity(text.count + 64)
        text.withUnsafeBytes { text in
            var index = 0
            while index < text.count { index += appendHarmless(text, at: index, to: &output) }
        }
        return output
    }

    /// What is no plain ASCII may begin so.
    private static func isSuspect(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x7F, 0xC2, 0xD8, 0xE1, 0xE2, 0xEF, 0xF3: true
        default: false
        }
    }

    /// - Returns: how many bytes it was.
    private static func appendHarmless(
        _ text: UnsafeRawBufferPointer, at index: Int, to output: inout [UInt8]
    ) -> Int {
        let first = text[index]
        let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard isSuspect(first), index + length <= text.count,
            let scalar = String(decoding: text[index..<index + length], as: UTF8.self).unicodeScalars.first,
            Terminal.isControl(scalar)
        else {
            output.append(first)
            return 1
        }
        for unit in UTF16.encode(scalar).unsafelyUnwrapped { appendEscaped(unit, to: &output) }
        return length
    }

    private static func appendEscaped(_ unit: UInt16, to output: inout [UInt8]) {
        let digits: [UInt8] = Array("0123456789abcdef".utf8)
        output.append(contentsOf: "\\u".utf8)
        for shift in [12, 8, 4, 0] as [UInt16] { output.append(digits[Int(unit >> shift & 15)]) }
    }

    /// The bytes as a JSON string, quotes included. They must be UTF-8; beyond ASCII they stay as they are, but for
    /// what `harmless` escapes.
    static func appendQuoted(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
                index += 1
            case 0..<0x20:
                appendEscaped(UInt16(byte), to: &output)
                index += 1
            default: index += appendHarmless(bytes, at: index, to: &output)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    static func quoted(_ text: String) -> String {
        var copy = text
        var output: [UInt8] = []
        copy.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0), to: &output) }
        return String(decoding: output, as: UTF8.self)
    }
}
