// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The life of a node's connection as a state machine: events in, one action out, no clock, no socket, no randomness of
/// its own. Times are monotonic nanoseconds. The shell carries the action out and schedules one timer at `deadline`.
public struct NodeMachine: Sendable {
    enum State {
        case idle
        /// Idle for good: whatever comes now does nothing.
        case over
        /// Started; the host has this long to take it back.
        case starting(until: UInt64)
        case waiting(until: UInt64)
        case connecting(neuron_ws_phase_t, since: UInt64, deadline: UInt64)
        case open(since: UInt64, KeepAlive)
        /// A stop: what was pushed before it has until then to be confirmed, and the Close goes out.
        case draining(since: UInt64, KeepAlive, Drain)
        /// A Close is on its way out or in; at the deadline the stream is dropped.
        case closing(Purpose, since: UInt64, deadline: UInt64)
    }

    /// A start is acted on so much later, 50 ms: a gateway that boots starts every node and stops again those that were
    /// left stopped, and these should not connect for a moment.
    public static let startDelayNanoseconds: UInt64 = 50_000_000

    /// After both Close frames the server ends TCP first (RFC 6455 §7.1.1); it gets this long, 1 s.
    public static let lingerNanoseconds: UInt64 = 1_000_000_000

    /// What a stop at once, or a destroy, has for the rest of the frame that is being written, a Close frame and the
    /// server's answer, 200 ms.
    public static let farewellNanoseconds: UInt64 = 200_000_000

    var state = State.idle
    var parameters: Parameters
    var servers: ServerPool
    /// The URL of the present or the last connection.
    var urlIndex = 0
    /// Attempts without a wait between them: each URL comes once at most, whatever its own wait is.
    var attemptsAtOnce = 0
    /// Attempts since a connection was last open.
    public internal(set) var attempts: UInt64 = 0
    /// The host that began a stop waits to hear of the idle state, though that may be no change.
    var owesIdle = false

    public init(_ parameters: Parameters) {
        self.parameters = parameters
        servers = parameters.servers
    }

    // MARK: What it is

    public var phase: neuron_ws_phase_t { progress.phase }

    public var progress: Progress {
        switch state {
        case .idle, .over: .idle
        case .starting(let until): .starting(until: until)
        case .waiting(let until): .waiting(until: until, attempt: attempts &+ 1)
        case .connecting(let phase, let since, let end):
            .connecting(phase, since: since, deadline: end, attempt: attempts)
        case .open: .open
        case .draining(_, _, let drain): .closing(since: drain.since, deadline: drain.stopsBy)
        case .closing(_, let since, let deadline): .closing(since: since, deadline: deadline)
        }
    }

    /// How the connection ends that is being closed.
    public var closingEnding: Ending? {
        switch state {
        case .closing(let purpose, _, _): purpose.ending
        case .draining: .stopped
        default: nil
        }
    }

    public var isOpen: Bool { openSince != nil }

    /// It stops, and messages still go out.
    public var isDraining: Bool { if case .draining = state { true } else { false } }

    /// There is no stream, and none is wanted.
    public var isIdle: Bool { progress == .idle }

    /// It was ended.
    public var isOver: Bool { if case .over = state { true } else { false } }

    /// Since when the connection is open.
    public var openSince: UInt64? {
        if case .open(let since, _) = state { return since }
        return nil
    }

    /// When `timerFired` is to be called; nil: no timer.
    public var deadline: UInt64? {
        switch state {
        case .idle, .over: nil
        case .starting(let until), .waiting(let until): until
        case .connecting(_, _, let deadline), .closing(_, _, let deadline): deadline
        case .open(_, let keepAlive): keepAlive.deadline
        case .draining(_, let keepAlive, let drain): min(drain.until, keepAlive.deadline ?? drain.until)
        }
    }

    // MARK: The stream

    public mutating func streamEntered(_ phase: neuron_ws_phase_t) {
        guard case .connecting(_, let since, let deadline) = state else { return }
        state = .connecting(phase, since: since, deadline: deadline)
    }

