// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What the node's repeated log lines are about: those of one kind are counted together; see `RepeatedLines`.
public enum LogLineKind: Equatable, Sendable {
    /// A connection to one of the URLs, or an attempt at one, ended; endings of one kind belong together.
    case ending(Ending.Kind, url: Int)
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
    /// An answer to another server than the one that is connected.
    case untoldAnswer
    /// An operation that the host works on already.
    case repeatedOperation
    /// A message from the server that nobody takes.
    case ignoredMessage
    /// An acknowledgement of messages that were never sent, or one that makes no sense.
    case strayAcknowledgement
    /// A command that was never sent within its time.
    case unsentCommand
}

extension RepeatedLines<LogLineKind> {
    /// Counts a failure: how many of its kind in a row at this URL, if that is to be told. One of another kind begins
    /// anew; what other URLs do is no change of this one.
    ///
    /// There is no quiet time: attempts may be hours apart.
    public mutating func failed(_ ending: Ending, url: Int) -> UInt64? {
        let kind = LogLineKind.ending(ending.kind, url: url)
        forget { $0.url == url && $0 != kind }
        return came(kind, now: 0)
    }

    /// A connection is open: the failures that come next are new.
    public mutating func succeeded() { forget { $0.url != nil } }
}

extension LogLineKind {
    /// So many are told each by itself before they are thinned: who asked a plant to do something, and was refused,
    /// stands in the log by name, while a server that asks without end does not fill it.
    public var toldEach: UInt64 {
        switch self {
        case .refusedRequest(.NEURON_WS_REQUEST_WRITE), .refusedRequest(.NEURON_WS_REQUEST_ACTION), .untoldAnswer: 64
        default: 1
        }
    }

    /// What such a line is about, for the host.
    public var category: neuron_ws_log_category_t {
        switch self {
        case .ending(let kind, _):
            kind.reason == .NEURON_WS_REASON_TLS ? .NEURON_WS_CATEGORY_TLS : .NEURON_WS_CATEGORY_CONNECTION
        case .verifyOff: .NEURON_WS_CATEGORY_TLS
        case .malformedRequest, .refusedRequest, .answeredRequest, .busyRequest, .expiredRequest, .lostAnswer,
            .untoldAnswer, .repeatedOperation:
            .NEURON_WS_CATEGORY_REQUESTS
        case .ignoredMessage, .strayAcknowledgement, .unsentCommand: .NEURON_WS_CATEGORY_DELIVERY
        }
    }

    /// Of which an ending is told.
    fileprivate var url: Int? {
        if case .ending(_, let url) = self { return url }
        return nil
    }
}
