// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Copies a JSON document in which a name stands twice in an object, without its white space and without what stands
/// for naught: of members of one name the last value stands at the place of the first, as jansson reads them. Numbers
/// and texts stay as they are written.
///
/// The text is valid JSON, as jansson has said.
struct UniqueDocument: ~Copyable {
    /// An object or an array that is not yet at its end.
    private final class Container {
        let isObject: Bool
        /// Where it begins in the writer.
        let start: Int
        var members: MemberList
        var isAtName: Bool

        init(isObject: Bool, start: Int) {
            self.isObject = isObject
            self.start = start
            members = MemberList(at: start)
            isAtName = isObject
        }
    }

    private let text: UnsafeRawBufferPointer
    private var index = 0
    private var open: [Container] = []

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    static func write(_ text: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        var document = UniqueDocument(text)
        while document.index < text.count { try document.step(&writer) }
    }

    /// One token.
    private mutating func step(_ writer: inout ByteWriter) throws(EncodingError) {
        let byte = text[index]
        switch byte {
        case 0x20, 0x09, 0x0a, 0x0d: index += 1
        case 0x22: try copyText(&writer)
        // {
        case 0x7b:
            open.append(Container(isObject: true, start: writer.offset))
            index += 1
        // }
        case 0x7d:
            try endMember(writer)
            if let object = open.popLast() {
                try object.members.finish(&writer)
                try SectionWriter.close(from: object.start, open: 0x7b, &writer)
            }
            index += 1
        // , of an object: the next name brings its own.
        case 0x2c where open.last?.isObject == true:
            try endMember(writer)
            open.last?.isAtName = true
            index += 1
        default:
            // [
            if byte == 0x5b { open.append(Container(isObject: false, start: writer.offset)) }
            // ]
            if byte == 0x5d { _ = open.popLast() }
            try writer.writeByte(byte)
            index += 1
        }
    }

    /// At an object's comma or end: a member ends there, if there is one.
    private func endMember(_ writer: borrowing ByteWriter) throws(EncodingError) {
        guard let object = open.last, !object.isAtName else { return }
        object.members.valueEnds(at: writer.offset)
    }

    /// A text, from its first quote to its last: a value, or a name.
    private mutating func copyText(_ writer: inout ByteWriter) throws(EncodingError) {
        let start = index
        var hasEscapes = false
        index += 1
        while index < text.count && text[index] != 0x22 {
            if text[index] == 0x5c {
                hasEscapes = true
                index += 1
            }
            index += 1
        }
        index = min(index + 1, text.count)
        let quoted = UnsafeRawBufferPointer(rebasing: text[start..<index])
        guard let object = open.last, object.isAtName else { return try writer.write(quoted) }
        try writer.writeByte(0x2c)
        if hasEscapes { try writeUnescaped(quoted, &writer) } else { try writer.write(quoted) }
        try object.members.nameEnds(at: writer.offset)
        object.isAtName = false
    }

    /// A name that is written with escapes: as all names are written, so that they can be compared.
    private func writeUnescaped(
        _ quoted: UnsafeRawBufferPointer, _ writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = quoted.baseAddress?.assumingMemoryBound(to: CChar.self)
        let value = json_loadb(start, quoted.count, Int(JSON_DECODE_ANY | JSON_ALLOW_NUL), nil)
        guard let value, let name = json_string_value(value) else { throw .noMemory }
        defer { neuron_ws_json_decref(value) }
        try JSONStringWriter.writeQuoted(
            UnsafeRawBufferPointer(start: name, count: json_string_length(value)), to: &writer)
    }
}
