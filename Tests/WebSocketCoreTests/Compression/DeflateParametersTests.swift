// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct DeflateParametersTests {
    private enum Outcome: Equatable {
        /// In the form of `DeflateParameters.text`; nil: declined.
        case agreed(String?)
        case failed(HandshakeError)
    }

    private func outcome(_ answer: String?, offer: DeflateOffer? = DeflateOffer()) throws -> Outcome {
        let request = HandshakeRequest(
            url: request().url, key: Array("the sample nonce".utf8), extensions: "x-other", deflate: offer)
        var lines =
            "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(request.expectedAccept)\r\n"
        if let answer { lines += "Sec-WebSocket-Extensions: \(answer)\r\n" }
        var parser = HandshakeResponseParser()
        var offset = 0
        let bytes = Array((lines + "\r\n").utf8)
        let response = try #require(try parser.bytesReceived(bytes.span.bytes, from: &offset))
        do throws(HandshakeError) {
            return .agreed(try response.verified(against: request, wallSeconds: 0).deflate?.text)
        } catch { return .failed(error) }
    }

    @Test func aServerMayDecline() throws {
        #expect(try outcome(nil) == .agreed(nil))
        #expect(try outcome("") == .agreed(nil))
        #expect(try outcome("x-other; q=1") == .agreed(nil))
    }

    @Test(arguments: [
        "", "; server_no_context_takeover", "; client_no_context_takeover", "; server_max_window_bits=8",
        "; client_max_window_bits=8", "; server_max_window_bits=14; client_max_window_bits=9",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10",
    ])
    func everyParameterIsTaken(parameters: String) throws {
        #expect(try outcome("permessage-deflate" + parameters) == .agreed("permessage-deflate" + parameters))
    }

    @Test func everyWindowIsTakenQuotedOrNot() throws {
        for bits in 8...15 {
            var agreed = DeflateParameters()
            agreed.serverMaxWindowBits = bits
            #expect(try outcome("permessage-deflate; server_max_window_bits=\(bits)") == .agreed(agreed.text))
            agreed.clientMaxWindowBits = bits
            let quoted = "client_max_window_bits=\"\(bits)\""
            #expect(
                try outcome("Permessage-Deflate;\(quoted) ;server_max_window_bits = \(bits)") == .agreed(agreed.text))
        }
    }

    @Test func anAnswerToTheSecondOfferIsTaken() throws {
        let offer = DeflateOffer(windowBits: 9, contextTakeover: false)
        #expect(try outcome("permessage-deflate", offer: offer) == .agreed("permessage-deflate"))
        #expect(try outcome(", permessage-deflate, x-other", offer: offer) == .agreed("permessage-deflate"))
    }

    @Test(arguments: [
        ("server_max_window_bits", "server_max_window_bits has no value; expected 8 to 15"),
        ("client_max_window_bits", "client_max_window_bits has no value; expected 8 to 15"),
        ("client_max_window_bits=7", "client_max_window_bits is 7; expected 8 to 15"),
        ("server_max_window_bits=16", "server_max_window_bits is 16; expected 8 to 15"),
        ("server_max_window_bits=010", "server_max_window_bits is 010; expected 8 to 15"),
        ("server_max_window_bits=+10", "server_max_window_bits is +10; expected 8 to 15"),
        ("server_max_window_bits=ten", "server_max_window_bits is ten; expected 8 to 15"),
        (
            "server_max_window_bits=99999999999999999999",
            "server_max_window_bits is 99999999999999999999; expected 8 to 15"
        ),
        ("server_no_context_takeover=1", "server_no_context_takeover is 1; it takes no value"),
        ("client_no_context_takeover=true", "client_no_context_takeover is true; it takes no value"),
        ("client_no_context_takeover; client_no_context_takeover", "client_no_context_takeover comes twice"),
        ("server_max_window_bits=9; server_max_window_bits=9", "server_max_window_bits comes twice"),
        ("mem_level=9", "mem_level is no parameter of it"), ("x", "x is no parameter of it"),
    ])
    func everythingElseFails(parameter: String, reason: String) throws {
        #expect(try outcome("permessage-deflate; " + parameter) == .failed(.invalidDeflateAnswer(ForeignText(reason))))
        let text = HandshakeError.invalidDeflateAnswer(ForeignText(reason)).text
        #expect(text == "The server's answer to the offer of permessage-deflate is wrong: \(reason).")
    }

    @Test func twoOfThemFail() throws {
        #expect(
            try outcome("permessage-deflate, permessage-deflate; client_max_window_bits=9")
                == .failed(.invalidDeflateAnswer("it comes twice")))
    }

    @Test func whatWasNotOfferedOrIsMalformedFails() throws {
        #expect(
            try outcome("permessage-deflate", offer: nil) == .failed(.unexpectedExtension("permessage-deflate")))
        #expect(try outcome("permessage-bzip2") == .failed(.unexpectedExtension("permessage-bzip2")))
        #expect(
            try outcome("permessage-deflate; client_max_window_bits=")
                == .failed(.malformedExtensions("permessage-deflate; client_max_window_bits=")))
        #expect(
            HandshakeError.malformedExtensions("a;").text
                == "The server's 101 answer has Sec-WebSocket-Extensions: a;; that is malformed.")
    }

    @Test func itsTextFitsIntoTheState() {
        var longest = DeflateParameters()
        longest.serverNoContextTakeover = true
        longest.clientNoContextTakeover = true
        longest.serverMaxWindowBits = 14
        longest.clientMaxWindowBits = 14
        #expect(longest.text.utf8.count == 128)
    }
}
