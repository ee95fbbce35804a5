// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS

/// `neuron-ws check`: are these settings good, and does the server behind them answer, and keep the connection?
enum CheckCommand {
    static let syntax = CommandSyntax(
        name: "check",
        summary: "validate settings, connect once, and say which step failed and what to do",
        options: [
            ArgumentOption(
                name: "--wait", value: "SECONDS", help: "how long the server has to keep the connection (1)"),
            ArgumentOption(name: "--json", value: nil, help: "the report as one JSON object"),
        ],
        connects: true,
        notes: ["Exit status 0 says that the server still held the connection at the end."])

    private static let stopMilliseconds: UInt32 = 2000
    /// Beyond connect-timeout, which ends an attempt by itself.
    private static let connectMillisecondsMax = 3_700_000
    /// Beyond the second that a closing handshake takes at most once the server has begun it.
    private static let closeMillisecondsMax = 10_000

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let wait = try arguments.milliseconds("--wait", upTo: 86_400) ?? 1000
        let settings = try Settings.compose(arguments)
        let report = CheckReport(isJSON: arguments.has("--json"))
        let narrator = CheckNarrator(report)
        let faults = Settings.faults(settings)
        guard faults.isEmpty else {
            for fault in faults {
                report.step("settings", .failed, Settings.blame(fault.text, arguments), key: fault.key)
            }
            report.end(isGood: false)
            return .failed
        }
        do throws(LibraryError) {
            let node = try Node.create(name: "check", settings: settings, observer: narrator)
            report.step("settings", .passed, "are good")
            narrator.begin()
            try node.start()
            var stays = false
            var number = 0
            repeat {
                _ = Clock.wait(milliseconds: connectMillisecondsMax) {
                    Progress.shared.show { progress(node.state.message) }
                    return narrator.isOver(before: number)
                }
                Progress.shared.clear()
                guard narrator.opens(number) else { break }
                stays = stay(number, node, narrator, report, milliseconds: wait)
                number += 1
            } while !stays && goesOn(narrator, after: number - 1)
            node.stop(timeoutMilliseconds: stopMilliseconds)
            report.end(isGood: stays)
            return stays ? .success : .failed
        } catch {
            report.step("settings", .failed, Settings.blame(error.text, arguments))
            report.end(isGood: false)
            return .failed
        }
    }

    /// "Connecting to 10.0.0.1:80, 3 s of at most 30 s: waiting for TCP", out of the state's sentence.
    static func progress(_ message: String) -> String {
        guard message.hasPrefix("Connecting to "), let (start, rest) = Text.cut(message, at: " (attempt ") else {
            return "connecting"
        }
        let step = rest.drop { $0 != ":" }.prefix { $0 != "." }
        guard let (before, most) = Text.cut(start, at: " s of ") else { return Terminal.printable(start + step) }
        return Terminal.printable("\(before) s of at most \(most) s\(step)")
    }

    /// After a server that did not keep the connection: whether the node tries the next one of the list at once.
    private static func goesOn(_ narrator: CheckNarrator, after number: Int) -> Bool {
        _ = Clock.wait(milliseconds: closeMillisecondsMax) { narrator.goesOn(after: number) != nil }
        return narrator.goesOn(after: number) ?? false
    }

    /// A server that does not like its client often says so only after the handshake.
    private static func stay(
        _ number: Int, _ node: Node, _ narrator: CheckNarrator, _ report: CheckReport, milliseconds: Int
    ) -> Bool {
        let begin = Clock.nanoseconds()
        let pongsBefore = node.metrics.pongs_received
        let limit = Text.seconds(milliseconds: milliseconds)
        var waitsForPong = milliseconds > 0 && node.ping()
        _ = Clock.wait(milliseconds: milliseconds) {
            Progress.shared.show { "waiting whether the server keeps the connection, \(limit) s" }
            let metrics = node.metrics
            if waitsForPong, metrics.pongs_received > pongsBefore, metrics.round_trip_us > 0 {
                waitsForPong = false
                report.step(
                    "ping", .passed, "the server answers", microseconds: Int64(clamping: metrics.round_trip_us))
            }
            return narrator.isLost(number)
        }
        Progress.shared.clear()
        let microseconds = (Clock.nanoseconds() - begin) / 1000
        guard narrator.settles(number) else { return false }
        if waitsForPong {
            report.step(
                "ping", .warned,
                "no Pong within \(limit) s: where pings are on, a node takes such a "
                    + "server for dead after ping-timeout")
        }
        report.step("stay", .passed, "the server keeps the connection open", microseconds: microseconds)
        return true
    }
}

