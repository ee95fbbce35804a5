// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// `neuron-ws request`: a command to a server, and its response.
enum RequestCommand {
    static let syntax = CommandSyntax(
        name: "request",
        summary: "send a command to a server and print its response",
        positionals: [Positional(name: "COMMAND", help: "what is sent, as text")],
        options: [
            ArgumentOption(
                name: "--match", value: "MEMBER[=VALUE]",
                help: "the response has this member, a name or a JSON pointer (/a/id); without: the next message"),
            ArgumentOption(name: "--timeout", value: "SECONDS", help: "of each try, connected or not (5)"),
            ArgumentOption(name: "--retries", value: "N", help: "tries after the first (0)"),
            ArgumentOption(name: "--count", value: "N", help: "so many times, one after the other (1)"),
            ArgumentOption(name: "--binary", value: nil, help: "send the command as a binary message"),
            ArgumentOption(
                name: "--latency", value: nil,
                help: "how long each response took, and of several the least, the "
                    + "median and the most"),
            Trace.option,
            ArgumentOption(name: "--pretty", value: nil, help: "JSON indented and, on a terminal, coloured"),
            ArgumentOption(name: "--raw", value: nil, help: "responses alone, byte by byte, for a pipe or a file"),
            ArgumentOption(name: "--json", value: nil, help: "what came of each as one JSON object a line"),
        ],
        connects: true,
        notes: [
            "Times are those from the command's way out to its response, without the time to connect. A command that",
            "does not get its response is told on standard error, with how the connection stands.",
            "Exit status 0 says that every command got its response.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let style = try MessagePrinter.style(arguments)
        let settings = try Settings.compose(arguments)
        let timeout = try arguments.milliseconds("--timeout", upTo: 86_400) ?? 5000
        guard timeout >= 1 else { throw UsageError(text: "--timeout takes a number of seconds above 0") }
        let plan = RequestPlan(
            command: Array((arguments.positionals.first ?? "").utf8), isBinary: arguments.has("--binary"),
            match: try match(arguments.text("--match")), timeoutMilliseconds: UInt32(timeout),
            retries: UInt32(try arguments.integer("--retries", in: 0...1000) ?? 0),
            count: try arguments.integer("--count", in: 1...1_000_000) ?? 1)
        do throws(LibraryError) {
            let node = try Node.create(name: "request", settings: settings)
            let mask = NEURON_WS_EVENT_RESPONSE | NEURON_WS_EVENT_STATE | Trace.begin(node, arguments)
            let descriptor = try node.eventDescriptor(mask: mask)
            Interrupt.listen()
            try node.start()
            var requester = Requester(
                node: node, descriptor: descriptor, plan: plan, printer: MessagePrinter(style: style),
                showsLatency: arguments.has("--latency"))
            return requester.run()
        } catch {
            guard error.status == .NEURON_WS_INVALID_SETTINGS else {
                Terminal.complain(Terminal.printable(error.text))
                return .failed
            }
            throw UsageError(text: Settings.blame(error.text, arguments))
        }
    }

    private static func match(_ text: String?) throws(UsageError) -> (member: String, value: String?)? {
        guard let text else { return nil }
        let pieces = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let member = pieces.first, !member.isEmpty else {
            throw UsageError(text: "--match takes MEMBER or MEMBER=VALUE, for example --match uuid=1, not \"\(text)\"")
        }
        return (member, pieces.count > 1 ? pieces[1] : nil)
    }
}

/// What is asked, how often, and which message is the response.
struct RequestPlan {
    var command: [UInt8]
    var isBinary: Bool
    var match: (member: String, value: String?)?
    var timeoutMilliseconds: UInt32
    var retries: UInt32
    var count: Int
}

/// How long responses took.
struct Latencies {
    private(set) var nanoseconds: [Int64] = []

    mutating func add(_ one: Int64) { nanoseconds.append(one) }

    /// "12.3 ms".
    static func text(_ nanoseconds: Int64) -> String {
        let tenths = (nanoseconds + 50_000) / 100_000
        return "\(tenths / 10).\(tenths % 10) ms"
    }

    /// Of several: the least, the median, the most.
    var summary: String? {
        guard nanoseconds.count > 1 else { return nil }
        let sorted = nanoseconds.sorted()
        return "\(Text.count(sorted.count, "response")): least \(Self.text(sorted[0])), median "
            + "\(Self.text(sorted[sorted.count / 2])), most \(Self.text(sorted[sorted.count - 1]))"
    }
}

/// Sends the commands, one after the other, and prints what comes of each.
private struct Requester {
    private static let pollMilliseconds: Int32 = 200
    private static let stopMilliseconds: UInt32 = 2000

    let node: Node
    let descriptor: Int32
    let plan: RequestPlan
    let printer: MessagePrinter
    let showsLatency: Bool
    private var latencies = Latencies()

    init(node: Node, descriptor: Int32, plan: RequestPlan, printer: MessagePrinter, showsLatency: Bool) {
        self.node = node
        self.descriptor = descriptor
        self.plan = plan
        self.printer = printer
        self.showsLatency = showsLatency
    }

