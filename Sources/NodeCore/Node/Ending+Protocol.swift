// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// What the protocol's failures mean for the node.
extension Ending {
    /// The peer sent a Close frame; nil: without a code (1005).
    public static func peerClosed(_ code: CloseCode?, reason text: ForeignText) -> Ending {
        let code = code ?? .noStatusReceived
        var ending = Ending(reason: reason(of: code), text: "")
        ending.isByPeer = true
        ending.closeCode = code.rawValue
        ending.closeReason = text
        let said = text.isEmpty ? "" : ": \(text.shown())"
        ending.text = "The server closed the connection with code \(code.rawValue)\(said). \(advice(code))"
        switch code {
        case .policyViolation: ending.policy = .patient
        default: break
        }
        return ending
    }

    private static func reason(of code: CloseCode) -> neuron_ws_reason_t {
        switch code {
        case .normalClosure, .noStatusReceived: .NEURON_WS_REASON_NORMAL
        case .goingAway: .NEURON_WS_REASON_ENDPOINT_SHUTDOWN
        case .policyViolation: .NEURON_WS_REASON_POLICY_VIOLATION
        case .messageTooBig: .NEURON_WS_REASON_MESSAGE_TOO_BIG
        case .internalServerError, .badGateway: .NEURON_WS_REASON_SERVER_ERROR
        case .serviceRestart, .tryAgainLater: .NEURON_WS_REASON_TRY_LATER
        case .abnormalClosure: .NEURON_WS_REASON_ABNORMAL
        default: code.rawValue >= 3000 ? .NEURON_WS_REASON_APPLICATION : .NEURON_WS_REASON_PROTOCOL_ERROR
        }
    }

    private static func advice(_ code: CloseCode) -> String {
        switch code {
        case .normalClosure, .noStatusReceived, .goingAway, .serviceRestart, .tryAgainLater:
            "The node connects again."
        case .policyViolation: "It does not accept this client or its messages: check credentials and format."
        case .messageTooBig: "A message is too big for it."
        case .unsupportedData: "It does not take this kind of message: check the setting message-type."
        case .invalidFramePayloadData: "It did not understand a message: check the setting format."
        case .internalServerError, .badGateway: "It failed by itself; see the server's log."
        default: "See the server's log or documentation for this code."
        }
    }

    /// The peer broke the protocol; a Close with the fitting code is queued.
    public static func protocolFailed(_ error: ProtocolError) -> Ending {
        var ending = Ending(
            reason: error.closeCode == .messageTooBig
                ? .NEURON_WS_REASON_MESSAGE_TOO_BIG : .NEURON_WS_REASON_PROTOCOL_ERROR,
            text: "The server broke the WebSocket protocol: \(error.text)")
        ending.isByPeer = error != .outOfMemory
        ending.closeCode = error.closeCode.rawValue
        if error == .outOfMemory {
            ending.text =
                "A message from the server was not taken: \(error.text) "
                + "Give the process more, or set max-message-size to what it can spare."
        } else if error.closeCode == .messageTooBig {
            ending.text =
                "The server sent more than we take: \(error.text) "
                + "See the settings max-message-size and max-frame-size."
        }
        return ending
    }

    /// The opening handshake was not answered as RFC 6455 §4.1 asks.
    public static func handshakeFailed(_ error: HandshakeError, unmetWish: UnmetWish? = nil) -> Ending {
        var ending = Ending(reason: .NEURON_WS_REASON_HANDSHAKE_REJECTED, text: error.text)
        guard case .unexpectedStatus(let status, let location, let retryAfter) = error else { return ending }
        ending.httpStatus = Int32(clamping: status)
        let isRedirect = (300...399).contains(status)
        ending.text += " \(isRedirect ? redirectAdvice(status, location) : advice(status, unmetWish))"
        let isPatient = [401, 403, 407].contains(status)
        if isPatient { ending.policy = .patient }
        // RFC 9110 §10.2.3 ties it to no status: rate limits come with 403, and a moved server with 3xx.
        if let retryAfter {
            let asked = UInt64(clamping: retryAfter).multipliedSaturated(by: 1_000_000_000)
            ending.policy = .atLeast(asked, isPatient: isPatient)
            if asked > 0 { ending.text += " The node waits as long as that, an hour at most." }
        }
        return ending
    }

