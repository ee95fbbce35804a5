// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct HandshakeResponseTests {
    private enum Outcome: Equatable {
        case connected(NegotiatedConnection)
        case failed(HandshakeError)
    }

    private let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private func response(_ lines: [String]) throws -> HandshakeResponse {
        var parser = HandshakeResponseParser()
        var offset = 0
        let text = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return try #require(try parser.bytesReceived(text.span.bytes, from: &offset))
    }

    private func verified(_ lines: [String], _ request: HandshakeRequest = request()) throws -> Outcome {
        let response = try response(lines)
        do throws(HandshakeError) {
            return .connected(try response.verified(against: request, wallSeconds: 0))
        } catch {
            return .failed(error)
        }
    }

    private func answer(_ lines: String...) -> [String] {
        ["HTTP/1.1 101 S", "Upgrade: websocket", "Connection: Upgrade", accept] + lines
    }

    private let plain = Outcome.connected(NegotiatedConnection(subprotocol: nil))

    @Test func acceptsTheAnswerOfTheRFC() throws {
        #expect(try verified(answer()) == plain)
        #expect(
            try verified(["HTTP/1.1 101", "uPGRADE: WebSocket", "connection: keep-alive, upgrade", accept]) == plain)
        #expect(
            try verified(["HTTP/1.1 101", "Upgrade: websocket", "Connection: a", "Connection: Upgrade", accept])
                == plain)
    }

    @Test func refusesOtherStatuses() throws {
        #expect(
            try verified(["HTTP/1.1 404 Not Found"])
                == .failed(.unexpectedStatus(404, location: nil, retryAfterSeconds: nil)))
        #expect(
            try verified(["HTTP/1.0 302 Found", "Location: wss://other/x"])
                == .failed(.unexpectedStatus(302, location: "wss://other/x", retryAfterSeconds: nil)))
        #expect(
            try verified(["HTTP/1.1 503 Busy", "Retry-After: 120"])
                == .failed(.unexpectedStatus(503, location: nil, retryAfterSeconds: 120)))
        #expect(
            try verified(["HTTP/1.1 200 OK", "Upgrade: websocket", "Connection: Upgrade", accept])
                == .failed(.unexpectedStatus(200, location: nil, retryAfterSeconds: nil)))
    }

    @Test(arguments: [
        ("0", 0), ("7", 7), ("2147483647", 2_147_483_647), ("99999999999999999999999", 2_147_483_647),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 2_147_483_647), ("Wed, 32 Oct 2026 07:28:00 GMT", nil),
        ("-1", nil), ("1.5", nil), ("", nil), ("1 2", nil), ("1e9", nil), ("∞", nil),
    ])
    func readsRetryAfter(value: String, seconds: Int?) throws {
        let busy = try response(["HTTP/1.1 429 x", "Retry-After: " + value])
        #expect(busy.retryAfterSeconds(wallSeconds: 100) == seconds)
    }

    /// A proxy's and the server's: whoever comes before the longer one comes too early.
    @Test(arguments: [
        (["5", "30"], 30), (["30", "5"], 30), (["5, 30"], 30), (["soon", "7"], 7), (["soon", "-1"], nil),
        (["Thu, 01 Jan 1970 00:02:00 GMT", "5"], 20), (["3", "Thu, 01 Jan 1970 00:02:00 GMT", "1"], 20),
    ])
    func ofSeveralRetryAftersTheLongestCounts(values: [String], seconds: Int?) throws {
        let busy = try response(["HTTP/1.1 503 x"] + values.map { "Retry-After: " + $0 })
        #expect(busy.retryAfterSeconds(wallSeconds: 100) == seconds)
    }

    /// The clocks of gateways are often wrong: what counts is the server's own.
    @Test func holdsADateAgainstTheAnswersOwn() throws {
        let lines = ["Date: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: Sunday, 06-Nov-94 08:59:37 GMT"]
        for wall in [800_000_000, 1_795_000_000] as [Int64] {
            #expect(try response(["HTTP/1.1 503 x"] + lines).retryAfterSeconds(wallSeconds: wall) == 600)
        }
    }

    @Test func refusesHTTP10() throws {
        let lines = ["HTTP/1.0 101 S", "Upgrade: websocket", "Connection: Upgrade", accept]
        #expect(try verified(lines) == .failed(.httpVersionTooOld))
    }

    @Test func refusesAWrongUpgrade() throws {
        #expect(try verified(["HTTP/1.1 101", "Connection: Upgrade", accept]) == .failed(.missingUpgrade(found: nil)))
        #expect(
            try verified(["HTTP/1.1 101", "Upgrade: h2c", "Connection: Upgrade", accept])
                == .failed(.missingUpgrade(found: "h2c")))
    }

    @Test func refusesAWrongConnection() throws {
        #expect(
            try verified(["HTTP/1.1 101", "Upgrade: websocket", accept]) == .failed(.missingConnection(found: nil)))
        #expect(
            try verified(["HTTP/1.1 101", "Upgrade: websocket", "Connection: close, Upgrades", accept])
                == .failed(.missingConnection(found: "close, Upgrades")))
    }

    @Test func refusesAWrongAccept() throws {
        let start = ["HTTP/1.1 101", "Upgrade: websocket", "Connection: Upgrade"]
        #expect(try verified(start) == .failed(.wrongAccept(found: nil)))
        let lower = "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        #expect(
            try verified(start + ["Sec-WebSocket-Accept: " + lower])
                == .failed(.wrongAccept(found: ForeignText(lower))))
        let twice = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        #expect(try verified(start + [accept, accept]) == .failed(.wrongAccept(found: ForeignText(twice))))
    }

    @Test func takesOnlyASubprotocolThatWasOffered() throws {
        let offer = request(subprotocols: ["a", "b"])
        #expect(
            try verified(answer("Sec-WebSocket-Protocol: b"), offer)
                == .connected(NegotiatedConnection(subprotocol: "b")))
        #expect(try verified(answer(), offer) == plain)
        for (line, name) in [("c", "c"), ("B", "B"), ("a, b", "a, b"), ("", "")] {
            #expect(
                try verified(answer("Sec-WebSocket-Protocol: " + line), offer)
                    == .failed(.unexpectedSubprotocol(ForeignText(name))))
        }
        #expect(try verified(answer("Sec-WebSocket-Protocol: a")) == .failed(.unexpectedSubprotocol("a")))
    }

    @Test func takesOnlyExtensionsThatWereOffered() throws {
        let offer = request(extensions: "permessage-deflate; client_max_window_bits, x-other")
        let deflate = "permessage-deflate; server_no_context_takeover"
        #expect(
            try verified(answer("Sec-WebSocket-Extensions: " + deflate), offer) == plain)
        #expect(try verified(answer("Sec-WebSocket-Extensions:"), offer) == plain)
        #expect(
            try verified(answer("Sec-WebSocket-Extensions: x-other ;q=1, mux;a=b"), offer)
                == .failed(.unexpectedExtension("mux")))
        #expect(
            try verified(answer("Sec-WebSocket-Extensions: permessage-deflate"))
                == .failed(.unexpectedExtension("permessage-deflate")))
    }

    @Test func findsFieldsRegardlessOfCaseAndJoinsThem() throws {
        let response = try response(["HTTP/1.1 200 OK", "A: 1", "B: 2", "a: 3"])
        #expect(response.value(of: "a") == "1, 3")
        #expect(response.value(of: "b") == "2")
        #expect(response.value(of: "c") == nil)
    }
}
