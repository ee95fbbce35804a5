import CNeuronWS

/// The life of a node's connection as a state machine: events in, one action out, no clock, no socket, no randomness of
/// its own. Times are monotonic nanoseconds. The shell carries the action out and schedules one timer at `deadline`.
public struct NodeMachine: Sendable {
    /// The settings that concern time, and how many URLs there are.
    public struct Parameters: Equatable, Sendable {
        public var connectTimeout: UInt64
        public var closeTimeout: UInt64
        public var pingInterval: UInt64
        public var pingTimeout: UInt64
        public var reconnectMinimum: UInt64
        public var reconnectMaximum: UInt64
        public var urlCount: Int

        public init(
            connectTimeout: UInt64, closeTimeout: UInt64, pingInterval: UInt64, pingTimeout: UInt64,
            reconnectMinimum: UInt64, reconnectMaximum: UInt64, urlCount: Int
        ) {
            self.connectTimeout = connectTimeout
            self.closeTimeout = closeTimeout
            self.pingInterval = pingInterval
            self.pingTimeout = pingTimeout
            self.reconnectMinimum = reconnectMinimum
            self.reconnectMaximum = reconnectMaximum
            self.urlCount = urlCount
        }
    }

    /// What the shell has to do.
    public enum Action: Equatable, Sendable {
        case none
        /// Open a stream to this URL.
        case connect(urlIndex: Int)
        /// The stream is there: send the opening handshake.
        case sendHandshake
        /// Messages may flow.
        case opened
        case sendPing(sequence: UInt64)
        /// Queue a Close frame with this code; what is being written goes out first.
        case sendClose(code: UInt16)
        /// Drop the stream; the ending is published. `sendsClose`: try a Close frame (1001) without waiting.
        case disconnect(Ending, sendsClose: Bool)
        /// Drop the stream and connect anew at once.
        case reconnect(Ending, urlIndex: Int)
        /// There is no stream, and none is wanted any more.
        case becomeIdle(Ending)
    }

    private enum Purpose: Equatable { case stop, reconnectNow, reconnectLater(Ending) }

    private enum State: Equatable {
        case idle
        case waiting(until: UInt64)
        case connecting(neuron_ws_phase_t, deadline: UInt64)
        case handshaking(deadline: UInt64)
        case open(since: UInt64)
        /// A Close is on its way out or in; at the deadline the stream is dropped.
        case closing(deadline: UInt64, Purpose, isAnswered: Bool)
    }

    /// After both Close frames the server ends TCP first (RFC 6455 §7.1.1); it gets this long, 1 s.
    public static let lingerNanoseconds: UInt64 = 1_000_000_000

    private var state = State.idle
    private var parameters: Parameters
    private var backoff: Backoff
    private var keepAlive: KeepAlive
    private var urlIndex = 0
    private var urlsTried = 0
    /// Attempts since a connection was last open.
    public private(set) var attempts: UInt64 = 0

    public init(_ parameters: Parameters) {
        self.parameters = parameters
        backoff = Backoff(
            minimumNanoseconds: parameters.reconnectMinimum, maximumNanoseconds: parameters.reconnectMaximum)
        keepAlive = KeepAlive(intervalNanoseconds: 0, timeoutNanoseconds: 0, now: 0)
    }

    // MARK: What it is

    public var phase: neuron_ws_phase_t {
        switch state {
        case .idle: .NEURON_WS_PHASE_IDLE
        case .waiting: .NEURON_WS_PHASE_WAITING
        case .connecting(let phase, _): phase
        case .handshaking: .NEURON_WS_PHASE_HANDSHAKING
        case .open: .NEURON_WS_PHASE_OPEN
        case .closing: .NEURON_WS_PHASE_CLOSING
        }
    }

    public var isOpen: Bool {
        if case .open = state { return true }
        return false
    }

    public var isIdle: Bool { state == .idle }

    /// Since when the connection is open.
    public var openSince: UInt64? {
        if case .open(let since) = state { return since }
        return nil
    }

    /// When the next attempt comes, while waiting for it.
    public var nextAttempt: UInt64? {
        if case .waiting(let until) = state { return until }
        return nil
    }

    /// When `timerFired` is to be called; nil: no timer.
    public var deadline: UInt64? {
        switch state {
        case .idle: nil
        case .waiting(let until): until
        case .connecting(_, let deadline), .handshaking(let deadline): deadline
        case .open: keepAlive.deadline
        case .closing(let deadline, _, _): deadline
        }
    }

