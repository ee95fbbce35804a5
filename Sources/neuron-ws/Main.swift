// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// The command line tool: one file per command, all of them written against neuron_ws.h like any other user's program.
enum Tool {
    /// Runs a command, and ends the process.
    nonisolated static func start(_ words: [String]) -> Never {
        keepStandardStreams()
        // Handled, by nothing: a closed pipe then shows as an error of write(2), where `Output` ends the tool.
        signal(SIGPIPE) { _ in }
        let status = run(words)
        Output.standard.flush()
        exit(status.rawValue)
    }

    /// A standard stream that was closed would be the next file or socket that is opened. What stands in for it is of
    /// no use: reading or writing it fails as it would without.
    private nonisolated static func keepStandardStreams() {
        for descriptor in Int32(0)...2 {
            var facts = stat()
            guard fstat(descriptor, &facts) != 0, systemErrorNumber == EBADF else { continue }
            // The lowest number that is free, which is this one.
            _ = neuron_ws_create("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY, 0)
        }
    }

    /// Not on the main actor, whose closures must not run on threads that C code starts.
    nonisolated static func run(_ words: [String]) -> ExitStatus {
        guard let first = words.first else {
            Output.error.writeLine(overview)
            return .usage
        }
        // Bytes that are none were replaced already, and what is sent would not be what was given.
        if let place = words.firstIndex(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
            Terminal.complain("argument \(place + 1) is not UTF-8: \"\(Terminal.printable(words[place]))\"")
            return .usage
        }
        let rest = Array(words.dropFirst())
        if ["help", "--help", "-h"].contains(first) { return help(rest) }
        if ["version", "--version"].contains(first) { return execute(.version, rest) }
        if first == DemoSender.word { return DemoSender.run(rest) }
        guard let command = Command(rawValue: first) else {
            Terminal.complain(
                "there is no command \"\(Terminal.printable(first))\""
                    + Nearest.hint(first, among: Command.allCases.map { $0.rawValue } + ["help"])
                    + "\n\n" + overview)
            return .usage
        }
        return execute(command, rest)
    }

    private nonisolated static func execute(_ command: Command, _ words: [String]) -> ExitStatus {
        do throws(UsageError) {
            guard let arguments = try command.syntax.parse(words) else {
                Output.standard.writeLine(command.syntax.help)
                return .success
            }
            return try command.run(arguments)
        } catch {
            Terminal.complain(Terminal.printable(error.text))
            return .usage
        }
    }

    private nonisolated static func help(_ words: [String]) -> ExitStatus {
        guard let word = words.first else {
            Output.standard.writeLine(overview)
            return .success
        }
        guard let command = Command(rawValue: word) else {
            Terminal.complain(
                "there is no command \"\(Terminal.printable(word))\""
                    + Nearest.hint(word, among: Command.allCases.map { $0.rawValue }))
            return .usage
        }
        Output.standard.writeLine(command.syntax.help)
        return .success
    }

    private nonisolated static var overview: String {
        var lines = ["neuron-ws COMMAND …", ""]
        for command in Command.allCases {
            lines.append("  \(Text.left(command.rawValue, 10))  \(command.syntax.summary)")
        }
        lines += [
            "  help        this text; help COMMAND or COMMAND --help tells more", "",
            "Exit status: 0 all right, 1 the job failed, 2 the command line is wrong.",
        ]
        return lines.joined(separator: "\n")
    }
}

/// What the tool can do.
enum Command: String, CaseIterable {
    case demo, check, connect, request, push, serve, encode, bench, selftest
    case cache, explain, plugin, schema, completion, version

    var syntax: CommandSyntax {
        switch self {
        case .demo: DemoCommand.syntax
        case .push: PushCommand.syntax
        case .encode: EncodeCommand.syntax
        case .serve: ServeCommand.syntax
        case .check: CheckCommand.syntax
        case .bench: BenchCommand.syntax
        case .connect: ConnectCommand.syntax
        case .request: RequestCommand.syntax
        case .selftest: SelftestCommand.syntax
        case .explain: ExplainCommand.syntax
        case .completion: CompletionCommand.syntax
        case .cache: CacheCommand.syntax
        case .plugin: PluginCommand.syntax
        case .schema: CommandSyntax(name: "schema", summary: "print the settings form, in the gateway's schema format")
        case .version: CommandSyntax(name: "version", summary: "print the library's version")
        }
    }

    func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        switch self {
        case .demo: return try DemoCommand.run(arguments)
        case .push: return try PushCommand.run(arguments)
        case .encode: return EncodeCommand.run()
        case .serve: return try ServeCommand.run(arguments)
        case .check: return try CheckCommand.run(arguments)
        case .bench: return try BenchCommand.run(arguments)
        case .connect: return try ConnectCommand.run(arguments)
        case .request: return try RequestCommand.run(arguments)
        case .selftest: return try SelftestCommand.run(arguments)
        case .explain: return try ExplainCommand.run(arguments)
        case .completion: return try CompletionCommand.run(arguments)
        case .cache: return try CacheCommand.run(arguments)
        case .plugin: return try PluginCommand.run(arguments)
        case .schema: return printSchema()
        case .version:
            Output.standard.writeLine("neuron-ws \(Library.version) (ABI \(neuron_ws_abi_version()))")
            return .success
        }
    }

    private func printSchema() -> ExitStatus {
        var json: UnsafePointer<CChar>?
        var length = 0
        guard neuron_ws_settings_schema(&json, &length) == .NEURON_WS_OK, let json else {
            Terminal.complain(Library.lastError)
            return .failed
        }
        Output.standard.write(bytes: UnsafeRawBufferPointer(start: json, count: length))
        Output.standard.writeLine()
        return .success
    }
}
