// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

/// What is told of commands, in the order of telling.
private final class Ends: @unchecked Sendable {
    private let lock = Lock()
    private var all: [(id: UInt64, status: neuron_ws_status_t)] = []
    let turns = TurnCounter()
    /// Called with the node and how many there are, after each.
    var told: (NodePointer?, Int) -> Void = { _, _ in }

    /// Lives as long as the node: what is told while it is destroyed is told to this.
    init(of node: TestNode) { node.contexts.append(self) }

    func note(_ node: NodePointer?, _ id: UInt64, _ status: neuron_ws_status_t) {
        let count = lock.withLock {
            all.append((id, status))
            return all.count
        }
        turns.count(node)
        told(node, count)
    }

    var ids: [UInt64] { lock.withLock { all.map(\.id) } }
    var count: Int { lock.withLock { all.count } }
    func count(_ status: neuron_ws_status_t) -> Int { lock.withLock { all.count { $0.status == status } } }

    /// So many commands that nothing answers.
    func ask(_ node: NodePointer?, _ count: Int, retries: UInt32 = 0) -> [neuron_ws_status_t] {
        var command = neuron_ws_command_t()
        command.size = MemoryLayout<neuron_ws_command_t>.size
        command.kind = .NEURON_WS_TEXT
        command.timeout_ms = 3_600_000
        command.retries = retries
        command.context = Unmanaged.passUnretained(self).toOpaque()
        command.on_response = { node, id, status, _, _, context in
            Unmanaged<Ends>.fromOpaque(context!).takeUnretainedValue().note(node, id, status)
        }
        return "do".withCString { text in
            "id".withCString { member in
                command.bytes = UnsafeRawPointer(text)
                command.length = 2
                command.match_member = member
                return (0..<count).map { _ in neuron_ws_node_request(node, &command, nil) }
            }
        }
    }
}

extension NodeSuites {
    @Suite struct NodeCommandTurnTests {
        private let count = 16_000
        /// In one turn, as they are drawn.
        private var most: Int { Int(TurnBudget.loopTurnNanoseconds * 1000 / 550_000) + 1 }

        /// Reads all commands, and does this then.
        private func startReading(_ end: @escaping (ServerConnection) -> Void = { _ in }) throws -> BlockingServer {
            let byteCount = 8 * count
            return try startSending([]) { connection in
                var left = byteCount
                while left > 0 {
                    let bytes = connection.read()
                    if bytes.isEmpty { return }
                    left -= bytes.count
                }
                end(connection)
            }
        }

        private func sent(_ node: TestNode) -> Bool { node.metrics.commands_sent == UInt64(count) }

        @Test func whereAConnectionEndsItsCommandsAreToldInTurnsAndInOrder() throws {
            let server = try startReading { $0.write([0x88, 2, 0x03, 0xE9]) }
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let ends = Ends(of: node)
            node.start()
            #expect(ends.ask(node.handle, count).allSatisfy { $0 == .NEURON_WS_OK })
            #expect(eventually { ends.count == count })
            #expect(ends.ids == (1...UInt64(count)).map { $0 } && ends.count(.NEURON_WS_LINK_LOST) == count)
            #expect(ends.turns.most <= most, "\(ends.turns.most) in a turn")
        }

