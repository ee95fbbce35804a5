// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// One of the values of a setting that takes a name or a number.
public struct SettingChoice: Equatable, Sendable {
    public let name: String
    public let number: Int64
    /// A number with decimals that says the same, where the name is one.
    let decimal: Double?

    init(_ name: String, _ number: Int64, decimal: Double? = nil) {
        self.name = name
        self.number = number
        self.decimal = decimal
    }
}

/// What a setting takes.
public enum SettingKind: Equatable, Sendable {
    case boolean
    /// A number in this range, or 0 where `orZero`.
    case integer(from: Int64, to: Int64, orZero: Bool = false)
    /// Seconds with decimals; the range in milliseconds.
    case seconds(from: Int64, to: Int64, orZero: Bool = false)
    case text(bytesMax: Int)
    /// PEM text, its base64, or a file's path.
    case file(bytesMax: Int)
    /// One of the names, or its number.
    case choice([SettingChoice])
    /// An array of texts, a text holding one, or the texts in one with spaces or commas between.
    case texts(countMax: Int, bytesMax: Int)
    /// An object of texts, or a text holding one.
    case pairs(countMax: Int, bytesMax: Int)
    /// An object of numbers of seconds, or a text holding one; the range in milliseconds, 0 always in it.
    case times(countMax: Int, from: Int64, to: Int64)
    /// An object that says what is sent at intervals and what answers it, or a text holding one.
    case heartbeat
    /// One URL; or several as an array, as a text holding one, or in one text with spaces or commas between.
    case urls(countMax: Int, bytesMax: Int)
    /// The template of the custom format: JSON, or a text holding it.
    case template(bytesMax: Int)
    /// A JSON object, or a text holding one.
    case staticTags(bytesMax: Int)

    /// Continues "it takes …".
    public var takes: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let from, let to, let orZero): (orZero ? "0 or " : "") + "an integer from \(from) to \(to)"
        case .seconds(let from, let to, let orZero):
            (orZero && from > 0 ? "0 or " : "")
                + "a number of seconds from \(Self.seconds(from)) to \(Self.seconds(to))"
        case .text(let max): "a text of at most \(max) bytes"
        case .file: "PEM text, its base64, or a file's path, as a text"
        case .choice(let choices): "one of " + Self.list(choices)
        case .texts(let count, let max):
            "at most \(count) texts of at most \(max) bytes, as an array or in one text with spaces or commas between"
        case .pairs(let count, let max):
            "an object of at most \(count) texts of at most \(max) bytes, or a text holding one"
        case .times(let count, let from, let to):
            "an object of at most \(count) numbers of seconds, each 0 or from \(Self.seconds(from)) to "
                + "\(Self.seconds(to)), or a text holding one"
        case .heartbeat:
            "an object with message and, where need be, type (text, binary), interval (s, 30), expect (true, false), "
                + "timeout (s, 10), match-member and match-value, or a text holding one"
        case .urls(let count, _):
            "ws://host[:port][/path][?query] or wss://…, or at most \(count) of them, as an array or in one text"
        case .template: "JSON, or a text holding it"
        case .staticTags: "an object, or a text holding one"
        }
    }

    private static func list(_ choices: [SettingChoice]) -> String {
        var text = ""
        for choice in choices {
            if !text.isEmpty { text += ", " }
            text += "\"\(choice.name)\" (\(choice.number))"
        }
        return text
    }

    /// Milliseconds as seconds, "0.5"; no floating point, so no locale and no rounding.
    static func seconds(_ milliseconds: Int64) -> String {
        let whole = milliseconds / 1000
        var rest = milliseconds % 1000
        if rest == 0 { return "\(whole)" }
        var digits = 3
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        var decimals = "\(rest)"
        while decimals.utf8.count < digits { decimals = "0" + decimals }
        return "\(whole).\(decimals)"
    }
}

/// What a setting is when the document does not name it.
public enum SettingDefault: Equatable, Sendable {
    /// Nothing; what that means stands in the description.
    case absent
    case value(SettingValue)
}

/// A checked value.
public enum SettingValue: Equatable, Sendable {
    case boolean(Bool)
    /// An integer, or the number of a choice.
    case integer(Int64)
    case milliseconds(Int64)
    case text(String)
    /// A text that is secret, or a file's, which may hold a key.
    case secret(SecretBytes)
    case texts([String])
    case pairs([NamedText])
    case times([NamedTime])
    case heartbeat(HeartbeatOptions)
    /// A JSON document's text, as it was given.
    case document(SecretBytes)
}
