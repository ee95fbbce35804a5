// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// How a connection, or an attempt at one, ended: all that state, callback and log say of it.
public struct Ending: Error, Equatable, Sendable {
    public var reason: neuron_ws_reason_t
    public var tlsFailure = neuron_ws_tls_failure_t.NEURON_WS_TLS_NONE
    /// The last Close frame's code; 0: there was none.
    public var closeCode: UInt16 = 0
    /// The text of the peer's Close frame.
    public var closeReason = ForeignText("")
    /// The answer to the opening handshake; 0: none came.
    public var httpStatus: Int32 = 0
    /// errno; 0: none.
    public var systemError: Int32 = 0
    /// One or two sentences for people: what happened, what was expected, what to do. No secrets.
    public var text: String
    public var policy = Backoff.Policy.usual
    /// The peer ended the connection, by a Close frame, the stream's end, a reset, or what it sent; not the network,
    /// and not we.
    public var isByPeer = false

    public init(reason: neuron_ws_reason_t, text: String) {
        self.reason = reason
        self.text = text
    }

    /// The text, where another sentence follows it.
    public var sentence: String {
        switch text.utf8.last {
        case UInt8(ascii: "."), UInt8(ascii: ";"), UInt8(ascii: "?"), UInt8(ascii: "!"), nil: text
        default: text + "."
        }
    }

    /// The first sentence without its full stop, cut behind so many bytes.
    public func brief(bytesMax: Int) -> String {
        let bytes = Array(text.utf8)
        var end = bytes.count
        for index in bytes.indices where bytes[index] == UInt8(ascii: ".") {
            guard index + 1 == bytes.count || bytes[index + 1] == UInt8(ascii: " ") else { continue }
            end = index
            break
        }
        let count = CutText.byteCount(Array(bytes[..<end]), atMost: bytesMax)
        return String(decoding: bytes[..<count], as: UTF8.self) + (count < end ? "…" : "")
    }

    /// What a line about it is about, for the host.
    public var category: neuron_ws_log_category_t {
        reason == .NEURON_WS_REASON_TLS ? .NEURON_WS_CATEGORY_TLS : .NEURON_WS_CATEGORY_CONNECTION
    }

    /// What makes endings of one kind, which are logged at doubling counts, not each time; see `FailureLines`.
    public struct Kind: Equatable, Sendable {
        let reason: neuron_ws_reason_t
        let tlsFailure: neuron_ws_tls_failure_t
        let closeCode: UInt16
        let httpStatus: Int32
        let systemError: Int32
    }

    public var kind: Kind {
        Kind(
            reason: reason, tlsFailure: tlsFailure, closeCode: closeCode, httpStatus: httpStatus,
            systemError: systemError)
    }
}
