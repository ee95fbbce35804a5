/// The command line is wrong; the text names the argument.
struct UsageError: Error, Equatable {
    let text: String
}

/// One thing that may stand on a command's line.
struct ArgumentOption {
    /// "--url"
    let name: String
    /// What follows it, as help calls it; nil for a flag.
    let value: String?
    let help: String
    var isRequired = false
}

/// A word of the line that belongs to no option.
struct Positional {
    let name: String
    let help: String
    var isRequired = true
}

/// What a command takes: enough to parse its line and to write its help.
struct CommandSyntax {
    let name: String
    let summary: String
    var positionals: [Positional] = []
    var options: [ArgumentOption] = []
    /// More about it, at the end of its help.
    var notes: [String] = []

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
        try check(arguments)
        return arguments
    }

    private func parseOption(
        _ word: String, _ rest: inout ArraySlice<String>, _ arguments: inout Arguments
    ) throws(UsageError) {
        let pieces = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let given = String(pieces[0])
        guard let option = options.first(where: { $0.name == given }) else {
            throw UsageError(text: "\(name) has no option \(given)" + Nearest.hint(given, among: optionNames))
        }
        guard let placeholder = option.value else {
            if pieces.count > 1 { throw UsageError(text: "\(given) takes no value") }
            arguments.values[given, default: []].append("")
            return
        }
        if pieces.count > 1 {
            arguments.values[given, default: []].append(String(pieces[1]))
        } else if let value = rest.popFirst() {
            arguments.values[given, default: []].append(value)
        } else {
            throw UsageError(text: "\(given) needs a value: \(given) \(placeholder)")
        }
    }

    private var optionNames: [String] { options.map { $0.name } + ["--help"] }

    private func check(_ arguments: Arguments) throws(UsageError) {
        let given = arguments.positionals.count
        for (index, positional) in positionals.enumerated() where positional.isRequired && index >= given {
            throw UsageError(text: "\(name) needs \(positional.name): \(usageLine)")
        }
        if given > positionals.count {
            throw UsageError(
                text: "\(name) does not take \"\(arguments.positionals[positionals.count])\": \(usageLine)")
        }
        for option in options where option.isRequired && arguments.values[option.name] == nil {
            throw UsageError(text: "\(name) needs \(option.name): \(usageLine)")
        }
    }

    /// "neuron-ws push --url URL [--settings FILE]…"
    var usageLine: String {
        var line = "neuron-ws \(name)"
        for positional in positionals {
            line += positional.isRequired ? " \(positional.name)" : " [\(positional.name)]"
        }
        for option in options {
            let text = option.value.map { "\(option.name) \($0)" } ?? option.name
            line += option.isRequired ? " \(text)" : " [\(text)]"
        }
        return line
    }

    /// What `--help` prints.
    var help: String {
        var lines = ["\(usageLine)", "", summary]
        let entries =
            positionals.map { ($0.name, $0.help) }
            + options.map { option in (option.value.map { "\(option.name) \($0)" } ?? option.name, option.help) }
            + [("--help", "this text")]
        let width = entries.map { $0.0.count }.max() ?? 0
        lines.append("")
        for (name, help) in entries { lines.append("  \(Text.left(name, width))  \(help)") }
        if !notes.isEmpty { lines.append("") }
        lines += notes
        return lines.joined(separator: "\n")
    }
}

/// A command's line, sorted.
struct Arguments {
    let command: String
    fileprivate(set) var positionals: [String] = []
    fileprivate(set) var values: [String: [String]] = [:]

    fileprivate init(command: String) { self.command = command }

    /// Whether the option was given.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// All values of an option that may be repeated.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// The option's value; the last one counts.
    func text(_ name: String) -> String? { values[name]?.last }

    /// The option's value as a whole number within `range`; nil if it was not given.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = text(name) else { return nil }
        return try Self.integer(text, name: name, in: range)
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

/// Finds what somebody probably meant.
enum Nearest {
    /// "; did you mean --url?", or nothing when no candidate is near.
    static func hint(_ word: String, among candidates: [String]) -> String {
        guard let found = find(word, among: candidates) else { return "" }
        return "; did you mean \(found)?"
    }

    /// The candidate with the fewest changes, if fewer than half of its characters are changed.
    static func find(_ word: String, among candidates: [String]) -> String? {
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(Array(word.lowercased()), Array(candidate))
            if distance * 2 < max(candidate.count, 2) && distance < best?.distance ?? Int.max {
                best = (candidate, distance)
            }
        }
        return best?.candidate
    }

    /// How many insertions, deletions, replacements and swaps of neighbours make one word the other.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...other.count)
        for row in 0..<one.count {
            var next = [row + 1]
            for column in 0..<other.count {
                let change = one[row] == other[column] ? 0 : 1
                var cost = min(next[column] + 1, last[column + 1] + 1, last[column] + change)
                if row > 0 && column > 0 && one[row] == other[column - 1] && one[row - 1] == other[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                next.append(cost)
            }
            before = last
            last = next
        }
        return last[other.count]
    }
}