    /// - Parameter phase: what is negotiated first, with a proxy or the server. Comes again where another step begins.
    public mutating func streamConnected(_ phase: neuron_ws_phase_t = .NEURON_WS_PHASE_HANDSHAKING) -> Action {
        guard case .connecting = state else { return .none }
        streamEntered(phase)
        return .negotiate
    }

    /// A proxy wants to know who we are, on a new stream. The deadline stays what it was.
    public mutating func redialed() -> Action {
        guard case .connecting = state else { return .none }
        streamEntered(.NEURON_WS_PHASE_RESOLVING)
        return .redial
    }

    public mutating func handshakeCompleted(now: UInt64) -> Action {
        guard case .connecting(.NEURON_WS_PHASE_HANDSHAKING, _, _) = state else { return .none }
        attempts = 0
        servers.opened(urlIndex)
        let keepAlive = KeepAlive(
            intervalNanoseconds: parameters.pingInterval, timeoutNanoseconds: parameters.pingTimeout, now: now)
        state = .open(since: now, keepAlive)
        return .opened
    }

    public mutating func bytesReceived(now: UInt64) {
        withKeepAlive { $0.bytesReceived(now: now) }
    }

    /// The host wants a ping, whatever the interval.
    public mutating func pingWanted() -> Action {
        guard withKeepAlive({ $0.pingWanted() }) != nil else { return .none }
        return .sendPing(sequence: pings)
    }

    /// The kernel has our newest ping, which ends at `end` of its bytes.
    public mutating func pingLeft(end: UInt64, now: UInt64) {
        withKeepAlive { $0.pingLeft(end: end, now: now) }
    }

    /// How many pings the open connection had: their payloads are 1 to this. 0: none, or it is not open.
    public var pings: UInt64 {
        switch state {
        case .open(_, let keepAlive), .draining(_, let keepAlive, _): keepAlive.sequence
        default: 0
        }
    }

    /// Returns the round trip in nanoseconds if it echoes our newest ping.
    public mutating func pongReceived(sequence: UInt64, now: UInt64) -> UInt64? {
        withKeepAlive { $0.pongReceived(sequence: sequence, now: now) } ?? nil
    }

    /// nil: the connection is not open.
    @discardableResult
    private mutating func withKeepAlive<R>(_ body: (inout KeepAlive) -> R) -> R? {
        switch state {
        case .open(let since, var keepAlive):
            let result = body(&keepAlive)
            state = .open(since: since, keepAlive)
            return result
        case .draining(let since, var keepAlive, let drain):
            let result = body(&keepAlive)
            state = .draining(since: since, keepAlive, drain)
            return result
        default: return nil
        }
    }

    /// The peer's Close came, or ours went out because of `ending`: the echo or the Close is queued in the endpoint.
    public mutating func closeReceived(_ ending: Ending, now: UInt64) {
        switch state {
        case .open(let since, _):
            let deadline = now &+ min(parameters.closeTimeout, Self.lingerNanoseconds)
            state = .closing(.goOn(ending, openFor: now &- since), since: now, deadline: deadline)
        case .draining(_, _, let drain):
            let deadline = min(drain.stopsBy, now &+ min(parameters.closeTimeout, Self.lingerNanoseconds))
            state = .closing(.stop(Ending.stopped.withClose(of: ending)), since: now, deadline: deadline)
        case .closing(let purpose, let since, let deadline):
            // The answer to our own Close: why it ends is known.
            let answered: Purpose =
                switch purpose {
                case .stop(let own): .stop(own.withClose(of: ending))
                case .connect(let own): .connect(own.withClose(of: ending))
                case .goOn: purpose
                }
            state = .closing(answered, since: since, deadline: min(deadline, now &+ Self.lingerNanoseconds))
        case .idle, .over, .starting, .waiting, .connecting:
            break
        }
    }

