// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct NegotiationVerdictTests {
    private let challenge = "Basic realm=\"plant\""

    private func url(_ text: String) -> WebSocketURL { try! WebSocketURL.parse(text) }

    private func connection() -> Connection {
        Connection(
            HandshakeRequest(url: url("ws://plant/a"), key: [UInt8](repeating: 7, count: 16)), Connection.Options())
    }

    private func redirect(_ location: String, _ code: Int = 302) -> NegotiationError {
        .webSocket(.unexpectedStatus(code, location: ForeignText(location), retryAfterSeconds: nil))
    }

    private func verdict(
        _ error: NegotiationError, _ redirects: inout Redirects, _ mask: SecretMask = .none
    ) -> NegotiationVerdict {
        var authentication = ProxyAuthentication(RecordingHashes())
        return connection().verdict(on: error, &redirects, &authentication, mask: mask)
    }

    @Test func aRedirectIsFollowedWhereOneIsWanted() {
        var redirects = Redirects(countMax: 1)
        #expect(
            verdict(redirect("/b"), &redirects)
                == .follow(url("ws://plant/b"), keepsCredentials: true, httpStatus: 302))
        guard case .failed(let ending) = verdict(redirect("/c", 307), &redirects) else {
            Issue.record("one too many is followed")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_HANDSHAKE_REJECTED && ending.httpStatus == 307)
        #expect(ending.text.contains("setting redirects"))
        var none = Redirects(countMax: 0)
        guard case .failed(let plain) = verdict(redirect("/b"), &none) else {
            Issue.record("it is followed")
            return
        }
        #expect(plain.httpStatus == 302 && !plain.text.contains("setting redirects"))
    }

    @Test func whatIsSecretIsNotSaidInARefusal() {
        var redirects = Redirects(countMax: 1)
        let mask = SecretMask(headerValues: [], others: ["correct-horse"])
        guard case .failed(let ending) = verdict(redirect("ftp://x/correct-horse"), &redirects, mask) else {
            Issue.record("it is followed")
            return
        }
        #expect(!ending.text.contains("horse") && ending.text.contains("…"))
    }

    @Test func aProxyIsAnsweredOnceItSaysHow() {
        let proxy = Proxy(kind: .http, host: "proxy", port: 3128, username: "operator", password: "secret")
        var redirects = Redirects(countMax: 0)
        var authentication = ProxyAuthentication(RecordingHashes())
        let error = NegotiationError.proxy(.authenticationRequired(challenge))
        let nonce = [UInt8](repeating: 1, count: 16)
        #expect(authentication.authorization(for: proxy, url("ws://plant/a"), clientNonce: nonce) == nil)
        let first = connection().verdict(on: error, &redirects, &authentication, mask: .none)
        #expect(first == .again)
        #expect(authentication.authorization(for: proxy, url("ws://plant/a"), clientNonce: nonce) != nil)
        guard case .failed(let ending) = connection().verdict(on: error, &redirects, &authentication, mask: .none)
        else {
            Issue.record("the same answer is given again")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_PROXY)
    }

    @Test func whereTheServerLeadsTheProxyIsAnsweredAnew() {
        let proxy = Proxy(kind: .http, host: "proxy", port: 3128, username: "operator", password: "secret")
        var redirects = Redirects(countMax: 3)
        var authentication = ProxyAuthentication(RecordingHashes())
        let error = NegotiationError.proxy(.authenticationRequired(challenge))
        let nonce = [UInt8](repeating: 1, count: 16)
        var verdicts: [NegotiationVerdict] = []
        for place in 0..<3 {
            _ = authentication.authorization(for: proxy, url("ws://plant/a"), clientNonce: nonce)
            verdicts.append(
                connection().verdict(on: redirect("/\(place)"), &redirects, &authentication, mask: .none))
        }
        _ = authentication.authorization(for: proxy, url("ws://plant/a"), clientNonce: nonce)
        verdicts.append(connection().verdict(on: error, &redirects, &authentication, mask: .none))
        #expect(verdicts.last == .again)
        #expect(verdicts.dropLast().allSatisfy { if case .follow = $0 { true } else { false } })
    }
}
