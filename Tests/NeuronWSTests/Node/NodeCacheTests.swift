// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import Testing

@testable import NeuronWS

private final class Flag: @unchecked Sendable {
    private let lock = Lock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
}

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

        /// The loop is held in a callback: it sees the end before it sees that the cache is open.
        @Test(arguments: ["finish", "destroy", "stop"])
        func whatOpensWhileTheSessionEndsTakesNothingAlong(end: String) throws {
            try withSpoolFile("test") { file in
                let node = TestNode.make("ws://127.0.0.1:1/")
                let (held, goes) = (Flag(), Flag())
                node.beforeConnect = { _ in
                    held.set()
                    #expect(eventually { goes.isSet })
                    return .NEURON_WS_OK
                }
                node.start()
                #expect(eventually { held.isSet })
                for number in 0..<20 { node.send("before \(number)") }
                let document = "{\"url\":\"ws://127.0.0.1:1/\",\(settings(file.directory))}"
                #expect(neuron_ws_node_configure(node.handle, document) == .NEURON_WS_OK)
                for number in 0..<20 { node.send("behind \(number)") }
                onThreads(2) { thread in
                    if thread == 1 {
                        usleep(200_000)
                        return goes.set()
                    }
                    switch end {
                    case "finish": neuron_ws_node_finish(node.handle, 0)
                    case "destroy": node.destroy()
                    default: node.stop(0)
                    }
                }
                if end == "stop" { #expect(neuron_ws_node_forget(node.handle) == .NEURON_WS_OK) }
                node.destroy()
                let ids = node.deliveries.map(\.id).sorted()
                #expect(ids == Array(1...40))
                let expected: neuron_ws_outcome_t = end == "stop" ? .NEURON_WS_DROPPED_STOPPED : .NEURON_WS_STORED
                let others = node.deliveries.filter { $0.outcome != expected }.map { "\($0.id) \($0.outcome.rawValue)" }
                #expect(others == [])
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
