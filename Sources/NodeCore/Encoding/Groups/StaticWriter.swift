// SPDX-License-Identifier: Apache-2.0
/// Writes static tags, each with a comma before it.
enum StaticWriter {
    /// As the style has them, behind the group's tags. Those that stand at a tag's place already are left out.
    static func write(
        _ statics: StaticTagSet, _ names: GroupNames, style: EntryStyle, to writer: inout ByteWriter
    ) throws(EncodingError) {
        for index in 0..<names.runs.count {
            let run = names.runs[index]
            if style == .values && run.shared >= 0 && names.shared[Int(run.shared)].firstValue >= 0 { continue }
            try write(run, statics, style: style, to: &writer)
        }
    }

    /// All of them as the style has them.
    static func write(
        _ statics: StaticTagSet, style: EntryStyle, to writer: inout ByteWriter
    ) throws(EncodingError) {
        var runs = RawList<StaticRun>()
        try statics.appendRuns(to: &runs)
        for index in 0..<runs.count { try write(runs[index], statics, style: style, to: &writer) }
    }

    private static func write(
        _ run: StaticRun, _ statics: StaticTagSet, style: EntryStyle, to writer: inout ByteWriter
    ) throws(EncodingError) {
        guard let tags = statics.tags(run) else { return }
        if style == .values { return try writer.write(tags.members(Int(run.lower), Int(run.upper))) }
        for index in Int(run.lower)..<Int(run.upper) {
            try writer.write(",{\"name\":")
            try writer.write(tags.name(index))
            try writer.write(",\"value\":")
            try writer.write(tags.value(index))
            if style == .ecp {
                try writer.write(",\"type\":")
                try writer.writeInteger(tags.type(index).rawValue)
            }
            try writer.writeByte(0x7d)
        }
    }
}
