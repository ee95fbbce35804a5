// SPDX-License-Identifier: Apache-2.0
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

/// The words of all shells.
enum CompletedWord {
    static var commands: [(name: String, summary: String)] {
        Command.allCases.map { ($0.rawValue, $0.syntax.summary) } + [("help", "what there is to do")]
    }

    /// Behind `help`, and as the words of commands that take some.
    static func words(of command: Command) -> [String] { command.syntax.positionals.first?.words ?? [] }

    static var settings: [String] { Settings.keys.map { $0 + "=" } }

    /// In single quotes for every shell here: what would end them is written otherwise.
    static func quoted(_ text: String) -> String {
        "'" + String(text.map { $0 == "'" ? "’" : $0 == "\\" ? "/" : $0 }) + "'"
    }
}
