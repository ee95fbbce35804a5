// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import Testing

@testable import NeuronWS

extension NodeSuites {
    @Suite struct NodeCacheTests {
        private func settings(_ folder: String) -> String {
            "\"offline-cache\":true,\"cache-disk-size\":1,\"sync-interval\":0.001,\"data-dir\":\"\(folder)\""
        }

        /// Whatever threads want of it at once: each message has one outcome, and the file is nobody's afterwards.
        @Test func forgetBesideStartStopAndNewSettings() throws {
            try withSpoolFile("test") { file in
                for _ in 0..<5 {
                    let node = TestNode.make("ws://127.0.0.1:1/", settings(file.directory))
                    let document = "{\"url\":\"ws://127.0.0.1:1/\",\(settings(file.directory))}"
                    onThreads(5) { thread in
                        for round in 0..<40 {
                            switch thread {
                            case 0, 1: #expect(neuron_ws_node_forget(node.handle) == .NEURON_WS_OK)
                            case 2: node.start()
                            case 3: node.stop(0)
                            default:
                                node.send("message \(round)")
                                #expect(neuron_ws_node_configure(node.handle, document) == .NEURON_WS_OK)
                            }
                        }
                    }
                    #expect(neuron_ws_node_forget(node.handle) == .NEURON_WS_OK)
                    #expect(neuron_ws_node_finish(node.handle, 0) == .NEURON_WS_OK)
                    let ids = node.deliveries.map(\.id).sorted()
                    #expect(ids.count == 40 && Set(ids).count == 40)
                    node.destroy()
                    #expect(Syscalls.fileKind(file.path) == nil)
                    #expect(Spool.take(file.path))
                    Spool.giveBack(file.path)
                }
            }
        }

        /// Two that start it open it once: none of them is told that the other holds it.
        @Test func twoStartsOpenItOnce() throws {
            try withSpoolFile("test") { file in
                for _ in 0..<20 {
                    let node = TestNode.make("ws://127.0.0.1:1/", settings(file.directory))
                    #expect(neuron_ws_node_forget(node.handle) == .NEURON_WS_OK)
                    onThreads(4) { _ in #expect(neuron_ws_node_start(node.handle) == .NEURON_WS_OK) }
                    node.destroy()
                }
            }
        }

        /// What on_state shows is what neuron_ws_node_state shows: why nothing is kept on disk, too.
        @Test func onStateSaysWhyNothingIsKept() {
            let node = TestNode.make("ws://127.0.0.1:1/", settings("/no/such/folder"))
            node.start()
            #expect(eventually { node.states.contains { $0.phase == .NEURON_WS_PHASE_WAITING } })
            node.stop(0)
            #expect(node.states.allSatisfy { $0.text.contains("No disk:") && $0.text.contains("/no/such/folder") })
            node.destroy()
        }
    }
}
