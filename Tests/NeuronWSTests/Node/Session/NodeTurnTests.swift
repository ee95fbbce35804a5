// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import NodeCore
import Synchronization
import Testing
import WebSocketCore

@testable import NeuronWS

/// Counts what callbacks tell in each turn of the loop.
final class TurnCounter: @unchecked Sendable {
    private let lock = Lock()
    private var turn: UInt64 = 0
    private var inTurn = 0
    private var _most = 0
    private var _total = 0

    /// On the loop's thread.
    func count(_ handle: NodePointer?) {
        guard let opaque = handle?.pointee.opaque else { return }
        let node = Unmanaged<Node>.fromOpaque(opaque).takeUnretainedValue()
        guard let number = node.lock.withLock({ node.session?.loop.turnNumber }) else { return }
        lock.withLock {
            if number != turn {
                turn = number
                inTurn = 0
            }
            inTurn += 1
            _total += 1
            _most = max(_most, inTurn)
        }
    }

    var total: Int { lock.withLock { _total } }
    /// In one turn.
    var most: Int { lock.withLock { _most } }
}

/// A server that answers the opening handshake, sends some bytes on the first connection, and waits for the client to
/// go.
func startSending(_ bytes: [UInt8], then end: @escaping (ServerConnection) -> Void = { _ in }) throws
    -> BlockingServer
{
    try startServing { connection, number in
        guard number == 0 else { return }
        connection.write(bytes)
        end(connection)
    }
}

/// The same, and `body` says what comes behind each opening handshake, by the connection's number from 0 on. Where it
/// returns the client is to go.
func startServing(_ body: @escaping (ServerConnection, Int) -> Void) throws -> BlockingServer {
    let count = Atomic<Int>(0)
    return try BlockingServer { connection in
        var handshake = ServerHandshake()
        var request: ClientRequest?
        while request == nil {
            let head = connection.read()
            if head.isEmpty { return }
            var offset = 0
            request = try? handshake.bytesReceived(head.span.bytes, from: &offset)
        }
        guard let answer = try? request?.accepted() else { return }
        connection.write(answer)
        body(connection, count.wrappingAdd(1, ordering: .relaxed).oldValue)
        while !connection.read().isEmpty {}
    }
}

private func frame(_ opcode: UInt8, _ text: String) -> [UInt8] {
    let length = text.utf8.count
    let head: [UInt8] = length < 126 ? [UInt8(length)] : [126, UInt8(length >> 8), UInt8(length & 0xFF)]
    precondition(length < 65_536)
    return [0x80 | opcode] + head + Array(text.utf8)
}

extension NodeSuites {
    @Suite struct NodeTurnTests {
        /// What one kind of work costs at most in one turn, as a count.
        private func most(_ picoseconds: UInt64) -> Int { Int(TurnBudget.loopTurnNanoseconds * 1000 / picoseconds) }

        @Test func aFloodOfMessagesIsHandledInTurnsAndInOrder() throws {
            let count = 60_000
            let server = try startSending((0..<count).flatMap { frame(1, "\($0)") })
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let counter = TurnCounter()
            node.heard = { [unowned node] in
                // Meanwhile all of it comes: there is more to be read at once than a turn has time for.
                if counter.total == 0 { usleep(200_000) }
                counter.count(node.handle)
            }
            node.start()
            #expect(eventually { counter.total == count })
            #expect(node.messages == (0..<count).map { "\($0)" })
            // A frame and a message each; one piece may be begun at the turn's end.
            #expect(counter.most <= most(300_000) + 1)
            #expect(node.metrics.messages_received == UInt64(count))
            let header = UInt64(200)
            let received = node.metrics.wire_bytes_received
            let sent = UInt64((0..<count).reduce(0) { $0 + 2 + "\($1)".utf8.count })
            #expect(received > sent && received < sent + header, "what waits for a turn is counted once")
        }

