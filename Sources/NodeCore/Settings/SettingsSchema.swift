/// The settings as the gateway's form: its schema format, one member for each setting.
public enum SettingsSchema {
    /// The form as compact JSON.
    public static func json() -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        var isFirst = true
        for descriptor in SettingsTable.descriptors where isShown(descriptor) {
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONText.appendString(descriptor.key.rawValue, to: &text)
            text.append(UInt8(ascii: ":"))
            append(descriptor, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    private static func isShown(_ descriptor: SettingDescriptor) -> Bool {
        if case .never = descriptor.shown { return false }
        return true
    }

    private static func append(_ descriptor: SettingDescriptor, to text: inout [UInt8]) {
        var member = ObjectText()
        let unit = descriptor.unit
        member.string("name", descriptor.name.english + (unit.isEmpty ? "" : " (\(unit))"))
        member.string("name_zh", descriptor.name.chinese + (unit.isEmpty ? "" : unit == "s" ? "（秒）" : "（字节）"))
        member.string("description", descriptor.description.english)
        member.string("description_zh", descriptor.description.chinese)
        member.string("attribute", descriptor.isRequired ? "required" : "optional")
        member.string("type", typeName(descriptor.kind))
        if let standard = standardText(descriptor) { member.raw("default", standard) }
        member.raw("valid", valid(descriptor.kind))
        switch descriptor.shown {
        case .forTLS: member.raw("condition", "{\"field\":\"url\",\"regex\":\"^wss:\"}")
        case .forCustomFormat: member.raw("condition", "{\"field\":\"format\",\"value\":3}")
        case .forCompression: member.raw("condition", "{\"field\":\"compression\",\"value\":1}")
        case .forDriverStates:
            member.raw("condition", "{\"field\":\"upload_drv_state\",\"value\":true}")
        case .always, .never: break
        }
        text.append(contentsOf: member.finished())
    }

    private static func typeName(_ kind: SettingKind) -> String {
        switch kind {
        case .boolean: "bool"
        // The form's only number field; it takes decimals.
        case .integer, .seconds: "int"
        case .choice: "map"
        case .file: "file"
        case .text, .texts, .pairs, .urls, .template, .staticTags: "string"
        }
    }

    /// The form checks number fields even where they are optional, so each must have a default.
    private static func standardText(_ descriptor: SettingDescriptor) -> String? {
        if descriptor.key == .userTimeout { return "30" }
        if case .value(let value) = descriptor.standard {
            switch value {
            case .boolean(let boolean): return boolean ? "true" : "false"
            case .integer(let integer): return "\(integer)"
            case .milliseconds(let milliseconds): return SettingKind.seconds(milliseconds)
            case .text, .texts, .pairs, .document: return nil
            }
        }
        if descriptor.isRequired { return nil }
        return "\"\""
    }

    private static func valid(_ kind: SettingKind) -> String {
        var valid = ObjectText()
        switch kind {
        case .boolean: break
        case .integer(let from, let to, let orZero):
            valid.raw("min", "\(orZero ? 0 : from)")
            valid.raw("max", "\(to)")
        case .seconds(let from, let to, let orZero):
            valid.raw("min", SettingKind.seconds(orZero ? 0 : from))
            valid.raw("max", SettingKind.seconds(to))
        case .text(let max), .file(let max), .template(let max), .staticTags(let max):
            valid.raw("length", "\(max)")
        case .urls(let count, let max), .texts(let count, let max), .pairs(let count, let max):
            valid.raw("length", "\(count * max)")
        case .choice(let choices):
            var map: [UInt8] = [UInt8(ascii: "[")]
            for choice in choices where !choice.isLater {
                if map.count > 1 { map.append(UInt8(ascii: ",")) }
                var entry = ObjectText()
                entry.string("key", choice.name)
                entry.raw("value", "\(choice.number)")
                map.append(contentsOf: entry.finished())
            }
            map.append(UInt8(ascii: "]"))
            valid.raw("map", String(decoding: map, as: UTF8.self))
        }
        return String(decoding: valid.finished(), as: UTF8.self)
    }
}

/// An object's JSON text, member by member.
struct ObjectText {
    private var text: [UInt8] = [UInt8(ascii: "{")]

    mutating func string(_ name: String, _ value: String) {
        begin(name)
        JSONText.appendString(value, to: &text)
    }

    /// `json` is JSON already.
    mutating func raw(_ name: String, _ json: String) {
        begin(name)
        text.append(contentsOf: json.utf8)
    }

    private mutating func begin(_ name: String) {
        if text.count > 1 { text.append(UInt8(ascii: ",")) }
        JSONText.appendString(name, to: &text)
        text.append(UInt8(ascii: ":"))
    }

    func finished() -> [UInt8] { text + [UInt8(ascii: "}")] }
}
