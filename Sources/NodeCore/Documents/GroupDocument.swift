// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// A collected group from a JSON document, in tags-format or in values-format, as neuron_ws_node_push_json takes it.
///
/// Owns all that the C structs point to; texts and names are borrowed from the parsed document.
public final class GroupDocument {
    /// The longest document, bytes.
    public static let documentBytesMax = 64 << 20

    private let document: JSONDocument
    private let arena: GroupArena
    private let tags: UnsafeMutableBufferPointer<neuron_ws_tag_t>
    private let driver: UnsafePointer<CChar>
    private let group: UnsafePointer<CChar>
    /// Unix time in milliseconds; 0: the document names none.
    public let timestampMilliseconds: Int64

    private init(
        _ document: JSONDocument, _ arena: GroupArena, _ tags: UnsafeMutableBufferPointer<neuron_ws_tag_t>,
        driver: UnsafePointer<CChar>, group: UnsafePointer<CChar>, timestamp: Int64
    ) {
        self.document = document
        self.arena = arena
        self.tags = tags
        self.driver = driver
        self.group = group
        self.timestampMilliseconds = timestamp
    }

    /// Calls `body` with the group as C hands it over; nothing of it may be kept.
    public func withGroup<Result>(_ body: (UnsafePointer<neuron_ws_group_t>) -> Result) -> Result {
        var group = neuron_ws_group_t()
        group.size = MemoryLayout<neuron_ws_group_t>.size
        group.driver = driver
        group.group = self.group
        group.timestamp_ms = timestampMilliseconds
        group.tags = UnsafePointer(tags.baseAddress)
        group.tag_count = tags.count
        group.tag_size = MemoryLayout<neuron_ws_tag_t>.size
        return withExtendedLifetime(self) { withUnsafePointer(to: &group, body) }
    }

    /// Reads a document. A root member that is neither a group's nor in `ignoring` is refused.
    public static func parse(
        _ text: UnsafeRawBufferPointer, ignoring: [String] = []
    ) throws(GroupDocumentError) -> GroupDocument {
        let document = try parseJSON(text, byteCountMax: documentBytesMax)
        let root = document.root
        guard root.kind == .object else {
            throw GroupDocumentError(.invalidJSON, "the group is \(root.kindName); it must be an object")
        }
        let known = ["node", "group", "timestamp", "tags", "values", "errors", "metas"]
        var unknown: String?
        root.forEachMember { name, _ in
            if !known.contains(name) && !ignoring.contains(name) { unknown = name }
            return unknown == nil
        }
        if let unknown {
            throw GroupDocumentError(
                .invalidJSON,
                "\"\(SettingsParser.shown(unknown))\" is no member of a group; it takes \"node\", "
                    + "\"group\", \"timestamp\", and \"tags\" or \"values\", \"errors\", \"metas\"")
        }
        let driver = try name(root, "node")
        let group = try name(root, "group")
        var timestamp: Int64 = 0
        if let value = root["timestamp"] {
            guard let integer = value.integer else {
                throw GroupDocumentError(
                    .invalidJSON, "\"timestamp\" is \(value.kindName); it takes Unix time in milliseconds, an integer")
            }
            timestamp = integer
        }
        var builder = TagListBuilder()
        let tags = try builder.build(root)
        return GroupDocument(document, builder.arena, tags, driver: driver, group: group, timestamp: timestamp)
    }

    /// Integers that jansson refuses are marked and read again; see `LargeIntegers`.
    static func parseJSON(
        _ text: UnsafeRawBufferPointer, byteCountMax: Int
    ) throws(GroupDocumentError) -> JSONDocument {
        if text.count > byteCountMax {
            throw GroupDocumentError(
                .tooBig, "the document has \(text.count) bytes, at most \(byteCountMax) are taken")
        }
        do throws(JSONError) {
            return try JSONDocument.parse(text, byteCountMax: byteCountMax)
        } catch {
            if error.isOutOfMemory { throw GroupDocumentError(.noMemory, error.text) }
            guard let document = try parseMarked(text) else { throw GroupDocumentError(.invalidJSON, error.text) }
            return document
        }
    }

    /// Nil: that is not what keeps jansson from reading it.
    private static func parseMarked(_ text: UnsafeRawBufferPointer) throws(GroupDocumentError) -> JSONDocument? {
        let marked: ByteBuffer?
        do throws(EncodingError) { marked = try LargeIntegers.rewritten(text) } catch { throw .noMemory }
        guard let marked else { return nil }
        let result: Result<JSONDocument, JSONError> = marked.withBytes { bytes in
            do throws(JSONError) {
                return .success(try JSONDocument.parse(bytes, byteCountMax: .max))
            } catch { return .failure(error) }
        }
        switch result {
        case .success(let document):
            document.marksLargeIntegers = true
            return document
        case .failure(let error):
            if error.isOutOfMemory { throw .noMemory }
            return nil
        }
    }

    /// The driver's or the group's name as a C string of the document.
    private static func name(
        _ root: JSONValue, _ member: String
    ) throws(GroupDocumentError) -> UnsafePointer<CChar> {
        guard let value = root[member] else {
            throw GroupDocumentError(.invalidJSON, "\"\(member)\" is missing; it takes a name")
        }
        guard let text = json_string_value(value.pointer) else {
            throw GroupDocumentError(.invalidJSON, "\"\(member)\" is \(value.kindName); it takes a name")
        }
        let length = json_string_length(value.pointer)
        if length == 0 || length > Int(NEURON_WS_NAME_MAX) {
            throw GroupDocumentError(
                .invalidGroup, "\"\(member)\" has \(length) bytes; it takes 1 to \(NEURON_WS_NAME_MAX)")
        }
        if value.withUTF8({ $0.contains(0) }) == true {
            throw GroupDocumentError(.invalidGroup, "\"\(member)\" holds U+0000, which no name may")
        }
        return text
    }
}
