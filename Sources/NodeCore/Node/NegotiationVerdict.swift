// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// What becomes of an attempt whose negotiation has come to no connection.
public enum NegotiationVerdict: Equatable, Sendable {
    /// It goes on at once, on a new stream: the proxy has said how it wants to know who asks.
    case again
    /// It goes on at once there, as the server says: with what may tell who we are, or without.
    case follow(WebSocketURL, keepsCredentials: Bool, httpStatus: Int)
    case failed(Ending)
}

extension Connection {
    /// What becomes of the attempt now that its negotiation has ended by this.
    /// - Parameters:
    ///   - redirects: of this attempt.
    ///   - authentication: at the proxy.
    ///   - mask: hides what is secret in what the other end has said.
    ///   - unmetWish: what the host wants of the kernel, and did not get.
    public func verdict(
        on error: NegotiationError, _ redirects: inout Redirects, _ authentication: inout ProxyAuthentication,
        mask: SecretMask, unmetWish: UnmetWish? = nil
    ) -> NegotiationVerdict {
        var error = error
        if case .proxy(.authenticationRequired(let field)) = error {
            switch authentication.challenged(field) {
            case .again: return .again
            case .failed(let other): error = .proxy(other)
            }
        }
        if case .webSocket(.unexpectedStatus(let code, let location?, _)) = error {
            switch redirects.follow(code, location, from: url, shown: location.masked(by: mask)) {
            case .notFollowed: break
            case .refused(let text):
                var ending = Ending(reason: .NEURON_WS_REASON_HANDSHAKE_REJECTED, text: text)
                ending.httpStatus = Int32(clamping: code)
                return .failed(ending)
            case .follow(let target, let keepsCredentials):
                authentication.attemptBegan()
                return .follow(target, keepsCredentials: keepsCredentials, httpStatus: code)
            }
        }
        var ending = Ending.negotiationFailed(error.masked(by: mask), proxy: proxy, unmetWish: unmetWish)
        if let said = said?.masked(by: mask).shown() {
            ending.text = ending.sentence + " It says: \"\(said)\"."
        }
        return .failed(ending)
    }
}
