import CJansson

/// The tags that a setting adds to each message, parsed once and kept as the texts they become.
///
/// Text, numbers and booleans stay what they are; null, objects and arrays become a text that holds their JSON, spaced
/// as jansson spaces it by default, because that is what Neuron sends.
public final class StaticTags: @unchecked Sendable {
    /// One tag: its name, its value and its ECP type, ready to be put together.
    private struct Entry {
        let name: [UInt8]
        let value: [UInt8]
        let type: ECPType
    }

    private let entries: [Entry]
    /// `"name":value,…`
    let values: [UInt8]
    /// `{"name":"name","value":value},…`
    let tags: [UInt8]
    /// The same with `"type":n`.
    let ecp: [UInt8]

    /// Whether there are none.
    public var isEmpty: Bool { entries.isEmpty }

    private init(_ entries: [Entry]) {
        self.entries = entries
        var values: [UInt8] = []
        var tags: [UInt8] = []
        var ecp: [UInt8] = []
        for entry in entries {
            if !values.isEmpty {
                values.append(0x2c)
                tags.append(0x2c)
                ecp.append(0x2c)
            }
            values += entry.name + [0x3a] + entry.value
            let tag = Array("{\"name\":".utf8) + entry.name + Array(",\"value\":".utf8) + entry.value
            tags += tag + [0x7d]
            ecp += tag + Array(",\"type\":\(entry.type.rawValue)}".utf8)
        }
        self.values = values
        self.tags = tags
        self.ecp = ecp
    }

    /// Parses the setting: an object, a text that holds one (bare, or inside `{"static_tags":…}` as Neuron hands it
    /// over), or null for none.
    public static func parse(_ value: JSONValue) throws(EncodingError) -> StaticTags {
        switch value.kind {
        case .null: return StaticTags([])
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

    /// These and then `later`, which takes the place of those of the same name.
    public func merged(with later: StaticTags) -> StaticTags {
        var merged = entries
        for entry in later.entries {
            if let index = merged.firstIndex(where: { $0.name == entry.name }) {
                merged[index] = entry
            } else {
                merged.append(entry)
            }
        }
        return StaticTags(merged)
    }

    /// The settings document is at most 4 MiB; a text in it is not more.
    private static let textBytesMax = 4 << 20

    private static func parse(members: JSONValue) throws(EncodingError) -> StaticTags {
        var entries: [Entry] = []
        var failure: EncodingError?
        members.forEachMember { name, value in
            do throws(EncodingError) {
                entries.append(try entry(name, value))
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return StaticTags(entries)
    }

    private static func entry(_ name: String, _ value: JSONValue) throws(EncodingError) -> Entry {
        let quotedName = try quoted(Array(name.utf8))
        switch value.kind {
        case .string: return Entry(name: quotedName, value: try quoted(Array((value.string ?? "").utf8)), type: .text)
        case .boolean:
            return Entry(
                name: quotedName, value: Array((value.boolean == true ? "true" : "false").utf8), type: .boolean)
        case .integer: return Entry(name: quotedName, value: Array("\(value.integer ?? 0)".utf8), type: .integer)
        case .real: return Entry(name: quotedName, value: shortest(value.number ?? 0), type: .real)
        case .null, .object, .array:
            return Entry(name: quotedName, value: try quoted(value.encoded(flags: 0)), type: .text)
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