    // MARK: The host's wishes

    public mutating func started(now: UInt64) -> Action {
        if case .closing(let deadline, .stop, let isAnswered) = state {
            // A start during the stop: what was asked last counts.
            state = .closing(deadline: deadline, .reconnectNow, isAnswered: isAnswered)
            return .none
        }
        guard state == .idle else { return .none }
        backoff.reset()
        attempts = 0
        urlsTried = 0
        return connect(now: now)
    }

    /// `timeout` 0: at once.
    public mutating func stopped(timeout: UInt64, now: UInt64) -> Action {
        switch state {
        case .idle:
            return .none
        case .waiting:
            state = .idle
            return .becomeIdle(Self.stoppedEnding)
        case .connecting, .handshaking:
            state = .idle
            return .disconnect(Self.stoppedEnding, sendsClose: false)
        case .open:
            if timeout == 0 {
                state = .idle
                return .disconnect(Self.stoppedEnding, sendsClose: true)
            }
            state = .closing(deadline: now &+ timeout, .stop, isAnswered: false)
            return .sendClose(code: 1001)
        case .closing(let deadline, _, let isAnswered):
            if timeout == 0 {
                state = .idle
                return .disconnect(Self.stoppedEnding, sendsClose: false)
            }
            state = .closing(deadline: min(deadline, now &+ timeout), .stop, isAnswered: isAnswered)
            return .none
        }
    }

    private static let stoppedEnding = Ending(reason: .NEURON_WS_REASON_STOPPED, text: "The node was stopped.")
    private static let reconfiguredEnding = Ending(
        reason: .NEURON_WS_REASON_RECONFIGURED, text: "The settings changed; connecting anew.")

    /// New settings. `reconnects`: one that concerns the connection changed.
    public mutating func configured(_ parameters: Parameters, reconnects: Bool, now: UInt64) -> Action {
        self.parameters = parameters
        backoff.minimumNanoseconds = parameters.reconnectMinimum
        backoff.maximumNanoseconds = parameters.reconnectMaximum
        guard reconnects else { return .none }
        urlIndex = 0
        urlsTried = 0
        backoff.reset()
        switch state {
        case .idle:
            return .none
        case .waiting:
            return connect(now: now)
        case .connecting, .handshaking:
            state = .idle
            guard case .connect(let index) = connect(now: now) else { return .none }
            return .reconnect(Self.reconfiguredEnding, urlIndex: index)
        case .open:
            state = .closing(deadline: now &+ parameters.closeTimeout, .reconnectNow, isAnswered: false)
            return .sendClose(code: 1001)
        case .closing(let deadline, let purpose, let isAnswered):
            let next = purpose == .stop ? .stop : Purpose.reconnectNow
            state = .closing(deadline: deadline, next, isAnswered: isAnswered)
            return .none
        }
    }

    // MARK: The stream

    public mutating func streamEntered(_ phase: neuron_ws_phase_t) {
        guard case .connecting(_, let deadline) = state else { return }
        state = .connecting(phase, deadline: deadline)
    }

    public mutating func streamConnected() -> Action {
        guard case .connecting(_, let deadline) = state else { return .none }
        state = .handshaking(deadline: deadline)
        return .sendHandshake
    }

    public mutating func handshakeCompleted(now: UInt64) -> Action {
        guard case .handshaking = state else { return .none }
        state = .open(since: now)
        attempts = 0
        urlsTried = 0
        keepAlive = KeepAlive(
            intervalNanoseconds: parameters.pingInterval, timeoutNanoseconds: parameters.pingTimeout, now: now)
        return .opened
    }

    public mutating func bytesReceived(now: UInt64) {
        if case .open = state { keepAlive.bytesReceived(now: now) }
    }

    /// Returns the round trip in nanoseconds if it answers our ping.
    public mutating func pongReceived(sequence: UInt64, now: UInt64) -> UInt64? {
        guard case .open = state else { return nil }
        return keepAlive.pongReceived(sequence: sequence, now: now)
    }

    /// The peer's Close came, or ours went out because of `ending`: the echo or the Close is queued in the endpoint.
    public mutating func closeReceived(_ ending: Ending, now: UInt64) {
        switch state {
        case .open(let since):
            noteDuration(since: since, now: now)
            let deadline = now &+ min(parameters.closeTimeout, Self.lingerNanoseconds)
            state = .closing(deadline: deadline, .reconnectLater(ending), isAnswered: true)
        case .closing(let deadline, let purpose, _):
            state = .closing(
                deadline: min(deadline, now &+ Self.lingerNanoseconds), purpose, isAnswered: true)
        default:
            break
        }
    }

