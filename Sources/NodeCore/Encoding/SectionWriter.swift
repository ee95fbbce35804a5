// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The sections that values-format has besides the values, and their like in templates.
enum SectionWriter {
    /// `{"name":code,…}` of the tags with an error. The names are the group's.
    static func writeErrors(_ group: GroupView, _ names: GroupNames, to writer: inout ByteWriter) throws(EncodingError)
    {
        let start = writer.offset
        guard var record = names.first else { return try writer.write("{}") }
        for index in 0..<group.tagCount {
            let header = record.load(as: GroupNames.Header.self)
            let text = GroupNames.text(record)
            record += Int(header.byteCount)
            var error = TagView(group.tag(index)).errorCode
            if error == 0 { continue }
            if header.link > 0 {
                let name = names.shared[Int(header.link) - 1]
                if index != Int(name.firstError) { continue }
                error = TagView(group.tag(Int(name.lastError))).errorCode
            }
            try writer.write(text)
            try writer.writeInteger(Int64(error))
        }
        try close(from: start, open: 0x7b, &writer)
    }

    /// `[{"name":…,"error":code},…]` of the tags with an error; `begin` is what stands before a name.
    static func writeErrorList(
        _ group: GroupView, begin: StaticString = ",{\"name\":", to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = writer.offset
        for index in 0..<group.tagCount {
            let tag = TagView(group.tag(index))
            let error = tag.errorCode
            if error == 0 { continue }
            try writer.write(begin)
            try JSONStringWriter.writeQuoted(try tag.name(index: index), to: &writer)
            try writer.write(",\"error\":")
            try writer.writeInteger(Int64(error))
            try writer.writeByte(0x7d)
        }
        try close(from: start, open: 0x5b, &writer)
    }

    /// `{"name":{"meta":value,…},…}` of the tags with metas; those with an error only if errors are reported. The names
    /// are the group's.
    static func writeMetas(
        _ group: GroupView, _ names: GroupNames, reportsErrors: Bool, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = writer.offset
        guard var record = names.first else { return try writer.write("{}") }
        for index in 0..<group.tagCount {
            let header = record.load(as: GroupNames.Header.self)
            let text = GroupNames.text(record)
            record += Int(header.byteCount)
            let tag = TagView(group.tag(index))
            let count = try tag.metaCount(index: index, stride: group.stride)
            if count == 0 || (!reportsErrors && tag.errorCode != 0) { continue }
            if header.link == 0 {
                try writer.write(text)
                try writeInner(group, tag, index: index, count: count, to: &writer)
                continue
            }
            let name = names.shared[Int(header.link) - 1]
            if index != Int(name.firstMetas) { continue }
            let last = Int(name.lastMetas)
            let lastTag = TagView(group.tag(last))
            try writer.write(text)
            try writeInner(
                group, lastTag, index: last, count: try lastTag.metaCount(index: last, stride: group.stride),
                to: &writer)
        }
        try close(from: start, open: 0x7b, &writer)
    }

    private static func writeInner(
        _ group: GroupView, _ tag: TagView, index: Int, count: Int, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = writer.offset
        try EntryStyle.writeMetas(group, tag, index: index, count: count, skipsReserved: false, to: &writer)
        try close(from: start, open: 0x7b, &writer)
    }

    /// Writes `open` over the first entry's comma, or alone, and then its counterpart.
    static func close(from start: Int, open: UInt8, _ writer: inout ByteWriter) throws(EncodingError) {
        if writer.offset == start { try writer.writeByte(open) } else { writer.overwrite(at: start, with: open) }
        // } and ] stand two behind { and [.
        try writer.writeByte(open + 2)
    }
}
