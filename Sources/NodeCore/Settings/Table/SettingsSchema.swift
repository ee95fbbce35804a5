// SPDX-License-Identifier: Apache-2.0
/// The settings as the gateway's form: its schema format, one member for each setting.
///
/// The dashboard checks what it shows: a number is an integer without sign, in its range, and never empty; a text is
/// one, and no longer than its length. So each number here has an integer default and integer bounds, and what is no
/// text is taken as a text that holds it.
public enum SettingsSchema {
    /// What people need, in the order in which they would think of it; the rest follows `advanced`, in the order of the
    /// table.
    private static let first: [SettingKey] = [
        .format, .schema, .url, .certificateAuthorities, .certificate, .privateKey, .privateKeyPassword,
        .allowRequests, .token, .username, .password, .uploadErrors, .advanced,
    ]

    /// The form as compact JSON.
    public static func json() -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for descriptor in ordered() {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            JSONText.appendString(descriptor.key.rawValue, to: &text)
            text.append(UInt8(ascii: ":"))
            append(descriptor, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    private static func ordered() -> [SettingDescriptor] {
        var descriptors: [SettingDescriptor] = []
        for key in first {
            for descriptor in SettingsTable.descriptors where descriptor.key == key { descriptors.append(descriptor) }
        }
        for descriptor in SettingsTable.descriptors where isShown(descriptor) && !first.contains(descriptor.key) {
            descriptors.append(descriptor)
        }
        return descriptors
    }

    private static func isShown(_ descriptor: SettingDescriptor) -> Bool {
        if case .never = descriptor.shown { return false }
        return true
    }

    private static func append(_ descriptor: SettingDescriptor, to text: inout [UInt8]) {
        var member = ObjectText()
        let unit = descriptor.unit
        member.string("name", descriptor.name.english + (unit.isEmpty ? "" : " (\(unit))"))
        member.string("name_zh", descriptor.name.chinese + Self.chineseUnit(unit))
        member.string("description", descriptor.description.english)
        member.string("description_zh", descriptor.description.chinese)
        member.string("attribute", descriptor.isRequired ? "required" : "optional")
        member.string("type", typeName(descriptor.kind))
        if let standard = standardText(descriptor) { member.raw("default", standard) }
        member.raw("valid", valid(descriptor.kind))
        switch descriptor.shown {
        case .forAdvanced: member.raw("condition", "{\"field\":\"advanced\",\"value\":true}")
        // Anywhere: the field may hold several URLs.
        case .forTLS: member.raw("condition", "{\"field\":\"url\",\"regex\":\"wss:\"}")
        case .forCustomFormat: member.raw("condition", "{\"field\":\"format\",\"value\":3}")
        case .forOpenGate: member.raw("condition", "{\"field\":\"format\",\"value\":5}")
        case .forCompression: member.raw("condition", "{\"field\":\"compression\",\"value\":1}")
        case .forCache: member.raw("condition", "{\"field\":\"offline-cache\",\"value\":true}")
        case .forDriverStates:
            member.raw("condition", "{\"field\":\"upload_drv_state\",\"value\":true}")
        case .always, .never: break
        }
        text.append(contentsOf: member.finished())
    }

    private static func chineseUnit(_ unit: String) -> String {
        switch unit {
        case "": ""
        case "s": "（秒）"
        case "ms": "（毫秒）"
        case "MB": "（MB）"
        default: "（字节）"
        }
    }

    private static func typeName(_ kind: SettingKind) -> String {
        switch kind {
        case .boolean: "bool"
        case .integer, .seconds: "int"
        case .choice: "map"
        case .file: "file"
        case .text, .texts, .pairs, .times, .heartbeat, .urls, .template, .staticTags: "string"
        }
    }

    /// The form checks number fields even where they are optional, so each must have a default.
    private static func standardText(_ descriptor: SettingDescriptor) -> String? {
        if case .value(let value) = descriptor.standard {
            switch value {
            case .boolean(let boolean): return boolean ? "true" : "false"
            case .integer(let integer): return "\(integer)"
            case .milliseconds(let milliseconds): return SettingKind.seconds(milliseconds)
            case .text, .secret, .texts, .pairs, .times, .heartbeat, .document: return nil
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
            valid.raw("min", "\(orZero ? 0 : (from + 999) / 1000)")
            valid.raw("max", "\(to / 1000)")
        case .file: break
        case .times, .heartbeat: valid.raw("length", "\(1 << 20)")
        case .text(let max), .template(let max), .staticTags(let max):
            valid.raw("length", "\(max)")
        case .urls(let count, let max), .texts(let count, let max), .pairs(let count, let max):
            valid.raw("length", "\(count * max)")
        case .choice(let choices):
            var map: [UInt8] = [UInt8(ascii: "[")]
            for choice in choices {
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
