// SPDX-License-Identifier: Apache-2.0
extension SettingsTable {
    /// The settings as the manual's table, in Markdown.
    public static func markdownTable() -> String {
        var text = "| key | takes | default | meaning |\n|---|---|---|---|\n"
        for descriptor in descriptors {
            text += "| `\(descriptor.key.rawValue)` | \(cell(descriptor.kind.takes)) | \(standard(descriptor)) "
            text += "| \(cell(descriptor.description.english)) |\n"
        }
        return text
    }

    private static func standard(_ descriptor: SettingDescriptor) -> String {
        guard case .value(let value) = descriptor.standard else { return descriptor.isRequired ? "required" : "–" }
        let unit = descriptor.unit.isEmpty ? "" : " \(descriptor.unit)"
        switch value {
        case .boolean(let boolean): return boolean ? "true" : "false"
        case .milliseconds(let milliseconds): return SettingKind.seconds(milliseconds) + unit
        case .text(let text): return "`\(text)`"
        case .integer(let integer):
            if case .choice(let choices) = descriptor.kind {
                for choice in choices where choice.number == integer { return "`\(choice.name)`" }
            }
            return "\(integer)" + unit
        case .secret, .texts, .pairs, .times, .heartbeat, .document: return "–"
        }
    }

    /// Braces and bars would end the cell or be taken for a variable.
    private static func cell(_ text: String) -> String {
        var cell = ""
        for scalar in text.unicodeScalars {
            if scalar == "|" { cell += "\\" }
            cell.unicodeScalars.append(scalar)
        }
        return cell
    }
}
