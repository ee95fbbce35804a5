// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import LoopbackServer

/// A server with a page, whose host does as it is told.
@Suite struct ServerPagesTests {
    private final class Host: PageHost, @unchecked Sendable {
        private let lock = ServerLock()
        private var steps: [PageStep] = []
        private var log: [String] = []

        func html(nonce: String) -> [UInt8] { Array("page \(nonce)".utf8) }
        func pageOpened(_ page: Int) { note("opened \(page)") }
        func pageReceived(_ page: Int, isText: Bool, _ bytes: UnsafeRawBufferPointer) {
            note("\(page) said \(String(decoding: bytes, as: UTF8.self))")
        }
        func nextStep(_ page: Int, nowMilliseconds: Int64) -> PageStep {
            lock.locked { steps.isEmpty ? .idle : steps.removeFirst() }
        }
        func pageEnded(_ page: Int) { note("ended \(page)") }
        func unplugged(milliseconds: Int64) { note("unplugged \(milliseconds)") }
        func plugged() { note("plugged") }

        private func note(_ text: String) {
            lock.locked {
                log.append(text)
                lock.notifyAll()
            }
        }

        func add(_ new: PageStep) { lock.locked { steps.append(new) } }
        func hears(_ text: String) -> Bool { lock.wait(timeoutMilliseconds: 60_000) { log.contains(text) } }
    }

    private let host = Host()

    private func start(_ change: (inout ServerConfiguration) -> Void = { _ in }) throws -> LoopbackWebSocketServer {
        var configuration = ServerConfiguration()
        configuration.listensOnIPv6 = false
        configuration.pages = ServerPages(host: host)
        change(&configuration)
        return try LoopbackWebSocketServer.start(configuration)
    }

    private func get(_ path: String, _ more: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(more)\r\n"
    }

    /// A page's live socket, behind its handshake.
    private func page(_ server: LoopbackWebSocketServer) throws -> RawClient {
        let client = try #require(RawClient.connect(server.port))
        let token = try #require(server.pages?.token)
        client.send(
            get(
                "\(ServerPages.livePath)?token=\(token)",
                "Origin: http://localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"))
        #expect(client.text(RawClient.accepted.utf8.count) == RawClient.accepted)
        return client
    }

    @Test func tokensAreNewEachTime() {
        #expect(ServerPages(host: host).token != ServerPages(host: host).token)
        #expect(ServerPages(host: host).token.utf8.count == 32)
    }

    @Test func thePageIsTheHosts() throws {
        let server = try start()
        defer { server.stop() }
        let client = try #require(RawClient.connect(server.port))
        client.send(get("/"))
        let answer = client.text(10_000)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        let nonce = answer.suffix(32)
        #expect(answer.hasSuffix("\r\n\r\npage \(nonce)") && answer.contains("script-src 'nonce-\(nonce)'"))
        // It is nobody's connection.
        #expect(server.endedConnections.isEmpty && server.openedCount == 0)
    }

