// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import LoopbackServer

@Suite struct WebGateTests {
    private static let gate = WebGate(token: "00112233445566778899aabbccddeeff", isTLS: false)
    private static let handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    private static let live = "/.neuron-ws/live?token=00112233445566778899aabbccddeeff"

    private func entry(
        _ start: String, _ fields: [String], gate: WebGate = Self.gate
    ) throws -> WebGate.Entry {
        var handshake = ServerHandshake()
        var offset = 0
        let bytes = Array(([start + " HTTP/1.1"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
        let request = try handshake.bytesReceived(bytes.span.bytes, from: &offset)
        return gate.entry(for: try #require(request))
    }

    private func status(_ start: String, _ fields: [String], gate: WebGate = Self.gate) throws -> Int? {
        guard case .refused(let answer) = try entry(start, fields, gate: gate) else { return nil }
        return answer.status
    }

    @Test(arguments: ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:80"])
    func aLoopbackHostGetsThePage(host: String) throws {
        #expect(try entry("GET /any?x", ["Host: \(host)"]) == .page(host: host))
    }

    @Test(arguments: [
        "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost:", "localhost:123456",
        "localhost:8x", "localhost:80:80", "127.0.0.2", "0.0.0.0", "::1", "[::1", "[::]", "user@localhost",
        "localhost evil", "evil:80@localhost", "localhost/",
    ])
    func anyOtherHostIsMisdirected(host: String) throws {
        #expect(try status("GET /", ["Host: \(host)"]) == 421)
        let origin = ["Host: \(host)", "Origin: http://\(host)"]
        #expect(try status("GET " + Self.live, origin + Self.handshake) == 403)
    }

    @Test func oneHostAndNoMore() throws {
        #expect(try status("GET /", []) == 400)
        #expect(try status("GET /", ["Host: localhost", "host: localhost"]) == 400)
    }

    @Test func methodsAndPaths() throws {
        let host = ["Host: localhost"]
        #expect(try entry("HEAD /", host) == .page(host: "localhost"))
        #expect(try status("POST /", host) == 405)
        #expect(try status("get /", host) == 405)
        #expect(try status("GET *", host) == 400)
        #expect(try status("GET /favicon.ico?v=1", host) == 204)
        #expect(try status("GET /.neuron-ws/", host) == 404)
        #expect(try status("GET " + Self.live, host) == 426)
    }

    @Test func handshakesAreTheGatewaysWhateverTheirHost() throws {
        #expect(try entry("GET /data", ["Host: gateway.example"] + Self.handshake) == .gateway)
        #expect(try entry("GET /data", ["Upgrade: h2c, WebSocket"]) == .gateway)
        // What lacks the Upgrade is told so by the handshake.
        #expect(try entry("GET /data", ["Host: x", "Sec-WebSocket-Key: x"]) == .gateway)
        #expect(try entry("GET /data", ["Host: localhost", "Upgrade: h2c"]) == .page(host: "localhost"))
    }

    @Test func theLiveSocketIsForItsOwnPage() throws {
        let own = ["Host: localhost:7681", "Origin: http://localhost:7681"] + Self.handshake
        #expect(try entry("GET " + Self.live, own) == .live)
        let secure = WebGate(token: Self.gate.token, isTLS: true)
        #expect(try status("GET " + Self.live, own, gate: secure) == 403)
        let ownSecure = ["Host: localhost:7681", "Origin: https://localhost:7681"] + Self.handshake
        #expect(try entry("GET " + Self.live, ownSecure, gate: secure) == .live)
    }

    @Test(arguments: [
        [], ["Origin: null"], ["Origin: http://localhost"], ["Origin: http://127.0.0.1:7681"],
        ["Origin: http://localhost:7681.evil.example"],
        ["Origin: http://localhost:7681", "Origin: http://evil.example"],
        ["Origin: http://localhost:7681, http://localhost:7681"], ["Origin: http://localhost:7681/"],
    ])
    func anotherOriginIsNot(origin: [String]) throws {
        #expect(try status("GET " + Self.live, ["Host: localhost:7681"] + origin + Self.handshake) == 403)
    }

    @Test(arguments: [
        "", "?", "?token=", "?token=00112233445566778899aabbccddeefe", "?token=00112233445566778899aabbccddeeff0",
        "?token=00112233445566778899AABBCCDDEEFF", "?x=1&token=00112233445566778899aabbccddeeff",
    ])
    func anotherTokenIsNot(query: String) throws {
        let own = ["Host: localhost", "Origin: http://localhost"] + Self.handshake
        #expect(try status("GET /.neuron-ws/live" + query, own) == 403)
    }
}
