// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// `neuron-ws push`: groups as JSON lines to a server.
enum PushCommand {
    static let syntax = CommandSyntax(
        name: "push",
        summary: "groups as JSON lines on standard input to a server",
        options: [
            ArgumentOption(
                name: "--subscribe", value: "DRIVER/GROUP", help: "what is sent, * for all; may be repeated (*/*)"),
            ArgumentOption(
                name: "--delivery", value: "LEVEL",
                help: "what must be known of each message: best-effort, peer-parsed, app-acked",
                words: ["best-effort", "peer-parsed", "app-acked"]),
            ArgumentOption(
                name: "--timeout", value: "SECONDS", help: "how long to go on when nothing can be sent (30)"),
            ArgumentOption(name: "--json", value: nil, help: "what came of it as one JSON object"),
        ],
        connects: true,
        notes: [
            "A line is a group in tags-format or values-format:",
            "  {\"node\":\"plc1\",\"group\":\"fast\",\"tags\":[{\"name\":\"t\",\"value\":21.5,\"type\":\"FLOAT\"}]}",
            "  {\"node\":\"plc1\",\"group\":\"fast\",\"values\":{\"t\":21.5},\"errors\":{\"u\":2014}}",
            "Exit status 0 says that every line was a group, every --subscribe matched one, every message was handed",
            "to the kernel, and the server did not close the connection with an error right after. With --delivery",
            "peer-parsed it says that the server's WebSocket layer read every message, with app-acked that its",
            "application acknowledged every one, and nothing less.",
        ])

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let settings = try Settings.compose(arguments, inputHolds: "the groups")
        let watch = try SubscriptionWatch.parse(arguments.all("--subscribe"), option: "--subscribe")
        let timeout = try arguments.integer("--timeout", in: 0...86_400) ?? 30
        let observer = TroubleTeller()
        let node: Node
        do throws(LibraryError) {
            node = try Node.create(name: syntax.name, settings: settings, observer: observer, takesMessages: false)
        } catch {
            throw UsageError(text: Settings.blame(error.text, arguments))
        }
        Interrupt.listen()
        observer.observe(node)
        // Before the node is let go of, whose last states the observer still hears.
        defer { withExtendedLifetime(node) { observer.observe(nil) } }
        do throws(LibraryError) {
            for pattern in watch.patterns { try node.subscribe(driver: pattern.driver, group: pattern.group) }
            try node.start()
        } catch {
            Terminal.complain(error.text)
            return .failed
        }
        var pusher = Pusher(
            node: node, observer: observer, watch: watch, timeoutSeconds: timeout, isJSON: arguments.has("--json"))
        return pusher.run()
    }
}

/// Says what is wrong with the connection, as soon as something is wrong, and once for each trouble. Remembers how the
/// connection ended that the last messages went out on.
private final class TroubleTeller: NodeObserver, @unchecked Sendable {
    private let mutex = Mutex()
    private var told = ""
    private var wasOpen = false
    private var loss: (state: NodeState, sent: UInt64)?
    /// Set before the node starts, and away before it ends; touched under the mutex.
    private unowned(unsafe) var node: Node?

    func observe(_ new: Node?) { mutex.withLock { node = new } }

    /// How the last connection ended, if nothing has been sent on another since.
    var lostState: NodeState? {
        mutex.withLock {
            guard let loss, loss.sent >= node?.metrics.messages_sent ?? 0 else { return nil }
            return loss.state
        }
    }

    override func stateChanged(_ state: NodeState) {
        mutex.withLock {
            if !state.isOpen, wasOpen || state.isClosedWithError {
                loss = (state, node?.metrics.messages_sent ?? 0)
            }
            wasOpen = state.isOpen
            tell(state)
        }
    }

    private func tell(_ state: NodeState) {
        if state.isOpen {
            if !told.isEmpty { Terminal.complain("connected to \(state.url)") }
            told = ""
            return
        }
        guard state.phase == .NEURON_WS_PHASE_WAITING else { return }
        // The message also tells the time of the next attempt, which makes no new trouble.
        let trouble = "\(state.reason.rawValue) \(state.tlsFailure.rawValue) \(state.httpStatus) \(state.systemError)"
        guard trouble != told else { return }
        told = trouble
        // The message names host and port alone.
        Terminal.complain(Terminal.printable("\(state.url): \(state.message)"))
    }
}

