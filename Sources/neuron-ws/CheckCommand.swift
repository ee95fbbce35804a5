import CLinux
import CNeuronWS

/// `neuron-ws check`: are these settings good, and does the server behind them answer?
enum CheckCommand {
    static let syntax = CommandSyntax(
        name: "check",
        summary: "validate settings, connect once for a second, and say which step failed and what to do",
        options: [
            ArgumentOption(
                name: "--settings", value: "FILE", help: "a JSON file with a node's settings", isRequired: true)
        ])

    private static let stopMilliseconds: UInt32 = 2000
    /// How long the connection has to stay: a server that does not like its client often says so only then.
    private static let stayMilliseconds = 1000
    /// Beyond connect-timeout, which ends an attempt by itself.
    private static let waitMillisecondsMax = 3_700_000

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let settings = try Settings.text(arguments.text("--settings") ?? "")
        let narrator = Narrator()
        do throws(LibraryError) {
            let node = try Node.create(name: "check", settings: settings, observer: narrator)
            Narrator.tell("settings", isGood: true, "are good")
            try node.start()
            _ = narrator.waitForEnd(milliseconds: waitMillisecondsMax)
            let state = node.state
            var stays = false
            if narrator.isOpen {
                describe(narrator.lastState ?? state)
                stays = narrator.tellsStay(milliseconds: stayMilliseconds)
            }
            node.stop(timeoutMilliseconds: stopMilliseconds)
            return stays ? .success : .failed
        } catch {
            Narrator.tell("settings", isGood: false, Terminal.printable(error.text))
            return .failed
        }
    }

    private static func describe(_ state: NodeState) {
        var lines = [("connected to", "\(state.url) at \(state.peerAddress)")]
        if state.isTLS {
            lines.append(("TLS", "\(state.tlsVersion), \(state.tlsCipher)"))
            let trust = state.isTLSVerified ? "verified" : "NOT verified"
            lines.append(("certificate", "\(state.tlsPeer) (\(trust))"))
        } else {
            lines.append(("TLS", "none: anybody on the way can read and change the data"))
        }
        lines.append(("subprotocol", state.subprotocol.isEmpty ? "none" : state.subprotocol))
        for (name, value) in lines {
            Output.standard.writeLine("  \(Text.left(name, 13)) \(Terminal.printable(value))")
        }
    }
}

/// Tells the steps of an attempt as they come true.
private final class Narrator: StateObserver, @unchecked Sendable {
    private static let steps: [(phase: neuron_ws_phase_t, name: String, done: String)] = [
        (.NEURON_WS_PHASE_RESOLVING, "resolve", "the host's address is known"),
        (.NEURON_WS_PHASE_CONNECTING, "connect", "the server accepts TCP connections"),
        (.NEURON_WS_PHASE_SECURING, "TLS", "the connection is encrypted"),
        (.NEURON_WS_PHASE_HANDSHAKING, "handshake", "the server speaks WebSocket"),
    ]

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var current: neuron_ws_phase_t?
    private var isOver = false
    private(set) var isOpen = false
    private(set) var lastState: NodeState?
    /// How the open connection ended.
    private var loss: NodeState?

    override init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func waitForEnd(milliseconds: Int) -> Bool {
        Clock.wait(milliseconds: milliseconds) {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return isOver
        }
    }

    /// Waits, and says whether the connection was still there.
    func tellsStay(milliseconds: Int) -> Bool {
        _ = Clock.wait(milliseconds: milliseconds) { lostState != nil }
        guard let lost = lostState else {
            Self.tell("stay", isGood: true, "the server keeps the connection open")
            return true
        }
        Self.tell("stay", isGood: false, Terminal.printable(lost.message))
        return false
    }

    private var lostState: NodeState? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return loss
    }

    override func stateChanged(_ state: NodeState) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isOver else {
            if isOpen, !state.isOpen, loss == nil { loss = state }
            return
        }
        if state.isOpen {
            passed()
            isOpen = true
            lastState = state
            isOver = true
        } else if state.phase == .NEURON_WS_PHASE_WAITING && state.reason != .NEURON_WS_REASON_NONE {
            failed(state)
            isOver = true
        } else if let next = Self.steps.firstIndex(where: { $0.phase == state.phase }), state.phase != current {
            // One step back or more: this attempt has failed, and the next URL of the list gets its own.
            let before = Self.steps.firstIndex { $0.phase == current } ?? -1
            if next < before { failed(state) } else { passed() }
            current = state.phase
        }
    }

    /// The step in progress has come to a good end.
    private func passed() {
        guard let step = Self.steps.first(where: { $0.phase == current }) else { return }
        Self.tell(step.name, isGood: true, step.done)
        current = nil
    }

    private func failed(_ state: NodeState) {
        let name = Self.steps.first { $0.phase == current }?.name ?? "connection"
        Self.tell(name, isGood: false, Terminal.printable(Self.cause(state)))
        current = nil
    }

    /// Without the next attempt, which does not come here.
    private static func cause(_ state: NodeState) -> String {
        let words = state.message.split(separator: " ", omittingEmptySubsequences: false)
        guard let next = words.lastIndex(of: "Attempt"), next > 0 else { return state.message }
        return words[..<next].joined(separator: " ")
    }

    static func tell(_ step: String, isGood: Bool, _ text: String) {
        let verdict = isGood ? Terminal.styled(.green, "ok    ") : Terminal.styled(.red, "FAILED")
        Output.standard.writeLine("\(Text.left(step, 10)) \(verdict) \(text)")
    }
}
