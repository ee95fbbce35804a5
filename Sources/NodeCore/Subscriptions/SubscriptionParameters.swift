// SPDX-License-Identifier: Apache-2.0
/// What a subscription says besides its names.
public struct SubscriptionParameters: Sendable {
    /// Added to each message; nil: none.
    public let staticTags: StaticTags?

    /// The longest parameters, bytes.
    public static let documentBytesMax = 1 << 20
    public static let none = SubscriptionParameters(staticTags: nil)

    public init(staticTags: StaticTags?) { self.staticTags = staticTags }

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
        guard let tags = root["static_tags"] else { return none }
        if tags.kind == .string && tags.withUTF8({ $0.isEmpty }) == true { return none }
        guard tags.kind == .object || tags.kind == .string else {
            throw JSONError(text: "\"static_tags\" is \(tags.kindName); it takes an object, or a text holding one")
        }
        do throws(EncodingError) {
            return SubscriptionParameters(staticTags: try StaticTags.parse(tags))
        } catch { throw JSONError(text: error.text, isOutOfMemory: error == .noMemory) }
    }
}
