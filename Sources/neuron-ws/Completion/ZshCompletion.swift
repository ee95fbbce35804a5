// SPDX-License-Identifier: Apache-2.0
/// A function of zsh's completion system.
enum ZshCompletion {
    static var script: String {
        var lines = [
            "#compdef neuron-ws", "# zsh completion of neuron-ws; made by: neuron-ws completion zsh", "_neuron_ws() {",
            "    local -a commands settings",
            "    commands=(",
        ]
        for command in CompletedWord.commands {
            lines.append("        \(CompletedWord.quoted("\(command.name):\(escaped(command.summary))"))")
        }
        lines += [
            "    )", "    settings=(\(CompletedWord.settings.joined(separator: " ")))",
            "    if (( CURRENT == 2 )); then", "        _describe command commands", "        return", "    fi",
            "    local command=$words[2]", "    shift words; (( CURRENT-- ))", "    case $command in",
        ]
        for command in Command.allCases {
            lines.append("        \(command.rawValue)) _arguments \\")
            for option in command.syntax.allOptions {
                let text = option.name + "[\(escaped(option.help))]" + action(option)
                lines.append("            \(CompletedWord.quoted("*" + text)) \\")
            }
            let words = CompletedWord.words(of: command)
            let rest = words.isEmpty ? "*: :_default" : "1: :(\(words.joined(separator: " ")))"
            lines.append("            '--help[this text]' \(CompletedWord.quoted(rest));;")
        }
        lines += ["        help) _describe command commands;;", "    esac", "}", "_neuron_ws \"$@\""]
        return lines.joined(separator: "\n")
    }

    /// What _arguments would take for its own.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for letter in text where letter != "\"" {
            switch letter {
            case "[", "]": break
            case ":": result += ","
            default: result.append(letter)
            }
        }
        return result
    }

    private static func action(_ option: ArgumentOption) -> String {
        guard let value = option.value else { return "" }
        let name = escaped(value)
        switch CompletedValue(option) {
        case .nothing: return ":\(name): "
        case .file: return ":\(name):_files"
        case .folder: return ":\(name):_files -/"
        case .setting: return ":\(name):compadd -S \"\" -a settings"
        case .words(let words): return ":\(name):(\(words.joined(separator: " ")))"
        }
    }
}
