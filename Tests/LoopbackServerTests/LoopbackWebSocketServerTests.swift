// SPDX-License-Identifier: Apache-2.0
import CLinux
import Testing

@testable import LoopbackServer

@Suite struct LoopbackWebSocketServerTests {
    private func server(_ change: (inout ServerConfiguration) -> Void = { _ in }) throws -> LoopbackWebSocketServer {
        var configuration = ServerConfiguration()
        change(&configuration)
        return try LoopbackWebSocketServer.start(configuration)
    }

    @Test func acceptsTheHandshakeOfTheRFCAndLogsItsMessage() throws {
        let server = try server()
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello)
        #expect(server.waitForMessages(1, timeoutMilliseconds: 5000))
        #expect(server.messages.map { $0.text } == ["Hello"])
        #expect(server.messages[0].resource == "/chat")
        #expect(server.messages[0].isText)
        #expect(server.payloadBytes == 5)
    }

    @Test func listensOnIPv6OnTheSamePort() throws {
        let server = try server()
        defer { server.stop() }
        guard let client = RawClient.connect(server.port, overIPv6: true) else { return }
        client.send(RawClient.handshake)
        #expect(client.text(RawClient.accepted.utf8.count) == RawClient.accepted)
    }

    @Test func takesAMessageThatArrivesTogetherWithTheHandshake() throws {
        let server = try server()
        defer { server.stop() }
        let client = RawClient.connect(server.port)!
        client.send(Array(RawClient.handshake.utf8) + RawClient.hello + RawClient.hello)
        #expect(server.waitForMessages(2, timeoutMilliseconds: 5000))
    }

    @Test func echoesInOneFrame() throws {
        let server = try server { $0.behaviour.answer = .echo }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello)
        #expect(client.bytes(7) == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
    }

    @Test func echoesInFragmentsWhenToldTo() throws {
        let server = try server {
            $0.behaviour.answer = .echo
            $0.behaviour.fragmentBytes = 2
        }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello)
        #expect(
            client.bytes(11) == [0x01, 0x02, 0x48, 0x65, 0x00, 0x02, 0x6C, 0x6C, 0x80, 0x01, 0x6F])
    }

    @Test func answersEachMessageWithTheTextItWasGiven() throws {
        let server = try server { $0.behaviour.answer = .text("ok") }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello + RawClient.hello)
        #expect(client.bytes(8) == [0x81, 0x02, 0x6F, 0x6B, 0x81, 0x02, 0x6F, 0x6B])
    }

    @Test func answersAPingUnlessToldNotTo() throws {
        let server = try server()
        defer { server.stop() }
        let client = RawClient.open(server)
        let ping: [UInt8] = [0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69]
        client.send(ping)
        #expect(client.bytes(4) == [0x8A, 0x02, 0x68, 0x69])
        server.behaviour.pongs = .none
        // The behaviour is read with each turn of the connection's loop, which a message makes certain.
        client.send(RawClient.hello)
        #expect(server.waitForMessages(1, timeoutMilliseconds: 5000))
        client.send(ping)
        #expect(client.isQuiet(milliseconds: 300))
    }

    @Test func answersAPingWithOtherBytesIfToldSo() throws {
        let server = try server { $0.behaviour.pongs = .wrong }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send([0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69])
        #expect(client.bytes(4) == [0x8A, 0x02, 0x97, 0x96])
    }

    @Test func stallsAtItsMessageAndStillClosesAtTheEnd() throws {
        let server = try server {
            $0.behaviour.answer = .text("ok")
            $0.behaviour.ending = .init(messages: 2, how: .stall)
        }
        let client = RawClient.open(server)
        // In one piece, so that the third and the Ping have been read when it stalls.
        client.send(RawClient.hello + RawClient.hello + RawClient.hello + [0x89, 0x80, 0, 0, 0, 0])
        #expect(client.bytes(8) == [0x81, 0x02, 0x6F, 0x6B, 0x81, 0x02, 0x6F, 0x6B])
        #expect(client.isQuiet(milliseconds: 300))
        #expect(server.messageCount == 2)
        let stopper = ServerStopper(server)
        // 1001: the Close frame was asked for before the rest was read, so that nothing is answered any more.
        let close = client.bytes(4)
        #expect(close == [0x88, 0x02, 0x03, 0xE9])
        client.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9])
        stopper.join()
        #expect(server.messageCount == 3)
    }

    @Test func readsNoFasterThanItWasTold() throws {
        let server = try server { $0.behaviour.readBytesPerSecond = 100 }
        defer { server.stop() }
        let client = RawClient.open(server)
        let start = ServerConnection.milliseconds()
        for _ in 0..<10 { client.send(RawClient.hello) }
        #expect(server.waitForMessages(10, timeoutMilliseconds: 60_000))
        // 110 bytes, of which ten are free.
        #expect(ServerConnection.milliseconds() - start >= 900)
    }

    @Test func refusesTheFirstRequestsAlone() throws {
        let server = try server {
            $0.behaviour.handshake = .refuse(status: 503, reason: "Busy", headers: [])
            $0.behaviour.handshakeCount = 2
        }
        defer { server.stop() }
        for _ in 0..<2 {
            let client = RawClient.connect(server.port)!
            client.send(RawClient.handshake)
            #expect(client.text(17) == "HTTP/1.1 503 Busy")
        }
        _ = RawClient.open(server)
    }

    @Test func pingsAtIntervals() throws {
        let server = try server { $0.behaviour.pingIntervalMilliseconds = 20 }
        defer { server.stop() }
        let client = RawClient.open(server)
        let ping: [UInt8] = [0x89, 0x04, 0x70, 0x69, 0x6E, 0x67]
        #expect(client.bytes(12) == ping + ping)
    }

    @Test func closesBehindTheMessageItWasToldTo() throws {
        let server = try server { $0.behaviour.ending = .init(messages: 2, how: .close(code: 1013, reason: "later")) }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello)
        #expect(client.isQuiet(milliseconds: 100))
        client.send(RawClient.hello)
        #expect(client.bytes(9) == [0x88, 0x07, 0x03, 0xF5, 0x6C, 0x61, 0x74, 0x65, 0x72])
        client.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xF5])
        #expect(client.ending() == .finished)
        #expect(server.waitForEnded(1, timeoutMilliseconds: 5000))
        #expect(server.endedConnections[0].closeCode == 1013)
    }

    @Test func resetsBehindTheMessageItWasToldTo() throws {
        let server = try server { $0.behaviour.ending = .init(messages: 1, how: .reset) }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello)
        #expect(client.ending() == .reset)
    }

    @Test func failsAClientThatDoesNotMask() throws {
        let server = try server()
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send([0x81, 0x01, 0x61])
        let close = client.bytes(4)
        #expect(close.first == 0x88)
        #expect(Array(close[2...]) == [0x03, 0xEA])
    }

    @Test func echoesAClose() throws {
        let server = try server()
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8])
        #expect(client.bytes(4) == [0x88, 0x02, 0x03, 0xE8])
        #expect(client.ending() == .finished)
    }

    @Test func sendsWhatItWasGivenBehindTheHandshake() throws {
        let server = try server { $0.behaviour.bytesAfterHandshake = [0xFF, 0x00, 0x42] }
        defer { server.stop() }
        #expect(RawClient.open(server).bytes(3) == [0xFF, 0x00, 0x42])
    }

    @Test func aServerThatNeverReadsBringsItsClientToAHalt() throws {
        let server = try server {
            $0.behaviour.reads = false
            $0.receiveBufferBytes = 4096
        }
        defer { server.stop() }
        let client = RawClient.open(server)
        let piece = [UInt8](repeating: 0, count: 1 << 16)
        var sent = 0
        var idle = 0
        // The kernels' buffers take some megabytes at most.
        while idle < 20 && sent < 64 << 20 {
            let count = client.sendNow(piece)
            sent += count
            idle = count == 0 ? idle + 1 : 0
            if count == 0 { usleep(5000) }
        }
        #expect(sent < 64 << 20)
        #expect(server.messageCount == 0)
    }

    @Test func killsAllConnectionsAndComesBackOnTheSamePort() throws {
        let server = try server()
        defer { server.stop() }
        let port = server.port
        let clients = (0..<3).map { _ in RawClient.open(server) }
        server.stopListening()
        server.killAllConnections()
        #expect(clients.map { $0.ending() } == [.reset, .reset, .reset])
        #expect(RawClient.connect(port) == nil)
        #expect(server.openCount == 0)
        try server.startListening()
        #expect(server.port == port)
        RawClient.open(server).send(RawClient.hello)
        #expect(server.waitForMessages(1, timeoutMilliseconds: 5000))
    }

    @Test func stopSaysGoodbyeAndLeavesNoThread() throws {
        let server = try server()
        let client = RawClient.open(server)
        client.send([0x88, 0x80, 0, 0, 0, 0])
        #expect(client.bytes(2) == [0x88, 0x00])
        let other = RawClient.open(server)
        other.send(RawClient.hello)
        #expect(server.waitForMessages(1, timeoutMilliseconds: 5000))
        let closer = ServerStopper(server)
        #expect(other.bytes(4) == [0x88, 0x02, 0x03, 0xE9])
        other.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9])
        closer.join()
        #expect(server.openCount == 0)
        #expect(server.endedConnections.count == 2)
    }

    @Test func countsWithoutCollecting() throws {
        let server = try server { $0.behaviour.collects = false }
        defer { server.stop() }
        let client = RawClient.open(server)
        for _ in 0..<100 { client.send(RawClient.hello) }
        #expect(server.waitForMessages(100, timeoutMilliseconds: 5000))
        #expect(server.payloadBytes == 500)
        #expect(server.messages.isEmpty)
    }

    @Test func countsAllKindsOfMessagesSplitAtEveryByte() throws {
        let server = try server { $0.behaviour.collects = false }
        defer { server.stop() }
        let client = RawClient.open(server)
        let key: [UInt8] = [0, 0, 0, 0]
        let long = [0x82, 0xFE, 0x01, 0x00] + key + [UInt8](repeating: 7, count: 256)
        let longest = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0] + key + [UInt8](repeating: 7, count: 65_536)
        let fragments = [0x01, 0x81] + key + [0x61, 0x89, 0x80] + key + [0x80, 0x81] + key + [0x62]
        let all = RawClient.hello + long + fragments + longest + RawClient.hello + [0x81, 0x80] + key
        for split in [1, 5, 6, 11, 12, 15, 19, 200, 274, 275, 276, 281, 283, 288, 295, 300, 60_000, all.count - 1] {
            client.send(Array(all[..<split]))
            usleep(1000)
            client.send(Array(all[split...]))
        }
        #expect(server.waitForMessages(18 * 6, timeoutMilliseconds: 5000))
        #expect(server.payloadBytes == 18 * (5 + 256 + 2 + 65_536 + 5))
        #expect(server.messageCount == 18 * 6)
    }

    @Test func failsAWrongFrameAlsoWhereItOnlyCounts() throws {
        let server = try server { $0.behaviour.collects = false }
        defer { server.stop() }
        let client = RawClient.open(server)
        client.send(RawClient.hello + [0x81, 0x01, 0x61])
        #expect(Array(client.bytes(4)[2...]) == [0x03, 0xEA])
        #expect(server.messageCount == 1)
    }

    @Test func portTakenIsAnErrorThatNamesThePort() throws {
        let server = try server()
        defer { server.stop() }
        var configuration = ServerConfiguration()
        configuration.port = server.port
        do {
            _ = try LoopbackWebSocketServer.start(configuration)
            Issue.record("two servers on one port")
        } catch {
            #expect(error.message == "port \(server.port): Address already in use")
        }
    }
}

/// Stops a server on another thread, because stopping waits for the clients.
private final class ServerStopper {
    private var thread = pthread_t()

    init(_ server: LoopbackWebSocketServer) {
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<LoopbackWebSocketServer>.fromOpaque(context!).takeRetainedValue().stop()
                return nil
            }, Unmanaged.passRetained(server).toOpaque())
    }

    func join() { pthread_join(thread, nil) }
}