    /// The attempt or the connection failed; `ending` says how. `random` is uniform.
    public mutating func failed(_ ending: Ending, now: UInt64, random: UInt64) -> Action {
        switch state {
        case .idle, .waiting:
            return .none
        case .connecting, .handshaking:
            urlsTried += 1
            urlIndex = (urlIndex + 1) % max(1, parameters.urlCount)
            if urlsTried < parameters.urlCount {
                state = .idle
                guard case .connect(let index) = connect(now: now) else { return .none }
                return .reconnect(ending, urlIndex: index)
            }
            urlsTried = 0
            return wait(ending, now: now, random: random)
        case .open(let since):
            noteDuration(since: since, now: now)
            return wait(ending, now: now, random: random)
        case .closing(_, let purpose, _):
            return closed(purpose, now: now, random: random)
        }
    }

    /// The stream ended after a Close went both ways, or its time is up.
    private mutating func closed(_ purpose: Purpose, now: UInt64, random: UInt64) -> Action {
        switch purpose {
        case .stop:
            state = .idle
            return .disconnect(Self.stoppedEnding, sendsClose: false)
        case .reconnectNow:
            state = .idle
            guard case .connect(let index) = connect(now: now) else { return .none }
            return .reconnect(Self.reconfiguredEnding, urlIndex: index)
        case .reconnectLater(let ending):
            return wait(ending, now: now, random: random)
        }
    }

    public mutating func timerFired(now: UInt64, random: UInt64) -> Action {
        guard let deadline, now >= deadline else { return .none }
        switch state {
        case .idle:
            return .none
        case .waiting:
            return connect(now: now)
        case .connecting(let phase, _):
            return failed(Self.timeoutEnding(phase, parameters.connectTimeout), now: now, random: random)
        case .handshaking:
            let ending = Self.timeoutEnding(.NEURON_WS_PHASE_HANDSHAKING, parameters.connectTimeout)
            return failed(ending, now: now, random: random)
        case .open:
            switch keepAlive.timerFired(now: now) {
            case .none: return .none
            case .sendPing: return .sendPing(sequence: keepAlive.sequence)
            case .timedOut:
                let text =
                    "Nothing came from the server for \(seconds(parameters.pingTimeout)) s after a ping "
                    + "(setting ping-timeout): the network or the server is gone."
                return failed(Ending(reason: .NEURON_WS_REASON_PING_TIMEOUT, text: text), now: now, random: random)
            }
        case .closing(_, let purpose, _):
            return closed(purpose, now: now, random: random)
        }
    }

    // MARK: Inside

    private mutating func connect(now: UInt64) -> Action {
        attempts &+= 1
        if urlIndex >= parameters.urlCount { urlIndex = 0 }
        state = .connecting(.NEURON_WS_PHASE_RESOLVING, deadline: now &+ parameters.connectTimeout)
        return .connect(urlIndex: urlIndex)
    }

    private mutating func wait(_ ending: Ending, now: UInt64, random: UInt64) -> Action {
        state = .waiting(until: now &+ backoff.failed(ending.policy, random: random))
        return .disconnect(ending, sendsClose: ending.reason == .NEURON_WS_REASON_PING_TIMEOUT)
    }

    private mutating func noteDuration(since: UInt64, now: UInt64) {
        if now &- since >= Backoff.stableNanoseconds { backoff.reset() }
    }

    private static func timeoutEnding(_ phase: neuron_ws_phase_t, _ timeout: UInt64) -> Ending {
        let step: StaticString =
            switch phase {
            case .NEURON_WS_PHASE_RESOLVING: "while looking up the host's address: check the name and the DNS server"
            case .NEURON_WS_PHASE_CONNECTING:
                "while connecting: nothing answers there; check the address, the port and firewalls"
            case .NEURON_WS_PHASE_SECURING: "in the TLS handshake: check that the port speaks TLS"
            default: "while waiting for the answer to the opening handshake: check that it is a WebSocket server"
            }
        let text = "No connection within \(seconds(timeout)) s (setting connect-timeout); the time ran out \(step)."
        return Ending(reason: .NEURON_WS_REASON_CONNECT_TIMEOUT, text: text)
    }
}

/// Nanoseconds as seconds with a decimal where it is needed, for texts.
func seconds(_ nanoseconds: UInt64) -> String {
    let tenths = (nanoseconds + 50_000_000) / 100_000_000
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}
