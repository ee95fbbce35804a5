// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

/// The key of RFC 6455 §1.3: "dGhlIHNhbXBsZSBub25jZQ==" is "the sample nonce".
let sampleKey = Array("the sample nonce".utf8)

func request(
    _ url: String = "ws://server.example.com/chat", subprotocols: [String] = [], origin: String? = nil,
    userAgent: String? = nil, headers: [(name: String, value: SecretBytes)] = [], extensions: String? = nil
) -> HandshakeRequest {
    // The URLs of these tests are valid; a wrong one should stop the test.
    let url = try! WebSocketURL.parse(url)
    return HandshakeRequest(
        url: url, key: sampleKey, subprotocols: subprotocols, origin: origin, userAgent: userAgent, headers: headers,
        extensions: extensions)
}

struct HandshakeRequestTests {
    private func text(_ request: HandshakeRequest) -> [String] {
        let text = String(decoding: request.encoded().bytes, as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\n"))
        return text.split(separator: "\r\n", omittingEmptySubsequences: false).dropLast(2).map(String.init)
    }

    @Test func asksForTheAcceptOfTheRFC() {
        #expect(request().key == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(request().expectedAccept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func writesWhatIsRequired() {
        #expect(
            text(request()) == [
                "GET /chat HTTP/1.1", "Host: server.example.com", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            ])
    }

    @Test(arguments: ["Host", "host", "HOST"])
    func theUsersOwnHostIsSentOnceAndFirst(name: String) {
        let request = request(headers: [("X-Line", "7"), (name, "line-7.plant.example:8443")])
        #expect(
            text(request) == [
                "GET /chat HTTP/1.1", "Host: line-7.plant.example:8443", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "X-Line: 7",
            ])
    }

    @Test(arguments: ["plant.example", "plant.example:443", "192.0.2.1:8080", "[::1]:80", "xn--bcher-kva.example"])
    func takesAHostWithItsPort(value: String) throws {
        try HandshakeRequest.validate(headerName: "Host", value: value.utf8)
    }

    @Test func writesWhatIsOptional() {
        let request = request(
            "wss://[::1]:8443?a=b", subprotocols: ["chat", "superchat"], origin: "http://example.com",
            userAgent: "neuron-ws/1", headers: [("Authorization", "Bearer x"), ("X-Two", "")],
            extensions: "permessage-deflate")
        #expect(
            text(request) == [
                "GET /?a=b HTTP/1.1", "Host: [::1]:8443", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                "Origin: http://example.com",
                "Sec-WebSocket-Protocol: chat, superchat", "Sec-WebSocket-Extensions: permessage-deflate",
                "User-Agent: neuron-ws/1", "Authorization: Bearer x", "X-Two: ",
            ])
    }

    @Test func putsTheUsersOwnHeadersBeforeDefaults() {
        let request = request(
            origin: "a", userAgent: "b", headers: [("origin", "mine"), ("USER-AGENT", "mine too")])
        #expect(text(request).suffix(3) == ["Sec-WebSocket-Version: 13", "origin: mine", "USER-AGENT: mine too"])
    }

    @Test func letsNoValueAddALine() {
        let request = request(origin: "a\r\nX: y", headers: [("A", "b\nC: d\0")])
        #expect(text(request).suffix(2) == ["Origin: a  X: y", "A: b C: d "])
    }

    @Test(arguments: [
        ("", "x", HeaderError.emptyName), ("A B", "x", .invalidName), ("A:", "x", .invalidName),
        ("A\r\nB", "x", .invalidName), ("Ä", "x", .invalidName), ("Host", "", .invalidHost),
        ("hOST", "a, b", .invalidHost), ("Host", "a/b", .invalidHost), ("Host", "u@a", .invalidHost),
        ("Upgrade", "x", .reservedName), ("connection", "x", .reservedName),
        ("Sec-WebSocket-Key", "x", .reservedName), ("sec-websocket-anything", "x", .reservedName),
        ("Content-Length", "0", .reservedName), ("Transfer-Encoding", "chunked", .reservedName),
        ("A", "b\r\nC: d", .invalidValue), ("A", "\n", .invalidValue), ("A", "\0", .invalidValue),
        ("A", "\u{7F}", .invalidValue), ("A", String(repeating: "x", count: 8190), .tooLong),
    ])
    func refusesHeaders(name: String, value: String, error: HeaderError) {
        #expect(throws: error) { try HandshakeRequest.validate(headerName: name, value: value.utf8) }
    }

    @Test(arguments: [
        ("Authorization", "Bearer a.b-c"), ("X-Api_Key!", ""), ("Origin", "x"), ("User-Agent", "a\tb"), ("A", "ä"),
        ("Sec-WebSocke", "x"), ("Hosts", "x"), ("A", String(repeating: "x", count: 8189)),
    ])
    func acceptsHeaders(name: String, value: String) throws {
        try HandshakeRequest.validate(headerName: name, value: value.utf8)
    }

    @Test func checksSubprotocols() throws {
        try HandshakeRequest.validate(subprotocols: [])
        try HandshakeRequest.validate(subprotocols: ["a", "A", "v1.json"])
        for name in ["", "a b", "a,b", "ä", "a\r\n"] {
            #expect(throws: HeaderError.invalidSubprotocol) {
                try HandshakeRequest.validate(subprotocols: ["ok", name])
            }
        }
        #expect(throws: HeaderError.duplicateSubprotocol) {
            try HandshakeRequest.validate(subprotocols: ["a", "b", "a"])
        }
    }

    @Test func hasASentenceOfItsOwnForEachFault() {
        let texts = HeaderError.allCases.map(\.text)
        #expect(Set(texts).count == texts.count)
        for text in texts { #expect(text.hasSuffix(".")) }
    }
}
