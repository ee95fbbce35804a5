import CJansson
import CNeuronWS
import WebSocketCore

/// A CUSTOM value: one JSON document as text, put into the message as it is. Jansson says whether it is one; what goes
/// out is its own text without the white space, so that numbers, escapes and order stay what the host wrote. Where a
/// name stands twice in an object, only what counts of it goes out.
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
        if let found = found(in: text, &error) {
            try write(text, found, to: &writer)
            return found.kind
        }
        if JSONDocument.isOutOfMemory(&error) { throw .noMemory }
        // Rule C6: invalid UTF-8 never loses a tag. A repaired copy is tried once.
        if neuron_ws_json_error_code(&error) == Int32(json_error_invalid_utf8.rawValue) {
            guard Headroom.hasForDocument(text.count) else { throw .noMemory }
            let repaired = [UInt8](String(decoding: text, as: UTF8.self).utf8)
            if let found = repaired.withUnsafeBytes({ found(in: $0, &error) }) {
                let copy = ByteBuffer(byteCountMax: repaired.count)
                try copy.append(repaired)
                try write(copy.withBytes { $0 }, found, to: &writer)
                withExtendedLifetime(copy) {}
                return found.kind
            }
        }
        throw .invalidJSON(tag.fault("has a CUSTOM value that is no JSON: " + describe(error), index: index).text)
    }

    /// What a document is.
    private struct Found {
        let kind: json_type
        /// In some object a name stands twice.
        let repeatsNames: Bool
    }

    private static func found(in text: UnsafeRawBufferPointer, _ error: inout json_error_t) -> Found? {
        var flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES
        let start = text.baseAddress?.assumingMemoryBound(to: CChar.self)
        while true {
            if let root = json_loadb(start, text.count, Int(flags), &error) {
                defer { neuron_ws_json_decref(root) }
                var kind = neuron_ws_json_typeof(root)
                if flags & JSON_DECODE_INT_AS_REAL != 0 && kind == JSON_REAL && isWhole(text) { kind = JSON_INTEGER }
                return Found(kind: kind, repeatsNames: flags & JSON_REJECT_DUPLICATES == 0)
            }
            let code = neuron_ws_json_error_code(&error)
            if code == Int32(json_error_duplicate_key.rawValue) && flags & JSON_REJECT_DUPLICATES != 0 {
                flags &= ~JSON_REJECT_DUPLICATES
            } else if code == Int32(json_error_numeric_overflow.rawValue) && flags & JSON_DECODE_INT_AS_REAL == 0 {
                // An integer above 2^63-1 is valid JSON, only not for jansson's integers.
                flags |= JSON_DECODE_INT_AS_REAL
            } else {
                return nil
            }
        }
    }

    private static func write(
        _ text: UnsafeRawBufferPointer, _ found: Found, to writer: inout ByteWriter
    ) throws(EncodingError) {
        if found.repeatsNames {
            try UniqueDocument.write(text, to: &writer)
        } else {
            try writeCompact(text, to: &writer)
        }
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
            ForeignText(raw.prefix { $0 != 0 }).shown(charactersMax: Int(JSON_ERROR_TEXT_LENGTH))
        }
        return "line \(error.line), column \(error.column): \(message)"
    }
}
