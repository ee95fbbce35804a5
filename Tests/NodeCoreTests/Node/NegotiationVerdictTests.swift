// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct NegotiationVerdictTests {
    private let challenge = NegotiationError.proxy(.authenticationRequired("Basic realm=\"plant\""))

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
        var attempt = ProxiedAttempt()
        let isAnonymous = attempt.authorization() == nil
        #expect(isAnonymous)
        #expect(attempt.verdict(challenge, by: connection()) == .again)
        let isKnown = attempt.authorization() != nil
        #expect(isKnown)
        guard case .failed(let ending) = attempt.verdict(challenge, by: connection()) else {
            Issue.record("the same answer is given again")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_PROXY)
    }

    @Test func whereTheServerLeadsTheProxyIsAnsweredAnew() {
        var attempt = ProxiedAttempt()
        for place in 0..<3 {
            _ = attempt.authorization()
            let isFollowed =
                if case .follow = attempt.verdict(redirect("/\(place)"), by: connection()) { true } else { false }
            #expect(isFollowed)
        }
        _ = attempt.authorization()
        #expect(attempt.verdict(challenge, by: connection()) == .again)
    }
}

/// One attempt by a proxy that wants to know who asks.
private struct ProxiedAttempt {
    private let proxy = Proxy(kind: .http, host: "proxy", port: 3128, username: "operator", password: "secret")
    private var redirects = Redirects(countMax: 3)
    private var authentication = ProxyAuthentication(RecordingHashes())

    mutating func authorization() -> SecretBytes? {
        guard let url = try? WebSocketURL.parse("ws://plant/a") else { return nil }
        return authentication.authorization(for: proxy, url, clientNonce: [UInt8](repeating: 1, count: 16))
    }

    mutating func verdict(_ error: NegotiationError, by connection: Connection) -> NegotiationVerdict {
        connection.verdict(on: error, &redirects, &authentication, mask: .none)
    }
}