    /// Of one that was not followed. Where the setting redirects is more than 0, those that lead to an address are.
    private static func redirectAdvice(_ status: Int, _ location: ForeignText?) -> String {
        guard Redirects.statuses.contains(status) else {
            return "It is no redirect that can be followed: put the right address into the setting url."
        }
        return location == nil
            ? "It names no new address, so that it cannot be followed: put the right one into the setting url."
            : "It is not followed: put the new address into the setting url, or set redirects."
    }

    private static func advice(_ status: Int, _ unmetWish: UnmetWish?) -> String {
        // 495 and 496 are nginx's own, for a client certificate that is bad or missing.
        if let unmetWish, [400, 401, 403, 495, 496].contains(status) { return unmetWish.text }
        return advice(status: status)
    }

    /// The commonest mistake of all: the server never learns that it was asked for a WebSocket.
    private static let proxyAdvice =
        "A proxy before it must pass WebSockets on; nginx does with: proxy_http_version 1.1; "
        + "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";"

    private static func advice(status: Int) -> String {
        switch status {
        case 200: "This is a plain web server or another path: check the URL. \(proxyAdvice)"
        case 400: "\(proxyAdvice) If there is none, check the path, subprotocols and headers."
        case 401, 403, 407: "Check username and password, or the token."
        case 404: "Check the path of the URL. \(proxyAdvice)"
        // 505: the proxy has made HTTP/1.0 of it.
        case 405, 501, 505: proxyAdvice
        case 426: "\(proxyAdvice) If there is none, it asks for another protocol version or subprotocol."
        case 429: "Too many connections or attempts: the node tries again by itself."
        case 503: "It is not available now: the node tries again by itself."
        case 500...599: "The server, or a proxy before it, failed: see its log."
        default: "Check the URL and the server."
        }
    }

    /// The stream of an open connection ended without a Close frame.
    public static var endOfStream: Ending {
        var ending = Ending(
            reason: .NEURON_WS_REASON_ABNORMAL,
            text: "The connection ended without a Close frame: the server or a proxy was stopped, or a proxy's "
                + "idle time is shorter than the setting ping-interval.")
        ending.isByPeer = true
        return ending
    }

    /// The stream ended before the connection was open.
    public static func endOfStream(
        in phase: neuron_ws_phase_t, isTLS: Bool, unmetWish: UnmetWish? = nil
    ) -> Ending {
        if let unmetWish {
            var ending = Ending(
                reason: .NEURON_WS_REASON_TLS,
                text: "The server closed the connection instead of answering the opening handshake. \(unmetWish.text)")
            ending.tlsFailure = .NEURON_WS_TLS_CLIENT_CERTIFICATE
            return ending
        }
        if phase == .NEURON_WS_PHASE_SECURING {
            var ending = Ending(
                reason: .NEURON_WS_REASON_TLS,
                text: "The server closed the connection during the TLS handshake: it does not speak TLS on this port "
                    + "(then use ws://), or does not take our TLS version, ciphers or certificate.")
            ending.tlsFailure = .NEURON_WS_TLS_PROTOCOL
            return ending
        }
        let advice =
            isTLS
            ? "check that it is a WebSocket server; the server's log says why."
            : "check that it is a WebSocket server, and whether it wants TLS (wss://)."
        return Ending(
            reason: .NEURON_WS_REASON_HANDSHAKE_REJECTED,
            text: "The server closed the connection instead of answering the opening handshake: " + advice)
    }
}
