// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// One loop on the main thread, over standard input and the node's events.
final class Conversation {
    /// How long answers are waited for after the end of the input.
    private static let lingerNanoseconds: Int64 = 1_000_000_000
    /// How long nothing may go out after the end of the input.
    private static let patienceNanoseconds: Int64 = 30_000_000_000
    private static let pingNanoseconds: Int64 = 1_000_000_000
    /// A poll is never longer, for what no descriptor tells.
    private static let pollMillisecondsMax: Int64 = 200
    private static let stopMilliseconds: UInt32 = 2000

    private let node: Node
    private let descriptor: Int32
    private let plan: ConversationPlan
    private let printer: MessagePrinter
    private let begin = Clock.nanoseconds()
    private var editor: LineEditor?
    private var input = InputLines()
    private var isInputOver = false
    /// When the end of the input is far enough behind; nil: it is not over, or not all is sent.
    private var lingersUntil: Int64?
    private var lastProgress = Clock.nanoseconds()
    private var lines = 0
    private var sent = 0
    private var received = 0
    private var pings = PingCount()
    /// Whom the present or the last connection goes to.
    private var url = ""
    private var isOver = false
    private var failures = 0
    private var badLines = BadLines()
    private var trouble = ConnectionTrouble()

    init(_ node: Node, _ descriptor: Int32, _ plan: ConversationPlan, _ printer: MessagePrinter) {
        self.node = node
        self.descriptor = descriptor
        self.plan = plan
        self.printer = printer
    }

    func run() -> ExitStatus {
        editor = LineEditor.open { [unowned(unsafe) self] in self.waitForInput() }
        if let editor {
            while !isOver, !isInputOver {
                guard let line = editor.readLine() else {
                    // Ctrl-D: nothing more is said, and nothing waited for.
                    isOver = isOver || plan.count == nil
                    isInputOver = true
                    break
                }
                if !line.isEmpty { line.withUnsafeBytes { send($0) } }
            }
        }
        while !isOver {
            guard turn(readsInput: !isInputOver) else { continue }
            if !input.read({ send($0) }) { isInputOver = true }
        }
        return finish()
    }

    // MARK: The loop

    /// Until a byte of the input can be read; false: nothing more is to be read.
    private func waitForInput() -> Bool {
        while !isOver, !isInputOver {
            if turn(readsInput: true) { return true }
        }
        return false
    }

