/// What a subscription says besides its names.
public struct SubscriptionParameters: Equatable, Sendable {
    /// The static tags as the JSON text of an object; nil: none.
    public let staticTagsJSON: [UInt8]?

    /// The longest parameters, bytes.
    public static let documentBytesMax = 1 << 20
    public static let none = SubscriptionParameters(staticTagsJSON: nil)

    public init(staticTagsJSON: [UInt8]?) { self.staticTagsJSON = staticTagsJSON }

    /// Reads `{"static_tags":{…}}`, where the inner object may stand in a text. Any other member is refused.
    public static func parse(json: UnsafeRawBufferPointer) throws(JSONError) -> SubscriptionParameters {
        let root = try JSONDocument.parse(json, byteCountMax: documentBytesMax).root
        guard root.kind == .object else {
            throw JSONError(text: "the parameters are \(root.kindName); they must be an object")
        }
        var unknown: String?
        root.forEachMember { name, _ in
            if name != "static_tags" { unknown = name }
            return unknown == nil
        }
        if let unknown {
            let shown = SettingsParser.shown(unknown)
            throw JSONError(text: "\"\(shown)\" is no parameter of a subscription; it takes \"static_tags\"")
        }
        guard var tags = root["static_tags"] else { return none }
        if let text = tags.string {
            if text.utf8.isEmpty { return none }
            tags = try JSONDocument.parse(text, byteCountMax: documentBytesMax).root
        }
        guard tags.kind == .object else {
            throw JSONError(text: "\"static_tags\" is \(tags.kindName); it takes an object, or a text holding one")
        }
        return SubscriptionParameters(staticTagsJSON: JSONText.compact(tags))
    }
}
