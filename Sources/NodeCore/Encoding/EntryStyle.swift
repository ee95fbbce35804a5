// SPDX-License-Identifier: Apache-2.0
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
    /// Writes every entry with a comma before it, and then `open` over the first comma. For the styles whose names are
    /// not kept; their static tags come behind the group's.
    static func write(
        _ group: GroupView, style: EntryStyle, reportsErrors: Bool, statics: StaticTagSet?, to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts {
        let start = writer.offset
        var counts = EntryCounts()
        for index in 0..<group.tagCount {
            try writeSlowly(
                group, TagView(group.tag(index)), index: index, style: style, reportsErrors: reportsErrors, text: nil,
                counts: &counts, to: &writer)
        }
        if let statics { try StaticWriter.write(statics, style: style, to: &writer) }
        try SectionWriter.close(from: start, open: style.isObject ? 0x5b : 0x7b, &writer)
        return counts
    }

    /// The same for the styles `values` and `tags`, with the group's names as they were kept or taken in. Nil: the
    /// names are others by now; what was written is of no use.
    static func write(
        _ group: GroupView, _ names: GroupNames, style: EntryStyle, reportsErrors: Bool, statics: StaticTagSet?,
        to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts? {
        let start = writer.offset
        var counts = EntryCounts()
        let isComplete: Bool
        switch style {
        case .values:
            isComplete = try writeValues(
                group, names, reportsErrors: reportsErrors, statics: statics, counts: &counts, to: &writer)
        default:
            isComplete = try writeTags(group, names, reportsErrors: reportsErrors, counts: &counts, to: &writer)
        }
        if !isComplete { return nil }
        if let statics { try StaticWriter.write(statics, names, style: style, to: &writer) }
        try SectionWriter.close(from: start, open: style.isObject ? 0x5b : 0x7b, &writer)
        return counts
    }

    @inline(never)
    private static func writeValues(
        _ group: GroupView, _ names: GroupNames, reportsErrors: Bool, statics: StaticTagSet?,
        counts: inout EntryCounts, to writer: inout ByteWriter
    ) throws(EncodingError) -> Bool {
        try loop(
            group, names, style: .values, reportsErrors: reportsErrors, statics: statics, counts: &counts, to: &writer)
    }

    @inline(never)
    private static func writeTags(
        _ group: GroupView, _ names: GroupNames, reportsErrors: Bool, counts: inout EntryCounts,
        to writer: inout ByteWriter
    ) throws(EncodingError) -> Bool {
        try loop(
            group, names, style: .tags, reportsErrors: reportsErrors, statics: nil, counts: &counts, to: &writer)
    }

    /// The hot loop: numbers are written here, behind a name that is copied as it is; everything else by others. False
    /// if a name is not the one that is kept.
    @inline(__always)
    private static func loop(
        _ group: GroupView, _ names: GroupNames, style: EntryStyle, reportsErrors: Bool, statics: StaticTagSet?,
        counts: inout EntryCounts, to writer: inout ByteWriter
    ) throws(EncodingError) -> Bool {
        guard var record = names.first, var place = group.tags else { return group.tagCount == 0 }
        // Locals, not members: what a call might change is loaded again after each store.
        let stride = group.stride
        let tagCount = group.tagCount
        let hotBytes = names.textCountMax + ScalarWriter.byteCountMax
        try writer.reserve(hotBytes)
        var next = writer.next
        var last = writer.end - hotBytes
        var slowCount = 0
        var index = 0
        while index < tagCount {
            let tag = TagView(place.assumingMemoryBound(to: neuron_ws_tag_t.self))
            let header = record.assumingMemoryBound(to: GroupNames.Header.self)
            guard GroupNames.isSame(tag, record) else { return false }
            let text = GroupNames.text(record)
            var special = tag.pointer.pointee.meta_count | Int(truncatingIfNeeded: tag.pointer.pointee.error)
            if style == .values { special |= Int(truncatingIfNeeded: header.pointee.link) }
            record += Int(header.pointee.byteCount)
            place += stride
            index &+= 1
            if special == 0, next <= last, let behind = writeNumber(tag, text, style: style, at: next) {
                next = behind
                continue
            }
            writer.next = next
            slowCount &+= 1
            if style == .values && header.pointee.link > 0 {
                try writeShared(
                    group, names, Int(header.pointee.link) - 1, index: index &- 1, text, statics: statics,
                    counts: &counts, to: &writer)
            } else {
                try writeSlowly(
                    group, tag, index: index &- 1, style: style, reportsErrors: reportsErrors, text: text,
                    counts: &counts, to: &writer)
            }
            try writer.reserve(hotBytes)
            next = writer.next
            last = writer.end - hotBytes
        }
        writer.next = next
        counts.values += tagCount - slowCount
        return true
    }

    /// A tag whose value is a number, `text` before it; nil if it is anything else.
    @inline(__always)
    private static func writeNumber(
        _ tag: TagView, _ text: UnsafeRawBufferPointer, style: EntryStyle, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer? {
        // 16 bytes at a time: behind the text lies memory that may be read, behind the place some to be written.
        let source = text.baseAddress.unsafelyUnwrapped
        start.storeBytes(of: source.loadUnaligned(as: SIMD2<UInt64>.self), as: SIMD2<UInt64>.self)
        var offset = 16
        while offset < text.count {
            start.storeBytes(
                of: source.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self), toByteOffset: offset,
                as: SIMD2<UInt64>.self)
            offset &+= 16
        }
        guard let behind = ScalarWriter.writeNumber(tag, at: start + text.count) else { return nil }
        if style == .values { return behind }
        behind.storeBytes(of: 0x7d, as: UInt8.self)
        return behind + 1
    }

    /// A tag of values-format that shares its name. The last value stands at the place of the first, and a static tag
    /// before any of them.
    @inline(never)
    private static func writeShared(
        _ group: GroupView, _ names: GroupNames, _ number: Int, index: Int, _ text: UnsafeRawBufferPointer,
        statics: StaticTagSet?, counts: inout EntryCounts, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let tag = TagView(group.tag(index))
        if try tag.metaCount(index: index, stride: group.stride) > 0 { counts.hasMetas = true }
        if tag.errorCode != 0 {
            counts.errors += 1
            return
        }
        counts.values += 1
        let name = names.shared[number]
        if index != Int(name.firstValue) { return }
        try writer.write(text)
        if let statics, name.staticIndex >= 0 {
            let tags = name.isOwnStatic ? statics.own : statics.node
            if let tags { try writer.write(tags.value(Int(name.staticIndex))) }
        } else {
            let last = Int(name.lastValue)
            try ValueWriter.write(TagView(group.tag(last)), index: last, to: &writer)
        }
    }
}
