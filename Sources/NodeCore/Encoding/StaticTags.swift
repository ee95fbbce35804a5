import CJansson

/// The tags that a setting adds to each message, parsed once and kept as the texts they become. Immutable: all
/// subscriptions share those of the node.
///
/// Text, numbers and booleans stay what they are; null, objects and arrays become a text that holds their JSON, spaced
/// as jansson spaces it by default, because that is what Neuron sends.
public final class StaticTags: @unchecked Sendable {
    /// Where a tag stands in `bytes`: `,"name":value` from `start` to `end`.
    private struct Entry {
        let start: Int
        let valueStart: Int
        let end: Int
        let type: ECPType
    }

    /// `,"name":value` of all, one behind the other, in memory of exactly that size.
    private let bytes: UnsafeRawBufferPointer
    private let entries: [Entry]
    /// The entries in the order of their names, to search in.
    private let sorted: [Int]

    /// Whether there are none.
    public var isEmpty: Bool { entries.isEmpty }
    public var count: Int { entries.count }

    /// Takes over `bytes`, which came from malloc.
    private init(_ bytes: UnsafeRawBufferPointer, _ entries: [Entry]) {
        self.bytes = bytes
        self.entries = entries
        sorted = entries.indices.sorted {
            Self.order(Self.name(entries[$0], bytes), Self.name(entries[$1], bytes)) < 0
        }
    }

    deinit { free(UnsafeMutableRawPointer(mutating: bytes.baseAddress)) }

    /// Parses the setting: an object, a text that holds one (bare, or inside `{"static_tags":…}` as Neuron hands it
    /// over), or null for none.
    public static func parse(_ value: JSONValue) throws(EncodingError) -> StaticTags {
        switch value.kind {
        case .null: return StaticTags(UnsafeRawBufferPointer(start: nil, count: 0), [])
        case .object: return try parse(members: value)
        case .string:
            let text = value.string ?? ""
            let document: JSONDocument
            do throws(JSONError) {
                document = try JSONDocument.parse(text, byteCountMax: textBytesMax)
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
            let order = Self.order(self.name(sorted[middle]), name)
            if order == 0 { return sorted[middle] }
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

    private static func parse(members: JSONValue) throws(EncodingError) -> StaticTags {
        let bytes = ByteBuffer(byteCountMax: byteCountMax)
        var entries: [Entry] = []
        var failure: EncodingError?
        members.forEachMember { name, value in
            do throws(EncodingError) {
                entries.append(try append(name, value, to: bytes))
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        guard let memory = malloc(max(bytes.count, 1)) else { throw .noMemory }
        bytes.withBytes { if let base = $0.baseAddress { memory.copyMemory(from: base, byteCount: $0.count) } }
        return StaticTags(UnsafeRawBufferPointer(start: memory, count: bytes.count), entries)
    }

    private static func append(
        _ name: String, _ value: JSONValue, to bytes: ByteBuffer
    ) throws(EncodingError) -> Entry {
        let start = bytes.count
        try bytes.append([0x2c])
        try bytes.append(try quoted(Array(name.utf8)))
        try bytes.append([0x3a])
        let valueStart = bytes.count
        let (text, type) = try written(value)
        try bytes.append(text)
        return Entry(start: start, valueStart: valueStart, end: bytes.count, type: type)
    }

    private static func written(_ value: JSONValue) throws(EncodingError) -> ([UInt8], ECPType) {
        return switch value.kind {
        case .string: (try quoted(Array((value.string ?? "").utf8)), .text)
        case .boolean: (Array((value.boolean == true ? "true" : "false").utf8), .boolean)
        case .integer: (Array("\(value.integer ?? 0)".utf8), .integer)
        case .real: (shortest(value.number ?? 0), .real)
        case .null, .object, .array: (try quoted(value.encoded(flags: 0)), .text)
        }
    }

    private static func shortest(_ number: Double) -> [UInt8] {
        // Raw memory, because the writer stores whole words.
        [UInt8](unsafeUninitializedCapacity: ShortestDecimal.byteCountMax) { buffer, count in
            guard let start = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
            count = ShortestDecimal.write(number, at: start) - start
        }
    }

    static func quoted(_ text: [UInt8]) throws(EncodingError) -> [UInt8] {
        let buffer = ByteBuffer(byteCountMax: text.count * JSONStringWriter.growthMax + 2)
        let source = ByteBuffer(byteCountMax: text.count)
        try source.append(text)
        var writer = try ByteWriter.open(buffer)
        try ValueWriter.writeQuoted(source, to: &writer)
        try writer.finish()
        return buffer.withBytes { [UInt8]($0) }
    }
}
