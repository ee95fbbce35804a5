// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

/// What came of parsing an answer and where it stopped.
enum ParsedResponse: Equatable {
    case response(Int, String, [String], bytesUsed: Int)
    case failed(HandshakeError)
    case incomplete
}

func parsed(pieces: [[UInt8]]) -> ParsedResponse {
    var parser = HandshakeResponseParser()
    var used = 0
    for piece in pieces {
        var offset = 0
        do throws(HandshakeError) {
            if let response = try parser.bytesReceived(piece.span.bytes, from: &offset) {
                let fields = response.fields.map { $0.name + "=" + $0.value }
                return .response(response.status, response.reason.shown(), fields, bytesUsed: used + offset)
            }
        } catch {
            return .failed(error)
        }
        precondition(offset == piece.count)
        used += piece.count
    }
    return .incomplete
}

func parsed(_ text: String) -> ParsedResponse { parsed(pieces: [Array(text.utf8)]) }

struct HandshakeResponseParserTests {
    @Test func readsTheAnswerOfTheRFCHoweverItIsSplit() {
        let text =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection:Upgrade \r\n"
            + "Sec-WebSocket-Accept:\t s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Empty:\r\n\r\n"
        let expected = ParsedResponse.response(
            101, "Switching Protocols",
            [
                "Upgrade=websocket", "Connection=Upgrade", "Sec-WebSocket-Accept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "X-Empty=",
            ],
            bytesUsed: text.utf8.count)
        // A frame follows at once: it is not the parser's.
        let input = Array(text.utf8) + hex("810548656c6c6f")
        for pieces in cuts(input) { #expect(parsed(pieces: pieces) == expected) }
        for cut in 0..<text.utf8.count { #expect(parsed(pieces: [Array(input[..<cut])]) == .incomplete) }
    }

    @Test func readsOtherStatusLines() {
        #expect(parsed("HTTP/1.1 404 \r\n\r\n") == .response(404, "", [], bytesUsed: 17))
        #expect(parsed("HTTP/1.0 503\r\n\r\n") == .response(503, "", [], bytesUsed: 16))
        #expect(parsed("HTTP/1.1 200 OK\n\n") == .response(200, "OK", [], bytesUsed: 17))
    }

    @Test func skipsInterimAnswers() {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 101 S\r\nA: b\r\n\r\n"
        for pieces in cuts(Array(text.utf8)) {
            #expect(parsed(pieces: pieces) == .response(101, "S", ["A=b"], bytesUsed: text.utf8.count))
        }
    }

    @Test(arguments: [
        "H2", "\r", "\n", "X", "SSH-2.0-OpenSSH", "HTTP/2 101", "HTTP/0.9 ", "http/1.1 101", "\u{15}\u{3}\u{1}",
        "HTTP\n",
    ])
    func refusesWhatIsNotHTTPAtOnce(text: String) {
        #expect(parsed(text) == .failed(.notHTTP))
    }

    @Test(arguments: [
        "HTTP/1.1\r\n\r\n", "HTTP/1.1 \r\n\r\n", "HTTP/1.1 10\r\n\r\n", "HTTP/1.1 1010 x\r\n\r\n",
        "HTTP/1.1 abc x\r\n\r\n", "HTTP/1.1  101 x\r\n\r\n", "HTTP/1.x 101 x\r\n\r\n", "HTTP/1.11 101 x\r\n\r\n",
        "HTTP/1.1 001 x\r\n\r\n", "HTTP/1.1 101 a\u{0}b\r\n\r\n", "HTTP/1.1 101 a\rb\r\n\r\n",
        "HTTP/1.1 101\tx\r\n\r\n",
    ])
    func refusesMalformedStatusLines(text: String) {
        for pieces in cuts(Array(text.utf8)) { #expect(parsed(pieces: pieces) == .failed(.malformedStartLine)) }
    }

    @Test(arguments: [
        "A\r\n", ": b\r\n", "A : b\r\n", " A: b\r\n", " \r\n", "A: b\r\n c\u{0}\r\n", "A: b\u{0}c\r\n",
        "A: b\rc\r\n", "A: b\u{7F}\r\n", "A(B): c\r\n", "Ä: b\r\n", "A: b\r\r\n",
    ])
    func refusesMalformedFields(text: String) {
        for pieces in cuts(Array(("HTTP/1.1 101 S\r\n" + text + "\r\n").utf8)) {
            #expect(parsed(pieces: pieces) == .failed(.malformedField))
        }
    }

    @Test(arguments: [
        ("A: b\r\n c\r\n", "b c"), ("A: b\r\n\tc\r\n", "b c"), ("A: b  \n   c  \n", "b c"), ("A:\r\n b\r\n", "b"),
        ("A: b\r\n \r\n c\r\n", "b c"), ("A: b\r\n c\r\n d: e\r\n", "b c d: e"), ("A: b\r\n  \t\r\n", "b"),
    ])
    func aFoldedLineGoesOnWithASpace(text: String, value: String) {
        // RFC 9112 §5.2.
        let text = "HTTP/1.1 101 S\r\n" + text + "B: c\r\n\r\n"
        for pieces in cuts(Array(text.utf8)) {
            #expect(parsed(pieces: pieces) == .response(101, "S", ["A=" + value, "B=c"], bytesUsed: text.utf8.count))
        }
    }

    @Test func limitsAFoldedField() {
        let line = " " + String(repeating: "x", count: 1023) + "\r\n"
        let start = "HTTP/1.1 101 S\r\nA:\r\n"
        #expect(parsed(start + String(repeating: line, count: 7)) == .incomplete)
        #expect(parsed(start + String(repeating: line, count: 8)) == .failed(.fieldTooLong))
        let blank = start + String(repeating: " \r\n", count: 8191)
        #expect(parsed(blank) == .failed(.fieldTooLong))
    }

    @Test func limitsTheStatusLine() {
        let line = "HTTP/1.1 101 " + String(repeating: "x", count: 1024 - 13)
        #expect(line.utf8.count == HandshakeResponseParser.startLineBytesMax)
        #expect(parsed(line + "\r\n\r\n") != .failed(.startLineTooLong))
        #expect(parsed(line + "\n\n") != .failed(.startLineTooLong))
        #expect(parsed(line + "x") == .failed(.startLineTooLong))
    }

    @Test func limitsAField() {
        let start = "HTTP/1.1 101 S\r\n"
        let field = "A: " + String(repeating: "x", count: 8192 - 3)
        #expect(field.utf8.count == HandshakeResponseParser.fieldLineBytesMax)
        let value = String(repeating: "x", count: 8189)
        #expect(
            parsed(start + field + "\r\n\r\n")
                == .response(101, "S", ["A=" + value], bytesUsed: 16 + 8192 + 4))
        #expect(parsed(start + field + "x") == .failed(.fieldTooLong))
    }

    @Test func limitsTheNumberOfFields() {
        let start = "HTTP/1.1 101 S\r\n"
        let fields = String(repeating: "A: b\r\n", count: 128)
        let names = [String](repeating: "A=b", count: 128)
        #expect(parsed(start + fields + "\r\n") == .response(101, "S", names, bytesUsed: 16 + 128 * 6 + 2))
        #expect(parsed(start + fields + "A: b\r\n") == .failed(.tooManyFields))
    }

    @Test func limitsAllOfIt() {
        // 16 bytes, and eight lines of 8190: all of 65,536 with nothing left for the blank line.
        let field = "A: " + String(repeating: "x", count: 8190 - 5) + "\r\n"
        let text = "HTTP/1.1 101 S\r\n" + String(repeating: field, count: 8)
        #expect(text.utf8.count == HandshakeResponseParser.headBytesMax)
        #expect(parsed(text) == .incomplete)
        #expect(parsed(text + "\n") == .failed(.headerTooBig))
        let interim = String(repeating: "HTTP/1.1 100 C\r\n\r\n", count: 4000)
        #expect(parsed(interim) == .failed(.headerTooBig))
    }

    @Test func takesDamagedAnswersAlikeHoweverTheyAreSplit() {
        var random = SeededGenerator(seed: 10)
        let text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nA: b\r\n\r\n"
        for _ in 0..<300 {
            var input = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<input.count, using: &random)
                input[place] = Bool.random(using: &random) ? 0x0A : UInt8.random(in: 0...255, using: &random)
            }
            let whole = parsed(pieces: [input])
            #expect(parsed(pieces: input.map { [$0] }) == whole)
            let cut = Int.random(in: 0...input.count, using: &random)
            #expect(parsed(pieces: [Array(input[..<cut]), Array(input[cut...])]) == whole)
        }
    }
}
