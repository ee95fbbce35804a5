// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import WebSocketCore

/// A CUSTOM value: one JSON document as text, put into the message as it is. Jansson says whether it is one; what goes
/// out is its own text without the white space, so that numbers, escapes and order stay what the host wrote. Where a
/// name stands twice in an object, only what counts of it goes out.
enum CustomValue {
    /// The longest, as for other documents.
    static let bytesMax = GroupDocument.documentBytesMax

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
        // To read a text takes many times its length, in time and in memory.
        if text.count > bytesMax {
            let what = "has a CUSTOM value of \(text.count) bytes; at most \(bytesMax) are taken"
            throw .tooBig(tag.fault(what, index: index).text)
        }
        let text = ByteOrderMark.skipped(text)
        let (found, repaired, fault) = try look(at: text)
        guard let found else {
            throw .invalidJSON(tag.fault("has a CUSTOM value that is no JSON: " + fault, index: index).text)
        }
        try write(repaired?.withBytes { $0 } ?? text, found, to: &writer)
        withExtendedLifetime(repaired) {}
        return found.kind
    }

    /// What it is, and a copy that goes in its place if it had to be repaired; or what is wrong with it.
    private static func look(
        at text: UnsafeRawBufferPointer
    ) throws(EncodingError) -> (found: Found?, repaired: ByteBuffer?, fault: String) {
        do throws(LongTexts.Fault) {
            var error = json_error_t()
            if let found = try found(in: text, &error) { return (found, nil, "") }
            // Rule C6: invalid UTF-8 never loses a tag. A repaired copy is tried once.
            guard neuron_ws_json_error_code(&error) == Int32(json_error_invalid_utf8.rawValue) else {
                return (nil, nil, describe(&error))
            }
            let copy = try repaired(text)
            let again: Found? = try copy.withBytes { bytes throws(LongTexts.Fault) in try found(in: bytes, &error) }
            return (again, copy, again == nil ? describe(&error) : "")
        } catch { if case .noMemory = error { throw .noMemory } else { return (nil, nil, error.text) } }
    }

    /// A copy in which U+FFFD stands for what is no UTF-8.
    private static func repaired(_ text: UnsafeRawBufferPointer) throws(LongTexts.Fault) -> ByteBuffer {
        do throws(EncodingError) { return try repairedCopy(text) } catch { throw .noMemory }
    }

    private static func repairedCopy(_ text: UnsafeRawBufferPointer) throws(EncodingError) -> ByteBuffer {
        let copy = ByteBuffer(byteCountMax: text.count * 3)
        guard let start = text.baseAddress else { return copy }
        var piece = 0
        var index = 0
        while index < text.count {
            guard text[index] >= 0x80 else {
                index += 1
                continue
            }
            let sequence = UTF8Sequence.at(start + index, count: text.count - index)
            if !sequence.isValid {
                try copy.append(UnsafeRawBufferPointer(rebasing: text[piece..<index]))
                try copy.append([0xEF, 0xBF, 0xBD])
                piece = index + sequence.count
            }
            index += sequence.count
        }
        try copy.append(UnsafeRawBufferPointer(rebasing: text[piece...]))
        return copy
    }

    /// What a document is.
    private struct Found {
        let kind: json_type
        /// In some object a name stands twice.
        let repeatsNames: Bool
    }

    private static func found(
        in text: UnsafeRawBufferPointer, _ error: inout json_error_t
    ) throws(LongTexts.Fault) -> Found? {
        let long = try LongTexts.find(in: text)
        guard let long else { return try found(whole: text, &error) }
        return try long.document.withBytes { bytes throws(LongTexts.Fault) in try found(whole: bytes, &error) }
    }

    private static func found(
        whole text: UnsafeRawBufferPointer, _ error: inout json_error_t
    ) throws(LongTexts.Fault) -> Found? {
        var flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES
        while true {
            if let root = JSONDocument.loaded(text, flags, &error) {
                defer { neuron_ws_json_decref(root) }
                var kind = neuron_ws_json_typeof(root)
                if flags & JSON_DECODE_INT_AS_REAL != 0 && kind == JSON_REAL && isWhole(text) { kind = JSON_INTEGER }
                return Found(kind: kind, repeatsNames: flags & JSON_REJECT_DUPLICATES == 0)
            }
            if JSONDocument.isOutOfMemory(&error) { throw .noMemory }
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

    private static func describe(_ error: inout json_error_t) -> String {
        let message = withUnsafeBytes(of: &error.text) { raw in
            ForeignText(raw.prefix { $0 != 0 }).shown(charactersMax: Int(JSON_ERROR_TEXT_LENGTH))
        }
        return "line \(error.line), column \(error.column): \(message)"
    }
}
