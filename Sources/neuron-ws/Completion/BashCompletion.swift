// SPDX-License-Identifier: Apache-2.0
/// A function for bash's `complete -F`.
enum BashCompletion {
    static var script: String {
        var lines = [
            "# bash completion of neuron-ws; made by: neuron-ws completion bash",
            "_neuron_ws() {",
            "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}",
            "    COMPREPLY=()",
            "    if [ \"$COMP_CWORD\" = 1 ]; then",
            "        \(reply(.words(CompletedWord.commands.map { $0.name })))",
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
        // The shell's own, which know how a name with blanks is written.
        case .file: "compopt -o default 2> /dev/null"
        case .folder: "compopt -o dirnames 2> /dev/null"
        case .setting: "compopt -o nospace 2> /dev/null; " + reply(.words(CompletedWord.settings))
        case .words(let words): "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$word\"))"
        }
    }
}
