// SPDX-License-Identifier: Apache-2.0
/// `neuron-ws explain`: what a number or a name means, and what to do.
enum ExplainCommand {
    static let syntax = CommandSyntax(
        name: "explain",
        summary: "say what a code of the gateway, of RFC 6455 or of the library means, and what to do",
        positionals: [Positional(name: "CODE", help: "3002, 1008, NEURON_WS_QUEUE_FULL, ping-timeout, …")],
        options: [ArgumentOption(name: "--json", value: nil, help: "as a JSON array of objects")],
        notes: [
            "A number is looked for among the error codes of the Neuron gateway, close codes (RFC 6455), HTTP status",
            "codes and the numbers of neuron_ws.h; a name among all that have one, with its prefix or without.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let word = arguments.positionals[0]
        let found = Explanation.find(word)
        guard !found.isEmpty else {
            let number = Int(word) == nil ? "" : "; a driver's own manual or the server's may"
            Terminal.complain(
                "nothing here is called \"\(Terminal.printable(word))\""
                    + Nearest.hint(Explanation.plain(word), among: Explanation.names(like: word)) + number)
            return .failed
        }
        if arguments.has("--json") {
            let list = JSON.array(found.map { $0.json })
            list.compactText.withUnsafeBytes { Output.standard.write(bytes: $0) }
            Output.standard.writeLine()
            return .success
        }
        for (index, explanation) in found.enumerated() {
            if index > 0 { Output.standard.writeLine() }
            Output.standard.writeLine(Terminal.styled(.bold, explanation.title))
            Output.standard.writeLine("  \(explanation.meaning)")
            Output.standard.writeLine("  \(explanation.advice)")
        }
        return .success
    }
}

/// One meaning of a number or a name.
struct Explanation {
    let number: Int
    /// "" where there is none.
    let name: String
    /// "an error code of the gateway"
    let kind: String
    let meaning: String
    let advice: String

    var title: String { "\(number)  " + (name.isEmpty ? "" : "\(name), ") + kind }

    var json: JSON {
        let object = JSON.object()
        object.set("number", JSON.integer(Int64(number)))
        if !name.isEmpty { object.set("name", name) }
        for (member, text) in [("kind", kind), ("meaning", meaning), ("advice", advice)] { object.set(member, text) }
        return object
    }

    /// All that it may mean.
    static func find(_ word: String) -> [Explanation] {
        if let number = Int(word) { return numbered(number) }
        let wanted = plain(word)
        return all.filter { explanation in
            let name = plain(explanation.name)
            return name == wanted || prefixes.contains { name == plain($0) + wanted }
        }
    }

    /// What a mistyped name may have been meant to be: as long as the word is, with a prefix or without.
    static func names(like word: String) -> [String] {
        let isLong = plain(word).hasPrefix("neu")
        return all.map { explanation in
            let prefix = prefixes.last { explanation.name.hasPrefix($0) && !$0.isEmpty } ?? ""
            return plain(isLong ? explanation.name : String(explanation.name.dropFirst(prefix.count)))
        }
    }

    /// Shorter ones before longer ones that begin with them.
    private static let prefixes = [
        "NEURON_WS_", "NEURON_WS_REASON_", "NEURON_WS_PHASE_", "NEURON_WS_TLS_", "NEURON_WS_LEVEL_", GatewayCode.prefix,
        GatewayCode.prefix + "PLUGIN_",
    ]

    /// As names are compared.
    static func plain(_ name: String) -> String {
        String(name.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
    }

    /// Whatever has a name.
    private static var all: [Explanation] { gateway(GatewayCodes.all) + library { _ in true } }

    private static func numbered(_ number: Int) -> [Explanation] {
        var found = gateway(GatewayCodes.find(number).map { [$0] } ?? [])
        found += codes(ProtocolCodes.closing, number, "a close code of RFC 6455")
        found += codes(ProtocolCodes.handshake, number, "an HTTP status, as an answer to the opening handshake")
        found += library { $0 == number }
        if GatewayCodes.driversOwn.contains(number) {
            found.append(
                Explanation(
                    number: number, name: "", kind: "an error code of a driver's own",
                    meaning: "The driver says what it means.", advice: "Look it up in the driver's manual."))
        }
        if ProtocolCodes.registered.contains(number) {
            found.append(
                Explanation(
                    number: number, name: "", kind: "a close code of a library or framework",
                    meaning: "The server closed the connection with a code that its framework has registered.",
                    advice: "Look it up in IANA's registry of WebSocket close codes."))
        }
        if ProtocolCodes.applications.contains(number) {
            found.append(
                Explanation(
                    number: number, name: "", kind: "a close code of the server's own",
                    meaning: "The server's application closed the connection for a reason of its own.",
                    advice: "Look it up in the server's manual."))
        }
        return found
    }

    private static func gateway(_ codes: [GatewayCode]) -> [Explanation] {
        codes.map {
            Explanation(
                number: $0.number, name: $0.name, kind: "an error code of the gateway", meaning: $0.meaning,
                advice: $0.advice)
        }
    }

    private static func codes(_ codes: [ProtocolCodes.Code], _ number: Int, _ kind: String) -> [Explanation] {
        codes.filter { $0.number == number }.map {
            Explanation(number: number, name: "", kind: kind, meaning: $0.meaning, advice: $0.advice)
        }
    }

    private static func library(_ isWanted: (Int) -> Bool) -> [Explanation] {
        LibraryCodes.all.flatMap { kind, codes in
            codes.filter { isWanted($0.number) }.map {
                Explanation(
                    number: $0.number, name: $0.name, kind: "\(kind) of neuron_ws.h", meaning: $0.meaning,
                    advice: $0.advice)
            }
        }
    }
}
