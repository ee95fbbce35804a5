import CNeuronWS

/// The tags that the hot loop leaves: names with escapes, texts, arrays, errors, metas.
extension EntryStyle {
    /// Writes one tag as the style has it, a comma before it, or nothing if the style leaves it out. Reserves what the
    /// hot loop needs for the next tag.
    @inline(never)
    static func writeSlowly(
        _ group: GroupView, _ tag: TagView, index: Int, style: EntryStyle, reportsErrors: Bool,
        counts: inout EntryCounts, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let name = try tag.name(index: index)
        let metaCount = try tag.metaCount(index: index, stride: group.stride)
        if metaCount > 0 { counts.hasMetas = true }
        let error = tag.errorCode
        if error != 0 {
            counts.errors += 1
            if !reportsErrors || !style.hasErrorsInPlace { return }
        } else {
            counts.values += 1
        }
        try writer.writeByte(0x2c)
        if style.isObject { try writer.write("{\"name\":") }
        try JSONStringWriter.writeQuoted(name, to: &writer)
        if error != 0 {
            try writer.write(",\"error\":")
            try writer.writeInteger(Int64(error))
        } else {
            try writer.write(style.isObject ? ",\"value\":" : ":")
            try writeValue(tag, index: index, style: style, to: &writer)
        }
        if style.isObject {
            try writeMetas(group, tag, index: index, count: metaCount, skipsReserved: true, to: &writer)
            try writer.writeByte(0x7d)
        }
        try writer.reserve(GroupView.nameBytesMax + ScalarWriter.byteCountMax)
    }

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
    /// of the tag's own members.
    static func writeMetas(
        _ group: GroupView, _ tag: TagView, index: Int, count: Int, skipsReserved: Bool, to writer: inout ByteWriter
    ) throws(EncodingError) {
        for position in 0..<count {
            let meta = tag.meta(position, stride: group.stride)
            let name = try meta.name(index: index, isMeta: true)
            if skipsReserved && isReserved(name) { continue }
            try writer.writeByte(0x2c)
            try JSONStringWriter.writeQuoted(name, to: &writer)
            try writer.writeByte(0x3a)
            try ValueWriter.write(meta, index: index, to: &writer)
        }
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

/// The sections that values-format has besides the values.
enum SectionWriter {
    /// `{"name":code,…}` of the tags with an error.
    static func writeErrors(_ group: GroupView, to writer: inout ByteWriter) throws(EncodingError) {
        let start = writer.offset
        for index in 0..<group.tagCount {
            let tag = TagView(group.tag(index))
            let error = tag.errorCode
            if error == 0 { continue }
            try writer.writeByte(0x2c)
            try JSONStringWriter.writeQuoted(try tag.name(index: index), to: &writer)
            try writer.writeByte(0x3a)
            try writer.writeInteger(Int64(error))
        }
        try close(from: start, open: 0x7b, &writer)
    }

    /// `[{"name":…,"error":code},…]` of the tags with an error.
    static func writeErrorList(_ group: GroupView, to writer: inout ByteWriter) throws(EncodingError) {
        let start = writer.offset
        for index in 0..<group.tagCount {
            let tag = TagView(group.tag(index))
            let error = tag.errorCode
            if error == 0 { continue }
            try writer.write(",{\"name\":")
            try JSONStringWriter.writeQuoted(try tag.name(index: index), to: &writer)
            try writer.write(",\"error\":")
            try writer.writeInteger(Int64(error))
            try writer.writeByte(0x7d)
        }
        try close(from: start, open: 0x5b, &writer)
    }

    /// `{"name":{"meta":value,…},…}` of the tags with metas; those with an error only if errors are reported.
    static func writeMetas(
        _ group: GroupView, reportsErrors: Bool, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = writer.offset
        for index in 0..<group.tagCount {
            let tag = TagView(group.tag(index))
            let count = try tag.metaCount(index: index, stride: group.stride)
            if count == 0 || (!reportsErrors && tag.errorCode != 0) { continue }
            try writer.writeByte(0x2c)
            try JSONStringWriter.writeQuoted(try tag.name(index: index), to: &writer)
            try writer.writeByte(0x3a)
            let inner = writer.offset
            try EntryStyle.writeMetas(group, tag, index: index, count: count, skipsReserved: false, to: &writer)
            try close(from: inner, open: 0x7b, &writer)
        }
        try close(from: start, open: 0x7b, &writer)
    }

    /// Writes `open` over the first entry's comma, or alone, and then its counterpart.
    private static func close(
        from start: Int, open: UInt8, _ writer: inout ByteWriter
    ) throws(EncodingError) {
        if writer.offset == start { try writer.writeByte(open) } else { writer.overwrite(at: start, with: open) }
        // } and ] stand two behind { and [.
        try writer.writeByte(open + 2)
    }
}
