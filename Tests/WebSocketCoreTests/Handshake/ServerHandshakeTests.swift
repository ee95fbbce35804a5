// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct ServerHandshakeTests {
    private enum Outcome: Equatable {
        case request(String, String, bytesUsed: Int)
        case failed(HandshakeError)
        case incomplete
    }

    private func read(_ pieces: [[UInt8]]) -> (outcome: Outcome, request: ClientRequest?) {
        var handshake = ServerHandshake()
        var used = 0
        for piece in pieces {
            var offset = 0
            do throws(HandshakeError) {
                if let request = try handshake.bytesReceived(piece.span.bytes, from: &offset) {
                    return (.request(request.method, request.resource, bytesUsed: used + offset), request)
                }
            } catch {
                return (.failed(error), nil)
            }
            used += offset
        }
        return (.incomplete, nil)
    }

    private func clientRequest(_ text: String) throws -> ClientRequest {
        try #require(read([Array(text.utf8)]).request)
    }

    private func refusal(of text: String) throws -> String? {
        let request = try clientRequest(text)
        do throws(HandshakeError) {
            _ = try request.accepted()
            return nil
        } catch {
            return error.text
        }
    }

    private let sample =
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
        + "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n"

    @Test func readsTheRequestOfTheRFCHoweverItIsSplit() {
        let input = Array(sample.utf8) + hex("8180")
        for pieces in cuts(input) {
            #expect(read(pieces).outcome == .request("GET", "/chat", bytesUsed: sample.utf8.count))
        }
    }

    @Test func writesTheAnswerOfTheRFC() throws {
        let request = try clientRequest(sample)
        #expect(request.offeredSubprotocols == ["chat", "superchat"])
        let answer = try request.accepted(subprotocol: "chat", extensions: "x", headers: [("Server", "test")])
        #expect(
            String(decoding: answer, as: UTF8.self)
                == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n"
                + "Sec-WebSocket-Extensions: x\r\nServer: test\r\n\r\n")
    }

    @Test func answersWhatOurClientSendsSoThatOurClientAcceptsIt() throws {
        let sent = request(subprotocols: ["a", "b"])
        let received = try #require(read([sent.encoded().bytes]).request)
        let answer = try received.accepted(subprotocol: "b")
        var parser = HandshakeResponseParser()
        var offset = 0
        let response = try #require(try parser.bytesReceived(answer.span.bytes, from: &offset))
        let negotiated = try response.verified(against: sent, wallSeconds: 0)
        #expect(negotiated == NegotiatedConnection(subprotocol: "b"))
    }

    @Test(arguments: [
        ("GET /chat", "POST /chat"), ("HTTP/1.1", "HTTP/1.0"), ("Host:", "X-Host:"),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("keep-alive, Upgrade", "keep-alive"), ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="),
        ("dGhlIHNhbXBsZSBub25jZQ==", "?"), ("Sec-WebSocket-Key", "X-Key"), ("Version: 13", "Version: 8"),
        ("Sec-WebSocket-Version", "X-Version"),
    ])
    func refusesRequestsThatOpenNoWebSocket(part: String, other: String) throws {
        #expect(try refusal(of: sample) == nil)
        let ranges = sample.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(ranges.count == 2)
        #expect(try refusal(of: ranges[0] + other + ranges[1]) != nil)
    }

    @Test(arguments: [
        "GET /\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.x\r\n\r\n", "\r\n\r\n",
        " / HTTP/1.1\r\n\r\n", "G(T / HTTP/1.1\r\n\r\n", "GET / a HTTP/1.1\r\n\r\n", "GET / HTTP/1.11\r\n\r\n",
    ])
    func refusesMalformedRequestLines(text: String) {
        for pieces in cuts(Array(text.utf8)) { #expect(read(pieces).outcome == .failed(.malformedStartLine)) }
    }

    @Test func writesRefusals() {
        let answer = ClientRequest.refusal(status: 426, reason: "Upgrade Required", headers: [("A", "b")])
        #expect(
            String(decoding: answer, as: UTF8.self)
                == "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\nA: b\r\n\r\n")
    }
}
