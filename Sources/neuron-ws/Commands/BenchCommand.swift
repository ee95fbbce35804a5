// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// `neuron-ws bench`: how fast messages go out. Its command line and its output are shared with other clients' benches.
enum BenchCommand {
    static let syntax = CommandSyntax(
        name: "bench",
        summary: "send COUNT messages of SIZE bytes as fast as they go, and print one JSON line",
        positionals: [
            Positional(name: "COUNT", help: "how many messages in all"),
            Positional(name: "SIZE", help: "bytes of a message, 49 at least"),
            Positional(name: "CONNS", help: "nodes that the messages are dealt to in turn (1)", isRequired: false),
        ],
        options: [
            ArgumentOption(name: "--seq", value: nil, help: "each message has its own increasing seq"),
            ArgumentOption(
                name: "--tags", value: "N", help: "each message is a group of N tags in values-format, whatever SIZE"),
            ArgumentOption(
                name: "--rate", value: "HZ", help: "so many messages a second; t is CLOCK_MONOTONIC in ns then"),
            ArgumentOption(name: "--idle", value: nil, help: "only open CONNS nodes and tell what they cost"),
            ArgumentOption(name: "--compression", value: nil, help: "offer the server permessage-deflate"),
        ],
        connects: true,
        notes: [
            "A message is {\"seq\":…,\"t\":…,\"p\":\"abc…\"}, with num in place of seq where the node",
            "numbers it. The time runs from the first message handed over to the end of all closing",
            "handshakes.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        var plan = BenchPlan(settings: try settings(arguments))
        plan.count = try arguments.integer(at: 0, name: "COUNT", in: 0...Int(Int32.max) * 1000) ?? 0
        plan.size = try arguments.integer(at: 1, name: "SIZE", in: 0...Int(NEURON_WS_MESSAGE_MAX)) ?? 0
        plan.connections = try arguments.integer(at: 2, name: "CONNS", in: 1...100_000) ?? 1
        plan.isNumbered = numbersMessages(plan.settings)
        plan.hasSequence = arguments.has("--seq")
        plan.tags = try arguments.integer("--tags", in: 1...Int(NEURON_WS_TAGS_MAX))
        plan.rate = try arguments.integer("--rate", in: 1...1_000_000_000)
        do throws(BenchFailure) {
            let nodes = try open(plan)
            if arguments.has("--idle") { return idle(nodes) }
            return try measure(plan, nodes)
        } catch {
            if error.isOfSettings { throw UsageError(text: Settings.blame(error.text, arguments)) }
            Terminal.complain(Terminal.printable(error.text))
            return .failed
        }
    }

    /// In values-format, which the benches of other clients send too.
    private static func settings(_ arguments: Arguments) throws(UsageError) -> String {
        let text = try Settings.compose(arguments)
        // What is no object is left to the library to refuse.
        guard let root = try? JSON.parse(text), root.kind == .object else { return text }
        let settings = root.count == 1 ? root["params"] ?? root : root
        settings.set("format", JSON.integer(0))
        if arguments.has("--compression") { settings.set("compression", "on") }
        return String(decoding: settings.compactText, as: UTF8.self)
    }

    /// Its number is the node's own then: `sequence` gives one, and `app-acked` needs it.
    private static func numbersMessages(_ settings: String) -> Bool {
        guard let settings = try? JSON.parse(settings) else { return false }
        let level = settings["delivery"]
        return settings["sequence"]?.boolean == true || level?.string == "app-acked" || level?.integer == 2
    }

    // MARK: Nodes

    /// How long not a single further node may open before the bench gives up.
    private static let openMilliseconds = 10_000
    private static let stopMilliseconds: UInt32 = 30_000
    /// One for each connection and a few for the rest.
    private static let spareDescriptors = 64

    private static func open(_ plan: BenchPlan) throws(BenchFailure) -> [Node] {
        raiseDescriptorLimit(to: plan.connections + spareDescriptors)
        var nodes: [Node] = []
        do throws(LibraryError) {
            for index in 0..<plan.connections {
                let node = try Node.create(name: "bench-\(index)", settings: plan.settings)
                try node.subscribe(driver: "*", group: "*")
                try node.start()
                nodes.append(node)
            }
        } catch {
            throw BenchFailure(text: error.text, isOfSettings: error.status == .NEURON_WS_INVALID_SETTINGS)
        }
        for node in nodes {
            guard Clock.wait(milliseconds: openMilliseconds, until: { node.state.isOpen }) else {
                throw BenchFailure(text: node.state.message)
            }
        }
        return nodes
    }

    private static func raiseDescriptorLimit(to count: Int) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < rlim_t(count) else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    // MARK: Measuring

    private static func measure(_ plan: BenchPlan, _ nodes: [Node]) throws(BenchFailure) -> ExitStatus {
        let start = Clock.nanoseconds()
        let sender = BenchSender(plan: plan, nodes: nodes)
        if plan.tags == nil { try sender.sendMessages() } else { try sender.sendGroups() }
        try sender.flush()
        for node in nodes { node.stop(timeoutMilliseconds: stopMilliseconds) }
        let microseconds = (Clock.nanoseconds() - start) / 1000
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let processor = [usage.ru_utime, usage.ru_stime].reduce(Int64(0)) { sum, time in
            sum + Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec)
        }
        var sent = 0
        var resent = 0
        for node in nodes {
            let metrics = node.metrics
            sent += Int(clamping: metrics.messages_sent)
            resent += Int(clamping: metrics.messages_resent)
        }
        if resent > 0 {
            Terminal.complain("a connection broke: \(Text.count(resent, "message")) went out twice")
        }
        guard sent == plan.count else {
            throw BenchFailure(text: "only \(Text.grouped(sent)) of \(Text.count(plan.count, "message")) were sent")
        }
        Output.standard.writeLine(
            "{\"peer\":\"neuron_ws\",\"version\":\(JSONText.quoted(Library.version)),"
                + "\"seconds\":\(Text.seconds(microseconds: microseconds)),"
                + "\"cpu_seconds\":\(Text.seconds(microseconds: processor)),\"max_rss_kb\":\(usage.ru_maxrss)}")
        return .success
    }

    private static func idle(_ nodes: [Node]) -> ExitStatus {
        let status = (try? File.read("/proc/self/status")) ?? ""
        Output.standard.writeLine(
            "{\"peer\":\"neuron_ws\",\"version\":\(JSONText.quoted(Library.version)),\"conns\":\(nodes.count),"
                + "\"rss_kb\":\(field("VmRSS", of: status)),\"threads\":\(field("Threads", of: status))}")
        for node in nodes { node.stop(timeoutMilliseconds: stopMilliseconds) }
        return .success
    }

    /// The number in a line like "VmRSS:	    6612 kB".
    private static func field(_ name: String, of status: String) -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
            return Int(String(line.filter { $0.isNumber })) ?? 0
        }
        return 0
    }
}

/// Why a bench came to nothing; for people.
struct BenchFailure: Error {
    let text: String
    /// The library refused the settings, which the command line names.
    var isOfSettings = false
}

/// What a bench has been asked to do.
struct BenchPlan {
    /// Of every node.
    let settings: String
    var count = 0
    var size = 0
    var connections = 1
    var hasSequence = false
    /// The node numbers the messages.
    var isNumbered = false
    /// Tags of a group; nil: raw messages.
    var tags: Int?
    /// Messages a second; nil: as fast as it goes.
    var rate: Int?

    init(settings: String) { self.settings = settings }
}
