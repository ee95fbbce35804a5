// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

/// Runs bodies on threads of their own, and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Work: ThreadBody, @unchecked Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        func runOnThread() { body() }
    }
    let threads = (0..<count).map { index in try! Thread.start(Work { body(index) }, name: "test") }
    for thread in threads { thread.join() }
}

extension NodeSuites {
    @Suite struct NodeThreadTests {
        @Test func sixteenThreadsPushIntoOneNode() throws {
            let server = try startServer { $0.behaviour.collects = false }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            onThreads(16) { thread in
                for value in 0..<500 {
                    while node.push(Int64(thread * 1000 + value)) == .NEURON_WS_QUEUE_FULL { usleep(100) }
                }
            }
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(server.waitForMessages(8000, timeoutMilliseconds: 20_000))
            #expect(eventually { node.deliveries.count == 8000 })
            #expect(Set(node.deliveries.map(\.id)) == Set(1...8000))
        }

        @Test func nodesComeAndGoWhileOthersPush() throws {
            let server = try startServer { $0.behaviour.collects = false }
            defer { server.stop() }
            let shared = TestNode.make(server.url)
            shared.start()
            onThreads(8) { thread in
                for round in 0..<20 {
                    if thread % 2 == 0 {
                        for value in 0..<20 { shared.push(Int64(value)) }
                        _ = shared.state
                        _ = shared.metrics
                    } else {
                        let own = TestNode.make(server.url)
                        own.start()
                        own.push(Int64(round))
                        if round % 3 == 0 { own.flush() }
                        if round % 3 == 1 { own.stop(100) }
                        own.destroy()
                    }
                }
            }
            #expect(shared.flush() == .NEURON_WS_OK)
        }

        /// The names that are kept of a group belong to one push at a time: each message is whole, whatever the others
        /// do.
        @Test func manyThreadsPushGroupsOfOneNameWithOtherTags() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            onThreads(8) { thread in
                for round in 0..<100 {
                    let names = (0...(thread % 3)).map { "\"t\($0 + round % 2)\":\(thread)" }.joined(separator: ",")
                    let text = "{\"node\":\"plc\",\"group\":\"grp\",\"timestamp\":1,\"values\":{\(names)}}"
                    precondition(neuron_ws_node_push_json(node.handle, text, text.utf8.count, nil) == .NEURON_WS_OK)
                }
            }
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(server.waitForMessages(800, timeoutMilliseconds: 20_000))
            let expected = (0..<8).flatMap { thread in
                (0..<100).map { round in
                    let names = (0...(thread % 3)).map { "\"t\($0 + round % 2)\":\(thread)" }.joined(separator: ",")
                    let head = "{\"node\":\"plc\",\"group\":\"grp\",\"timestamp\":1,\"values\":"
                    return head + "{\(names)},\"errors\":{},\"metas\":{}}"
                }
            }
            #expect(server.messages.map(\.text).sorted() == expected.sorted())
        }

        @Test func settingsChangeWhileDataFlows() throws {
            let server = try startServer { $0.behaviour.collects = false }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            onThreads(4) { thread in
                for round in 0..<200 {
                    if thread == 0 {
                        let path = round % 20 == 0 ? "/\(round)" : "/"
                        let settings =
                            "{\"url\":\"\(server.url)\(path)\",\"format\":\(round % 2),\"reconnect-min\":0.01}"
                        precondition(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK)
                        precondition(
                            neuron_ws_node_subscribe(node.handle, "plc", "grp", "{\"static_tags\":{\"r\":\(round)}}")
                                == .NEURON_WS_OK)
                    } else {
                        _ = node.push(Int64(round))
                    }
                }
            }
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(eventually { node.metrics.messages_sent == 600 })
        }
    }
}
