// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct HandshakeErrorTests {
    @Test func saysWhatCameAndWhatWasExpected() {
        let redirect = HandshakeError.unexpectedStatus(302, location: "wss://h/x?key=secret", retryAfterSeconds: nil)
        #expect(redirect.text == "The server answered with HTTP status 302; expected 101; it points to wss://h/x.")
        let named = HandshakeError.unexpectedStatus(302, location: "wss://me:hunter2@h/x", retryAfterSeconds: nil)
        #expect(named.text.contains("it points to wss://h/x") && !named.text.contains("hunter2"))
        let busy = HandshakeError.unexpectedStatus(503, location: nil, retryAfterSeconds: 7)
        #expect(busy.text == "The server answered with HTTP status 503; expected 101; it asks to wait 7 s.")
        #expect(
            HandshakeError.missingUpgrade(found: "h2c").text
                == "The server's 101 answer has Upgrade: h2c; expected websocket.")
        #expect(
            HandshakeError.missingConnection(found: nil).text
                == "The server's 101 answer has no Connection field; expected Upgrade.")
        #expect(
            HandshakeError.unexpectedSubprotocol("a\u{1B}[0mä").text
                == "The server chose the subprotocol \"a\\u{1b}[0mä\", which was not offered.")
    }

    @Test func saysWhatALocationMeansThatHasNoAddress() {
        let cases = [("", "the same address (its Location is empty)"), ("?k", "the same path with another query")]
        for (location, said) in cases {
            let text = HandshakeError.unexpectedStatus(302, location: ForeignText(location), retryAfterSeconds: 1).text
            #expect(text.contains("; it points to " + said + "; it asks"), "\(text)")
        }
    }

    @Test func cutsWhatThePeerSent() {
        let text = HandshakeError.unexpectedExtension(ForeignText(String(repeating: "x", count: 5000))).text
        #expect(text.contains(String(repeating: "x", count: 120) + "…\""))
        #expect(text.utf8.count < 200)
    }

    @Test func namesTheLimitsAsTheyAre() {
        #expect(HandshakeError.startLineTooLong.text.contains("\(HandshakeResponseParser.startLineBytesMax) "))
        #expect(HandshakeError.fieldTooLong.text.contains("\(HandshakeResponseParser.fieldLineBytesMax) "))
        #expect(HandshakeError.headerTooBig.text.contains("\(HandshakeResponseParser.headBytesMax) "))
        #expect(HandshakeError.tooManyFields.text.contains("\(HandshakeResponseParser.fieldsMax) "))
    }
}
