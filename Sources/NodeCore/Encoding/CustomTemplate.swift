// SPDX-License-Identifier: Apache-2.0
import CJansson
import WebSocketCore

/// The template of format `custom`: any JSON whose texts may hold `${…}`, parsed once into pieces of literal text with
/// slots between them. Rule C10.
///
/// `${tags}`, `${tag_values}`, `${tag_errors}`, `${tag_error_values}`, `${static_tags}` and `${static_tag_values}` are
/// a whole value each; `${timestamp}` as a whole value is a number; `${node}`, `${group}` and `${timestamp}` may also
/// stand inside a longer text or a member's name.
public final class CustomTemplate: @unchecked Sendable {
    /// What is filled in.
    enum Slot: BitwiseCopyable {
        case node, group, timestamp, tags, tagValues, tagErrors, tagErrorValues, staticTags, staticTagValues, end
        /// The parts of an object whose names are filled in.
        case object, nameEnd, memberEnd, objectEnd
    }

    /// Literal bytes up to `end`, from where the step before ended, and then the slot.
    struct Step: BitwiseCopyable {
        let end: Int
        let slot: Slot
    }

    let literals: ByteBuffer
    private let steps: RawList<Step>
    /// A message's number can stand in front of its members (`OutgoingMessage`).
    let takesNumber: Bool
    /// A name of the outermost object is filled in: which it is a message alone tells.
    let fillsInMembers: Bool

    /// The most levels of objects and arrays.
    public static let levelsMax = 16
    /// The largest template, bytes.
    private static let bytesMax = 4 << 20

    private init(literals: ByteBuffer, steps: consuming RawList<Step>, takesNumber: Bool, fillsInMembers: Bool) {
        self.takesNumber = takesNumber
        self.fillsInMembers = fillsInMembers
        self.literals = literals
        self.steps = steps
    }

    /// Parses the setting `schema`: JSON, or a text that holds JSON, or the text of a single `${…}`.
    public static func parse(_ value: JSONValue) throws(EncodingError) -> CustomTemplate {
        guard let text = value.utf8 else { return try compile(value) }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(text, byteCountMax: bytesMax)
        } catch {
            if error.isOutOfMemory { throw .noMemory }
            if text.starts(with: "${".utf8) && text.last == 0x7d { return try compile(value) }
            throw .invalidTemplate("schema is a text that is no JSON: \(error.text)")
        }
        return try compile(document.root)
    }

    private static func compile(_ value: JSONValue) throws(EncodingError) -> CustomTemplate {
        var compiler = TemplateCompiler()
        try compiler.add(value, level: 0)
        try compiler.mark(.end)
        let literals = compiler.literals
        let takesNumber =
            value.kind == .object && value["seq"] == nil && value["stream"] == nil && value["resent"] == nil
        return CustomTemplate(
            literals: literals, steps: compiler.finished(), takesNumber: takesNumber,
            fillsInMembers: value.kind == .object && TemplateCompiler.fillsInNames(of: value))
    }

    /// Writes the message of a group.
    func render(_ message: Message, to writer: inout ByteWriter) throws(EncodingError) {
        var index = 0
        while index < steps.count { try render(&index, message, to: &writer) }
    }

    /// Writes a step's literal and what is filled in behind it.
    private func render(
        _ index: inout Int, _ message: Message, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let group = message.view
        let reportsErrors = message.options.reportsErrors
        let step = steps[index]
        try writer.write(literals.part(index == 0 ? 0 : steps[index - 1].end, step.end))
        index += 1
        switch step.slot {
        case .end, .nameEnd, .memberEnd, .objectEnd: break
        case .object: try renderObject(&index, message, to: &writer)
        case .node: try JSONStringWriter.write(group.driver, to: &writer)
        case .group: try JSONStringWriter.write(group.group, to: &writer)
        case .timestamp: try writer.writeInteger(message.timestampMilliseconds)
        case .tags:
            _ = try EntryStyle.write(group, style: .customTags, reportsErrors: false, statics: nil, to: &writer)
        case .tagValues:
            _ = try EntryStyle.write(
                group, message.names, style: .values, reportsErrors: false, statics: nil, to: &writer)
        case .tagErrors where reportsErrors: try SectionWriter.writeErrorList(group, to: &writer)
        case .tagErrorValues where reportsErrors: try SectionWriter.writeErrors(group, message.names, to: &writer)
        case .tagErrors: try writer.write("[]")
        case .tagErrorValues: try writer.write("{}")
        case .staticTags: try write(message.statics, style: .tags, open: 0x5b, to: &writer)
        case .staticTagValues: try write(message.statics, style: .values, open: 0x7b, to: &writer)
        }
    }

    /// An object some of whose names are filled in, and may come out the same. It has at most `levelsMax` others
    /// inside.
    private func renderObject(
        _ index: inout Int, _ message: Message, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = writer.offset
        var members = MemberList(at: start)
        while index < steps.count {
            let slot = steps[index].slot
            try render(&index, message, to: &writer)
            if slot == .nameEnd { try members.nameEnds(at: writer.offset) }
            if slot == .memberEnd { members.valueEnds(at: writer.offset) }
            if slot == .objectEnd { break }
        }
        try members.finish(&writer)
        try SectionWriter.close(from: start, open: 0x7b, &writer)
    }

    private func write(
        _ statics: StaticTagSet?, style: EntryStyle, open: UInt8, to writer: inout ByteWriter
    ) throws(EncodingError) {
        let start = writer.offset
        if let statics { try StaticWriter.write(statics, style: style, to: &writer) }
        try SectionWriter.close(from: start, open: open, &writer)
    }
}

