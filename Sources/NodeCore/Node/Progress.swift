// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Where a node is on its way, since when, and how long it may take; monotonic nanoseconds. The sentence is made when
/// somebody asks, because time passes between two events.
public enum Progress: Equatable, Sendable {
    case idle
    /// Started; the first attempt comes in a moment (`NodeMachine.startDelayNanoseconds`).
    case starting(until: UInt64)
    case waiting(until: UInt64, attempt: UInt64)
    case connecting(neuron_ws_phase_t, since: UInt64, deadline: UInt64, attempt: UInt64)
    case open
    case closing(since: UInt64, deadline: UInt64)

    /// `starting` is not shown: whoever starts a node finds it idle for a moment in any case.
    public var phase: neuron_ws_phase_t {
        switch self {
        case .idle, .starting: .NEURON_WS_PHASE_IDLE
        case .waiting: .NEURON_WS_PHASE_WAITING
        case .connecting(let phase, _, _, _): phase
        case .open: .NEURON_WS_PHASE_OPEN
        case .closing: .NEURON_WS_PHASE_CLOSING
        }
    }

    /// When the next attempt comes; nil: none is waited for.
    public var nextAttempt: UInt64? {
        switch self {
        case .starting(let until), .waiting(let until, _): until
        default: nil
        }
    }

    /// - target: HOST:PORT, without secrets.
    /// - connected: what there is to say while the connection is open.
    /// - ending: how the last connection, or attempt, ended.
    /// - others: how other servers failed before that, with a space in front.
    public func text(target: String, connected: String, ending: Ending, others: String = "", now: UInt64) -> String {
        switch self {
        case .idle:
            return ending.text
        case .starting:
            return "Started; connecting to \(target) in a moment." + Self.before(ending)
        case .waiting(let until, let attempt):
            return "\(ending.sentence) Attempt \(attempt) comes in \(Self.secondsUp(until, now)) s.\(others)"
        case .connecting(let phase, let since, let deadline, let attempt):
            let taken = (max(now, since) - since) / 1_000_000_000
            return "Connecting to \(target), \(taken) s of \(seconds(max(deadline, since) - since)) "
                + "(attempt \(attempt)): \(Self.step(phase))." + Self.before(ending)
        case .open:
            return connected
        case .closing(let since, let deadline):
            let taken = seconds(max(now, since) - since)
            return "\(ending.sentence) Closing the connection, \(taken) s of at most "
                + "\(seconds(max(deadline, since) - since)) s."
        }
    }

    private static func step(_ phase: neuron_ws_phase_t) -> StaticString {
        switch phase {
        case .NEURON_WS_PHASE_RESOLVING: "looking up the address"
        case .NEURON_WS_PHASE_CONNECTING: "waiting for TCP"
        case .NEURON_WS_PHASE_SECURING: "in the TLS handshake"
        case .NEURON_WS_PHASE_PROXY: "waiting for the proxy's answer"
        default: "waiting for the answer to the opening handshake"
        }
    }

    /// What failed last must still be readable during the next attempt.
    private static func before(_ ending: Ending) -> String {
        ending.reason == .NEURON_WS_REASON_NONE || ending.isWanted ? "" : " Before that: \(ending.text)"
    }

    private static func secondsUp(_ until: UInt64, _ now: UInt64) -> UInt64 {
        let left = max(until, now) - now
        return left / 1_000_000_000 + (left % 1_000_000_000 == 0 ? 0 : 1)
    }
}
