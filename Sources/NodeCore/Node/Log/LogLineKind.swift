// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What the node's repeated log lines are about: those of one kind are counted together; see `RepeatedLines`. A server
/// picks no part of a kind: what it varied would be told each time. For ends of connections see `FailureLines`.
public enum LogLineKind: Equatable, Sendable {
    /// The server's certificate is not checked.
    case verifyOff
    /// Its name may be the common name of its certificate.
    case commonName
    /// The connection's secrets are written to a file.
    case keyLog
    /// The server leads to another address.
    case redirect
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
    /// Messages that hold up others, of which the server says nothing.
    case unacknowledged
    /// A command that was never sent within its time.
    case unsentCommand
    /// A message that the server refuses, again and again.
    case givenUpMessage
    /// The delivery level that is in force from now on.
    case level(isWritten: Bool)
}

extension LogLineKind {
    /// So many are told each by itself before they are thinned: who asked a plant to do something, and was refused,
    /// stands in the log by name, while a server that asks without end does not fill it.
    public var toldEach: UInt64 {
        switch self {
        case .refusedRequest(.NEURON_WS_REQUEST_WRITE), .refusedRequest(.NEURON_WS_REQUEST_ACTION), .untoldAnswer,
            .givenUpMessage:
            64
        default: 1
        }
    }

    /// What such a line is about, for the host.
    public var category: neuron_ws_log_category_t {
        switch self {
        case .verifyOff, .commonName, .keyLog: .NEURON_WS_CATEGORY_TLS
        case .redirect: .NEURON_WS_CATEGORY_CONNECTION
        case .malformedRequest, .refusedRequest, .answeredRequest, .busyRequest, .expiredRequest, .lostAnswer,
            .untoldAnswer, .repeatedOperation:
            .NEURON_WS_CATEGORY_REQUESTS
        case .ignoredMessage, .strayAcknowledgement, .unacknowledged, .unsentCommand, .givenUpMessage, .level:
            .NEURON_WS_CATEGORY_DELIVERY
        }
    }
}