/// Turns a template's JSON into literals and slots.
private struct TemplateCompiler: ~Copyable {
    let literals = ByteBuffer(byteCountMax: .max)
    private var steps = RawList<CustomTemplate.Step>()

    /// The steps; `.end` is the last of them.
    consuming func finished() -> RawList<CustomTemplate.Step> { steps }

    /// Adds a value inside of `level` objects and arrays.
    mutating func add(_ value: JSONValue, level: Int) throws(EncodingError) {
        switch value.kind {
        case .string: try add(text: value.utf8 ?? UnsafeRawBufferPointer(start: nil, count: 0), isName: false)
        case .array:
            try checkLevel(level)
            try literals.append(0x5b)
            for index in 0..<value.count {
                if index > 0 { try literals.append(0x2c) }
                if let element = value[index] { try add(element, level: level + 1) }
            }
            try literals.append(0x5d)
        case .object:
            try checkLevel(level)
            try addMembers(of: value, level: level)
        default: try value.encode(flags: JSON_COMPACT, into: literals)
        }
    }

    /// Whether a name of an object is.
    static func fillsInNames(of value: JSONValue) -> Bool {
        var isFilledIn = false
        value.forEachMemberUTF8 { name, _ in
            for index in name.indices.dropLast() where name[index] == 0x24 && name[index + 1] == 0x7b {
                isFilledIn = true
            }
        }
        return isFilledIn
    }

    private mutating func addMembers(of value: JSONValue, level: Int) throws(EncodingError) {
        // Where no name is filled in they differ for good.
        let marks = value.count > 1 && Self.fillsInNames(of: value)
        if marks { try mark(.object) } else { try literals.append(0x7b) }
        var isFirst = true
        var iterator = json_object_iter(value.pointer)
        while let current = iterator, let member = json_object_iter_value(current) {
            if !isFirst || marks { try literals.append(0x2c) }
            isFirst = false
            let name = UnsafeRawBufferPointer(
                start: json_object_iter_key(current), count: json_object_iter_key_len(current))
            try add(text: name, isName: true)
            if marks { try mark(.nameEnd) }
            try literals.append(0x3a)
            try add(JSONValue(pointer: member, owner: value.owner), level: level + 1)
            if marks { try mark(.memberEnd) }
            iterator = json_object_iter_next(value.pointer, current)
        }
        if marks { try mark(.objectEnd) } else { try literals.append(0x7d) }
    }

    /// The literal up to here ends, and this follows.
    mutating func mark(_ slot: CustomTemplate.Slot) throws(EncodingError) {
        try steps.append(CustomTemplate.Step(end: literals.count, slot: slot))
    }

    private func checkLevel(_ level: Int) throws(EncodingError) {
        if level >= CustomTemplate.levelsMax {
            throw .invalidTemplate("schema has more than \(CustomTemplate.levelsMax) levels of objects and arrays")
        }
    }

    /// Adds a text: literal, except for its `${…}`. What has no closing brace is literal.
    private mutating func add(text: UnsafeRawBufferPointer, isName: Bool) throws(EncodingError) {
        var pieceStart = 0
        var index = 0
        // Behind the last closing brace nothing is filled in: without that bound each `${` would search to the end.
        let lastClose = text.lastIndex(of: 0x7d) ?? 0
        while index + 1 < lastClose {
            guard text[index] == 0x24, text[index + 1] == 0x7b,
                let close = text[(index + 2)...].firstIndex(of: 0x7d)
            else {
                index += 1
                continue
            }
            let name = UnsafeRawBufferPointer(rebasing: text[(index + 2)..<close])
            let slot = try Self.slot(name)
            let isWhole = index == 0 && close == text.count - 1 && !isName
            // The value is no text: no quotes around it.
            if isWhole && slot != .node && slot != .group { return try mark(slot) }
            if slot != .node && slot != .group && slot != .timestamp {
                throw .invalidTemplate(
                    "${\(ForeignText(name).shown(charactersMax: 64))} in schema must be a value by itself, not part of "
                        + "a text"
                )
            }
            if pieceStart == 0 { try literals.append(0x22) }
            try addEscaped(UnsafeRawBufferPointer(rebasing: text[pieceStart..<index]))
            try mark(slot)
            index = close + 1
            pieceStart = index
        }
        if pieceStart == 0 { try literals.append(0x22) }
        try addEscaped(UnsafeRawBufferPointer(rebasing: text[pieceStart...]))
        try literals.append(0x22)
    }

    private func addEscaped(_ piece: UnsafeRawBufferPointer) throws(EncodingError) {
        var writer = try ByteWriter.open(literals)
        try JSONStringWriter.write(piece, to: &writer)
        try writer.finish()
    }

    /// Compared by bytes: comparing Strings would take Unicode's normalisation tables into an Embedded build.
    private static func slot(_ name: UnsafeRawBufferPointer) throws(EncodingError) -> CustomTemplate.Slot {
        let slots: [(StaticString, CustomTemplate.Slot)] = [
            ("node", .node), ("group", .group), ("timestamp", .timestamp), ("tags", .tags), ("tag_values", .tagValues),
            ("tag_errors", .tagErrors), ("tag_error_values", .tagErrorValues), ("static_tags", .staticTags),
            ("static_tag_values", .staticTagValues),
        ]
        for (text, slot) in slots {
            if name.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) {
                return slot
            }
        }
        throw .invalidTemplate(
            "${\(ForeignText(name).shown(charactersMax: 64))} in schema is unknown; it takes ${timestamp}, ${node}, "
                + "${group}, "
                + "${tags}, ${tag_values}, ${tag_errors}, ${tag_error_values}, ${static_tags}, ${static_tag_values}")
    }
}
