// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Synchronization
import Testing
import WebSocketCore

@testable import NeuronWS

/// A server that answers the opening handshake, sends some bytes, and answers whatever it reads with others.
private func startAnswering(_ first: [UInt8] = [], _ answer: [UInt8]) throws -> BlockingServer {
    try BlockingServer { connection in
        var handshake = ServerHandshake()
        var request: ClientRequest?
        while request == nil {
            let head = connection.read()
            if head.isEmpty { return }
            var offset = 0
            request = try? handshake.bytesReceived(head.span.bytes, from: &offset)
        }
        guard let accepted = try? request?.accepted() else { return }
        connection.write(accepted + first)
        while !connection.read().isEmpty { connection.write(answer) }
    }
}

extension NodeSuites {
    /// `neuron_ws_node_trace`, with servers at the other end.
    @Suite struct NodeTraceTests {
        private func told(_ node: TestNode, _ mark: String) -> [String] { node.lines.filter { $0.hasPrefix(mark) } }

        @Test func anOpenConnectionIsTracedFromTheNextFrameOn() throws {
            let server = try startAnswering([], [0x81, 2, 0x68, 0x69])
            defer { server.stop() }
            // Whatever the log's level is.
            let node = TestNode.make("ws://127.0.0.1:\(server.port)", logLevel: "off")
            node.start()
            #expect(node.waitForLink())
            node.send("before")
            #expect(eventually { node.messages == ["hi"] })
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            node.send("behind")
            #expect(eventually { told(node, "> ").contains("> text, 6 bytes: behind") })
            #expect(eventually { node.messages == ["hi", "hi"] })
            #expect(told(node, "< ") == ["< text, 2 bytes: hi"])
            #expect(told(node, "> ") == ["> text, 6 bytes: behind"])
        }

        @Test func itGoesOnAcrossReconnectionsAndAStop() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, logLevel: "off")
            node.start()
            #expect(node.waitForLink())
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            #expect(neuron_ws_node_reconnect(node.handle) == .NEURON_WS_OK)
            #expect(eventually { told(node, "< HTTP/1.1 101").count == 1 })
            #expect(told(node, "> close").count == 1)
            #expect(node.waitForLink())
            #expect(node.stop(5000) == .NEURON_WS_OK)
            node.start()
            #expect(eventually { told(node, "< HTTP/1.1 101").count == 2 })
        }

        @Test func zeroEndsIt() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, logLevel: "off")
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            node.start()
            #expect(node.waitForLink())
            #expect(eventually { !told(node, "< HTTP/1.1 101").isEmpty })
            #expect(neuron_ws_node_trace(node.handle, 0) == .NEURON_WS_OK)
            let lines = told(node, "> ").count
            node.send("untold")
            #expect(eventually { server.messages.count == 1 })
            #expect(told(node, "> ").count == lines)
            // And begins again.
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            node.send("told")
            #expect(eventually { told(node, "> ").last == "> text, 4 bytes: told" })
        }

        @Test func itEndsByItself() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, logLevel: "info")
            node.start()
            #expect(node.waitForLink())
            #expect(neuron_ws_node_trace(node.handle, 1) == .NEURON_WS_OK)
            #expect(eventually { node.lines.contains { $0.contains("The trace has ended") } })
            let lines = told(node, "> ").count
            node.send("untold")
            #expect(eventually { server.messages.count == 1 })
            #expect(told(node, "> ").count == lines)
        }

        @Test func inTheMiddleOfAMessageThatComesItTellsTheRestAndFindsTheNextFrame() throws {
            let size = 200_000
            let head: [UInt8] = [0x82, 127, 0, 0, 0, 0, 0, 3, 0x0D, 0x40]
            let half = [UInt8](repeating: 7, count: size / 2)
            let server = try startAnswering(head + half, half + [0x81, 2, 0x68, 0x69])
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)", logLevel: "off")
            node.start()
            #expect(node.waitForLink())
            #expect(eventually { node.metrics.wire_bytes_received > UInt64(size / 2) })
            #expect(neuron_ws_node_trace(node.handle, 600) == .NEURON_WS_OK)
            node.send("now it is on")
            #expect(eventually { told(node, "< ").count == 2 })
            #expect(told(node, "< ") == ["< the rest of a frame, 100000 bytes", "< text, 2 bytes: hi"])
        }

        @Test func aCallbackMayBeginAndEndIt() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, logLevel: "off")
            let hasBegun = Atomic<Bool>(false)
            node.again = {
                if hasBegun.load(ordering: .acquiring) { return }
                _ = neuron_ws_node_trace($0, 600)
                hasBegun.store(true, ordering: .releasing)
            }
            node.logged = { [unowned node] line in
                if line.hasSuffix("last") { _ = neuron_ws_node_trace(node.handle, 0) }
            }
            node.start()
            node.send("its outcome begins the trace")
            #expect(eventually { hasBegun.load(ordering: .acquiring) })
            node.send("last")
            #expect(eventually { told(node, "> ") == ["> text, 4 bytes: last"] })
            node.send("untold")
            #expect(eventually { server.messages.count == 3 })
            #expect(told(node, "> ").count == 1)
        }
    }
}
