// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// JSON text from values, compact: what jansson's own writer does, but with real numbers as the shortest decimal that
/// reads back, 0.1, where jansson writes 0.10000000000000001.
public enum JSONText {
    /// The value's text in a buffer of its own.
    static func compact(_ value: JSONValue) throws(EncodingError) -> ByteBuffer {
        let buffer = ByteBuffer(byteCountMax: .max)
        var writer = try ByteWriter.open(buffer)
        try write(value, to: &writer)
        try writer.finish()
        return buffer
    }

    /// As much of the value's text as anybody shows.
    static func beginning(_ value: JSONValue) -> ForeignText {
        let buffer = ByteBuffer(byteCountMax: beginningBytesMax)
        do throws(EncodingError) {
            var writer = try ByteWriter.open(buffer)
            // The buffer is full behind so much: the rest is of no use.
            do throws(EncodingError) { try write(value, to: &writer) } catch {}
            let text = UnsafeRawBufferPointer(start: writer.start, count: min(writer.offset, beginningBytesMax))
            return withExtendedLifetime(buffer) { ForeignText(text) }
        } catch { return "" }
    }

    private static let beginningBytesMax = 1024

    /// Writes the value's text. Recursion ends with `JSONDocument.depthMax`, which bounds every document.
    static func write(_ value: JSONValue, to writer: inout ByteWriter) throws(EncodingError) {
        switch value.kind {
        case .object: try writeObject(value, to: &writer)
        case .array:
            try writer.writeByte(UInt8(ascii: "["))
            for index in 0..<value.count {
                if index > 0 { try writer.writeByte(UInt8(ascii: ",")) }
                if let element = value[index] { try write(element, to: &writer) }
            }
            try writer.writeByte(UInt8(ascii: "]"))
        case .string:
            if let large = LargeIntegers.value(of: value) {
                try write("\(large)", to: &writer)
            } else if let text = value.utf8 {
                try JSONStringWriter.writeQuoted(text, to: &writer)
            }
        case .integer: try write("\(value.integer ?? 0)", to: &writer)
        case .real: try write("\(value.number ?? 0)", to: &writer)
        case .boolean: try write(value.boolean == true ? "true" : "false", to: &writer)
        case .null: try write("null", to: &writer)
        }
    }

    private static func write(_ short: String, to writer: inout ByteWriter) throws(EncodingError) {
        for byte in short.utf8 { try writer.writeByte(byte) }
    }

    private static func writeObject(_ value: JSONValue, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.writeByte(UInt8(ascii: "{"))
        var isFirst = true
        try value.forEachMemberUTF8 { name, member throws(EncodingError) in
            if !isFirst { try writer.writeByte(UInt8(ascii: ",")) }
            isFirst = false
            try JSONStringWriter.writeQuoted(name, to: &writer)
            try writer.writeByte(UInt8(ascii: ":"))
            try write(member, to: &writer)
        }
        try writer.writeByte(UInt8(ascii: "}"))
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
                text.append(ASCII.hexDigit(of: byte >> 4))
                text.append(ASCII.hexDigit(of: byte & 15))
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
}

extension JSONText {
    /// The JSON document that `bytes` are, integers up to 2^64-1 included.
    public static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONDocument {
        do throws(GroupDocumentError) {
            return try GroupDocument.parseJSON(bytes, byteCountMax: .max)
        } catch { throw JSONError(text: error.text, isOutOfMemory: error.kind == .noMemory) }
    }
}