        @Test func pingsBetweenThemAreAnsweredAndTheCloseBehindThemIsHeard() throws {
            let count = 30_000
            var bytes: [UInt8] = []
            for number in 0..<count {
                bytes += frame(1, "\(number)")
                if number % 1000 == 0 { bytes += frame(9, "p") }
            }
            bytes += [0x88, 2, 0x03, 0xE9]
            let server = try startSending(bytes)
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let counter = TurnCounter()
            node.heard = { [unowned node] in
                if counter.total == 0 { usleep(100_000) }
                counter.count(node.handle)
            }
            node.start()
            #expect(eventually { node.metrics.disconnections == 1 })
            #expect(eventually { node.lines.contains { $0.contains("1001") } })
            #expect(counter.total == count)
            #expect(node.metrics.pings_received == UInt64(count / 1000))
        }

        @Test func anArrayOfRequestsIsHandledInTurnsAndInOrder() throws {
            let count = 2000
            let requests = (0..<count).map { "{\"uuid\":\"\($0)\",\"node\":\"\",\"group\":\"\"}" }
            let array = "[" + requests.joined(separator: ",") + "]"
            var bytes = Array(array.utf8)
            bytes = [0x81, 127] + (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (56 - 8 * $0)) } + bytes
            let server = try startSending(bytes + frame(1, "behind them"))
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)", takesRequests: true)
            node.start()
            #expect(eventually { node.messages == ["behind them"] })
            #expect(node.metrics.requests_malformed == UInt64(count))
            #expect(eventually { node.metrics.messages_sent == UInt64(count) })
        }

        @Test func aTraceIsToldInTurnsAndWhole() throws {
            let count = 40_000
            let server = try startSending((0..<count).flatMap { frame(10, "\($0)") } + frame(1, "behind them"))
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let counter = TurnCounter()
            node.logged = { [unowned node] line in
                guard line.hasPrefix("< pong") else { return }
                if counter.total == 0 { usleep(200_000) }
                counter.count(node.handle)
            }
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            node.start()
            #expect(eventually { node.messages == ["behind them"] })
            #expect(counter.total == count && counter.most <= most(1_000_000) + 1)
            let told = node.lines.filter { $0.hasPrefix("< pong") }
            #expect(told.count == count && told.last?.hasSuffix(" 39 39") == true)
        }

        @Test func whatIsSentIsTracedInTurnsAndWhole() throws {
            let count = 20_000
            let server = try startSending([])
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let counter = TurnCounter()
            node.logged = { [unowned node] line in
                if line.hasPrefix("> text") { counter.count(node.handle) }
            }
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            for _ in 0..<count { node.send("") }
            node.start()
            #expect(eventually { counter.total == count })
            #expect(counter.most <= most(1_000_000) + 1)
        }

        /// However long the host takes for each: other nodes of the loop have their turns between them.
        @Test func whatADestroyLeavesIsToldInTurns() throws {
            let count = 500
            let node = TestNode.make("ws://127.0.0.1:1")
            let counter = TurnCounter()
            node.again = {
                usleep(500)
                counter.count($0)
            }
            for _ in 0..<count { node.send("x") }
            node.start()
            node.destroy()
            #expect(node.deliveries.count == count && counter.total == count)
            // The clock is looked at after so many.
            #expect(counter.most <= 2 * Int(NodeSession.outcomesPerLook), "\(counter.most) in a turn")
        }

        @Test func aNodeThatIsStoppedOrDestroyedInTheMiddleOfAFloodEnds() throws {
            for destroys in [false, true] {
                let server = try startSending([UInt8](repeating: 0, count: 0)) { connection in
                    let many = [[UInt8]](repeating: frame(1, ""), count: 100_000).flatMap { $0 }
                    while connection.write(many) {}
                }
                defer { server.stop() }
                let node = TestNode.make("ws://127.0.0.1:\(server.port)")
                let counter = TurnCounter()
                node.heard = { [unowned node] in counter.count(node.handle) }
                node.start()
                #expect(eventually { counter.total > 50_000 })
                if destroys { node.destroy() } else { #expect(node.stop(500) == .NEURON_WS_OK) }
                let heard = counter.total
                usleep(50_000)
                #expect(counter.total == heard)
            }
        }
    }
}
