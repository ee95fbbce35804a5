// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// What the way through a proxy comes to.
extension Ending {
    /// It came to no connection before frames could flow.
    public static func negotiationFailed(
        _ error: NegotiationError, proxy: Proxy?, unmetWish: UnmetWish? = nil
    ) -> Ending {
        switch error {
        case .webSocket(let error): handshakeFailed(error, unmetWish: unmetWish)
        case .proxy(let error): proxyFailed(error, proxy?.shown ?? "")
        }
    }

    /// The proxy does not open a way.
    private static func proxyFailed(_ error: ProxyError, _ proxy: String) -> Ending {
        var ending = Ending(reason: .NEURON_WS_REASON_PROXY, text: "The proxy \(proxy) \(error.text)")
        ending.httpStatus = Int32(clamping: error.httpStatus)
        ending.isByPeer = true
        switch error {
        case .refused(_, _, let retryAfter?):
            ending.policy = .atLeast(UInt64(clamping: retryAfter).multipliedSaturated(by: 1_000_000_000))
            if retryAfter > 0 {
                let asked = HandshakeError.shown(seconds: retryAfter)
                ending.text += " The node waits \(asked) as it asks, an hour at most."
            }
        case .refused(401, _, nil), .refused(403, _, nil), .authenticationRequired, .credentialsMissing,
            .credentialsRefused, .unknownAuthentication, .noCommonMethod:
            ending.policy = .patient
        case .refused, .malformed, .notSOCKS, .socksReply:
            break
        }
        return ending
    }

    /// The stream ended, in whatever way, before the proxy had opened the way: the proxy, or the way to it, is at
    /// fault.
    public func onTheWay(to proxy: Proxy) -> Ending {
        var ending = self
        ending.reason = .NEURON_WS_REASON_PROXY
        ending.text = "The proxy \(proxy.shown) cannot be used (setting proxy): \(text)"
        return ending
    }

    /// It ended the stream without a word.
    public static func endOfStream(before proxy: Proxy, in phase: neuron_ws_phase_t) -> Ending {
        let place: StaticString =
            phase == .NEURON_WS_PHASE_SECURING ? "during the TLS handshake with it" : "instead of answering"
        var ending = Ending(
            reason: .NEURON_WS_REASON_PROXY,
            text: "The proxy \(proxy.shown) closed the connection \(place): check its kind (http, https, socks5h) and "
                + "port, and whether it lets this host in; its log says why.")
        ending.isByPeer = true
        return ending
    }
}
