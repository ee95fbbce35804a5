import CNeuronWS

/// How one tag stands in a message, and the loop that writes them all. The loop is written once and compiled for each
/// style by itself, because the hot ones must not ask at each tag which they are.
enum EntryStyle {
    /// `"name":value`
    case values
    /// `{"name":"name","value":value}`, metas inline, errors in their place
    case tags
    /// `{"name":"name","value":value,"type":n}`, metas inline, errors left out
    case ecp
    /// As `tags`, without errors: `${tags}` of a custom template
    case customTags
    /// As `tags`, with `transferPrecision` after a FLOAT or DOUBLE
    case readResponse

    @inline(__always) var isObject: Bool { self != .values }
    @inline(__always) var hasErrorsInPlace: Bool { self == .tags || self == .readResponse }
}

/// What a pass over the tags has seen.
struct EntryCounts {
    /// Tags written with a value.
    var values = 0
    /// Tags that carry an error, reported or not.
    var errors = 0
    /// Whether any tag has metas.
    var hasMetas = false
}

extension EntryStyle {
    /// Writes every entry with a comma before it, and then `first` over the first comma; `first` and `last` alone if
    /// there is none. `extra` is the inside of what comes after the tags, with no comma at its ends.
    static func write(
        _ group: GroupView, style: EntryStyle, reportsErrors: Bool, extra: [UInt8]?, to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts {
        let start = writer.offset
        let counts =
            switch style {
            case .values: try loop(group, style: .values, reportsErrors: reportsErrors, to: &writer)
            case .tags: try loop(group, style: .tags, reportsErrors: reportsErrors, to: &writer)
            default: try slowLoop(group, style: style, reportsErrors: reportsErrors, to: &writer)
            }
        if let extra, !extra.isEmpty {
            try writer.writeByte(0x2c)
            try writer.write(extra)
        }
        let open: UInt8 = style.isObject ? 0x5b : 0x7b
        if writer.offset == start { try writer.writeByte(open) } else { writer.overwrite(at: start, with: open) }
        try writer.writeByte(open + 2)
        return counts
    }

    @inline(never)
    private static func slowLoop(
        _ group: GroupView, style: EntryStyle, reportsErrors: Bool, to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts {
        var counts = EntryCounts()
        for index in 0..<group.tagCount {
            try writeSlowly(
                group, TagView(group.tag(index)), index: index, style: style, reportsErrors: reportsErrors,
                counts: &counts, to: &writer)
        }
        return counts
    }

    /// The hot loop: plain names with numbers are written here, everything else by `writeSlowly`.
    @inline(__always)
    private static func loop(
        _ group: GroupView, style: EntryStyle, reportsErrors: Bool, to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts {
        var counts = EntryCounts()
        var values = 0
        var metaBits = 0
        // Locals, not the writer's members: what a call might change is loaded again after each store.
        var next = writer.next
        var end = writer.end
        for index in 0..<group.tagCount {
            let tag = TagView(group.tag(index))
            metaBits |= tag.pointer.pointee.meta_count
            if tag.pointer.pointee.error == 0 && (style == .values || tag.pointer.pointee.meta_count == 0) {
                let name = try tag.name(index: index)
                if end - next >= name.count &+ ScalarWriter.byteCountMax,
                    let behind = writeEntry(tag, name, style: style, at: next)
                {
                    next = behind
                    values &+= 1
                    continue
                }
            }
            writer.next = next
            try writeSlowly(
                group, tag, index: index, style: style, reportsErrors: reportsErrors, counts: &counts, to: &writer)
            next = writer.next
            end = writer.end
        }
        writer.next = next
        counts.values += values
        counts.hasMetas = metaBits != 0
        return counts
    }

    /// A tag whose name needs no escape and whose value is a number; nil if it is anything else.
    @inline(__always)
    private static func writeEntry(
        _ tag: TagView, _ name: UnsafeRawBufferPointer, style: EntryStyle, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        var next = start
        if style == .values {
            // ,"
            next.storeBytes(of: 0x222c, as: UInt16.self)
            next += 2
        } else {
            // ,{"name" and :"
            next.storeBytes(of: 0x2265_6d61_6e22_7b2c, as: UInt64.self)
            next.storeBytes(of: 0x223a, toByteOffset: 8, as: UInt16.self)
            next += 10
        }
        guard let behind = ScalarWriter.writePlain(name, at: next) else { return nil }
        next = behind
        if style == .values {
            // ":
            next.storeBytes(of: 0x3a22, as: UInt16.self)
            next += 2
        } else {
            // ","value and ":
            next.storeBytes(of: 0x6575_6c61_7622_2c22, as: UInt64.self)
            next.storeBytes(of: 0x3a22, toByteOffset: 8, as: UInt16.self)
            next += 10
        }
        guard let behindValue = ScalarWriter.writeNumber(tag, at: next) else { return nil }
        if style == .values { return behindValue }
        behindValue.storeBytes(of: 0x7d, as: UInt8.self)
        return behindValue + 1
    }
}
