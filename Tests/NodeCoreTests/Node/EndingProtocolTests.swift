// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct EndingProtocolTests {
    private func refused(_ status: Int, _ wish: UnmetWish? = nil) -> Ending {
        Ending.handshakeFailed(
            .unexpectedStatus(status, location: nil, retryAfterSeconds: nil), unmetWish: wish)
    }

    @Test(arguments: [400, 426, 405, 501, 505])
    func namesTheProxysMistakeFirst(status: Int) {
        let start =
            "The server answered with HTTP status \(status); expected 101. A proxy before it must pass WebSockets on"
        #expect(refused(status).text.hasPrefix(start))
    }

    @Test(arguments: [200, 400, 404, 405, 426, 501])
    func saysWhatMendsTheProxy(status: Int) {
        for line in [
            "proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;",
            "proxy_set_header Connection \"upgrade\";",
        ] { #expect(refused(status).text.contains(line)) }
    }

    @Test(arguments: [400, 401, 403, 495, 496])
    func aRefusalBehindACertificateThatWasNotShownNamesIt(status: Int) {
        #expect(refused(status, .clientCertificate).text.hasSuffix("got none: set cert and key."))
        #expect(refused(status, .renegotiation).text.contains("TLS 1.2 renegotiation"))
        #expect(refused(status, .renegotiation).text.contains("tls-min-version 1.3"))
    }

    @Test func anotherRefusalHasNothingToDoWithIt() {
        #expect(refused(404, .clientCertificate).text == refused(404).text)
    }

    @Test func anEndBehindACertificateThatWasNotShownNamesIt() {
        let ending = Ending.endOfStream(in: .NEURON_WS_PHASE_HANDSHAKING, isTLS: true, unmetWish: .clientCertificate)
        #expect(ending.reason == .NEURON_WS_REASON_TLS)
        #expect(ending.tlsFailure == .NEURON_WS_TLS_CLIENT_CERTIFICATE)
        #expect(ending.text.hasSuffix("got none: set cert and key."))
    }

    private func ending(_ status: Int, retryAfter: Int?) -> Ending {
        .handshakeFailed(.unexpectedStatus(status, location: nil, retryAfterSeconds: retryAfter))
    }

    @Test(arguments: [200, 302, 404, 429, 500, 502, 503, 504])
    func aServerThatSaysHowLongIsLeftAloneAsLong(status: Int) {
        let asked = ending(status, retryAfter: 120)
        #expect(asked.policy == .atLeast(120_000_000_000))
        #expect(asked.text.contains("it asks to wait 120 s") && asked.text.contains("as long as that"))
        let silent = ending(status, retryAfter: nil)
        #expect(silent.policy == .usual)
        #expect(!silent.text.contains("as long as"))
    }

    @Test func delaysBeyondAllMeasureDoNoHarm() {
        #expect(ending(503, retryAfter: .max).policy == .atLeast(.max))
        #expect(ending(503, retryAfter: -1).policy == .atLeast(0))
        #expect(!ending(503, retryAfter: 0).text.contains("as long as that"))
    }

    @Test(arguments: [401, 403, 407]) func refusedCredentialsAskForPatience(status: Int) {
        #expect(ending(status, retryAfter: nil).policy == .patient)
        let limited = ending(status, retryAfter: 120)
        #expect(limited.policy == .atLeast(120_000_000_000, isPatient: true))
        #expect(limited.text.contains("as long as that"))
        #expect(Ending.peerClosed(.policyViolation, reason: "").policy == .patient)
    }

    @Test func wantOfMemoryIsOursAndNotAViolationOfTheServer() {
        let ending = Ending.protocolFailed(.outOfMemory)
        #expect(ending.reason == .NEURON_WS_REASON_MESSAGE_TOO_BIG)
        #expect(ending.closeCode == 1009)
        #expect(!ending.isByPeer)
        #expect(ending.text.contains("no memory") && ending.text.contains("max-message-size"))
        #expect(!ending.text.contains("broke the WebSocket protocol"))
    }
}