    /// Waits for whatever comes first, and does what there is to do.
    /// - Returns: whether the input can be read.
    private func turn(readsInput: Bool) -> Bool {
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: readsInput ? 0 : -1, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&entries, 2, Int32(patience()))
        if Interrupt.isRequested { isOver = true }
        if entries[0].revents != 0 { takeEvents() }
        lookAtTheClock()
        return !isOver && entries[1].revents != 0
    }

    /// Milliseconds to the next thing that is due.
    private func patience() -> Int64 {
        let now = Clock.nanoseconds()
        let dates = [lingersUntil, deadline, plan.pings ? pings.next : nil].compactMap { $0 }
        let nearest = (dates.min() ?? .max) &- now
        return min(Self.pollMillisecondsMax, max(0, (nearest + 999_999) / 1_000_000))
    }

    private var deadline: Int64? { plan.timeoutMilliseconds.map { begin + Int64($0) * 1_000_000 } }

    private func lookAtTheClock() {
        let now = Clock.nanoseconds()
        if let deadline, now >= deadline { isOver = true }
        if let lingersUntil, now >= lingersUntil { isOver = true }
        if isInputOver, lingersUntil == nil { lookAtTheQueue(now) }
        guard plan.pings, !isOver else { return }
        let metrics = node.metrics
        if pings.look(metrics) { showPing() }
        if now >= pings.next {
            pings.next = now + Self.pingNanoseconds
            if node.ping() { pings.sent += 1 }
        }
    }

    /// After the end of the input: when all of it is sent, and how long that may take.
    private func lookAtTheQueue(_ now: Int64) {
        let metrics = node.metrics
        if metrics.queued_messages == 0 {
            // With --count or --timeout it goes on until then. Where nothing could be asked, nothing is answered.
            let hasAsked = input.failure == nil && (lines == 0 || badLines.count < lines)
            let isOpenEnded = plan.timeoutMilliseconds == nil && (plan.count == nil || !hasAsked)
            lingersUntil = isOpenEnded ? now + Self.lingerNanoseconds : .max
        } else if Int(clamping: metrics.messages_sent) > sent {
            sent = Int(clamping: metrics.messages_sent)
            lastProgress = now
        } else if plan.timeoutMilliseconds == nil, now - lastProgress >= Self.patienceNanoseconds {
            isOver = true
        }
    }

    // MARK: Out

    private func send(_ line: UnsafeRawBufferPointer) {
        guard !isOver, !isInputOver else { return }
        lines += 1
        let kind: neuron_ws_kind_t = plan.isBinary ? .NEURON_WS_BINARY : .NEURON_WS_TEXT
        while !isOver {
            let status = neuron_ws_node_send(node.pointer, kind, line.baseAddress, line.count, nil)
            switch status {
            case .NEURON_WS_OK:
                if plan.isOne { isInputOver = true }
                lastProgress = Clock.nanoseconds()
                return
            case .NEURON_WS_QUEUE_FULL where node.metrics.queued_messages > 0:
                _ = turn(readsInput: false)
                continue
            default:
                let text = Terminal.printable(LibraryError(status).text)
                if let line = badLines.next(line: lines, text) { show { Terminal.complain(line) } }
                if plan.isOne { isOver = true }
                return
            }
        }
    }

    // MARK: In

    private func takeEvents() {
        while true {
            var event = neuron_ws_event_t()
            event.size = MemoryLayout<neuron_ws_event_t>.size
            guard neuron_ws_node_next_event(node.pointer, &event) == .NEURON_WS_OK else { return }
            // After the end the farewell alone is of interest.
            if event.kind == NEURON_WS_EVENT_MESSAGE, !isOver {
                messageCame(event)
            } else if event.kind == NEURON_WS_EVENT_STATE, !isOver {
                stateChanged(event)
            } else if event.kind == NEURON_WS_EVENT_LOG {
                guard let line = Trace.line(event) else { continue }
                show { Output.error.writeLine(line) }
            }
        }
    }

    private func messageCame(_ event: neuron_ws_event_t) {
        // What comes before the question is no answer to it.
        if plan.isOne, !isInputOver { return }
        received += 1
        let bytes = UnsafeRawBufferPointer(start: event.bytes, count: event.length)
        show { self.printer.print(isText: event.message_kind == .NEURON_WS_TEXT, bytes) }
        if let count = plan.count, received >= count { isOver = true }
    }

    private func stateChanged(_ event: neuron_ws_event_t) {
        let state = node.state
        let step = trouble.step(isOpen: event.link == 1, phase: event.phase, reason: event.reason)
        switch step {
        case .none: return
        case .opened:
            url = state.url
            show { self.tell("connected to \(state.url) at \(state.peerAddress)") }
        case .lost, .failed:
            // The message also tells the time of the next attempt, which makes no new trouble.
            let kind = "\(event.reason.rawValue) \(state.tlsFailure.rawValue) \(state.httpStatus) \(state.systemError)"
            // A connection's end belongs to its own server, whichever is tried by now.
            let ended = step == .lost ? url : state.url
            if trouble.isNew(kind) { show { self.tell("\(ended): \(self.trouble(event, state))") } }
            guard !plan.reconnects else { return }
            failures += step == .failed || state.isClosedWithError || state.closeCode == 0 ? 1 : 0
            isOver = true
        }
    }

    private func trouble(_ event: neuron_ws_event_t, _ state: NodeState) -> String {
        // The next server has let us in already: its state says nothing more of the one before.
        if state.isOpen { return "the connection ended: \(String(cString: neuron_ws_reason_name(event.reason)))" }
        return plan.reconnects && state.phase == .NEURON_WS_PHASE_WAITING ? state.message : state.cause
    }

    private func tell(_ text: String) { Output.error.writeLine("neuron-ws: \(Terminal.printable(text))") }

    private func showPing() {
        Progress.shared.show { "ping \(self.pings.text)" }
    }

    /// Prints without tearing the line that is typed.
    private func show(_ printing: () -> Void) {
        Progress.shared.clear()
        if let editor { editor.around(printing) } else { printing() }
    }

    // MARK: The end

    private func finish() -> ExitStatus {
        editor?.close()
        editor = nil
        Progress.shared.clear()
        if !Interrupt.isRequested, node.metrics.queued_messages > 0 {
            _ = node.flush(timeoutMilliseconds: node.state.isOpen ? Self.stopMilliseconds : 0)
        }
        node.stop(timeoutMilliseconds: Self.stopMilliseconds)
        takeEvents()
        let left = node.metrics.queued_messages
        if left > 0 {
            failures += 1
            Terminal.complain("\(Text.count(Int(clamping: left), "message")) could not be sent")
        }
        if badLines.count > 0 {
            failures += 1
            Terminal.complain("\(Text.grouped(badLines.count)) of \(Text.count(lines, "line")) could not be sent")
        }
        if let failure = input.failure {
            failures += 1
            Terminal.complain(failure)
        }
        if plan.isOne, lines == 0, !Interrupt.isRequested {
            failures += 1
            Terminal.complain("standard input holds no line to send")
        } else if let count = plan.count, received < count {
            failures += 1
            if !Interrupt.isRequested {
                Terminal.complain("\(Text.grouped(received)) of \(Text.count(count, "message")) came")
            }
        }
        if plan.pings { Output.error.writeLine("neuron-ws: pings: \(pings.text)") }
        return failures == 0 ? .success : .failed
    }
}

