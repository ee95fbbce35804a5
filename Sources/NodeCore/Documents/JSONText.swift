import CJansson

/// JSON text from values, compact: what jansson's own writer does, but with real numbers as the shortest decimal that
/// reads back, 0.1, where jansson writes 0.10000000000000001.
public enum JSONText {
    /// The value's text.
    public static func compact(_ value: JSONValue) -> [UInt8] {
        var text: [UInt8] = []
        append(value, to: &text)
        return text
    }

    /// Appends the value's text. Recursion ends with `JSONDocument.depthMax`, which bounds every document.
    public static func append(_ value: JSONValue, to text: inout [UInt8]) {
        switch value.kind {
        case .object: appendObject(value, to: &text)
        case .array:
            text.append(UInt8(ascii: "["))
            for index in 0..<value.count {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                if let element = value[index] { append(element, to: &text) }
            }
            text.append(UInt8(ascii: "]"))
        case .string:
            if let large = LargeIntegers.value(of: value) {
                text.append(contentsOf: "\(large)".utf8)
            } else {
                _ = value.withUTF8 { appendString($0, to: &text) }
            }
        case .integer: text.append(contentsOf: "\(value.integer ?? 0)".utf8)
        case .real: text.append(contentsOf: "\(value.number ?? 0)".utf8)
        case .boolean: text.append(contentsOf: (value.boolean == true ? "true" : "false").utf8)
        case .null: text.append(contentsOf: "null".utf8)
        }
    }

    private static func appendObject(_ value: JSONValue, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "{"))
        var isFirst = true
        var iterator = json_object_iter(value.pointer)
        while let current = iterator {
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            appendString(
                UnsafeRawBufferPointer(start: json_object_iter_key(current), count: json_object_iter_key_len(current)),
                to: &text)
            text.append(UInt8(ascii: ":"))
            if let member = json_object_iter_value(current) {
                append(JSONValue(pointer: member, owner: value.owner), to: &text)
            }
            iterator = json_object_iter_next(value.pointer, current)
        }
        text.append(UInt8(ascii: "}"))
    }

    /// Appends a text with its quotes; `utf8` must be UTF-8. Control characters become `\u00XX`, as in the messages.
    public static func appendString(_ utf8: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0..<0x20:
                text.append(contentsOf: "\\u00".utf8)
                text.append(hexDigit(byte >> 4))
                text.append(hexDigit(byte & 15))
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    /// Appends a text with its quotes.
    public static func appendString(_ string: String, to text: inout [UInt8]) {
        var copy = string
        copy.withUTF8 { appendString(UnsafeRawBufferPointer($0), to: &text) }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}

extension JSONText {
    /// The JSON document that `bytes` are, integers up to 2^64-1 included.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONDocument {
        do throws(GroupDocumentError) {
            return try GroupDocument.parseJSON(bytes, byteCountMax: .max)
        } catch { throw JSONError(text: error.text, isOutOfMemory: error.kind == .noMemory) }
    }
}