/// Reads, pushes, waits, counts.
private struct Pusher: ~Copyable {
    /// How long one wait for room lasts before the counters are looked at.
    private static let sliceMilliseconds: UInt32 = 200
    private static let stopMilliseconds: UInt32 = 5000
    /// How long the server has to say, after the last message, that it does not like what it got.
    private static let stayMilliseconds = 300

    let node: Node
    let observer: TroubleTeller
    let timeoutSeconds: Int
    let isJSON: Bool
    /// What has to be known of a message.
    private let level: neuron_ws_level_t
    private var watch: SubscriptionWatch
    private var lines = 0
    private var accepted = 0
    private var badLines = BadLines()
    private var skipped = 0
    private var notSubscribed = 0
    /// Why no more can be pushed.
    private var failure: String?

    init(node: Node, observer: TroubleTeller, watch: SubscriptionWatch, timeoutSeconds: Int, isJSON: Bool) {
        self.node = node
        self.observer = observer
        self.watch = watch
        self.isJSON = isJSON
        level = node.state.level
        self.timeoutSeconds = timeoutSeconds
    }

    mutating func run() -> ExitStatus {
        var reader = LineReader()
        reader.forEachLine { line in
            lines += 1
            switch line {
            case .bytes(let bytes):
                // Lines without anything in them separate groups for the eye.
                if !bytes.allSatisfy({ $0 == 32 || $0 == 9 }) { push(bytes) }
            case .tooLong: complain("is longer than \(LineReader.lineBytesMax) bytes")
            }
            showProgress()
            return failure == nil && !Interrupt.isRequested
        }
        if failure == nil { failure = reader.failure }
        if Interrupt.isRequested { failure = failure ?? "interrupted" }
        let left = finish()
        return report(left)
    }

    private mutating func push(_ bytes: UnsafeRawBufferPointer) {
        let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        while true {
            let status = neuron_ws_node_push_json(node.pointer, text, bytes.count, nil)
            switch status {
            case .NEURON_WS_OK:
                accepted += 1
                watch.saw(bytes)
            case .NEURON_WS_SKIPPED:
                skipped += 1
                watch.saw(bytes)
            case .NEURON_WS_NOT_SUBSCRIBED:
                notSubscribed += 1
                watch.saw(bytes)
            case .NEURON_WS_QUEUE_FULL:
                if waitForRoom() { continue }
            case .NEURON_WS_NOT_RUNNING, .NEURON_WS_NO_MEMORY, .NEURON_WS_FORKED, .NEURON_WS_SYSTEM:
                failure = LibraryError(status).text
            default: complain(LibraryError(status).text)
            }
            return
        }
    }

    private mutating func complain(_ why: String) {
        // The library counts the lines of what it is given, which is this one.
        let text = why.hasPrefix("line 1, ") ? String(why.dropFirst(8)) : why
        if let line = badLines.next(line: lines, Terminal.printable(text)) { Terminal.complain(line) }
    }

    /// - Returns: false when nothing has been sent for as long as the user is willing to wait.
    private mutating func waitForRoom() -> Bool {
        var sent = node.metrics.messages_sent
        var patienceEnds = Clock.nanoseconds() + Int64(timeoutSeconds) * 1_000_000_000
        while !Interrupt.isRequested {
            let before = sent
            let status = node.flush(level, timeoutMilliseconds: Self.sliceMilliseconds)
            guard status == .NEURON_WS_OK || status == .NEURON_WS_TIMEOUT else {
                failure = LibraryError(status).text
                return false
            }
            sent = node.metrics.messages_sent
            if sent > before || status == .NEURON_WS_OK { return true }
            patienceEnds = sent > before ? Clock.nanoseconds() + Int64(timeoutSeconds) * 1_000_000_000 : patienceEnds
            if Clock.nanoseconds() >= patienceEnds {
                failure =
                    "the queue is full, and nothing could be \(done) for \(Text.count(timeoutSeconds, "second"))"
                    + cause
                return false
            }
            showProgress()
        }
        return false
    }

