// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import LoopbackServer

@Suite struct WebAnswerTests {
    private func text(_ answer: WebAnswer, isHead: Bool = false) -> String {
        String(decoding: answer.bytes(isHead: isHead), as: UTF8.self)
    }

    @Test func aRefusalIsASentence() {
        #expect(
            text(.refusal(404, "Not Found", "There is nothing here.")) == """
                HTTP/1.1 404 Not Found\r
                Connection: close\r
                Cache-Control: no-store\r
                Content-Length: 23\r
                Content-Type: text/plain; charset=utf-8\r
                X-Content-Type-Options: nosniff\r
                Referrer-Policy: no-referrer\r
                \r
                There is nothing here.

                """)
    }

    @Test func headIsTheSameWithoutTheBody() {
        let answer = WebAnswer.page(Array("ü".utf8), nonce: "ab", host: "localhost", isTLS: false)
        #expect(text(answer) == text(answer, isHead: true) + "ü")
        #expect(text(answer, isHead: true).contains("Content-Length: 2\r\n"))
    }

    @Test func nothingHasNoLength() {
        #expect(text(.nothing).hasPrefix("HTTP/1.1 204 No Content\r\n"))
        #expect(!text(.nothing).contains("\r\nContent-"))
    }

    @Test func thePageMayLoadNothing() {
        let answer = WebAnswer.page([], nonce: "ab", host: "localhost:1", isTLS: true)
        #expect(
            answer.headers[0] == "Content-Security-Policy: default-src 'none'; script-src 'nonce-ab'; "
                + "style-src 'nonce-ab'; connect-src 'self' wss://localhost:1; img-src data:; base-uri 'none'; "
                + "form-action 'none'; frame-ancestors 'none'")
    }

    @Test func whatIsTooLongIsToldApart() {
        #expect(WebAnswer.refusal(HandshakeError.startLineTooLong).status == 414)
        for error in [HandshakeError.fieldTooLong, .headerTooBig, .tooManyFields] {
            #expect(WebAnswer.refusal(error).status == 431)
        }
        #expect(WebAnswer.refusal(HandshakeError.malformedField).status == 400)
    }
}
