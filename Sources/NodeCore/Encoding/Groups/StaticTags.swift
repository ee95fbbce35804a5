// SPDX-License-Identifier: Apache-2.0
import CJansson

/// The tags that a setting adds to each message, parsed once and kept as the texts they become. Immutable: all
/// subscriptions share those of the node.
///
/// Text, numbers and booleans stay what they are; null, objects and arrays become a text that holds their JSON, spaced
/// as jansson spaces it by default, because that is what Neuron sends.
public final class StaticTags: @unchecked Sendable {
    /// Where a tag stands in `bytes`: `,"name":value` from `start` to `end`.
    private struct Entry: BitwiseCopyable {
        let start: Int
        let valueStart: Int
        let end: Int
        let type: ECPType
    }

    /// `,"name":value` of all, one behind the other, in memory of exactly that size.
    private let bytes: UnsafeRawBufferPointer
    private let entries: RawList<Entry>
    /// The entries in the order of their names, to search in.
    private let sorted: RawList<Int32>

    /// Whether there are none.
    public var isEmpty: Bool { entries.count == 0 }
    public var count: Int { entries.count }

    /// Takes over `bytes`, which came from malloc.
    private init(
        _ bytes: UnsafeRawBufferPointer, _ entries: consuming RawList<Entry>, sorted: consuming RawList<Int32>
    ) {
        self.bytes = bytes
        self.entries = entries
        self.sorted = sorted
    }

    deinit { free(UnsafeMutableRawPointer(mutating: bytes.baseAddress)) }

    /// Parses the setting: an object, a text that holds one (bare, or inside `{"static_tags":…}` as Neuron hands it
    /// over), or null for none.
    public static func parse(_ value: JSONValue) throws(EncodingError) -> StaticTags {
        switch value.kind {
        case .null:
            return StaticTags(
                UnsafeRawBufferPointer(start: nil, count: 0), RawList<Entry>(), sorted: RawList<Int32>())
        case .object: return try parse(members: value)
        case .string:
            let document: JSONDocument
            do throws(JSONError) {
                document = try JSONDocument.parse(value.utf8 ?? none, byteCountMax: textBytesMax)
            } catch {
                throw error.isOutOfMemory
                    ? .noMemory : .invalidJSON("static_tags is a text that is no JSON: \(error.text)")
            }
            if let inner = document.root["static_tags"], document.root.count == 1, inner.kind == .object {
                return try parse(members: inner)
            }
            if document.root.kind == .object { return try parse(members: document.root) }
            throw .invalidOptions("static_tags is a text with \(document.root.kindName), it takes an object")
        default: throw .invalidOptions("static_tags is \(value.kindName), it takes an object")
        }
    }

    // MARK: What the encoder needs

    /// A tag's name, quoted; valid as long as this object.
    func name(_ index: Int) -> UnsafeRawBufferPointer { Self.name(entries[index], bytes) }

    /// A tag's value; valid as long as this object.
    func value(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[entries[index].valueStart..<entries[index].end])
    }

    func type(_ index: Int) -> ECPType { entries[index].type }

    /// `,"name":value` of some that stand one behind the other; valid as long as this object.
    func members(_ lower: Int, _ upper: Int) -> UnsafeRawBufferPointer {
        if lower >= upper { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: bytes[entries[lower].start..<entries[upper - 1].end])
    }

    /// The tag of a quoted name, by bisection; nil if there is none.
    func index(of name: UnsafeRawBufferPointer) -> Int? {
        var lower = 0
        var upper = sorted.count
        while lower < upper {
            let middle = (lower + upper) / 2
            let order = Self.order(self.name(Int(sorted[middle])), name)
            if order == 0 { return Int(sorted[middle]) }
            if order < 0 { lower = middle + 1 } else { upper = middle }
        }
        return nil
    }

    private static func name(_ entry: Entry, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[entry.start + 1..<entry.valueStart - 1])
    }

    /// Negative, 0 or positive: shorter names go first.
    private static func order(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int {
        if one.count != other.count { return one.count - other.count }
        guard let first = one.baseAddress, let second = other.baseAddress else { return 0 }
        return Int(memcmp(first, second, one.count))
    }

    // MARK: Parsing

    /// The settings document is at most 4 MiB; a text in it is not more.
    private static let textBytesMax = 4 << 20
    /// What that can become.
    private static let byteCountMax = textBytesMax * (JSONStringWriter.growthMax + 4)

    private static var none: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    private static func parse(members: JSONValue) throws(EncodingError) -> StaticTags {
        let buffer = ByteBuffer(byteCountMax: byteCountMax)
        var entries = RawList<Entry>()
        try members.forEachMemberUTF8 { name, value throws(EncodingError) in
            try entries.append(try append(name, value, to: buffer))
        }
        guard let memory = malloc(max(buffer.count, 1)) else { throw .noMemory }
        buffer.withBytes { if let base = $0.baseAddress { memory.copyMemory(from: base, byteCount: $0.count) } }
        let bytes = UnsafeRawBufferPointer(start: memory, count: buffer.count)
        var sorted = RawList<Int32>()
        do throws(EncodingError) {
            for index in 0..<entries.count { try sorted.append(Int32(truncatingIfNeeded: index)) }
        } catch {
            free(memory)
            throw error
        }
        sorted.sort { order(Self.name(entries[Int($0)], bytes), Self.name(entries[Int($1)], bytes)) < 0 }
        return StaticTags(bytes, entries, sorted: sorted)
    }

    private static func append(
        _ name: UnsafeRawBufferPointer, _ value: JSONValue, to buffer: ByteBuffer
    ) throws(EncodingError) -> Entry {
        let start = buffer.count
        var writer = try ByteWriter.open(buffer)
        try writer.writeByte(0x2c)
        try JSONStringWriter.writeQuoted(name, to: &writer)
        try writer.writeByte(0x3a)
        let valueStart = writer.offset
        let type = try write(value, to: &writer)
        try writer.finish()
        return Entry(start: start, valueStart: valueStart, end: buffer.count, type: type)
    }

    private static func write(_ value: JSONValue, to writer: inout ByteWriter) throws(EncodingError) -> ECPType {
        switch value.kind {
        case .string:
            try JSONStringWriter.writeQuoted(value.utf8 ?? none, to: &writer)
            return .text
        case .boolean:
            try writer.write(value.boolean == true ? "true" : "false")
            return .boolean
        case .integer:
            try writer.writeInteger(value.integer ?? 0)
            return .integer
        case .real:
            try writer.reserve(ShortestDecimal.byteCountMax)
            writer.next = ShortestDecimal.write(value.number ?? 0, at: writer.next)
            return .real
        case .null, .object, .array:
            let text = ByteBuffer(byteCountMax: byteCountMax)
            try value.encode(flags: 0, into: text)
            try ValueWriter.writeQuoted(text, to: &writer)
            return .text
        }
    }
}