    /// Waits for what is queued and says goodbye to the server.
    /// - Returns: how many messages are still in the queue.
    private mutating func finish() -> Int {
        var deadline = Clock.nanoseconds() + Int64(timeoutSeconds) * 1_000_000_000
        var sent = node.metrics.messages_sent
        while true {
            // A server that confirms one after the other is waited for.
            let before = sent
            sent = node.metrics.messages_sent
            if isConfirmed, sent > before {
                deadline = Clock.nanoseconds() + Int64(timeoutSeconds) * 1_000_000_000
            }
            let left = max(0, deadline - Clock.nanoseconds()) / 1_000_000
            let status = node.flush(level, timeoutMilliseconds: UInt32(min(left, Int64(Self.sliceMilliseconds))))
            if status == .NEURON_WS_OK { break }
            guard status == .NEURON_WS_TIMEOUT else {
                failure = failure ?? LibraryError(status).text
                break
            }
            if left == 0 {
                failure = failure ?? "not all could be \(done) within \(Text.count(timeoutSeconds, "second"))" + cause
                break
            }
            showProgress()
        }
        // What the server says of the last messages comes a moment later.
        if failure == nil, accepted > 0, !isConfirmed, !Interrupt.isRequested {
            _ = Clock.wait(milliseconds: Self.stayMilliseconds) { observer.lostState != nil || Interrupt.isRequested }
        }
        let lost = observer.lostState
        // Who has waited in vain waits no longer.
        node.stop(timeoutMilliseconds: failure == nil ? Self.stopMilliseconds : 0)
        tell(end: lost ?? observer.lostState.flatMap { $0.isClosedWithError ? $0 : nil })
        return Int(clamping: node.metrics.queued_messages)
    }

    /// How the connection ended, if it was not we who ended it.
    private mutating func tell(end: NodeState?) {
        guard failure == nil, let end else { return }
        if !isConfirmed, end.isClosedWithError || end.closeCode == 0 {
            failure = "the last messages may not have been taken: \(end.cause)"
        } else {
            Terminal.complain(Terminal.printable(end.cause))
        }
    }

    /// More is known of a message that was sent than that the kernel has it.
    private var isConfirmed: Bool { level != .NEURON_WS_LEVEL_WRITTEN }
    private var done: String { isConfirmed ? "confirmed" : "sent" }

    /// Why there is no connection, or what does not come on it.
    private var cause: String {
        let state = node.state
        guard state.isOpen else { return ": \(state.message)" }
        return switch level {
        case .NEURON_WS_LEVEL_PEER_PARSED: ": the server has not answered the Ping behind them"
        case .NEURON_WS_LEVEL_APP_ACKED: ": the server's application has not acknowledged them (setting ack-member)"
        default: ""
        }
    }

    private borrowing func showProgress() {
        Progress.shared.show {
            let metrics = node.metrics
            return "\(Text.grouped(lines)) lines read, \(Text.grouped(Int(clamping: metrics.messages_sent))) \(done), "
                + "\(Text.grouped(Int(clamping: metrics.queued_messages))) in the queue"
        }
    }

    private borrowing func report(_ left: Int) -> ExitStatus {
        Progress.shared.clear()
        let metrics = node.metrics
        let sent = Int(clamping: metrics.messages_sent)
        let dropped = Int(clamping: metrics.messages_dropped)
        let unmatched = watch.complaints
        if isJSON {
            let document = JSON.object()
            let counts = [
                ("lines", lines), ("accepted", accepted), (done, sent), ("not-\(done)", left), ("dropped", dropped),
                ("skipped", skipped), ("not-subscribed", notSubscribed), ("bad-lines", badLines.count),
            ]
            for (name, count) in counts { document.set(name, JSON.integer(Int64(count))) }
            document.compactText.withUnsafeBytes { Output.standard.write(bytes: $0) }
            Output.standard.writeLine()
        } else {
            var line = "\(Text.count(accepted, "message")) accepted, \(Text.grouped(sent)) \(done)"
            if left > 0 { line += ", \(Text.grouped(left)) not \(done)" }
            if dropped > 0 { line += ", \(Text.grouped(dropped)) dropped" }
            if skipped > 0 { line += ", \(Text.grouped(skipped)) with nothing to send" }
            if notSubscribed > 0 { line += ", \(Text.grouped(notSubscribed)) not subscribed" }
            if badLines.count > 0 { line += ", \(Text.count(badLines.count, "bad line"))" }
            Output.standard.writeLine(line)
        }
        for complaint in unmatched { Terminal.complain(Terminal.printable(complaint)) }
        if let failure { Terminal.complain(Terminal.printable(failure)) }
        if left > 0, metrics.cached_bytes > 0 {
            Terminal.complain(
                "what was not \(done) lies in the cache of node \(PushCommand.syntax.name) (setting data-dir), and the "
                    + "next push sends it first")
        }
        let isWhole = badLines.count == 0 && left == 0 && unmatched.isEmpty && sent >= accepted
        return failure == nil && isWhole ? .success : .failed
    }
}
