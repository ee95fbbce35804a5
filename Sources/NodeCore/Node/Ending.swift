import CNeuronWS

/// How a connection, or an attempt at one, ended: all that state, callback and log say of it (DESIGN §8).
public struct Ending: Error, Equatable, Sendable {
    public var reason: neuron_ws_reason_t
    public var tlsFailure = neuron_ws_tls_failure_t.NEURON_WS_TLS_NONE
    /// The last Close frame's code; 0: there was none.
    public var closeCode: UInt16 = 0
    /// The answer to the opening handshake; 0: none came.
    public var httpStatus: Int32 = 0
    /// errno; 0: none.
    public var systemError: Int32 = 0
    /// One or two sentences for people: what happened, what was expected, what to do. No secrets.
    public var text: String
    public var policy = Backoff.Policy.usual

    public init(reason: neuron_ws_reason_t, text: String) {
        self.reason = reason
        self.text = text
    }

    /// This side wanted it: a stop, or new settings.
    public var isOurs: Bool {
        reason == .NEURON_WS_REASON_STOPPED || reason == .NEURON_WS_REASON_RECONFIGURED
    }

    /// Endings of one kind are logged at growing intervals, not each time.
    public func isSameKind(as other: Ending) -> Bool {
        reason == other.reason && tlsFailure == other.tlsFailure && closeCode == other.closeCode
            && httpStatus == other.httpStatus && systemError == other.systemError
    }
}

/// Says which of many failures of one kind are worth a line: the first of its kind, then the 2nd, 4th, 8th…
public struct FailureLog: Sendable {
    private var last: Ending?
    private(set) var count: UInt64 = 0

    public init() {}

    /// Counts the failure. Returns how often it has come in a row if that is to be logged, else nil.
    public mutating func failed(_ ending: Ending) -> UInt64? {
        if let last, last.isSameKind(as: ending) { count += 1 } else { count = 1 }
        last = ending
        return count & (count - 1) == 0 ? count : nil
    }

    /// A connection is open: what comes next is new.
    public mutating func succeeded() {
        last = nil
        count = 0
    }
}
