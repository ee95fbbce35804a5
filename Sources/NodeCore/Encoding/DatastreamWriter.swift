// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The datastreams of an OpenGate message, one for each name that has a value; further values of the name are further
/// datapoints of it, in the order of the tags, and a static tag of the name comes behind them.
///
/// What stands between a name and its value is the same for all of a message: it is written once, and then copied from
/// where it stands already.
struct DatastreamWriter {
    private let view: GroupView
    private let names: GroupNames
    /// Nil: datapoints carry no time.
    private let timestampMilliseconds: Int64?
    private let statics: StaticTagSet?
    /// Where it stands in the message; 0 bytes: nowhere yet.
    private var middleStart = 0
    private var middleCount = 0
    /// Of it, up to where the datapoint begins.
    private var feedCount = 0

    private init(_ message: Message, timestampMilliseconds: Int64?) {
        view = message.view
        names = message.names
        statics = message.statics
        self.timestampMilliseconds = timestampMilliseconds
    }

    /// Writes `[…]`; nil: the names are not the group's.
    @inline(never)
    static func write(
        _ message: Message, timestampMilliseconds: Int64?, to writer: inout ByteWriter
    ) throws(EncodingError) -> EntryCounts? {
        var datastreams = DatastreamWriter(message, timestampMilliseconds: timestampMilliseconds)
        let start = writer.offset
        guard let counts = try datastreams.writeTags(to: &writer) else { return nil }
        try datastreams.writeStatics(to: &writer)
        try SectionWriter.close(from: start, open: 0x5b, &writer)
        return counts
    }

    private mutating func writeTags(to writer: inout ByteWriter) throws(EncodingError) -> EntryCounts? {
        var counts = EntryCounts()
        guard var record = names.first else { return view.tagCount == 0 ? counts : nil }
        for index in 0..<view.tagCount {
            let tag = TagView(view.tag(index))
            guard GroupNames.isSame(tag, record) else { return nil }
            let link = record.assumingMemoryBound(to: GroupNames.Header.self).pointee.link
            let text = GroupNames.text(record)
            record += Int(record.assumingMemoryBound(to: GroupNames.Header.self).pointee.byteCount)
            if tag.errorCode != 0 {
                counts.errors += 1
                continue
            }
            counts.values += 1
            // Without the comma before it and the colon behind it.
            let name = UnsafeRawBufferPointer(rebasing: text[1..<text.count - 1])
            if link == 0 {
                try begin(name, to: &writer)
                try write(tag, index: index, to: &writer)
                try writer.write("}]}")
            } else {
                try writeShared(names.shared[Int(link) - 1], name, index: index, to: &writer)
            }
        }
        return counts
    }

    /// A value whose name others have too: with the first of them all are written.
    @inline(never)
    private mutating func writeShared(
        _ shared: GroupNames.Shared, _ name: UnsafeRawBufferPointer, index: Int, to writer: inout ByteWriter
    ) throws(EncodingError) {
        if index != Int(shared.firstValue) { return }
        try begin(name, to: &writer)
        try write(TagView(view.tag(index)), index: index, to: &writer)
        var sharer = Int(shared.firstSharer)
        while sharer >= 0 {
            let other = Int(names.sharers[sharer].tag)
            sharer = Int(names.sharers[sharer].next)
            let tag = TagView(view.tag(other))
            if other == index || tag.errorCode != 0 { continue }
            try beginDatapoint(to: &writer)
            try write(tag, index: other, to: &writer)
        }
        if shared.staticIndex >= 0, let tags = shared.isOwnStatic ? statics?.own : statics?.node {
            try beginDatapoint(to: &writer)
            try writer.write(tags.value(Int(shared.staticIndex)))
        }
        try writer.write("}]}")
    }

    /// Those that do not stand with a tag.
    private mutating func writeStatics(to writer: inout ByteWriter) throws(EncodingError) {
        guard let statics else { return }
        for number in 0..<names.runs.count {
            let run = names.runs[number]
            if run.shared >= 0 && names.shared[Int(run.shared)].firstValue >= 0 { continue }
            guard let tags = statics.tags(run) else { continue }
            for index in Int(run.lower)..<Int(run.upper) {
                try begin(tags.name(index), to: &writer)
                try writer.write(tags.value(index))
                try writer.write("}]}")
            }
        }
    }

    /// `,{"id":"name","feed":"group","datapoints":[{"at":…,"value":`
    @inline(__always)
    private mutating func begin(_ quoted: UnsafeRawBufferPointer, to writer: inout ByteWriter) throws(EncodingError) {
        if middleCount == 0 { return try beginFirst(quoted, to: &writer) }
        try writer.reserve(quoted.count + middleCount + 8)
        var next = writer.next
        // ,{"id":"
        next.storeBytes(of: 0x223a_2264_6922_7b2c, as: UInt64.self)
        next += 7
        if let base = quoted.baseAddress { next.copyMemory(from: base, byteCount: quoted.count) }
        next += quoted.count
        next.copyMemory(from: writer.start + middleStart, byteCount: middleCount)
        writer.next = next + middleCount
    }

    @inline(never)
    private mutating func beginFirst(
        _ quoted: UnsafeRawBufferPointer, to writer: inout ByteWriter
    ) throws(EncodingError) {
        try writer.write(",{\"id\":")
        try writer.write(quoted)
        middleStart = writer.offset
        try writer.write(",\"feed\":")
        try JSONStringWriter.writeQuoted(view.group, to: &writer)
        try writer.write(",\"datapoints\":[")
        feedCount = writer.offset - middleStart
        if let timestampMilliseconds {
            try writer.write("{\"at\":")
            try writer.writeInteger(timestampMilliseconds)
            try writer.write(",\"value\":")
        } else {
            try writer.write("{\"value\":")
        }
        middleCount = writer.offset - middleStart
    }

    /// `},{"at":…,"value":`
    private func beginDatapoint(to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write("},")
        let count = middleCount - feedCount
        try writer.reserve(count)
        writer.next.copyMemory(from: writer.start + middleStart + feedCount, byteCount: count)
        writer.next += count
    }

    @inline(__always)
    private func write(_ tag: TagView, index: Int, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.reserve(ScalarWriter.byteCountMax)
        if let next = ScalarWriter.writeNumber(tag, at: writer.next) {
            writer.next = next
        } else {
            try ValueWriter.write(tag, index: index, to: &writer)
        }
    }
}
