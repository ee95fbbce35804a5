// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// Why a text is no JSON document that we take.
public struct JSONError: Error, Equatable, Sendable {
    /// What jansson says, with line and column (1-based), for people.
    public let text: String
    /// Nothing is wrong with the text: there was no memory to read it.
    public let isOutOfMemory: Bool

    public init(text: String, isOutOfMemory: Bool = false) {
        self.text = text
        self.isOutOfMemory = isOutOfMemory
    }

    static var noMemory: JSONError { JSONError(text: "memory is exhausted", isOutOfMemory: true) }

    init(_ fault: LongTexts.Fault) {
        switch fault {
        case .noMemory: self = .noMemory
        case .nameTooLong: self = JSONError(text: fault.text)
        }
    }
}

/// A parsed JSON document, owned. All reading and all writing off the hot path goes through jansson.
///
/// A document belongs to one thread at a time; jansson's reference counts are atomic, its containers are not.
public final class JSONDocument {
    @usableFromInline let pointer: UnsafeMutablePointer<json_t>
    /// Some texts stand for integers from 2^63 on; see `LargeIntegers`.
    var marksLargeIntegers = false

    private init(owned pointer: UnsafeMutablePointer<json_t>) { self.pointer = pointer }

    deinit { neuron_ws_json_decref(pointer) }

    /// The deepest nesting that jansson reads (its JSON_PARSER_MAX_DEPTH).
    public static let depthMax = 2048