    mutating func run() -> ExitStatus {
        var isWhole = true
        for _ in 0..<plan.count where !Interrupt.isRequested {
            if !ask() { isWhole = false }
        }
        if showsLatency, printer.style != .json, let summary = latencies.summary { Terminal.complain(summary) }
        let isInterrupted = Interrupt.isRequested
        node.stop(timeoutMilliseconds: Self.stopMilliseconds)
        takeWaitingEvents { _ in }
        return isWhole && !isInterrupted ? .success : .failed
    }

    /// - Returns: whether the response came.
    private mutating func ask() -> Bool {
        // A connection is waited for as long as the first try would wait for it, so that the time is the command's.
        let begin = Clock.nanoseconds()
        let patience = Int64(plan.timeoutMilliseconds) * Int64(plan.retries + 1) * 1_000_000
        while !node.state.isOpen, !Interrupt.isRequested, Clock.nanoseconds() - begin < patience { takeEvents { _ in } }
        guard node.state.isOpen else { return complain("NEURON_WS_TIMEOUT", "no connection") }
        let sent = Clock.nanoseconds()
        let number: UInt64
        do throws(LibraryError) { number = try send() } catch {
            return complain(String(cString: neuron_ws_status_name(error.status)), error.text)
        }
        var end: (status: neuron_ws_status_t, isSent: Bool, took: Int64)?
        while end == nil, !Interrupt.isRequested {
            takeEvents { event in
                guard event.kind == NEURON_WS_EVENT_RESPONSE, event.id == number else { return }
                let took = Clock.nanoseconds() - sent
                end = (event.status, event.level != .NEURON_WS_LEVEL_ACCEPTED, took)
                if event.status == .NEURON_WS_OK { show(event, took) }
            }
        }
        guard let end else { return complain("NEURON_WS_CANCELLED", "interrupted") }
        guard end.status == .NEURON_WS_OK else {
            var text = String(cString: neuron_ws_status_text(end.status))
            if end.status == .NEURON_WS_TIMEOUT {
                text =
                    end.isSent
                    ? "no response came in time"
                    : "no connection took the command in time, or others before it held it back"
            }
            return complain(String(cString: neuron_ws_status_name(end.status)), text)
        }
        latencies.add(end.took)
        return true
    }

    private func send() throws(LibraryError) -> UInt64 {
        var command = neuron_ws_command_t()
        command.size = MemoryLayout<neuron_ws_command_t>.size
        command.kind = plan.isBinary ? .NEURON_WS_BINARY : .NEURON_WS_TEXT
        command.timeout_ms = plan.timeoutMilliseconds
        command.retries = plan.retries
        var number: UInt64 = 0
        let member = plan.match?.member ?? ""
        let value = plan.match?.value ?? ""
        let status = plan.command.withUnsafeBytes { bytes in
            member.withCString { member in
                value.withCString { value in
                    command.bytes = bytes.baseAddress
                    command.length = bytes.count
                    if plan.match != nil { command.match_member = member }
                    if plan.match?.value != nil { command.match_value = value }
                    return neuron_ws_node_request(node.pointer, &command, &number)
                }
            }
        }
        guard status == .NEURON_WS_OK else { throw LibraryError(status) }
        return number
    }

    /// Waits a little for events.
    private func takeEvents(_ body: (neuron_ws_event_t) -> Void) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, Self.pollMilliseconds)
        takeWaitingEvents(body)
    }

    private func takeWaitingEvents(_ body: (neuron_ws_event_t) -> Void) {
        var event = neuron_ws_event_t()
        event.size = MemoryLayout<neuron_ws_event_t>.size
        while neuron_ws_node_next_event(node.pointer, &event) == .NEURON_WS_OK {
            body(event)
            if event.kind == NEURON_WS_EVENT_LOG, let line = Trace.line(event) { Output.error.writeLine(line) }
        }
    }

    private func show(_ event: neuron_ws_event_t, _ took: Int64) {
        let bytes = UnsafeRawBufferPointer(start: event.bytes, count: event.length)
        let isText = event.message_kind == .NEURON_WS_TEXT
        if printer.style == .json {
            // The printer's object, with the time as its last member.
            let line = MessagePrinter.line(isText: isText, bytes).dropLast()
            let microseconds = (took + 500) / 1000
            Output.standard.write("\(line),\"latency_us\":\(microseconds)}\n")
            Output.standard.flush()
            return
        }
        printer.print(isText: isText, bytes)
        if showsLatency { Terminal.complain("the response took \(Latencies.text(took))") }
    }

    /// - Returns: false.
    private func complain(_ name: String, _ text: String) -> Bool {
        let state = node.state
        // A status's text is a sentence of its own.
        let isSentence = text.utf8.last == UInt8(ascii: ".")
        let why = state.isOpen ? text : text + (isSentence ? " " : ": ") + state.message
        if printer.style == .json {
            Output.standard.write("{\"error\":\"\(name)\",\"text\":\(JSONText.quoted(why))}\n")
            Output.standard.flush()
        } else {
            Terminal.complain(Terminal.printable(why))
        }
        return false
    }
}
