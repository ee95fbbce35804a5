// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct HTTPHeadWriterTests {
    @Test func aHeadEndsWithABlankLine() {
        var head = HTTPHeadWriter(startLine: "GET / HTTP/1.1")
        head.field("Host", "plant")
        head.field("Authorization", SecretBytes("Bearer t"))
        #expect(head.finished() == "GET / HTTP/1.1\r\nHost: plant\r\nAuthorization: Bearer t\r\n\r\n")
    }

    @Test func noValueBeginsALine() {
        var head = HTTPHeadWriter(startLine: "GET /\r\nX: 1", SecretBytes("a\nb"), " HTTP/1.1")
        head.field("A", "1\r\nB: 2")
        head.field("C", SecretBytes("\u{0}\u{7F}"))
        #expect(head.finished() == "GET /  X: 1a b HTTP/1.1\r\nA: 1  B: 2\r\nC:   \r\n\r\n")
    }
}
