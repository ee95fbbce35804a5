// SPDX-License-Identifier: Apache-2.0
import LoopbackServer
import Testing

@Suite struct ServerBehaviourTests {
    private func server(_ handshake: ServerBehaviour.Handshake) throws -> LoopbackWebSocketServer {
        var configuration = ServerConfiguration()
        configuration.behaviour.handshake = handshake
        return try LoopbackWebSocketServer.start(configuration)
    }

    private func client(_ server: LoopbackWebSocketServer) -> RawClient {
        let client = RawClient.connect(server.port)!
        client.send(RawClient.handshake)
        return client
    }

    @Test func refusesWithTheStatusItWasGiven() throws {
        let server = try server(.refuse(status: 503, reason: "Busy", headers: [("Retry-After", "7")]))
        defer { server.stop() }
        let expected = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 7\r\n\r\n"
        let client = client(server)
        #expect(client.text(expected.utf8.count) == expected)
        #expect(client.ending() == .finished)
    }

    @Test func staysSilent() throws {
        let server = try server(.silent)
        defer { server.stop() }
        #expect(client(server).isQuiet(milliseconds: 300))
    }

    @Test func answersWithAWrongAccept() throws {
        let server = try server(.wrongAccept)
        defer { server.stop() }
        let expected = RawClient.accepted.split(separator: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            .joined(separator: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        #expect(client(server).text(expected.utf8.count) == expected)
    }

    @Test func endsBehindEachByteOfItsAnswer() throws {
        let server = try server(.accept)
        defer { server.stop() }
        let whole = Array(RawClient.accepted.utf8)
        for count in [1, 2, 17, whole.count - 1] {
            server.behaviour.handshake = .cut(afterBytes: count)
            let client = client(server)
            #expect(client.bytes(count) == Array(whole[..<count]))
            #expect(client.ending() == .finished)
        }
    }

    @Test func answersWithBytesOfItsOwn() throws {
        let server = try server(.bytes([0, 1, 2, 3]))
        defer { server.stop() }
        let client = client(server)
        #expect(client.bytes(4) == [0, 1, 2, 3])
        #expect(client.ending() == .finished)
    }

    @Test func answersForEver() throws {
        let server = try server(.endless(Array("X: y\r\n".utf8)))
        defer { server.stop() }
        let client = client(server)
        #expect(client.bytes(600_000).count == 600_000)
    }

    @Test func choosesTheSubprotocolOnlyIfItIsOffered() throws {
        let server = try server(.accept)
        defer { server.stop() }
        server.behaviour.subprotocol = "json.v1"
        let plain = client(server)
        #expect(plain.text(RawClient.accepted.utf8.count) == RawClient.accepted)
        let offering = RawClient.connect(server.port)!
        offering.send(
            RawClient.handshake.split(separator: "\r\n\r\n").joined() + "\r\nSec-WebSocket-Protocol: a, json.v1\r\n\r\n"
        )
        let expected =
            RawClient.accepted.split(separator: "\r\n\r\n").joined() + "\r\nSec-WebSocket-Protocol: json.v1\r\n\r\n"
        #expect(offering.text(expected.utf8.count) == expected)
    }

    @Test func anHTTPRequestThatIsNoHandshakeGets400() throws {
        let server = try server(.accept)
        defer { server.stop() }
        let client = RawClient.connect(server.port)!
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(client.text(24) == "HTTP/1.1 400 Bad Request")
    }
}
