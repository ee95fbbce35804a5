// SPDX-License-Identifier: Apache-2.0
import CLinux

/// `neuron-ws plugin`: puts the plugin into a Neuron gateway, says how it stands there, takes it out again.
enum PluginCommand {
    private static let words = ["install", "status", "remove"]

    static let syntax = CommandSyntax(
        name: "plugin",
        summary: "install the plugin in a Neuron gateway, or upgrade it; say how it stands; remove it",
        positionals: [Positional(name: "install|status|remove", help: "what to do", words: words)],
        options: [
            ArgumentOption(
                name: "--neuron", value: "DIR", help: "the gateway: the folder with its program", isRequired: true),
            ArgumentOption(
                name: "--version", value: "V", help: "its version, 2.12 to 2.15; it is asked if absent"),
            ArgumentOption(
                name: "--from", value: "DIR", help: "where V/libplugin-websocket.so and websocket.json lie"),
            ArgumentOption(
                name: "--library", value: "FILE",
                help: "libneuron_ws.so.1; the one beside the plugin or this tool if absent, or else the system's"),
        ],
        notes: [
            "Each file is written beside its place and renamed: a gateway that runs keeps what it has loaded, and",
            "takes the new ones when it is started anew. install says what it did, and may be run again.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let word = arguments.positionals[0]
        guard words.contains(word) else {
            throw UsageError(text: "plugin does not know \"\(word)\"" + Nearest.hint(word, among: words))
        }
        do throws(Gateway.Failure) {
            let gateway = try Gateway.open(arguments.text("--neuron") ?? "")
            switch word {
            case "install": try install(gateway, arguments)
            case "remove": try remove(gateway)
            default: return try status(gateway, arguments)
            }
            return .success
        } catch {
            Terminal.complain(Terminal.printable(error.text))
            return .failed
        }
    }

    private static func say(_ word: String, _ text: String) {
        Output.standard.writeLine("  \(Text.left(word, 10))\(Terminal.printable(text))")
    }

    // MARK: install

    private static func install(_ gateway: Gateway, _ arguments: Arguments) throws(Gateway.Failure) {
        let version: String
        if let given = arguments.text("--version") { version = given } else { version = try gateway.version() }
        // All that can be wrong is found before anything is changed.
        let files = try PluginFiles.find(
            version: version, in: arguments.text("--from"), library: arguments.text("--library"))
        if let shadow = gateway.shadow {
            throw Gateway.Failure(
                text: "\(shadow) is in the way: Neuron looks there first. Remove it, or rename it, and its form in "
                    + "\(Files.folder(of: shadow))/schema/, then try again")
        }
        let system = files.systemLibrary
        if files.library == nil, system == nil, !Files.isFile(gateway.library) {
            throw Gateway.Failure(
                text: "there is no \(Gateway.libraryFile) for the plugin: install the package libneuron-ws1, or name "
                    + "the file by --library")
        }
        var names = try gateway.names()
        let list = try gateway.listFile()
        Output.standard.writeLine("Neuron \(version) in \(Terminal.printable(gateway.folder))")
        do throws(Files.Failure) {
            for folder in [gateway.custom, gateway.custom + "/schema", Files.folder(of: list)] {
                if try Files.makeFolder(folder) { say("made", folder + "/") }
            }
            // The library first: a plugin is never there without the one that it needs.
            if let library = files.library { try place(library, gateway.library, mode: 0o644) }
            try place(files.form, gateway.form, mode: 0o644)
            try place(files.plugin, gateway.plugin, mode: 0o755)
            // It would be loaded in the place of the system's, however old it is.
            if files.library == nil, system != nil, try Files.remove(gateway.library) {
                say("removed", gateway.library)
            }
        } catch { throw Gateway.Failure(text: error.text) }
        if files.library == nil {
            say("library", system.map { "the system's \($0) is used" } ?? "\(gateway.library) is used, as it was")
        }
        if names.contains(Gateway.pluginFile) {
            say("listed", gateway.list)
        } else {
            names.append(Gateway.pluginFile)
            try gateway.write(names: names)
            say("added to", gateway.list)
        }
        if let process = gateway.process {
            Output.standard.writeLine("Neuron runs (process \(process)): start it anew to load the plugin.")
        } else {
            Output.standard.writeLine("Start Neuron, then add an application with the plugin WebSocket.")
        }
    }

    private static func place(_ bytes: [UInt8], _ path: String, mode: mode_t) throws(Files.Failure) {
        let before = try Files.read(path)
        if before == bytes { return say("as it was", path) }
        try Files.write(bytes, to: path, mode: mode)
        say(before == nil ? "new" : "replaced", path)
    }

    // MARK: status

    /// Failed where something is missing.
    private static func status(_ gateway: Gateway, _ arguments: Arguments) throws(Gateway.Failure) -> ExitStatus {
        var isComplete = true
        let version = arguments.text("--version") ?? (try? gateway.version()) ?? "of an unknown version"
        Output.standard.writeLine("Neuron \(version) in \(Terminal.printable(gateway.folder))")
        for path in [gateway.plugin, gateway.form] {
            let isThere = Files.isFile(path)
            say(isThere ? "there" : "missing", path)
            isComplete = isComplete && isThere
        }
        if Files.isFile(gateway.library) {
            say("there", gateway.library)
        } else {
            say("library", "not beside the plugin: the system's \(Gateway.libraryFile) is used, if there is one")
        }
        let isListed = try gateway.names().contains(Gateway.pluginFile)
        say(isListed ? "listed" : "unlisted", gateway.list)
        if let shadow = gateway.shadow {
            say("in the way", "\(shadow): Neuron looks there first")
            isComplete = false
        }
        if let process = gateway.process {
            say("running", "process \(process), \(loaded(gateway, process))")
        } else {
            say("stopped", "no process runs \(gateway.folder)/neuron")
        }
        return isComplete && isListed ? .success : .failed
    }

    /// What a running gateway has mapped.
    private static func loaded(_ gateway: Gateway, _ process: Int) -> String {
        guard let maps = try? Files.read("/proc/\(process)/maps") else { return "which may not be looked into" }
        let lines = String(decoding: maps, as: UTF8.self).split(separator: "\n").filter {
            Text.contains(String($0), gateway.plugin)
        }
        if lines.isEmpty { return "which has not loaded the plugin" }
        return lines.contains { $0.hasSuffix("(deleted)") }
            ? "which has loaded an older plugin: start it anew" : "which has loaded this plugin"
    }

    // MARK: remove

    private static func remove(_ gateway: Gateway) throws(Gateway.Failure) {
        let names = try gateway.names()
        Output.standard.writeLine("Neuron in \(Terminal.printable(gateway.folder))")
        if names.contains(Gateway.pluginFile) {
            try gateway.write(names: names.filter { $0 != Gateway.pluginFile })
            say("unlisted", gateway.list)
        }
        do throws(Files.Failure) {
            for path in [gateway.plugin, gateway.form, gateway.library] {
                say(try Files.remove(path) ? "removed" : "absent", path)
            }
        } catch { throw Gateway.Failure(text: error.text) }
        if let process = gateway.process {
            Output.standard.writeLine(
                "Neuron runs (process \(process)): delete its WebSocket applications, or start it anew.")
        }
    }
}
