// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

extension NodeSuites {
    @Suite struct NodeEventTests {
        /// The first version's size of neuron_ws_event_t.
        private static let firstSize = 80

        private func watch(_ node: TestNode, _ mask: UInt32) -> Int32 {
            var descriptor: Int32 = -1
            #expect(neuron_ws_node_event_fd(node.handle, mask, &descriptor) == .NEURON_WS_OK)
            return descriptor
        }

        private func next(_ node: TestNode, size: Int = MemoryLayout<neuron_ws_event_t>.size) -> neuron_ws_event_t? {
            var event = neuron_ws_event_t()
            event.size = size
            return neuron_ws_node_next_event(node.handle, &event) == .NEURON_WS_OK ? event : nil
        }

        private func isReadable(_ descriptor: Int32) -> Bool {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) == 1
        }

        /// All outcomes that wait: how many messages each event tells of.
        private func outcomes(
            _ node: TestNode, size: Int = MemoryLayout<neuron_ws_event_t>.size
        ) -> [(id: UInt64, count: UInt64, outcome: neuron_ws_outcome_t)] {
            var all: [(UInt64, UInt64, neuron_ws_outcome_t)] = []
            while let event = next(node, size: size) {
                if event.kind == NEURON_WS_EVENT_DELIVERY { all.append((event.id, event.count, event.outcome)) }
            }
            return all
        }

        @Test func everyOutcomeIsToldAfterAnOutageThatFilledTheQueue() throws {
            let server = try startServer()
            defer { server.stop() }
            server.stopListening()
            let node = TestNode.make(server.url, "\"queue-max-bytes\":100000000")
            let descriptor = watch(node, NEURON_WS_EVENT_DELIVERY)
            node.start()
            var accepted: UInt64 = 0
            while node.send("m") == .NEURON_WS_OK { accepted += 1 }
            #expect(accepted == 262_144)
            try server.startListening()
            #expect(node.flush(60_000) == .NEURON_WS_OK)
            // After a flush they can be read at once.
            let told = outcomes(node)
            #expect(told.reduce(0) { $0 + $1.count } == accepted && told[0].id == 1)
            #expect(told.allSatisfy { $0.outcome == .NEURON_WS_DELIVERED })
            #expect(told.count == 1 && !isReadable(descriptor))
            #expect(node.metrics.events_dropped == 0)
        }