    /// Parses `bytes`, with or without a byte order mark; any JSON value may be the root. Repeated members: the last
    /// one counts, as in Neuron, unless `rejectsDuplicates`.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int, rejectsDuplicates: Bool = false
    ) throws(JSONError) -> JSONDocument {
        if bytes.count > byteCountMax {
            throw JSONError(text: "the document has more than \(byteCountMax) bytes, which are the most")
        }
        let bytes = ByteOrderMark.skipped(bytes)
        guard let base = bytes.baseAddress, bytes.count > 0 else { throw JSONError(text: "the document is empty") }
        let flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | (rejectsDuplicates ? JSON_REJECT_DUPLICATES : 0)
        return JSONDocument(owned: try load(UnsafeRawBufferPointer(start: base, count: bytes.count), flags))
    }

    private static func load(
        _ bytes: UnsafeRawBufferPointer, _ flags: Int32
    ) throws(JSONError) -> UnsafeMutablePointer<json_t> {
        var error = json_error_t()
        let long: LongTexts?
        do throws(LongTexts.Fault) { long = try LongTexts.find(in: bytes) } catch { throw JSONError(error) }
        guard let long else {
            guard let root = loaded(bytes, flags, &error) else { throw fault(&error) }
            return root
        }
        let root = long.document.withBytes { loaded($0, flags, &error) }
        guard let root else { throw fault(&error) }
        guard let restored = long.restored(root, bytes) else { throw .noMemory }
        return restored
    }

    /// By jansson, as it is.
    static func loaded(
        _ bytes: UnsafeRawBufferPointer, _ flags: Int32, _ error: inout json_error_t
    ) -> UnsafeMutablePointer<json_t>? {
        json_loadb(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, Int(flags), &error)
    }

    /// Parses a text; see `parse(_:byteCountMax:)`.
    public static func parse(_ text: String, byteCountMax: Int) throws(JSONError) -> JSONDocument {
        var copy = text
        let result: Result<JSONDocument, JSONError> = copy.withUTF8 { utf8 in
            do throws(JSONError) {
                return .success(try parse(UnsafeRawBufferPointer(utf8), byteCountMax: byteCountMax))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Where memory runs out jansson says so, or nothing at all.
    static func isOutOfMemory(_ error: inout json_error_t) -> Bool {
        if neuron_ws_json_error_code(&error) == Int32(json_error_out_of_memory.rawValue) { return true }
        return withUnsafeBytes(of: &error.text) { $0[0] == 0 }
    }

    private static func fault(_ error: inout json_error_t) -> JSONError {
        if isOutOfMemory(&error) { return .noMemory }
        return JSONError(text: describe(&error))
    }

    private static func describe(_ error: inout json_error_t) -> String {
        let message = withUnsafeBytes(of: &error.text) { raw in
            ForeignText(raw.prefix { $0 != 0 }).shown(charactersMax: Int(JSON_ERROR_TEXT_LENGTH))
        }
        return "line \(error.line), column \(error.column): \(message)"
    }

    /// The document's root.
    public var root: JSONValue { JSONValue(pointer: pointer, owner: self) }
}

/// A value inside a document, which it keeps alive.
public struct JSONValue {
    /// What a JSON value is.
    public enum Kind: Sendable { case object, array, string, integer, real, boolean, null }

    public let pointer: UnsafeMutablePointer<json_t>
    public let owner: JSONDocument

    public var kind: Kind {
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

    /// What it is, in words for an error text.
    public var kindName: StaticString {
        switch kind {
        case .object: "an object"
        case .array: "an array"
        case .string: "a text"
        case .integer: "an integer"
        case .real: "a real number"
        case .boolean: "true or false"
        case .null: "null"
        }
    }

    public var boolean: Bool? { kind == .boolean ? neuron_ws_json_typeof(pointer) == JSON_TRUE : nil }
    public var integer: Int64? { kind == .integer ? json_integer_value(pointer) : nil }
    /// The number, whether written as an integer or as a real.
    public var number: Double? {
        switch kind {
        case .integer: Double(json_integer_value(pointer))
        case .real: json_real_value(pointer)
        default: nil
        }
    }
    /// Of a text that is known to be short; one without a limit is read where it lies, see `utf8`.
    public var string: String? {
        withUTF8 { String(decoding: $0, as: UTF8.self) }
    }

    /// A text's bytes, valid as long as the document; nil if it is no text.
    var utf8: UnsafeRawBufferPointer? {
        guard kind == .string, let start = json_string_value(pointer) else { return nil }
        return UnsafeRawBufferPointer(start: start, count: json_string_length(pointer))
    }

    /// Whether it is this text.
    func isText(_ text: StaticString) -> Bool {
        utf8?.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) == true
    }

    /// A text's bytes, valid during the call; nil if it is no text.
    public func withUTF8<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard kind == .string, let start = json_string_value(pointer) else { return nil }
        return body(UnsafeRawBufferPointer(start: start, count: json_string_length(pointer)))
    }

    /// The number of elements or members; 0 for what has none.
    public var count: Int {
        switch kind {
        case .array: json_array_size(pointer)
        case .object: json_object_size(pointer)
        default: 0
        }
    }

    /// Element `index` of an array; nil outside of it.
    public subscript(index: Int) -> JSONValue? {
        guard index >= 0, let element = json_array_get(pointer, index) else { return nil }
        return JSONValue(pointer: element, owner: owner)
    }

    /// The member of this name; nil if there is none.
    public subscript(member: String) -> JSONValue? {
        var name = member
        let found = name.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { json_object_getn(pointer, $0.baseAddress, $0.count) }
        }
        guard let found else { return nil }
        return JSONValue(pointer: found, owner: owner)
    }

    /// A name that is longer reaches `forEachMember` without its end, and with a sign that no name of ours has.
    static let nameBytesMax = 4096

    /// Calls `body` for each member in the order of the text, until it returns false.
    public func forEachMember(_ body: (String, JSONValue) -> Bool) {
        var iterator = json_object_iter(pointer)
        while let current = iterator {
            let key = UnsafeRawBufferPointer(
                start: json_object_iter_key(current), count: json_object_iter_key_len(current))
            guard let value = json_object_iter_value(current) else { return }
            var name = String(decoding: key.prefix(Self.nameBytesMax), as: UTF8.self)
            if key.count > Self.nameBytesMax { name += "\u{FFFD}" }
            if !body(name, JSONValue(pointer: value, owner: owner)) { return }
            iterator = json_object_iter_next(pointer, current)
        }
    }

    /// The same with the whole names as they lie there, until `body` throws.
    func forEachMemberUTF8<E: Error>(_ body: (UnsafeRawBufferPointer, JSONValue) throws(E) -> Void) throws(E) {
        var iterator = json_object_iter(pointer)
        while let current = iterator {
            guard let value = json_object_iter_value(current) else { return }
            try body(
                UnsafeRawBufferPointer(start: json_object_iter_key(current), count: json_object_iter_key_len(current)),
                JSONValue(pointer: value, owner: owner))
            iterator = json_object_iter_next(pointer, current)
        }
    }

    /// Appends the value as JSON text, written by jansson with `flags` (JSON_COMPACT…).
    func encode(flags: Int32, into buffer: ByteBuffer) throws(EncodingError) {
        let flags = Int(flags) | Int(JSON_ENCODE_ANY)
        let needed = json_dumpb(pointer, nil, 0, flags)
        if needed == 0 { throw .noMemory }
        try buffer.append(upTo: needed) { room in
            json_dumpb(pointer, room.assumingMemoryBound(to: CChar.self), needed, flags)
        }
    }
}
