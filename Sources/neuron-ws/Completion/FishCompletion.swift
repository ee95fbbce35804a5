// SPDX-License-Identifier: Apache-2.0
/// Lines of fish's `complete`.
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
