import CNeuronWS

/// What the node's repeated log lines are about: those of one kind are counted together; see `RepeatedLines`.
public enum LogLineKind: Equatable, Sendable {
    /// A connection, or an attempt at one, ended; endings of one kind belong together.
    case ending(Ending.Kind)
    /// The server's certificate is not checked.
    case verifyOff
    /// A request that could not be understood, with or without a uuid to answer to.
    case malformedRequest(hasUUID: Bool)
    /// A request that `allow-requests` does not allow.
    case refusedRequest(neuron_ws_request_kind_t)
    /// A request that the host has answered.
    case answeredRequest(neuron_ws_request_kind_t)
    /// More requests than the node holds.
    case busyRequest
    /// The host did not answer in time.
    case expiredRequest
    /// An answer for which there was no room.
    case lostAnswer
    /// A message from the server that nobody takes.
    case ignoredMessage
}

extension RepeatedLines<LogLineKind> {
    /// Counts a failure: how many of its kind in a row, if that is to be told. One of another kind begins anew.
    ///
    /// There is no quiet time: attempts may be hours apart.
    public mutating func failed(_ ending: Ending) -> UInt64? {
        let kind = LogLineKind.ending(ending.kind)
        forget { $0.isEnding && $0 != kind }
        return came(kind, now: 0)
    }

    /// A connection is open: the failures that come next are new.
    public mutating func succeeded() { forget { $0.isEnding } }
}

extension LogLineKind {
    fileprivate var isEnding: Bool {
        if case .ending = self { return true }
        return false
    }
}
