// SPDX-License-Identifier: Apache-2.0
/// The options document of neuron_ws_encode: how a message is written outside of a node.
public struct EncodeDocument {
    /// The longest document, bytes.
    public static let documentBytesMax = 4 << 20

    private let root: JSONValue?

    /// No options at all.
    public static var none: EncodeDocument { EncodeDocument(root: nil) }

    private init(root: JSONValue?) { self.root = root }

    public static func parse(_ json: UnsafeRawBufferPointer) throws(EncodingError) -> EncodeDocument {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONDocument.parse(json, byteCountMax: documentBytesMax).root
        } catch { throw error.isOutOfMemory ? .noMemory : .invalidJSON("the options are not JSON: \(error.text)") }
        guard root.kind == .object else {
            throw .invalidOptions("the options are \(root.kindName), expected an object")
        }
        let known = [
            "static_tags", "upload_err", "schema", "timestamp", "states", "uuid", "error", "reason", "tags",
            "device-id", "reduced",
        ]
        var unknown: String?
        root.forEachMember { name, _ in
            if !known.contains(name) { unknown = name }
            return unknown == nil
        }
        if let unknown { throw .invalidOptions("\"\(SettingsParser.shown(unknown))\" is no option") }
        return EncodeDocument(root: root)
    }

    /// As the upload formats need it: static_tags, upload_err, schema, device-id, reduced.
    public func upload(_ format: UploadFormat) throws(EncodingError) -> EncodingOptions {
        let reportsErrors = try boolean("upload_err") ?? true
        var staticTags: StaticTags?
        if let value = root?["static_tags"], value.kind != .null { staticTags = try StaticTags.parse(value) }
        var template: CustomTemplate?
        if let value = root?["schema"] { template = try CustomTemplate.parse(value) }
        if format == .custom, template == nil { throw .invalidOptions("the custom format needs the option \"schema\"") }
        return EncodingOptions(
            format: format, reportsErrors: reportsErrors, staticTags: staticTags, template: template,
            openGate: format == .openGate ? try openGate() : nil)
    }

    private func openGate() throws(EncodingError) -> OpenGateIdentity {
        let deviceID = try optionalText("device-id")
        return OpenGateIdentity(
            deviceID: deviceID.map { String(decoding: $0, as: UTF8.self) } ?? "",
            isReduced: try boolean("reduced") ?? false)
    }

    /// A member that must be true or false where it is there.
    private func boolean(_ member: String) throws(EncodingError) -> Bool? {
        guard let value = root?[member] else { return nil }
        guard let boolean = value.boolean else {
            throw .invalidOptions("\"\(member)\" is \(value.kindName), expected true or false")
        }
        return boolean
    }

    public func encodeDriverStates(now: Int64, into buffer: ByteBuffer) throws(EncodingError) -> EncodedGroup {
        guard let root, root["states"] != nil else { throw .invalidOptions("the options have no \"states\"") }
        return try DriverStates.encode(options: root, now: now, into: buffer)
    }

    public func encodeWrittenTags(into buffer: ByteBuffer) throws(EncodingError) {
        guard let tags = root?["tags"] else { throw .invalidOptions("the options have no \"tags\"") }
        try WriteTagsResponse.encode(uuid: try text("uuid"), tags: tags, into: buffer)
    }

    /// A member that must be a text; valid as long as the options.
    public func text(_ member: String) throws(EncodingError) -> UnsafeRawBufferPointer {
        guard let text = root?[member]?.utf8 else { throw .invalidOptions("the options have no text \"\(member)\"") }
        return text
    }

    /// A member that must be a text where it is there.
    public func optionalText(_ member: String) throws(EncodingError) -> UnsafeRawBufferPointer? {
        root?[member] == nil ? nil : try text(member)
    }

    /// A member that must be an integer.
    public func integer(_ member: String) throws(EncodingError) -> Int64 {
        guard let integer = root?[member]?.integer else {
            throw .invalidOptions("the options have no integer \"\(member)\"")
        }
        return integer
    }
}
