// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

extension NodeSuites {
    @Suite struct NodeFarewellTests {
        @Test(arguments: [TestNode.Callback.message, .delivery, .beforeSend])
        func theServerGets1001ThoughANodeIsDestroyedInItsCallbacks(callback: TestNode.Callback) throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            for round in 1...20 {
                let node = TestNode.make(server.url)
                node.destroysIn = callback
                for value in 0..<10 { node.push(Int64(value)) }
                node.start()
                #expect(eventually { node.destroyReturned })
                #expect(eventually { server.endedConnections.count >= round })
                usleep(1000)
                #expect(node.callsAfterDestroy == 0)
            }
            #expect(server.endedConnections.allSatisfy { $0.closeCode == 1001 })
        }

        @Test func aDestroyTellsNoStatesAndNoMessages() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(eventually { node.phases.last == .NEURON_WS_PHASE_OPEN })
            let phases = node.phases.count
            node.destroy()
            #expect(node.phases.count == phases)
            #expect(server.waitForEnded(1, timeoutMilliseconds: 10_000))
            #expect(server.endedConnections[0].closeCode == 1001)
        }

        @Test func aDestroyOfANodeThatIsAboutToStartEnds() throws {
            let server = try startServer()
            defer { server.stop() }
            for _ in 0..<50 {
                let node = TestNode.make(server.url)
                node.push(1)
                node.start()
                node.destroy()
                #expect(node.deliveries.count == 1)
            }
        }
    }
}
