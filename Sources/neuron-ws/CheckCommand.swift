import CLinux
import CNeuronWS

/// `neuron-ws check`: are these settings good, and does the server behind them answer?
enum CheckCommand {
    static let syntax = CommandSyntax(
        name: "check",
        summary: "validate settings, connect once, and say which step failed and what to do",
        options: [
            ArgumentOption(
                name: "--settings", value: "FILE", help: "a JSON file with a node's settings", isRequired: true)
        ])

    private static let stopMilliseconds: UInt32 = 2000
    /// Beyond connect-timeout, which ends an attempt by itself.
    private static let waitMillisecondsMax = 3_700_000

    static func run(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let settings = try Settings.text(arguments.text("--settings") ?? "")
        let narrator = Narrator(attemptsMax: urlCount(settings))
        do throws(LibraryError) {
            let node = try Node.create(name: "check", settings: settings, observer: narrator)
            Narrator.tell("settings", isGood: true, "are good")
            try node.start()
            _ = narrator.waitForEnd(milliseconds: waitMillisecondsMax)
            let state = node.state
            if narrator.isOpen { describe(narrator.lastState ?? state) }
            node.stop(timeoutMilliseconds: stopMilliseconds)
        } catch {
            Narrator.tell("settings", isGood: false, Terminal.printable(error.text))
            return .failed
        }
        return narrator.isOpen ? .success : .failed
    }

    /// A list of URLs is worth an attempt each.
    private static func urlCount(_ settings: String) -> Int {
        guard let document = try? JSON.parse(settings), document.kind == .object else { return 1 }
        let url = document["url"] ?? document["params"]?["url"]
        guard let url, url.kind == .array else { return 1 }
        return max(1, url.count)
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
    private let attemptsMax: Int
    private var current: neuron_ws_phase_t?
    private var failures = 0
    private var isOver = false
    private(set) var isOpen = false
    private(set) var lastState: NodeState?

    init(attemptsMax: Int) {
        self.attemptsMax = attemptsMax
        pthread_mutex_init(mutex, nil)
    }

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

    override func stateChanged(_ state: NodeState) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isOver else { return }
        if state.isOpen {
            passed()
            isOpen = true
            lastState = state
            isOver = true
        } else if state.phase == .NEURON_WS_PHASE_WAITING && state.reason != .NEURON_WS_REASON_NONE {
            failed(state)
        } else if Self.steps.contains(where: { $0.phase == state.phase }), state.phase != current {
            passed()
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
        Self.tell(name, isGood: false, Terminal.printable(state.message))
        if let advice = Advice.text(for: state) {
            Output.standard.writeLine("  \(Text.left("what to do", 13)) \(advice)")
        }
        current = nil
        failures += 1
        isOver = failures >= attemptsMax
    }

    static func tell(_ step: String, isGood: Bool, _ text: String) {
        let verdict = isGood ? Terminal.styled(.green, "ok    ") : Terminal.styled(.red, "FAILED")
        Output.standard.writeLine("\(Text.left(step, 10)) \(verdict) \(text)")
    }
}

/// What to do about a failed attempt, in plain words.
private enum Advice {
    static func text(for state: NodeState) -> String? {
        switch state.reason {
        case .NEURON_WS_REASON_DNS: "check the host name in \"url\", and this machine's name servers"
        case .NEURON_WS_REASON_NETWORK_ERROR:
            state.systemError == ECONNREFUSED
                ? "nothing listens there: start the server, or correct host and port in \"url\""
                : "check the route to the server, firewalls on the way, and host and port in \"url\""
        case .NEURON_WS_REASON_CONNECT_TIMEOUT:
            "check host, port and firewalls; a slow network may need a longer \"connect-timeout\""
        case .NEURON_WS_REASON_PROXY: "check the settings \"proxy\" and \"no-proxy\""
        case .NEURON_WS_REASON_TLS: tls(state.tlsFailure)
        case .NEURON_WS_REASON_HANDSHAKE_REJECTED: handshake(state.httpStatus)
        case .NEURON_WS_REASON_ABNORMAL, .NEURON_WS_REASON_PROTOCOL_ERROR:
            "check that the port is a WebSocket server's, and whether it wants wss:// instead of ws://"
        default: nil
        }
    }

    private static func tls(_ failure: neuron_ws_tls_failure_t) -> String {
        switch failure {
        case .NEURON_WS_TLS_UNKNOWN_CA, .NEURON_WS_TLS_SELF_SIGNED:
            "put the certificate of the authority that signed the server's into \"ca\""
        case .NEURON_WS_TLS_EXPIRED: "the server needs a new certificate; or this machine's clock is wrong"
        case .NEURON_WS_TLS_NOT_YET_VALID: "set this machine's clock; or the server's certificate is from the future"
        case .NEURON_WS_TLS_WRONG_NAME:
            "use the name in the certificate in \"url\", or set \"tls-server-name\" to it"
        case .NEURON_WS_TLS_REVOKED: "the server needs a new certificate: this one was revoked"
        case .NEURON_WS_TLS_CLIENT_CERTIFICATE:
            "put a certificate that the server trusts and its key into \"cert\" and \"key\""
        case .NEURON_WS_TLS_NOT_TLS: "the port does not speak TLS: use ws:// or another port"
        default: "check which TLS versions and ciphers the server takes, and \"tls-min-version\" and \"tls-ciphers\""
        }
    }

    private static func handshake(_ status: Int) -> String {
        switch status {
        case 0: "the port does not speak HTTP: check the port, and whether it wants wss:// instead of ws://"
        case 300...399: "the server sends us elsewhere: put the address it names into \"url\""
        case 401, 403, 407: "the server wants to know who we are: set \"token\", or \"username\" and \"password\""
        case 404: "there is no such path on the server: correct the path in \"url\""
        case 429, 503: "the server is busy or down for the moment: try again later"
        case 200...299: "an ordinary web server answers there: correct port and path in \"url\""
        default: "see the server's log for why it refused"
        }
    }
}
