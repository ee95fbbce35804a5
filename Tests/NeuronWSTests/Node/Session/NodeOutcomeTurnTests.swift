// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

extension NodeSuites {
    /// Outcomes that a connection's end has settled, and a host that hears each by callback.
    @Suite struct NodeOutcomeTurnTests {
        private let count = 16_000
        /// In one turn, as they are drawn: what is left of a connection is told in blocks.
        private var most: Int { Int(TurnBudget.loopTurnNanoseconds * 1000 / 550_000) + 2 * 32 }

        /// Reads all messages, and acknowledges them with one number in the breath in which it goes.
        private func startAcknowledging() throws -> BlockingServer {
            let answer = Array("{\"ack\":\(count)}".utf8)
            return try startSending([]) { [count] connection in
                var bytes: [UInt8] = []
                var (start, left) = (0, count)
                while left > 0 {
                    let piece = connection.read()
                    if piece.isEmpty { return }
                    bytes += piece
                    // Masked, and of less than 64 KiB each.
                    while left > 0, start + 4 <= bytes.count {
                        let short = Int(bytes[start + 1] & 0x7F)
                        let length = short < 126 ? 6 + short : 8 + Int(bytes[start + 2]) << 8 + Int(bytes[start + 3])
                        guard start + length <= bytes.count else { break }
                        if bytes[start] == 0x81 { left -= 1 }
                        start += length
                    }
                }
                connection.write([0x81, UInt8(answer.count)] + answer + [0x88, 2, 0x03, 0xE9])
            }
        }

        private func startNode(_ server: BlockingServer, _ turns: TurnCounter) -> TestNode {
            let node = TestNode.make("ws://127.0.0.1:\(server.port)", "\"delivery\":\"app-acked\"")
            node.again = { turns.count($0) }
            node.start()
            for value in 0..<count { node.push(Int64(value)) }
            return node
        }

        private func areToldInOrder(_ node: TestNode) -> Bool {
            node.deliveries.map(\.id) == (1...UInt64(count)).map { $0 }
                && node.deliveries.allSatisfy { $0.outcome == .NEURON_WS_DELIVERED }
        }

        @Test func whatAConnectionsEndSettlesIsToldInTurnsAndInOrder() throws {
            let server = try startAcknowledging()
            defer { server.stop() }
            let turns = TurnCounter()
            let node = startNode(server, turns)
            #expect(eventually { node.deliveries.count == count })
            #expect(areToldInOrder(node))
            #expect(turns.most <= most, "\(turns.most) in a turn")
            #expect(node.metrics.messages_sent == UInt64(count) && node.metrics.queued_messages == 0)
        }

        @Test func aStopReturnsBehindTheLast() throws {
            let server = try startAcknowledging()
            defer { server.stop() }
            let turns = TurnCounter()
            let node = startNode(server, turns)
            #expect(eventually { node.deliveries.count >= 100 })
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            #expect(areToldInOrder(node) && node.phases.last == .NEURON_WS_PHASE_IDLE)
            #expect(turns.most <= most, "\(turns.most) in a turn")
        }

        @Test(arguments: [true, false]) func aDestroyTellsTheRestBeforeItReturns(inCallback: Bool) throws {
            let server = try startAcknowledging()
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)", "\"delivery\":\"app-acked\"")
            node.again = { [weak node] _ in
                if inCallback, node?.deliveries.count == 100 { node?.destroy() }
            }
            node.start()
            for value in 0..<count { node.push(Int64(value)) }
            #expect(eventually { node.deliveries.count >= 100 })
            if !inCallback { node.destroy() }
            #expect(eventually { node.deliveries.count == count })
            #expect(areToldInOrder(node))
        }
    }
}
