// SPDX-License-Identifier: Apache-2.0
/// A text in the languages of the gateway's form.
public struct BilingualText: Sendable {
    public let english: String
    public let chinese: String

    init(_ english: String, _ chinese: String) {
        self.english = english
        self.chinese = chinese
    }
}

/// All there is to know about one setting.
public struct SettingDescriptor: Sendable {
    /// When the gateway's form shows the setting.
    public enum Shown: Sendable {
        case always
        /// While the user asks for what few need: the setting `advanced`.
        case forAdvanced
        /// While a URL begins with wss:.
        case forTLS
        /// While the format is `custom`.
        case forCustomFormat
        /// While the format is `opengate`.
        case forOpenGate
        /// While compression is on.
        case forCompression
        /// While driver states are uploaded.
        case forDriverStates
        /// While the cache is on.
        case forCache
        /// Never: the form has another way to say it.
        case never
    }

    public let key: SettingKey
    /// Other names of the same setting.
    public let aliases: [String]
    public let kind: SettingKind
    public let standard: SettingDefault
    /// "s", "bytes", or "".
    public let unit: String
    public let shown: Shown
    /// The form asks for it.
    public let isRequired: Bool
    /// Its value is in no text.
    public let isSecret: Bool
    /// A change of it needs a new connection.
    public let concernsConnection: Bool
    public let name: BilingualText
    public let description: BilingualText

    @inline(never)
    init(
        _ key: SettingKey, aliases: [String] = [], _ kind: SettingKind, _ standard: SettingDefault = .absent,
        unit: String = "", shown: Shown = .forAdvanced, required: Bool = false, secret: Bool = false, reconnects: Bool,
        _ name: BilingualText, _ description: BilingualText
    ) {
        self.key = key
        self.aliases = aliases
        self.kind = kind
        self.standard = standard
        self.unit = unit
        self.shown = shown
        self.isRequired = required
        self.isSecret = secret
        self.concernsConnection = reconnects
        self.name = name
        self.description = description
    }

    /// Its text never becomes a `String`; see `SettingsSecrets`. A path is part of the URL, which does.
    var isKeptSecret: Bool {
        switch kind {
        case .file: true
        case .text, .pairs: isSecret && key != .path
        default: false
        }
    }

    /// Whether `name` names this setting.
    func isNamed(_ name: String) -> Bool { key.rawValue == name || aliases.contains(name) }
}