        @Test func aStopTellsThemInTurnsAndReturnsBehindTheLast() throws {
            let server = try startReading()
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)", "\"close-timeout\":0.1")
            let ends = Ends(of: node)
            node.start()
            _ = ends.ask(node.handle, count)
            #expect(eventually { sent(node) })
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            #expect(ends.ids == (1...UInt64(count)).map { $0 } && ends.count(.NEURON_WS_NOT_RUNNING) == count)
            #expect(ends.turns.most <= most, "\(ends.turns.most) in a turn")
        }

        @Test func aDestroyInTheMiddleTellsTheRestBeforeItReturns() throws {
            for destroysInCallback in [true, false] {
                let server = try startReading { $0.write([0x88, 2, 0x03, 0xE9]) }
                defer { server.stop() }
                let node = TestNode.make("ws://127.0.0.1:\(server.port)")
                let ends = Ends(of: node)
                node.start()
                ends.told = { [unowned node] _, told in
                    if told == 100, destroysInCallback { node.destroy() }
                }
                _ = ends.ask(node.handle, count)
                #expect(eventually { ends.count >= 100 })
                if !destroysInCallback { node.destroy() }
                #expect(eventually { ends.count == count })
                #expect(ends.ids == (1...UInt64(count)).map { $0 })
            }
        }

        @Test func aStartInTheMiddleOfAStopIsHeard() throws {
            let server = try startReading()
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let ends = Ends(of: node)
            node.start()
            ends.told = { [unowned ends] handle, told in
                guard told == 100 else { return }
                if neuron_ws_node_start(handle) != .NEURON_WS_OK { Issue.record("no start") }
                if ends.ask(handle, 1) != [.NEURON_WS_OK] { Issue.record("not asked") }
            }
            _ = ends.ask(node.handle, count)
            #expect(eventually { sent(node) })
            #expect(node.beginStop(0) == .NEURON_WS_OK)
            #expect(eventually { node.metrics.commands_sent == UInt64(count) + 1 })
            #expect(ends.count == count && ends.count(.NEURON_WS_NOT_RUNNING) == count)
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            #expect(ends.ids == (1...UInt64(count) + 1).map { $0 })
        }

        /// The node goes on, and the connection on which they went out is gone: what comes on the next is not theirs.
        @Test func aStartInTheCallbackOfTheEndOfAStopIsNoReasonToWaitForTheirResponses() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            let ends = Ends(of: node)
            node.start()
            #expect(ends.ask(node.handle, 2) == [.NEURON_WS_OK, .NEURON_WS_OK])
            #expect(eventually { node.metrics.commands_sent == 2 })
            server.behaviour.bytesAfterHandshake = [0x81, 8] + Array(#"{"id":1}"#.utf8)
            node.startsWhenIdle = true
            #expect(node.beginStop(0) == .NEURON_WS_OK)
            #expect(eventually { !node.messages.isEmpty })
            #expect(ends.ids == [1, 2] && ends.count(.NEURON_WS_LINK_LOST) == 2)
            node.startsWhenIdle = false
        }

        @Test func newSettingsInTheMiddleLoseNothing() throws {
            let server = try startReading { $0.write([0x88, 2, 0x03, 0xE9]) }
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let ends = Ends(of: node)
            node.start()
            ends.told = { handle, told in
                let settings = "{\"url\":\"ws://127.0.0.1:\(server.port)/\(told)\",\"reconnect-min\":0.01}"
                if told == 100 || told == 10_000, neuron_ws_node_configure(handle, settings) != .NEURON_WS_OK {
                    Issue.record("no settings")
                }
            }
            // Half of them are tried again, and stopped then.
            let asked = ends.ask(node.handle, count / 2) + ends.ask(node.handle, count / 2, retries: 1000)
            #expect(asked.allSatisfy { $0 == .NEURON_WS_OK })
            #expect(eventually { node.metrics.commands_sent >= UInt64(count + count / 2) })
            #expect(ends.ids == (1...UInt64(count / 2)).map { $0 })
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            #expect(ends.ids == (1...UInt64(count)).map { $0 })
            #expect(ends.turns.most <= most, "\(ends.turns.most) in a turn")
        }

        @Test func eachEndMayEndTheNext() throws {
            let server = try startReading()
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:\(server.port)")
            let ends = Ends(of: node)
            node.start()
            ends.told = { handle, told in
                if told < 16_000, neuron_ws_node_request_cancel(handle, UInt64(told) + 1) != .NEURON_WS_OK {
                    Issue.record("\(told + 1) is not to be had")
                }
            }
            _ = ends.ask(node.handle, count)
            #expect(eventually { sent(node) })
            #expect(neuron_ws_node_request_cancel(node.handle, 1) == .NEURON_WS_OK)
            #expect(eventually { ends.count == count })
            #expect(ends.count(.NEURON_WS_CANCELLED) == count)
        }
    }
}
