import CJansson
import CNeuronWS

/// A CUSTOM value: one JSON document as text, put into the message as it is. Jansson says whether it is one; what goes
/// out is its own text without the white space, so that numbers, escapes and order stay what the host wrote.
enum CustomValue {
    /// Checks the text and writes it without white space.
    static func write(
        _ text: UnsafeRawBufferPointer, tag: TagView, index: Int, to writer: inout ByteWriter
    ) throws(EncodingError) {
        _ = try check(text, tag: tag, index: index, to: &writer)
    }

    /// The same for ECP: scalars as they are, containers and null as a text.
    static func writeECP(
        _ text: UnsafeRawBufferPointer, tag: TagView, index: Int, to writer: inout ByteWriter
    ) throws(EncodingError) -> ECPType {
        let scratch = ByteBuffer(byteCountMax: writer.buffer.byteCountMax)
        var inner = try ByteWriter.open(scratch)
        let kind = try check(text, tag: tag, index: index, to: &inner)
        try inner.finish()
        let type: ECPType
        switch kind {
        case JSON_TRUE, JSON_FALSE: type = .boolean
        case JSON_INTEGER: type = .integer
        case JSON_REAL: type = .real
        case JSON_STRING: type = .text
        default:
            try ValueWriter.writeQuoted(scratch, to: &writer)
            return .text
        }
        try writer.write(scratch.withBytes { $0 })
        withExtendedLifetime(scratch) {}
        return type
    }

    /// Parses, writes, and says the root's kind.
    private static func check(
        _ text: UnsafeRawBufferPointer, tag: TagView, index: Int, to writer: inout ByteWriter
    ) throws(EncodingError) -> json_type {
        let text = ByteOrderMark.skipped(text)
        var error = json_error_t()
        if let kind = kind(of: text, &error) {
            try writeCompact(text, to: &writer)
            return kind
        }
        if JSONDocument.isOutOfMemory(&error) { throw .noMemory }
        // Rule C6: invalid UTF-8 never loses a tag. A repaired copy is tried once.
        if neuron_ws_json_error_code(&error) == Int32(json_error_invalid_utf8.rawValue) {
            guard Headroom.hasForDocument(text.count) else { throw .noMemory }
            let repaired = [UInt8](String(decoding: text, as: UTF8.self).utf8)
            let found = repaired.withUnsafeBytes { kind(of: $0, &error) }
            if let found {
                let copy = ByteBuffer(byteCountMax: repaired.count)
                try copy.append(repaired)
                try writeCompact(copy.withBytes { $0 }, to: &writer)
                withExtendedLifetime(copy) {}
                return found
            }
        }
        throw .invalidJSON(tag.fault("has a CUSTOM value that is no JSON: " + describe(error), index: index).text)
    }

    private static func kind(of text: UnsafeRawBufferPointer, _ error: inout json_error_t) -> json_type? {
        var flags = JSON_DECODE_ANY | JSON_ALLOW_NUL
        let start = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        var root = json_loadb(start, text.count, Int(flags), &error)
        if root == nil && neuron_ws_json_error_code(&error) == Int32(json_error_numeric_overflow.rawValue) {
            // An integer above 2^63-1 is valid JSON, only not for jansson's integers.
            flags |= JSON_DECODE_INT_AS_REAL
            root = json_loadb(start, text.count, Int(flags), &error)
            if let root, neuron_ws_json_typeof(root) == JSON_REAL {
                neuron_ws_json_decref(root)
                return isWhole(text) ? JSON_INTEGER : JSON_REAL
            }
        }
        guard let root else { return nil }
        let kind = neuron_ws_json_typeof(root)
        neuron_ws_json_decref(root)
        return kind
    }

    /// Whether a number's text has neither point nor exponent.
    private static func isWhole(_ text: UnsafeRawBufferPointer) -> Bool {
        for byte in text where byte == 0x2e || byte == 0x65 || byte == 0x45 { return false }
        return true
    }

    /// Copies valid JSON without the white space between its tokens (RFC 8259 §2).
    static func writeCompact(_ text: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        var index = 0
        var isInString = false
        var isEscaped = false
        while index < text.count {
            let stop = min(text.count, index + ByteWriter.pieceBytesMax)
            try writer.reserve(stop - index)
            var next = writer.next
            while index < stop {
                let byte = text[index]
                index += 1
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == 0x5c {
                        isEscaped = true
                    } else if byte == 0x22 {
                        isInString = false
                    }
                } else if byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
                    continue
                } else if byte == 0x22 {
                    isInString = true
                }
                next.storeBytes(of: byte, as: UInt8.self)
                next += 1
            }
            writer.next = next
        }
    }

    private static func describe(_ error: json_error_t) -> String {
        var error = error
        let message = withUnsafeBytes(of: &error.text) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return "line \(error.line), column \(error.column): \(message)"
    }
}
