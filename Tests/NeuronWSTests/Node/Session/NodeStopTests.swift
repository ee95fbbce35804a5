// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

extension NodeSuites {
    @Suite struct NodeStopTests {
        @Test func aBegunStopEndsAsAStateAndTheServerGets1001() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            #expect(node.beginStop(1000) == .NEURON_WS_NOT_RUNNING)
            node.start()
            #expect(node.waitForLink())
            #expect(node.beginStop(10_000) == .NEURON_WS_OK)
            #expect(eventually { node.phases.last == .NEURON_WS_PHASE_IDLE })
            #expect(eventually { node.beginStop(0) == .NEURON_WS_NOT_RUNNING })
            #expect(server.waitForEnded(1, timeoutMilliseconds: 10_000))
            #expect(server.endedConnections[0].closeCode == 1001)
        }

        /// The host waits for that state, so it must come though the node was never seen to do anything.
        @Test func aStopBeforeTheFirstAttemptIsToldToo() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            // From the second on it is the state that the node had before.
            for round in 1...20 {
                node.start()
                #expect(node.beginStop(0) == .NEURON_WS_OK)
                #expect(eventually { node.phases.count >= round })
                node.stop(10_000)
                #expect(node.phases.count == round)
                #expect(node.phases.last == .NEURON_WS_PHASE_IDLE)
            }
        }

        /// Nobody accepts: the attempt would take its connect-timeout.
        @Test func aStopDuringAnAttemptGivesItUp() throws {
            let server = try startServer { $0.behaviour.handshake = .silent }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"connect-timeout\":300")
            node.start()
            #expect(eventually { node.phases.contains(.NEURON_WS_PHASE_HANDSHAKING) })
            #expect(node.beginStop(60_000) == .NEURON_WS_OK)
            #expect(eventually { node.phases.last == .NEURON_WS_PHASE_IDLE })
        }

        @Test func ofTwoStopsTheShorterTimeCounts() throws {
            let server = try startServer { $0.behaviour.reads = false }
            defer { server.stop() }
            for (first, second) in [(UInt32(600_000), UInt32(0)), (0, 600_000)] {
                let node = TestNode.make(server.url)
                node.start()
                #expect(node.waitForLink())
                #expect(node.beginStop(first) == .NEURON_WS_OK)
                #expect(node.beginStop(second) == .NEURON_WS_OK)
                #expect(eventually { node.phases.last == .NEURON_WS_PHASE_IDLE })
            }
        }

        @Test func aStartBehindABegunStopCounts() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            for _ in 0..<20 {
                #expect(node.beginStop(10_000) == .NEURON_WS_OK)
                node.start()
            }
            #expect(eventually { node.phases.last == .NEURON_WS_PHASE_OPEN })
            #expect(node.beginStop(10_000) == .NEURON_WS_OK)
            node.stop(10_000)
            #expect(node.phases.last == .NEURON_WS_PHASE_IDLE)
        }

        /// The server answers no Close frame, so that the stop is still under way when the destroy begins: the state
        /// that would tell its end would have to come meanwhile.
        @Test func aDestroyBehindABegunStopTellsLinesAndOutcomesAlone() throws {
            let server = try startServer { $0.behaviour.reads = false }
            defer { server.stop() }
            for _ in 0..<10 {
                let node = TestNode.make(server.url)
                node.start()
                #expect(node.waitForLink())
                #expect(node.beginStop(600_000) == .NEURON_WS_OK)
                #expect(eventually { node.phases.last == .NEURON_WS_PHASE_CLOSING })
                for number in 0..<3 { node.push(Int64(number)) }
                node.destroy()
                let kinds = node.kindsAfterDestroy
                #expect(kinds.filter { $0 == .delivery }.count == 3)
                #expect(kinds.filter { $0 != .delivery && $0 != .log } == [])
                usleep(1000)
                #expect(node.callsAfterDestroy == kinds.count)
            }
        }

        /// At any moment of it: what the loop thread is telling then is told to its end, and nothing after the return.
        @Test func aDestroyAtOnceBehindABegunStopEnds() throws {
            let server = try startServer()
            defer { server.stop() }
            for round in 0..<20 {
                let node = TestNode.make(server.url)
                node.start()
                if round % 2 == 0 { #expect(node.waitForLink()) }
                #expect(node.beginStop(600_000) == .NEURON_WS_OK)
                node.destroy()
                let kinds = node.kindsAfterDestroy
                #expect(kinds.filter { $0 == .state }.count <= 1)
                #expect(kinds.filter { $0 != .state && $0 != .log } == [])
                usleep(1000)
                #expect(node.callsAfterDestroy == kinds.count)
            }
        }

        @Test func aStopCanBeginInACallback() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.heard = { [unowned node] in #expect(node.beginStop(10_000) == .NEURON_WS_OK) }
            node.push(1)
            node.start()
            #expect(eventually { node.phases.last == .NEURON_WS_PHASE_IDLE })
        }

        @Test func severalNodesStopSideBySide() throws {
            let server = try startServer()
            defer { server.stop() }
            let nodes = (0..<8).map { _ in TestNode.make(server.url) }
            for node in nodes { node.start() }
            for node in nodes { #expect(node.waitForLink()) }
            for node in nodes { #expect(node.beginStop(10_000) == .NEURON_WS_OK) }
            #expect(eventually { nodes.allSatisfy { $0.phases.last == .NEURON_WS_PHASE_IDLE } })
        }
    }
}