    @Test func aPageIsToldWhatItsHostSays() throws {
        let server = try start()
        defer { server.stop() }
        host.add(.send(Array("hi".utf8)))
        let client = try page(server)
        #expect(client.bytes(4) == [0x81, 2] + Array("hi".utf8))
        #expect(host.hears("opened 1"))
        client.send(RawClient.hello)
        #expect(host.hears("1 said Hello"))
        host.add(.send(Array("woken".utf8)))
        server.wakePages([1, 2])
        #expect(client.bytes(7) == [0x81, 5] + Array("woken".utf8))
        host.add(.close(code: 1008, reason: "no"))
        server.wakePages([1])
        #expect(client.bytes(6) == [0x88, 4, 0x03, 0xF0] + Array("no".utf8))
        client.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xF0])
        #expect(client.ending() == .finished)
        #expect(host.hears("ended 1"))
        #expect(server.endedConnections.isEmpty && server.openedCount == 0 && server.messageCount == 0)
    }

    @Test func pagesAreNotTreatedAsGatewaysAre() throws {
        let server = try start {
            $0.behaviour.ending = .init(messages: 1, how: .reset)
            $0.behaviour.answer = .echo
        }
        defer { server.stop() }
        let client = try page(server)
        client.send(RawClient.hello)
        #expect(host.hears("1 said Hello"))
        host.add(.send([0x78]))
        server.wakePages([1])
        #expect(client.bytes(3) == [0x81, 1, 0x78])
    }

    @Test func soManyPagesAndNoMore() throws {
        let server = try start { $0.pages?.pagesMax = 1 }
        defer { server.stop() }
        let first = try page(server)
        let second = try #require(RawClient.connect(server.port))
        second.send(
            get(
                "\(ServerPages.livePath)?token=\(try #require(server.pages?.token))",
                "Origin: http://localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"))
        #expect(second.text(12) == "HTTP/1.1 503")
        first.send([0x88, 0x80, 0, 0, 0, 0])
        #expect(host.hears("ended 1"))
    }

    @Test func handshakesAreBounded() throws {
        let server = try start { $0.handshakesMax = 1 }
        defer { server.stop() }
        let half = try #require(RawClient.connect(server.port))
        half.send("GET / HT")
        // Accepted in the order in which they came.
        let refused = try #require(RawClient.connect(server.port))
        #expect(refused.text(12) == "HTTP/1.1 503")
        half.send("TP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(half.text(12) == "HTTP/1.1 200")
    }

    @Test func whoGoesOnSendingBehindAnAnswerHoldsNoThread() throws {
        let server = try start { $0.pages = nil }
        defer { server.stop() }
        let client = try #require(RawClient.connect(server.port))
        client.send("nonsense\r\n\r\n")
        // Two threads, so that the server always finds something to read; they end when it no longer takes it.
        let descriptor = client.descriptor
        let threads = (0..<2).compactMap { _ in
            ServerThread.start {
                let flood = [UInt8](repeating: 0x78, count: 256 * 1024)
                while send(descriptor, flood, flood.count, Int32(MSG_NOSIGNAL)) > 0 {}
            }
        }
        #expect(server.waitForEnded(1, timeoutMilliseconds: 60_000))
        shutdown(descriptor, Int32(SHUT_RDWR))
        for thread in threads { pthread_join(thread, nil) }
    }

    @Test func sendsToAGateway() throws {
        let server = try start()
        defer { server.stop() }
        let client = RawClient.open(server)
        #expect(server.waitForOpened(1, timeoutMilliseconds: 60_000))
        #expect(server.send(Array("x".utf8), to: 1))
        #expect(client.bytes(3) == [0x81, 1, 0x78])
        #expect(!server.send([], to: 2))
    }

    @Test func whatAGatewayDoesNotReadIsBounded() throws {
        let server = try start()
        defer { server.stop() }
        let client = RawClient.open(server)
        #expect(server.waitForOpened(1, timeoutMilliseconds: 60_000))
        let piece = [UInt8](repeating: 0x78, count: 1 << 20)
        var taken = 0
        while taken < 1000, server.send(piece, to: 1) { taken += 1 }
        // The kernel takes some megabytes, the connection four, the outbox one.
        #expect(taken < 100)
        #expect(client.bytes(1) == [0x81])
    }

    @Test func aPageMayNotBeSentToLikeAGateway() throws {
        let server = try start()
        defer { server.stop() }
        let client = try page(server)
        #expect(host.hears("opened 1"))
        #expect(!server.send(Array("x".utf8), to: 1))
        withExtendedLifetime(client) {}
    }

    @Test func unpluggedItCutsGatewaysOffAndRefusesThem() throws {
        let server = try start()
        defer { server.stop() }
        let page = try page(server)
        let gateway = RawClient.open(server)
        server.unplug(milliseconds: 600_000)
        #expect(host.hears("unplugged 600000"))
        #expect(gateway.ending() == .reset)
        #expect(RawClient.connect(server.port) == nil)
        server.plugIn()
        #expect(host.hears("plugged"))
        #expect(RawClient.connect(server.port) != nil)
        host.add(.send([0x78]))
        server.wakePages([1])
        #expect(page.bytes(3) == [0x81, 1, 0x78])
    }

    @Test func timeEndsAnUnplugging() throws {
        let server = try start()
        defer { server.stop() }
        server.unplug(milliseconds: 20)
        #expect(host.hears("unplugged 20") && host.hears("plugged"))
        #expect(RawClient.connect(server.port) != nil)
    }

    @Test func aPortThatIsTakenMeanwhileIsTriedAgain() throws {
        let server = try start()
        defer { server.stop() }
        server.unplug(milliseconds: 600_000)
        #expect(host.hears("unplugged 600000"))
        var configuration = ServerConfiguration()
        configuration.port = server.port
        configuration.listensOnIPv6 = false
        let squatter = try LoopbackWebSocketServer.start(configuration)
        server.plugIn()
        #expect(host.hears("unplugged 500"))
        squatter.stop()
        #expect(host.hears("plugged"))
    }
}
