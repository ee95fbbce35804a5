import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct EndingProtocolTests {
    private func ending(_ status: Int, retryAfter: Int?) -> Ending {
        .handshakeFailed(.unexpectedStatus(status, location: nil, retryAfterSeconds: retryAfter))
    }

    @Test(arguments: [429, 500, 502, 503, 504]) func aServerThatSaysHowLongIsLeftAloneAsLong(status: Int) {
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
    }

    @Test(arguments: [401, 403, 407]) func refusedCredentialsAskForPatience(status: Int) {
        #expect(ending(status, retryAfter: nil).policy == .patient)
        #expect(Ending.peerClosed(.policyViolation, reason: "").policy == .patient)
    }
}
