// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// Holds what one connection tells its node against what its server has said: each thing once, whole and in order.
struct NewsAudit {
    private var messages = 0
    private var pings = 0
    private var hasNegotiated = false
    private var hasTunnel = false
    private var hasEnded = false

    /// - Returns: what is wrong, or nil.
    mutating func told(_ event: ConnectionEvent, sent: SimulatedServer.SentNews) -> String? {
        if hasEnded { return "something is told behind the end" }
        switch event {
        case .tunnelOpened:
            defer { hasTunnel = true }
            return hasTunnel ? "the way by the proxy is open a second time" : nil
        case .negotiated:
            defer { hasNegotiated = true }
            return hasNegotiated ? "negotiated a second time" : nil
        case .message(_, let bytes):
            defer { messages += 1 }
            guard messages < sent.messages.count else { return "a message that the server has not sent" }
            let isSame = bytes.withBytes { $0.elementsEqual(sent.messages[messages]) }
            return isSame ? nil : "message \(messages) of the server is told as another"
        case .ping:
            pings += 1
            return pings > sent.pings ? "a Ping that the server has not sent" : nil
        case .pong: return nil
        case .close, .failed, .refused: hasEnded = true
        }
        return nil
    }
}