    /// The attempt or the connection failed; `ending` says how. `random` is uniform over all of UInt64.
    public mutating func failed(_ ending: Ending, now: UInt64, random: UInt64) -> Action {
        switch state {
        case .idle, .over, .starting, .waiting:
            return .none
        case .connecting:
            servers.failed(urlIndex, ending.policy, now: now, random: random)
            return goOn(ending, now: now)
        case .open(let since, _):
            servers.ended(urlIndex, ending.policy, openFor: now &- since, now: now, random: random)
            return goOn(ending, now: now)
        case .closing(let purpose, _, _):
            return closed(purpose, now: now, random: random)
        case .draining:
            return closed(.stop(.stopped), now: now, random: random)
        }
    }

    /// The stream ended after a Close went both ways, or its time is up.
    mutating func closed(_ purpose: Purpose, now: UInt64, random: UInt64) -> Action {
        switch purpose {
        case .stop(let ending):
            state = .idle
            return .disconnect(ending, sendsClose: false)
        case .connect(let ending):
            return connectNow(ending, now: now)
        case .goOn(let ending, let duration):
            servers.ended(urlIndex, ending.policy, openFor: duration, now: now, random: random)
            return goOn(ending, now: now)
        }
    }

    /// - Parameter progress: how far the peer has come on an open connection, as of now; nil: unknown.
    public mutating func timerFired(now: UInt64, random: UInt64, progress: SendProgress? = nil) -> Action {
        guard let deadline, now >= deadline else { return .none }
        switch state {
        case .idle, .over:
            return .none
        case .starting, .waiting:
            return connectNow(now: now)
        case .connecting(let phase, let since, let deadline):
            return failed(.connectTimeout(phase, after: deadline &- since), now: now, random: random)
        case .open(let since, var keepAlive):
            let verdict = keepAlive.timerFired(now: now, progress: progress)
            state = .open(since: since, keepAlive)
            switch verdict {
            case .none: return .none
            case .sendPing: return .sendPing(sequence: keepAlive.sequence)
            case .timedOut: return failed(.pingTimeout(after: keepAlive.patience), now: now, random: random)
            }
        case .draining(let since, var keepAlive, let drain):
            if now >= drain.until { return endDraining(drain, now: now) }
            let verdict = keepAlive.timerFired(now: now, progress: progress)
            state = .draining(since: since, keepAlive, drain)
            switch verdict {
            case .none: return .none
            case .sendPing: return .sendPing(sequence: keepAlive.sequence)
            case .timedOut: return closed(.stop(.stopped), now: now, random: random)
            }
        case .closing(let purpose, _, _):
            return closed(purpose, now: now, random: random)
        }
    }

    /// Tries the next URL, or waits until one may be tried. `ending`: of the connection or attempt that goes.
    mutating func connectNow(_ ending: Ending? = nil, now: UInt64) -> Action {
        attemptsAtOnce = 0
        if let ending { return goOn(ending, now: now) }
        switch servers.next(now: now) {
        case .now(let index):
            begin(index, now: now)
            return .connect(urlIndex: index)
        case .at(let until):
            state = .waiting(until: until)
            return .none
        }
    }

    mutating func goOn(_ ending: Ending, now: UInt64) -> Action {
        let sendsClose =
            ending.reason == .NEURON_WS_REASON_PING_TIMEOUT || ending.reason == .NEURON_WS_REASON_HEARTBEAT_TIMEOUT
        switch servers.next(now: now) {
        case .now(let index) where attemptsAtOnce < servers.count:
            begin(index, now: now)
            return .reconnect(ending, urlIndex: index, sendsClose: sendsClose)
        case .now:
            state = .waiting(until: now)
        case .at(let until):
            state = .waiting(until: until)
        }
        return .disconnect(ending, sendsClose: sendsClose)
    }

    private mutating func begin(_ index: Int, now: UInt64) {
        attempts &+= 1
        attemptsAtOnce += 1
        urlIndex = index
        state = .connecting(.NEURON_WS_PHASE_RESOLVING, since: now, deadline: now &+ parameters.connectTimeout)
    }

    public func checkInvariants() {
        servers.checkInvariants()
        precondition(servers.count == max(1, parameters.urlCount), "a server for each URL")
        precondition(attemptsAtOnce <= servers.count, "more attempts at once than URLs")
    }
}
