/// `neuron-ws completion`: what the shell needs to complete the tool's words, made of the same table as its help.
enum CompletionCommand {
    static let syntax = CommandSyntax(
        name: "completion",
        summary: "print the completion of this tool's words for a shell",
        positionals: [
            Positional(name: "bash|zsh|fish", help: "which shell", words: ["bash", "zsh", "fish"])
        ],
        notes: [
            "bash: neuron-ws completion bash > ~/.local/share/bash-completion/completions/neuron-ws",
            "zsh:  neuron-ws completion zsh > a folder of $fpath, under the name _neuron-ws",
            "fish: neuron-ws completion fish > ~/.config/fish/completions/neuron-ws.fish",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        switch arguments.positionals[0] {
        case "bash": Output.standard.writeLine(BashCompletion.script)
        case "zsh": Output.standard.writeLine(ZshCompletion.script)
        case "fish": Output.standard.writeLine(FishCompletion.script)
        case let other:
            throw UsageError(
                text: "completion takes bash, zsh or fish, not \"\(other)\""
                    + Nearest.hint(other, among: syntax.positionals[0].words))
        }
        return .success
    }
}

/// What may stand behind an option or as a word, for all shells.
enum CompletedValue {
    case nothing, file, folder, setting
    case words([String])

    init(_ option: ArgumentOption) {
        switch option.value {
        case "FILE": self = .file
        case "DIR": self = .folder
        case "KEY=VALUE": self = .setting
        default: self = option.words.isEmpty ? .nothing : .words(option.words)
        }
    }
}

enum CompletedWord {
    static var commands: [(name: String, summary: String)] {
        Command.allCases.map { ($0.rawValue, $0.syntax.summary) } + [("help", "what there is to do")]
    }

    /// Behind `help`, and as the words of commands that take some.
    static func words(of command: Command) -> [String] { command.syntax.positionals.first?.words ?? [] }

    static var settings: [String] { Settings.keys.map { $0 + "=" } }

    /// In single quotes for every shell here: what would end them is left out.
    static func quoted(_ text: String) -> String { "'" + text.filter { $0 != "'" && $0 != "\\" } + "'" }
}

enum BashCompletion {
    static var script: String {
        var lines = [
            "# bash completion of neuron-ws; made by: neuron-ws completion bash",
            "_neuron_ws() {",
            "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}",
            "    COMPREPLY=()",
            "    if [ \"$COMP_CWORD\" = 1 ]; then",
            "        COMPREPLY=($(compgen -W '\(CompletedWord.commands.map { $0.name }.joined(separator: " "))' -- \"$word\"))",
            "        return",
            "    fi",
            "    case $command:$before in",
        ]
        for command in Command.allCases {
            for option in command.syntax.allOptions where option.value != nil {
                lines.append("        \(command.rawValue):\(option.name)) \(reply(CompletedValue(option))); return;;")
            }
        }
        lines += ["    esac", "    case $command in"]
        for command in Command.allCases {
            let words = CompletedWord.words(of: command)
            let all = words + command.syntax.allOptions.map { $0.name } + ["--help"]
            lines.append("        \(command.rawValue)) \(reply(.words(all)));;")
        }
        lines.append("        help) \(reply(.words(Command.allCases.map { $0.rawValue })));;")
        lines += ["    esac", "}", "complete -F _neuron_ws neuron-ws"]
        return lines.joined(separator: "\n")
    }

    private static func reply(_ value: CompletedValue) -> String {
        switch value {
        case .nothing: "COMPREPLY=()"
        case .file: "compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- \"$word\"))"
        case .folder: "compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -d -- \"$word\"))"
        case .setting:
            "compopt -o nospace 2> /dev/null; COMPREPLY=($(compgen -W '\(CompletedWord.settings.joined(separator: " "))'"
                + " -- \"$word\"))"
        case .words(let words): "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$word\"))"
        }
    }
}

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
            if letter == "[" || letter == "]" || letter == ":" { result += letter == ":" ? "," : "" } else {
                result.append(letter)
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

enum FishCompletion {
    static var script: String {
        var lines = [
            "# fish completion of neuron-ws; made by: neuron-ws completion fish", "complete -c neuron-ws -f",
        ]
        for command in CompletedWord.commands {
            lines.append(
                "complete -c neuron-ws -n __fish_use_subcommand -a \(command.name) "
                    + "-d \(CompletedWord.quoted(command.summary))")
        }
        for command in Command.allCases {
            let condition = "-n '__fish_seen_subcommand_from \(command.rawValue)'"
            let words = CompletedWord.words(of: command)
            if !words.isEmpty {
                lines.append("complete -c neuron-ws \(condition) -a '\(words.joined(separator: " "))'")
            }
            for option in command.syntax.allOptions {
                lines.append(
                    "complete -c neuron-ws \(condition) -l \(option.name.dropFirst(2))\(action(option)) "
                        + "-d \(CompletedWord.quoted(option.help))")
            }
        }
        let names = Command.allCases.map { $0.rawValue }.joined(separator: " ")
        lines.append("complete -c neuron-ws -n '__fish_seen_subcommand_from help' -a '\(names)'")
        return lines.joined(separator: "\n")
    }

    private static func action(_ option: ArgumentOption) -> String {
        guard option.value != nil else { return "" }
        switch CompletedValue(option) {
        case .nothing: return " -x"
        case .file: return " -r -F"
        case .folder: return " -x -a '(__fish_complete_directories)'"
        case .setting: return " -x -a '\(CompletedWord.settings.joined(separator: " "))'"
        case .words(let words): return " -x -a '\(words.joined(separator: " "))'"
        }
    }
}
