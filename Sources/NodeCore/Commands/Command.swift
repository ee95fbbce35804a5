// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// A command to the server, which waits for its response.
public struct Command {
    /// Which message is the response.
    public enum Rule {
        /// The one whose value at this place says this; nil: the one that has such a value.
        case member(JSONPointer, value: [UInt8]?)
        /// The one that the host's function `matches` says yes to.
        case function
        /// The next one that is no other's: responses come in the order of their commands.
        case order
    }

    public let kind: neuron_ws_kind_t
    public let bytes: EventBytes
    public let rule: Rule
    /// Of each try, nanoseconds.
    public let timeout: UInt64
    /// Tries after the first.
    public let retries: UInt32
    /// Of the value by which its response is known: made here, where nobody waits for it.
    let valueHash: Int
    /// The host's functions and its context; nothing else of it is valid.
    public let host: neuron_ws_command_t

    public init(
        kind: neuron_ws_kind_t, bytes: EventBytes, rule: Rule, timeoutMilliseconds: UInt32, retries: UInt32,
        host: neuron_ws_command_t = neuron_ws_command_t()
    ) {
        self.kind = kind
        self.bytes = bytes
        self.rule = rule
        if case .member(_, let value?) = rule { valueHash = CommandIndex.hash(value) } else { valueHash = 0 }
        timeout = UInt64(timeoutMilliseconds) * 1_000_000
        self.retries = retries
        self.host = host
    }
}

/// How a command ended; each has exactly one outcome.
public enum CommandOutcome: Equatable, Sendable {
    case answered
    /// No response came within the time of all its tries.
    case timedOut
    /// The connection that it went out on ended before a response came, and no try was left.
    case linkLost
    /// before_send refused it.
    case refused
    /// The host took it back.
    case cancelled
    /// The node stopped.
    case stopped
    /// There was none to know its response by: it did not go out.
    case noMemory

    /// As the host is told.
    public var status: neuron_ws_status_t {
        switch self {
        case .answered: .NEURON_WS_OK
        case .timedOut: .NEURON_WS_TIMEOUT
        case .linkLost: .NEURON_WS_LINK_LOST
        case .refused: .NEURON_WS_REFUSED
        case .cancelled: .NEURON_WS_CANCELLED
        case .stopped: .NEURON_WS_NOT_RUNNING
        case .noMemory: .NEURON_WS_NO_MEMORY
        }
    }
}

/// A command that has its outcome.
public struct EndedCommand {
    public let id: UInt64
    public let command: Command
    public let outcome: CommandOutcome
    /// It went out, at least in part, or was on its way; false: the server cannot have seen anything of it.
    public let hasLeft: Bool
    /// When its time was over it was held back by the doubt about the order of responses.
    public let wasHeld: Bool

    init(_ entry: CommandEntry, _ outcome: CommandOutcome) {
        id = entry.id
        command = entry.command
        self.outcome = outcome
        hasLeft = entry.hasLeft || entry.stage == .leaving
        wasHeld = entry.stage == .held
    }

    public var level: neuron_ws_level_t { hasLeft ? .NEURON_WS_LEVEL_WRITTEN : .NEURON_WS_LEVEL_ACCEPTED }
}
