// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

/// The steps one after the other, as a connection goes through them.
@Suite struct NegotiationTests {
    private static let http = Proxy(kind: .http, host: "proxy", port: 3128)
    private static let socks = Proxy(kind: .socks5, host: "proxy", port: 1080, username: "u", password: "p")
    private static let tunnelled = "HTTP/1.1 200 OK\r\n\r\n"

    @Test func throughAnHTTPProxyWithoutTLS() {
        // However the answers are cut, and with the server's behind the proxy's.
        for split in 0...Self.tunnelled.utf8.count {
            var bench = ConnectionBench(tunnel: Tunnel(Self.http))
            #expect(bench.connection.isBeforeTunnel && bench.connection.phase == .NEURON_WS_PHASE_PROXY)
            bench.connection.transportOpened()
            bench.fillAll()
            #expect(bench.sent.starts(with: "CONNECT plant:80 HTTP/1.1\r\n".utf8))
            bench.sent = []
            let answer = Array(Self.tunnelled.utf8)
            bench.receive(Array(answer[..<split]))
            bench.receive(Array(answer[split...]))
            #expect(bench.heard == ["tunnel"] && !bench.connection.isNegotiationSent)
            #expect(!bench.connection.isBeforeTunnel && bench.connection.phase == .NEURON_WS_PHASE_HANDSHAKING)
            #expect(bench.sent.isEmpty && !bench.hasOutput())
            bench.connection.transportOpened()
            bench.fillAll(room: 1 + split)
            #expect(bench.sent.starts(with: "GET /data HTTP/1.1\r\n".utf8) && bench.connection.isNegotiationSent)
            bench.receive(bench.answer() + ConnectionBench.text("hello"))
            #expect(bench.heard == ["tunnel", "negotiated", "hello"])
        }
    }

    @Test func whatComesBeforeTLSHasBegunIsTLSs() {
        var bench = ConnectionBench(url: "wss://plant/data", tunnel: Tunnel(Self.http))
        bench.connection.transportOpened()
        bench.fillAll()
        bench.receive(Array((Self.tunnelled + "server hello").utf8))
        #expect(bench.heard == ["tunnel for TLS"] && bench.left == 12)
        #expect(bench.hasOutput() == false)
        bench.sent = []
        bench.connection.transportOpened()
        bench.fillAll()
        bench.receive(bench.answer())
        #expect(bench.heard == ["tunnel for TLS", "negotiated"] && bench.connection.httpStatus == 101)
    }

    @Test func throughSOCKSThatAsksBack() {
        var bench = ConnectionBench(tunnel: Tunnel(Self.socks))
        bench.connection.transportOpened()
        bench.fillAll(room: 1)
        #expect(bench.sent == [5, 2, 0, 2])
        bench.receive([5, 2])
        #expect(bench.hasOutput() == true)
        bench.fillAll(room: 1)
        bench.receive([1, 0])
        bench.fillAll(room: 1)
        #expect(bench.sent.suffix(12) == [5, 1, 0, 3, 5] + Array("plant".utf8) + [0, 80])
        #expect(bench.connection.bytesFramed == UInt64(bench.sent.count))
        bench.receive([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        #expect(bench.heard == ["tunnel"])
        #expect(bench.connection.negotiationBytes >= SOCKS5Step.outputBytesMax)
    }

    @Test func aRefusalEndsIt() {
        var bench = ConnectionBench(tunnel: Tunnel(Self.http))
        bench.connection.transportOpened()
        bench.fillAll()
        bench.receive(Array("HTTP/1.1 502 Bad\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".utf8))
        #expect(bench.heard.count == 1 && bench.heard[0].hasPrefix("refused by the proxy"))
        #expect(bench.connection.httpStatus == 502 && !bench.hasOutput())
    }

    @Test func endingsNameTheProxyAndNoSecret() {
        let ending = Ending.negotiationFailed(
            .proxy(.refused(status: 403, reason: "No", retryAfterSeconds: nil)), proxy: Self.socks)
        #expect(ending.reason == .NEURON_WS_REASON_PROXY && ending.httpStatus == 403 && ending.policy == .patient)
        #expect(ending.text.hasPrefix("The proxy socks5h://proxy:1080 answered CONNECT with HTTP status 403 (No)."))
        let busy = Ending.negotiationFailed(
            .proxy(.refused(status: 503, reason: "", retryAfterSeconds: 7)), proxy: Self.http)
        #expect(busy.policy == .atLeast(7_000_000_000))
        let missing = Ending.negotiationFailed(.proxy(.credentialsMissing), proxy: Self.http)
        #expect(missing.text.contains("setting proxy") && missing.policy == .patient)
        let silent = Ending.endOfStream(before: Self.http, in: .NEURON_WS_PHASE_PROXY)
        #expect(silent.text.contains("http://proxy:3128 closed the connection instead of answering"))
    }
}