/// The round trips so far.
private struct PingCount {
    var sent = 0
    /// When the next one goes out; monotonic nanoseconds.
    var next: Int64 = 0
    private var answered: UInt64 = 0
    private var last: UInt64 = 0
    private var least: UInt64 = .max
    private var most: UInt64 = 0
    private var sum: UInt64 = 0
    private var count: UInt64 = 0

    /// Whether there is another Pong.
    mutating func look(_ metrics: neuron_ws_metrics_t) -> Bool {
        guard metrics.pongs_received > answered else { return false }
        answered = metrics.pongs_received
        last = metrics.round_trip_us
        least = min(least, last)
        most = max(most, last)
        sum += last
        count += 1
        return true
    }

    var text: String {
        let counts = "\(Text.grouped(sent)) sent, \(Text.grouped(Int(clamping: count))) answered"
        guard count > 0 else { return counts }
        func shown(_ microseconds: UInt64) -> String { Text.milliseconds(microseconds: Int64(clamping: microseconds)) }
        return "\(counts), last \(shown(last)), min/avg/max \(shown(least)) / \(shown(sum / count)) / \(shown(most))"
    }
}

/// How the connection comes and goes, and which trouble was told.
struct ConnectionTrouble {
    enum Step { case none, opened, lost, failed }

    private var isOpen = false
    private var told: String?

    mutating func step(isOpen nowOpen: Bool, phase: neuron_ws_phase_t, reason: neuron_ws_reason_t) -> Step {
        let wasOpen = isOpen
        if nowOpen {
            isOpen = true
            told = nil
            return wasOpen ? .none : .opened
        }
        // The end is told when it is known how it came.
        guard phase != .NEURON_WS_PHASE_CLOSING else { return .none }
        isOpen = false
        if wasOpen { return .lost }
        return phase == .NEURON_WS_PHASE_WAITING && reason != .NEURON_WS_REASON_NONE ? .failed : .none
    }

    /// Each trouble is told once, until there was a connection again.
    mutating func isNew(_ kind: String) -> Bool {
        if kind == told { return false }
        told = kind
        return true
    }
}
