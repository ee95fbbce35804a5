// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The tags that the hot loop leaves: names with escapes, texts, arrays, errors, metas.
extension EntryStyle {
    /// Writes one tag as the style has it, a comma before it, or nothing if the style leaves it out.
    ///
    /// - Parameter text: what stands before the value, where it is kept.
    @inline(never)
    static func writeSlowly(
        _ group: GroupView, _ tag: TagView, index: Int, style: EntryStyle, reportsErrors: Bool,
        text: UnsafeRawBufferPointer?, counts: inout EntryCounts, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let metaCount = try tag.metaCount(index: index, stride: group.stride)
        if metaCount > 0 { counts.hasMetas = true }
        let error = tag.errorCode
        if error != 0 {
            counts.errors += 1
            if !reportsErrors || !style.hasErrorsInPlace {
                if text == nil { _ = try tag.name(index: index) }
                return
            }
        } else {
            counts.values += 1
        }
        if let text {
            try writer.write(UnsafeRawBufferPointer(rebasing: error == 0 ? text[...] : text.dropLast(valueTextBytes)))
        } else {
            try writer.write(style.isObject ? ",{\"name\":" : ",")
            try JSONStringWriter.writeQuoted(try tag.name(index: index), to: &writer)
            if error == 0 { try writer.write(style.isObject ? ",\"value\":" : ":") }
        }
        if error != 0 {
            try writer.write(",\"error\":")
            try writer.writeInteger(Int64(error))
        } else {
            try writeValue(tag, index: index, style: style, to: &writer)
        }
        if style.isObject {
            try writeMetas(group, tag, index: index, count: metaCount, skipsReserved: true, to: &writer)
            try writer.writeByte(0x7d)
        }
    }

    private static var valueTextBytes: Int { GroupNames.valueTextBytes }

    private static func writeValue(
        _ tag: TagView, index: Int, style: EntryStyle, to writer: inout ByteWriter
    ) throws(EncodingError) {
        switch style {
        case .ecp:
            let type = try ValueWriter.writeECP(tag, index: index, to: &writer)
            try writer.write(",\"type\":")
            try writer.writeInteger(type.rawValue)
        case .readResponse:
            try ValueWriter.write(tag, index: index, to: &writer)
            if tag.type != 9 && tag.type != 10 { return }
            let precision = Int64(tag.pointer.pointee.precision)
            try writer.write(",\"transferPrecision\":")
            try writer.writeInteger(precision == 0 ? 1 : min(precision, Int64(FixedDecimal.decimalsMax)))
        default: try ValueWriter.write(tag, index: index, to: &writer)
        }
    }

    /// Writes a tag's metas, each with a comma before it. Rule C13: within a tag's object, a meta never stands for one
    /// of the tag's own members. Of metas of one name the last value stands at the place of the first.
    static func writeMetas(
        _ group: GroupView, _ tag: TagView, index: Int, count: Int, skipsReserved: Bool, to writer: inout ByteWriter
    ) throws(EncodingError) {
        if count == 0 { return }
        var members = MemberList(at: writer.offset)
        for position in 0..<count {
            let meta = tag.meta(position, stride: group.stride)
            let name = try meta.name(index: index, isMeta: true)
            if skipsReserved && isReserved(name) { continue }
            try writer.writeByte(0x2c)
            try JSONStringWriter.writeQuoted(name, to: &writer)
            try members.nameEnds(at: writer.offset)
            try writer.writeByte(0x3a)
            try ValueWriter.write(meta, index: index, to: &writer)
            members.valueEnds(at: writer.offset)
        }
        try members.finish(&writer)
    }

    /// The names of a tag's own members. In tags-format no tag has a `type` of its own, but push_json reads one there.
    private static func isReserved(_ name: UnsafeRawBufferPointer) -> Bool {
        equals(name, "name") || equals(name, "value") || equals(name, "error") || equals(name, "type")
            || equals(name, "transferPrecision")
    }

    private static func equals(_ name: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        if name.count != text.utf8CodeUnitCount { return false }
        for index in 0..<name.count where name[index] != text.utf8Start[index] { return false }
        return true
    }
}
