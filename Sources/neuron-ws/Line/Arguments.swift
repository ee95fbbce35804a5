// SPDX-License-Identifier: Apache-2.0
/// The command line is wrong; the text names the argument.
struct UsageError: Error, Equatable {
    let text: String
}

/// One thing that may stand on a command's line.
struct ArgumentOption {
    /// "--url"
    let name: String
    /// What follows it, as help calls it; nil for a flag. FILE and DIR are completed as such.
    let value: String?
    let help: String
    var isRequired = false
    /// The words that may follow, for completion; empty: any.
    var words: [String] = []
}

/// A word of the line that belongs to no option.
struct Positional {
    let name: String
    let help: String
    var isRequired = true
    /// The words that it may be, for completion; empty: any.
    var words: [String] = []
}

/// What a command takes: from this its line is parsed, and its help and its completion are written.
struct CommandSyntax {
    let name: String
    let summary: String
    var positionals: [Positional] = []
    var options: [ArgumentOption] = []
    /// It connects to a server: a URL stands before the other words, and `ConnectionOptions` are taken.
    var connects = false
    /// More about it, at the end of its help.
    var notes: [String] = []

    /// Those of the connection included.
    var allOptions: [ArgumentOption] { options + (connects ? ConnectionOptions.all : []) }

    /// Sorts a command's words. `--name value` and `--name=value` are the same, and all behind `--` is positional.
    /// - Returns: nil if help was asked for.
    func parse(_ words: [String]) throws(UsageError) -> Arguments? {
        var arguments = Arguments(command: name)
        var rest = words[...]
        var isPastOptions = false
        while let word = rest.popFirst() {
            if isPastOptions || !word.hasPrefix("-") || word == "-" {
                arguments.positionals.append(word)
            } else if word == "--" {
                isPastOptions = true
            } else if word == "--help" || word == "-h" {
                return nil
            } else {
                try parseOption(word, &rest, &arguments)
            }
        }
        // A number is a count, where a command takes one; no URL is a number.
        if connects, let first = arguments.positionals.first, positionals.isEmpty || UInt64(first) == nil,
            !isURLElsewhere(arguments)
        {
            arguments.url = arguments.positionals.removeFirst()
        }
        try check(arguments)
        return arguments
    }

    /// A word that a command must have is not taken for a URL where an option says where to connect.
    private func isURLElsewhere(_ arguments: Arguments) -> Bool {
        guard arguments.positionals.count == 1, positionals.contains(where: { $0.isRequired }) else { return false }
        return ["--url", "--settings", "--oda"].contains { arguments.has($0) }
    }

    private func parseOption(
        _ word: String, _ rest: inout ArraySlice<String>, _ arguments: inout Arguments
    ) throws(UsageError) {
        let pieces = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let given = String(pieces[0])
        guard let option = allOptions.first(where: { $0.name == given }) else {
            throw UsageError(text: "\(name) has no option \(given)" + Nearest.hint(given, among: optionNames))
        }
        guard let placeholder = option.value else {
            if pieces.count > 1 { throw UsageError(text: "\(given) takes no value") }
            arguments.given.append((given, ""))
            return
        }
        if pieces.count > 1 {
            arguments.given.append((given, String(pieces[1])))
        } else if let value = rest.popFirst() {
            arguments.given.append((given, value))
        } else {
            throw UsageError(text: "\(given) needs a value: \(given) \(placeholder)")
        }
    }

    private var optionNames: [String] { allOptions.map { $0.name } + ["--help"] }

    private func check(_ arguments: Arguments) throws(UsageError) {
        let given = arguments.positionals.count
        for (index, positional) in positionals.enumerated() where positional.isRequired && index >= given {
            throw UsageError(text: "\(name) needs \(positional.name): \(usageLine)")
        }
        if given > positionals.count {
            throw UsageError(
                text: "\(name) does not take \"\(arguments.positionals[positionals.count])\": \(usageLine)")
        }
        for option in allOptions where option.isRequired && !arguments.has(option.name) {
            throw UsageError(text: "\(name) needs \(option.name): \(usageLine)")
        }
    }

    /// "neuron-ws push [URL] [--timeout SECONDS]…"
    var usageLine: String {
        var line = "neuron-ws \(name)" + (connects ? " [\(ConnectionOptions.url.name)]" : "")
        for positional in positionals {
            line += positional.isRequired ? " \(positional.name)" : " [\(positional.name)]"
        }
        for option in options {
            let text = Self.shown(option)
            line += option.isRequired ? " \(text)" : " [\(text)]"
        }
        return line + (connects ? " [connection options]" : "")
    }

    /// What `--help` prints.
    var help: String {
        let entries =
            positionals.map { ($0.name, $0.help) } + options.map { (Self.shown($0), $0.help) }
            + [("--help", "this text")]
        var lines = ["\(usageLine)", "", summary, ""] + Self.columns(entries)
        if connects {
            lines += ["", ConnectionOptions.title]
            let url = ConnectionOptions.url
            lines += Self.columns([(url.name, url.help)] + ConnectionOptions.all.map { (Self.shown($0), $0.help) })
        }
        if !notes.isEmpty { lines.append("") }
        lines += notes
        return lines.joined(separator: "\n")
    }

    private static func shown(_ option: ArgumentOption) -> String {
        option.value.map { "\(option.name) \($0)" } ?? option.name
    }

    private static func columns(_ entries: [(String, String)]) -> [String] {
        let width = entries.map { $0.0.count }.max() ?? 0
        return entries.map { "  \(Text.left($0.0, width))  \($0.1)" }
    }
}

/// A command's line, sorted.
struct Arguments {
    let command: String
    /// Where to connect, of a command that does; nil: no such word was given.
    fileprivate(set) var url: String?
    fileprivate(set) var positionals: [String] = []
    /// The options in the order of the line; a flag has "".
    fileprivate(set) var given: [(name: String, value: String)] = []

    fileprivate init(command: String) { self.command = command }

    /// Whether the option was given.
    func has(_ name: String) -> Bool { given.contains { $0.name == name } }

    /// All values of an option that may be repeated.
    func all(_ name: String) -> [String] { given.filter { $0.name == name }.map { $0.value } }

    /// The option's value; the last one counts.
    func text(_ name: String) -> String? { given.last { $0.name == name }?.value }

    /// The option's value as a whole number within `range`; nil if it was not given.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = text(name) else { return nil }
        return try Self.integer(text, name: name, in: range)
    }

    /// The option's value, a number of seconds with decimals or not, in milliseconds; nil if it was not given.
    func milliseconds(_ name: String, upTo secondsMax: Int) throws(UsageError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let milliseconds = Text.milliseconds(seconds: text), milliseconds <= secondsMax * 1000 else {
            throw UsageError(text: "\(name) takes a number of seconds from 0 to \(secondsMax), not \"\(text)\"")
        }
        return milliseconds
    }

    /// Positional word `index` as a whole number within `range`; nil if it was not given.
    func integer(
        at index: Int, name: String, in range: ClosedRange<Int>
    ) throws(UsageError) -> Int? {
        guard index < positionals.count else { return nil }
        return try Self.integer(positionals[index], name: name, in: range)
    }

    private static func integer(
        _ text: String, name: String, in range: ClosedRange<Int>
    ) throws(UsageError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                text: "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return number
    }
}