/// Tells the steps of an attempt as they come true, and what comes of the connection.
final class CheckNarrator: NodeObserver, @unchecked Sendable {
    private static let steps: [(phase: neuron_ws_phase_t, name: String, done: String)] = [
        (.NEURON_WS_PHASE_RESOLVING, "resolve", "the host's address is known"),
        (.NEURON_WS_PHASE_CONNECTING, "connect", "the server accepts TCP connections"),
        (.NEURON_WS_PHASE_PROXY, "proxy", "the proxy leads to the server"),
        (.NEURON_WS_PHASE_SECURING, "TLS", "the connection is encrypted"),
        (.NEURON_WS_PHASE_HANDSHAKING, "handshake", "the server speaks WebSocket"),
    ]

    private let report: CheckReport
    private let mutex = Mutex()
    private var current: neuron_ws_phase_t?
    private var attempt: UInt64 = 0
    /// Whom the attempt goes to, as far as redirects have led it.
    private var url = ""
    private var since: Int64 = 0
    private var hasFailed = false
    /// The connections that opened, one after another: whoever waits may come late, when the next one is open already.
    private var connections: [Connection] = []
    /// What comes now is no news: the check is over.
    private var isSettled = false

    private struct Connection {
        /// The server did not keep it.
        var isLost = false
        /// Whether the node tries another server at once then; nil: it is not known yet.
        var goesOn: Bool?
    }

    init(_ report: CheckReport) { self.report = report }

    func begin() { since = Clock.nanoseconds() }

    /// Connection `number`, from 0, has opened, or there will be none.
    func isOver(before number: Int) -> Bool { mutex.withLock { hasFailed || connections.count > number } }
    func opens(_ number: Int) -> Bool { mutex.withLock { connections.count > number } }
    func isLost(_ number: Int) -> Bool { mutex.withLock { connections[number].isLost } }
    func goesOn(after number: Int) -> Bool? { mutex.withLock { connections[number].goesOn } }

    /// Connection `number` has lasted, and what comes now is the check's own end. False: it has not.
    func settles(_ number: Int) -> Bool {
        mutex.withLock {
            isSettled = !connections[number].isLost
            return isSettled
        }
    }

    override func stateChanged(_ state: NodeState) {
        mutex.withLock {
            if isSettled { return }
            if let last = connections.last, last.goesOn == nil {
                if !state.isOpen { lost(state) }
            } else if hasFailed || connections.last?.goesOn == false {
                return
            } else if state.isOpen {
                url = state.url
                passed()
                report.facts(of: state)
                connections.append(Connection())
                since = Clock.nanoseconds()
            } else if state.phase == .NEURON_WS_PHASE_WAITING && state.reason != .NEURON_WS_REASON_NONE {
                url = state.url
                failed(state)
                hasFailed = true
            } else if let next = Self.steps.firstIndex(where: { $0.phase == state.phase }) {
                // Another attempt: this one has failed, and the next URL of the list gets its own. In the same one a
                // proxy may want to be asked once more.
                let isAnother = attempt != 0 && state.attempts != attempt
                if isAnother {
                    failed(state)
                } else if state.phase != current {
                    passed(asksAgain: next < 2 && current == Self.steps[2].phase)
                }
                if isAnother || state.phase != current { since = Clock.nanoseconds() }
                attempt = state.attempts
                current = state.phase
                url = state.url
            }
        }
    }

    override func messageReceived(isText: Bool, _ bytes: UnsafeRawBufferPointer) {
        report.message(isText: isText, bytes)
    }

    /// The server has let us in, and turned us away: a node passes it over, and so does this.
    private func lost(_ state: NodeState) {
        let last = connections.count - 1
        if !connections[last].isLost {
            report.step("stay", .failed, state.cause, url: url, microseconds: microseconds)
        }
        connections[last].isLost = true
        if state.phase == .NEURON_WS_PHASE_CLOSING { return }
        let goesOn = Self.steps.contains { $0.phase == state.phase }
        connections[last].goesOn = goesOn
        guard goesOn else { return }
        (attempt, current, url) = (state.attempts, state.phase, state.url)
        since = Clock.nanoseconds()
    }

    private var microseconds: Int64 { (Clock.nanoseconds() - since) / 1000 }

    /// The step in progress has come to a good end.
    private func passed(asksAgain: Bool = false) {
        guard let step = Self.steps.first(where: { $0.phase == current }) else { return }
        let done = asksAgain ? "the proxy asks who we are; once more, with an answer" : step.done
        report.step(step.name, .passed, done, url: url, microseconds: microseconds)
        current = nil
    }

    /// - Parameter state: by now perhaps that of the next attempt, to another server.
    private func failed(_ state: NodeState) {
        let name = Self.steps.first { $0.phase == current }?.name ?? "connection"
        report.step(name, .failed, state.cause, url: url, microseconds: microseconds)
        current = nil
    }
}
