// SPDX-License-Identifier: Apache-2.0
/// `neuron-ws cache`: what nodes have left on disk, while they do not run.
enum CacheCommand {
    private static let verbs = ["list", "stat", "export", "resend", "drop"]

    static let syntax = CommandSyntax(
        name: "cache",
        summary: "what nodes keep on disk while they do not run: list it, read it, send it again, delete it",
        positionals: [Positional(name: "list|stat|export|resend|drop", help: "what to do", words: verbs)],
        options: [
            ArgumentOption(
                name: "--data-dir", value: "DIR", help: "where the caches lie: the setting data-dir", isRequired: true),
            ArgumentOption(name: "--node", value: "NAME", help: "this node's alone; all of them if absent"),
            ArgumentOption(
                name: "--poisoned", value: nil, help: "with export and drop: the messages alone that were set aside"),
            ArgumentOption(name: "--yes", value: nil, help: "with drop: do it; without, say what would go"),
            ArgumentOption(name: "--json", value: nil, help: "with list and stat: each cache as one JSON object"),
        ],
        notes: [
            "list    a line for each cache: messages, bytes, times of the first and the last, how many are poisoned",
            "stat    reads all of them, and says how large they are, which are damaged, and why some are poisoned",
            "export  writes each message as a line of JSON: {\"node\":…,\"time\":…,\"message\":…}",
            "resend  puts the poisoned messages in front of those that are to be sent",
            "drop    deletes messages for good",
            "Poisoned are messages that the server refused again and again. A cache that a node uses is left alone,",
            "and said to be held: exit status 1, as for each that cannot be read.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let verb = arguments.positionals[0]
        guard verbs.contains(verb) else {
            throw UsageError(text: "cache does not know \"\(verb)\"" + Nearest.hint(verb, among: verbs))
        }
        for (option, users) in [
            ("--poisoned", ["export", "drop"]), ("--yes", ["drop"]), ("--json", ["list", "stat"]),
        ] where arguments.has(option) && !users.contains(verb) {
            throw UsageError(text: "cache \(verb) takes no \(option)")
        }
        let directory = arguments.text("--data-dir") ?? ""
        do throws(LibraryError) {
            var caches = try Caches.all(in: directory)
            if let node = arguments.text("--node") {
                caches = caches.filter { $0.node == node }
                // What cannot be read does not say whose it is: it is asked for by its name.
                if caches.isEmpty {
                    try Caches.read(directory, node, Caches.waiting) { _ in }
                    // It can be read now, as it could not a moment before.
                    caches = try Caches.all(in: directory).filter { $0.node == node }
                }
                if caches.isEmpty {
                    Terminal.complain("the cache of \(Terminal.printable(node)) cannot be read now: try again")
                    return .failed
                }
            }
            let job = CacheJob(directory: directory, caches: caches, arguments: arguments)
            switch verb {
            case "list": return job.list()
            case "stat": return job.stat()
            case "export": return job.export()
            case "resend": return job.resend()
            default: return job.drop()
            }
        } catch {
            Terminal.complain(Terminal.printable(error.text))
            return .failed
        }
    }
}

/// One run of it, over the caches that are meant.
struct CacheJob {
    let directory: String
    let caches: [CacheFacts]
    let arguments: Arguments

    var isJSON: Bool { arguments.has("--json") }

    /// Runs `body` for each that can be read; success if it came to its end for all.
    func forEach(_ body: (CacheFacts) throws(LibraryError) -> Void) -> ExitStatus {
        var status = ExitStatus.success
        for cache in caches {
            if !cache.error.isEmpty {
                complain(cache.error)
                status = .failed
                continue
            }
            do throws(LibraryError) { try body(cache) } catch {
                complain(error.text)
                status = .failed
            }
        }
        return status
    }

    private func complain(_ text: String) {
        Output.standard.flush()
        Terminal.complain(Self.shown(text))
    }

    /// What stands in a cache's file was written by whoever may write there: none of it is shown but by this, as far as
    /// a line goes.
    static func shown(_ text: String) -> String { Terminal.printable(text, charactersMax: 2000) }

    // MARK: Changing

    func resend() -> ExitStatus {
        forEach { cache throws(LibraryError) in
            let count = cache.poisoned > 0 ? try Caches.resend(directory, cache.node) : 0
            Output.standard.writeLine(
                "\(Self.shown(cache.node)): \(Text.count(count, "message")) will be sent again")
        }
    }

    func drop() -> ExitStatus {
        let isPoisoned = arguments.has("--poisoned")
        let isMeant = arguments.has("--yes")
        let status = forEach { cache throws(LibraryError) in
            let what =
                isPoisoned
                ? "\(Text.count(cache.poisoned, "poisoned message"))"
                : "\(Text.count(cache.messages, "message")), \(Text.grouped(cache.poisoned)) poisoned"
            if isMeant {
                let parts = isPoisoned ? Caches.poisoned : Caches.waiting | Caches.poisoned
                try Caches.drop(directory, cache.node, parts)
            }
            Output.standard.writeLine("\(Self.shown(cache.node)): \(what) \(isMeant ? "deleted" : "would go")")
        }
        if isMeant || caches.isEmpty { return status }
        complain("nothing was deleted: --yes deletes it for good")
        return .failed
    }
}
