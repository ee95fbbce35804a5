// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct ConnectionTraceTests {
    private static let head = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
    /// A Ping and a text frame, as a server sends them.
    private static let frames: [UInt8] = [0x89, 0x00, 0x81, 0x02, 0x6F, 0x6B]

    private func makeLink() throws -> Link {
        let request = HandshakeRequest(
            url: try WebSocketURL.parse("ws://h/"), key: [UInt8](repeating: 1, count: HandshakeRequest.keyBytes))
        return Link(Connection(request, Connection.Options()), Attempt(urlIndex: 0), nil)
    }

    private func lines(_ trace: inout StreamTrace?, _ bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { trace?.read($0.bytes) ?? [] }.joined(separator: "\n")
    }

    @Test func bothDirectionsBeginWithTheirHeads() {
        var trace = ConnectionTrace(mask: SecretMask.none)
        var sent = Optional(trace.sent)
        #expect(lines(&sent, Self.head).contains("GET / HTTP/1.1"))
        let answer = Array("HTTP/1.1 101 Switching Protocols\r\n\r\n".utf8)
        #expect(lines(&trace.received, answer).contains("101 Switching Protocols"))
        #expect(lines(&trace.received, Self.frames).contains("ok"))
    }

    /// Where the peer is in its frames is known only when its next bytes are looked at.
    @Test func onAConnectionThatIsThereNothingIsTakenForReceivedYet() throws {
        let link = try makeLink()
        var trace = ConnectionTrace(link)
        #expect(trace.received == nil)
        // Nothing has gone out: what comes is the head.
        var sent = Optional(trace.sent)
        #expect(lines(&sent, Self.head).contains("GET / HTTP/1.1"))
        trace.received = StreamTrace(mask: link.mask, from: .header([]))
        #expect(lines(&trace.received, Self.frames).contains("ok"))
    }
}