        @Test func outcomesThatAlternateAreAllToldToo() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"queue-max-bytes\":100000000")
            _ = watch(node, NEURON_WS_EVENT_DELIVERY)
            node.refuses = { $0 == Array("no".utf8) }
            var accepted: UInt64 = 0
            while node.send(accepted % 2 == 0 ? "yes" : "no") == .NEURON_WS_OK { accepted += 1 }
            node.start()
            #expect(node.flush(120_000) == .NEURON_WS_OK)
            let told = outcomes(node)
            #expect(accepted == 262_144 && told.count == 262_144)
            #expect(told.enumerated().allSatisfy { $0.element.id == UInt64($0.offset + 1) && $0.element.count == 1 })
            #expect(node.metrics.events_dropped == 0)
        }

        @Test func aHostOfTheFirstVersionGetsOneEventForEachMessage() throws {
            let node = TestNode.make("ws://127.0.0.1:1/")
            _ = watch(node, NEURON_WS_EVENT_DELIVERY)
            for value in 0..<1000 { node.push(Int64(value)) }
            #expect(neuron_ws_node_finish(node.handle, 1000) == .NEURON_WS_OK)
            let told = outcomes(node, size: Self.firstSize)
            #expect(told.map(\.id) == Array(1...1000) && told.allSatisfy { $0.count == 0 })
        }

        @Test func theLastOutcomesCanBeReadBeforeTheDestroy() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            let descriptor = watch(node, NEURON_WS_EVENT_DELIVERY | NEURON_WS_EVENT_STATE)
            node.start()
            node.push(1)
            #expect(node.flush() == .NEURON_WS_OK)
            node.stop()
            for value in 0..<5 { node.push(Int64(value)) }
            #expect(neuron_ws_node_finish(node.handle, 1000) == .NEURON_WS_OK)
            #expect(isReadable(descriptor))
            let told = outcomes(node)
            #expect(told.map(\.id) == [1, 2] && told.map(\.count) == [1, 5])
            #expect(told.map(\.outcome) == [.NEURON_WS_DELIVERED, .NEURON_WS_DROPPED_STOPPED])
            // It takes nothing more.
            #expect(node.push(1) == .NEURON_WS_NOT_RUNNING && node.send("x") == .NEURON_WS_NOT_RUNNING)
            #expect(neuron_ws_node_start(node.handle) == .NEURON_WS_NOT_RUNNING)
            #expect(neuron_ws_node_finish(node.handle, 1000) == .NEURON_WS_OK && next(node) == nil)
            #expect(node.flush() == .NEURON_WS_OK && node.metrics.queued_messages == 0)
        }

        @Test func finishingTellsTheCallbacksToo() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            server.stopListening()
            server.killAllConnections()
            #expect(node.waitForLink(0))
            for value in 0..<10 { node.push(Int64(value)) }
            #expect(neuron_ws_node_finish(node.handle, 1000) == .NEURON_WS_OK)
            #expect(node.deliveries.map(\.id) == Array(1...10))
            #expect(node.deliveries.allSatisfy { $0.outcome == .NEURON_WS_DROPPED_STOPPED })
        }

        @Test(arguments: [false, true]) func theLastOutcomesMayDestroyTheNodeAgain(isRunning: Bool) throws {
            let node = TestNode.make("ws://127.0.0.1:1/")
            if isRunning { node.start() }
            for value in 0..<100 { node.push(Int64(value)) }
            node.again = { handle in
                // Nothing is taken any more, and nothing of this may do harm.
                #expect(neuron_ws_node_send(handle, .NEURON_WS_TEXT, "x", 1, nil) == .NEURON_WS_NOT_RUNNING)
                #expect(neuron_ws_node_start(handle) == .NEURON_WS_NOT_RUNNING)
                #expect(neuron_ws_node_finish(handle, 0) == .NEURON_WS_OK)
                neuron_ws_node_destroy(handle)
            }
            node.destroy()
            #expect(node.deliveries.map(\.id) == Array(1...100))
        }

        @Test func theLastOutcomesOfAFinishMayDestroyTheNode() throws {
            for isRunning in [false, true] {
                let node = TestNode.make("ws://127.0.0.1:1/")
                if isRunning { node.start() }
                for value in 0..<100 { node.push(Int64(value)) }
                node.destroysIn = .delivery
                #expect(neuron_ws_node_finish(node.handle, 1000) == .NEURON_WS_OK)
                #expect(node.handle == nil && node.deliveries.map(\.id) == Array(1...100))
            }
        }

        /// The destroy finds more that is written, of another outcome, while the rest of a run is still to be told.
        @Test func outcomesThatADestroyInterruptsAreToldInOrder() throws {
            let server = try startServer()
            defer { server.stop() }
            for _ in 0..<5 {
                let node = TestNode.make(server.url)
                node.refuses = { $0 == Array("no".utf8) }
                for number in 0..<100 { node.send(number / 5 % 2 == 0 ? "yes" : "no") }
                node.destroysIn = .delivery
                node.start()
                #expect(eventually { node.handle == nil && node.deliveries.count >= 100 })
                #expect(node.deliveries.map(\.id) == Array(1...100))
            }
        }

        @Test func aDestroyBesideAStopThatIsEndingTellsEveryOutcome() throws {
            for _ in 0..<200 {
                let node = TestNode.make("ws://127.0.0.1:1/")
                for _ in 0..<10 { node.send("x") }
                let handle = node.handle
                node.beforeConnect = { _ in
                    _ = neuron_ws_node_stop(handle, 0)
                    return .NEURON_WS_OK
                }
                node.start()
                usleep(UInt32.random(in: 0...200))
                node.destroy()
                #expect(node.deliveries.map(\.id) == Array(1...10))
            }
        }

        /// Gathered values are no messages yet: each destroy makes them one, which has its outcome.
        @Test(arguments: [false, true]) func whatWaitsForItsPublishingTimeHasItsOutcomeAtADestroy(isRunning: Bool) {
            let openGate = #""format":5,"device-id":"g","api-key":"k","opengate-publish":{"*":600}"#
            let node = TestNode.make("ws://127.0.0.1:1/", openGate)
            if isRunning { node.start() }
            let group = #"{"node":"plc","group":"fast","values":{"a":1,"b":2}}"#
            var id: UInt64 = 9
            #expect(neuron_ws_node_push_json(node.handle, group, group.utf8.count, &id) == .NEURON_WS_OK && id == 0)
            node.destroy()
            #expect(node.deliveries.map(\.id) == [1])
            #expect(node.deliveries.first?.outcome != .NEURON_WS_DELIVERED)
        }

        @Test func aMessageLargerThanTheEventsLimitIsDelivered() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let large = "\"max-message-size\":209715200,\"max-frame-size\":209715200,\"queue-max-bytes\":209715200"
            let node = TestNode.make(server.url, large)
            let descriptor = watch(node, NEURON_WS_EVENT_MESSAGE | NEURON_WS_EVENT_LOG)
            node.start()
            let size = 70 << 20
            let text = String(repeating: "x", count: size)
            #expect(node.send(text) == .NEURON_WS_OK)
            var length = 0
            #expect(
                eventually {
                    while let event = next(node) { if event.kind == NEURON_WS_EVENT_MESSAGE { length = event.length } }
                    return length > 0
                })
            #expect(length == size && !isReadable(descriptor) && node.metrics.events_dropped == 0)
        }

        @Test func whatIsDroppedIsCountedAndToldAtDoublingCounts() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"queue-max-bytes\":100000000")
            _ = watch(node, NEURON_WS_EVENT_MESSAGE)
            node.start()
            let past: UInt64 = 1000
            for _ in 0..<(65_536 + past) { #expect(node.send("x") == .NEURON_WS_OK) }
            #expect(eventually { node.metrics.messages_received == 65_536 + past })
            #expect(eventually { node.metrics.events_dropped == past })
            let lines = node.lines.filter { $0.contains("events were dropped") }
            #expect(lines.count == 10 && lines[9].hasPrefix("512 events were dropped so far"))
        }

        /// It is told where they would have stood: by an event, or to a host that knows none such by a line.
        @Test(arguments: [NEURON_WS_EVENT_DROPPED, NEURON_WS_EVENT_LOG])
        func aHostThatDoesNotPollAndThenDoesLearnsHowManyAreMissing(kind: UInt32) throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"queue-max-bytes\":100000000", logLevel: "warn")
            let descriptor = watch(node, NEURON_WS_EVENT_MESSAGE | kind)
            node.start()
            let past: UInt64 = 1000
            for _ in 0..<(65_536 + past) { #expect(node.send("x") == .NEURON_WS_OK) }
            #expect(eventually { node.metrics.messages_received == 65_536 + past })
            #expect(node.metrics.events_dropped == past)
            func take(_ count: Int) -> Int { (0..<count).count { _ in next(node)?.kind == NEURON_WS_EVENT_MESSAGE } }
            #expect(take(65_536) == 65_536 && isReadable(descriptor))
            let told = next(node)
            #expect(told?.kind == kind && told?.count == (kind == NEURON_WS_EVENT_DROPPED ? past : 0))
            if kind == NEURON_WS_EVENT_LOG, let bytes = told?.bytes {
                #expect(String(cString: bytes).hasPrefix("1000 events were dropped here"))
            }
            #expect(next(node) == nil && !isReadable(descriptor))
            node.send("y")
            #expect(eventually { isReadable(descriptor) } && take(1) == 1 && next(node) == nil)
        }

        @Test func aFlushThatTimesOutSaysWhy() throws {
            let node = TestNode.make("ws://127.0.0.1:1/")
            node.start()
            node.send("x")
            #expect(eventually { node.state.reason == .NEURON_WS_REASON_NETWORK_ERROR })
            #expect(node.flush(50) == .NEURON_WS_TIMEOUT)
            let text = String(cString: neuron_ws_last_error())
            #expect(text.hasPrefix("one message was still waiting after 50 ms. "))
            #expect(text.contains("127.0.0.1") && text.contains("nothing listens"), "\(text)")
            node.stop()
            #expect(node.flush(50) == .NEURON_WS_NOT_RUNNING)
            let after = String(cString: neuron_ws_last_error())
            #expect(after.hasPrefix("one message was still waiting, and the node is not running. "))
        }
    }
}
