// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

/// One after the other: they count on times that a busy machine would not keep.
@Suite(.serialized) enum NodeSuites {}

extension NodeSuites {
    @Suite struct NodeTests {
        @Test func pushedGroupsArriveAndAreDelivered() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            for value in 1...100 { #expect(node.push(Int64(value)) == .NEURON_WS_OK) }
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(server.waitForMessages(100, timeoutMilliseconds: 10_000))
            #expect(server.messages.map(\.text) == (1...100).map { TestNode.text(Int64($0)) })
            #expect(eventually { node.deliveries.count == 100 })
            #expect(node.deliveries.map(\.id) == Array(1...100))
            #expect(node.deliveries.allSatisfy { $0.outcome == .NEURON_WS_DELIVERED })
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            #expect(node.state.reason == .NEURON_WS_REASON_STOPPED)
            #expect(node.metrics.messages_sent == 100)
            let seen = node.phases
            #expect(seen.first == .NEURON_WS_PHASE_RESOLVING && seen.contains(.NEURON_WS_PHASE_OPEN))
            #expect(seen.last == .NEURON_WS_PHASE_IDLE)
        }

        @Test(arguments: [TestNode.Callback.state, .message, .delivery, .log, .beforeConnect, .beforeSend])
        func aNodeMayBeDestroyedInsideItsCallbacks(callback: TestNode.Callback) throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            for _ in 0..<20 {
                let node = TestNode.make(server.url)
                node.destroysIn = callback
                for value in 0..<10 { node.push(Int64(value)) }
                node.start()
                #expect(eventually { node.destroyReturned })
                usleep(1000)
                #expect(node.callsAfterDestroy == 0)
            }
        }

        @Test func messagesQueuedDuringAnOutageArriveInOrderAfterIt() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            for value in 0..<50 { node.push(Int64(value)) }
            #expect(server.waitForMessages(50, timeoutMilliseconds: 10_000))
            server.stopListening()
            server.killAllConnections()
            #expect(node.waitForLink(0))
            for value in 50..<100 { #expect(node.push(Int64(value)) == .NEURON_WS_OK) }
            try server.startListening()
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(server.waitForMessages(100, timeoutMilliseconds: 10_000))
            #expect(server.messages.map(\.text) == (0..<100).map { TestNode.text(Int64($0)) })
            #expect(node.metrics.disconnections == 1)
        }

        @Test func aServerThatNeverReadsFillsTheQueueAndStopsInTime() throws {
            let server = try startServer {
                $0.behaviour.reads = false
                $0.receiveBufferBytes = 4096
            }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"queue-max-bytes\":1000000")
            node.start()
            #expect(node.waitForLink())
            let text = String(repeating: "x", count: 100_000)
            var status = neuron_ws_status_t.NEURON_WS_OK
            // Full for good, not only until the kernel's buffer has grown once more.
            var fullInARow = 0
            for _ in 0..<4000 where fullInARow < 100 {
                status = node.send(text)
                fullInARow = status == .NEURON_WS_QUEUE_FULL ? fullInARow + 1 : 0
                usleep(1000)
            }
            #expect(status == .NEURON_WS_QUEUE_FULL)
            #expect(String(cString: neuron_ws_last_error()).contains("queue-max-bytes"))
            #expect(node.flush(100) == .NEURON_WS_TIMEOUT)
            let before = Clock.monotonicNanoseconds
            #expect(node.stop(500) == .NEURON_WS_OK)
            #expect(Clock.monotonicNanoseconds - before < 2_000_000_000)
        }

        @Test func newSettingsKeepTheQueueAndMoveToTheNewServer() throws {
            let first = try startServer()
            defer { first.stop() }
            let second = try startServer()
            defer { second.stop() }
            let node = TestNode.make(first.url)
            node.start()
            node.push(1)
            #expect(first.waitForMessages(1, timeoutMilliseconds: 10_000))
            #expect(neuron_ws_node_configure(node.handle, "{\"url\":\"http://x\"}") == .NEURON_WS_INVALID_SETTINGS)
            #expect(node.state.link == 1)
            let settings = "{\"url\":\"\(second.url)\",\"format\":1}"
            #expect(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK)
            node.push(2)
            #expect(second.waitForMessages(1, timeoutMilliseconds: 10_000))
            #expect(second.messages[0].text.contains("\"tags\":[{\"name\":\"n\",\"value\":2}]"))
            #expect(first.messages.count == 1)
        }

        @Test func settingsThatDoNotConcernTheConnectionKeepIt() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            for round in 0..<50 {
                let settings =
                    "{\"url\":\"\(server.url)\",\"format\":\(round % 2),\"queue-max-messages\":\(1000 + round)}"
                #expect(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK)
                node.push(Int64(round))
            }
            #expect(server.waitForMessages(50, timeoutMilliseconds: 10_000))
            #expect(server.openedCount == 1)
        }

        @Test func theHostMayRefuseMessagesAndChangeAttempts() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:1/never")
            node.refuses = { $0 == Array("bad".utf8) }
            let url = server.url + "/other"
            node.beforeConnect = { attempt in
                if neuron_ws_attempt_set_url(attempt, "ftp://x") != .NEURON_WS_INVALID_SETTINGS {
                    return .NEURON_WS_SYSTEM
                }
                if neuron_ws_attempt_set_header(attempt, "Host", "a/b") != .NEURON_WS_INVALID_ARGUMENT {
                    return .NEURON_WS_SYSTEM
                }
                _ = neuron_ws_attempt_set_url(attempt, url)
                _ = neuron_ws_attempt_set_header(attempt, "X-Line", "7")
                return neuron_ws_attempt_set_token(attempt, "secret")
            }
            for text in ["one", "bad", "two"] { node.send(text) }
            node.start()
            #expect(server.waitForMessages(2, timeoutMilliseconds: 10_000))
            #expect(server.messages.map(\.text) == ["one", "two"])
            #expect(eventually { node.deliveries.count == 3 })
            #expect(node.deliveries[1].outcome == .NEURON_WS_DROPPED_REFUSED)
            node.stop()
            #expect(server.waitForEnded(1, timeoutMilliseconds: 10_000))
            let record = server.endedConnections[0]
            #expect(record.resource == "/other")
            #expect(record.headers.contains { $0.name == "X-Line" && $0.value == "7" })
            #expect(record.headers.contains { $0.name == "Authorization" && $0.value == "Bearer secret" })
            #expect(node.lines.allSatisfy { !$0.contains("secret") })
        }

        @Test func anAttemptMayLeadToAHostBeyondASCII() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make("ws://127.0.0.1:1/never")
            let url = "ws://fabrik-münchen.localhost:\(server.port)/"
            node.beforeConnect = { attempt in
                if neuron_ws_attempt_set_url(attempt, "ws://☃.net/") != .NEURON_WS_INVALID_SETTINGS {
                    return .NEURON_WS_SYSTEM
                }
                return neuron_ws_attempt_set_url(attempt, url)
            }
            node.start()
            #expect(node.waitForLink())
            node.stop()
            #expect(server.waitForEnded(1, timeoutMilliseconds: 10_000))
            let host = "xn--fabrik-mnchen-3ob.localhost:\(server.port)"
            #expect(server.endedConnections[0].headers.contains { $0.name == "Host" && $0.value == host })
            #expect(node.lines.contains { $0.contains(url) })
        }

        @Test func anAttemptThatTheHostRefusesIsNotMade() throws {
            let node = TestNode.make("ws://127.0.0.1:1/")
            node.beforeConnect = { _ in .NEURON_WS_REFUSED }
            node.start()
            #expect(eventually { node.metrics.connection_attempts > 2 })
            #expect(node.state.reason == .NEURON_WS_REASON_REFUSED_BY_HOST)
        }

        @Test func aHandshakeThatIsTooLongIsNotSent() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            let value = String(repeating: "v", count: 8000)
            node.beforeConnect = { attempt in
                for index in 0..<64 { _ = neuron_ws_attempt_set_header(attempt, "X-\(index)", value) }
                return neuron_ws_attempt_set_header(attempt, "X-65", "v") == .NEURON_WS_INVALID_ARGUMENT
                    ? .NEURON_WS_OK : .NEURON_WS_REFUSED
            }
            node.start()
            #expect(eventually { node.state.messageText.contains("bytes, at most") })
            #expect(node.state.reason == .NEURON_WS_REASON_REFUSED_BY_HOST)
            #expect(server.openedCount == 0)
        }

        @Test func largeMessagesGoOutInFragmentsWhereAsked() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"fragment-size\":1000")
            node.start()
            let text = String(repeating: "fragment ", count: 50_000)
            node.send(text)
            node.send("")
            #expect(server.waitForMessages(2, timeoutMilliseconds: 10_000))
            #expect(server.messages.map(\.text) == [text, ""])
        }

        @Test func whatTheServerSaysReachesTheHost() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            for text in ["one", "", String(repeating: "ü", count: 100_000)] { node.send(text) }
            #expect(eventually { node.messages.count == 3 })
            #expect(node.messages == ["one", "", String(repeating: "ü", count: 100_000)])
        }

        @Test(
            arguments: [
                // A message, and with it a Close; or a frame with a reserved bit set (RFC 6455 §5.2).
                ([0x81, 1, 0x61, 0x88, 2, 0x03, 0xE8], 1000), ([0x81, 1, 0x61, 0xA1, 1, 0x62], 1002),
            ] as [([UInt8], UInt16)])
        func anAnswerGoesOutBeforeTheClose(bytes: [UInt8], code: UInt16) throws {
            let server = try startServer { $0.behaviour.bytesAfterHandshake = bytes }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.echoes = true
            node.start()
            #expect(server.waitForMessages(1, timeoutMilliseconds: 10_000))
            #expect(server.messages[0].connection == 1 && server.messages[0].text == "a")
            #expect(server.waitForEnded(1, timeoutMilliseconds: 10_000))
            #expect(server.endedConnections[0].closeCode == code)
        }

        @Test func whatWaitedIsNotLostToAServerThatClosesAtOnce() throws {
            let server = try startServer { $0.behaviour.bytesAfterHandshake = [0x81, 1, 0x61, 0x88, 2, 0x03, 0xE9] }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.send("first")
            node.echoes = true
            node.start()
            #expect(server.waitForEnded(1, timeoutMilliseconds: 10_000))
            server.behaviour.bytesAfterHandshake = []
            #expect(server.waitForMessages(2, timeoutMilliseconds: 10_000))
            #expect(server.messages.prefix(2).map(\.text) == ["first", "a"])
            #expect(server.messages.allSatisfy { $0.connection > 1 })
        }

        @Test func eventsReplaceCallbacks() throws {
            let server = try startServer { $0.behaviour.answer = .echo }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            var descriptor: Int32 = -1
            #expect(neuron_ws_node_event_fd(node.handle, NEURON_WS_EVENT_ALL, &descriptor) == .NEURON_WS_OK)
            node.start()
            node.send("ping")
            var kinds: Set<UInt32> = []
            var text = ""
            for _ in 0..<200 where kinds.count < 4 {
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                #expect(poll(&entry, 1, 10_000) == 1)
                var event = neuron_ws_event_t()
                event.size = MemoryLayout<neuron_ws_event_t>.size
                while neuron_ws_node_next_event(node.handle, &event) == .NEURON_WS_OK {
                    kinds.insert(event.kind)
                    if event.kind == NEURON_WS_EVENT_MESSAGE {
                        text = String(
                            decoding: UnsafeBufferPointer(start: event.bytes, count: event.length), as: UTF8.self)
                    }
                }
            }
            #expect(
                kinds == [
                    NEURON_WS_EVENT_STATE, NEURON_WS_EVENT_MESSAGE, NEURON_WS_EVENT_DELIVERY, NEURON_WS_EVENT_LOG,
                ])
            #expect(text == "ping")
            #expect(node.messages.isEmpty && node.deliveries.isEmpty && node.phases.isEmpty && node.lines.isEmpty)
        }

        @Test func aLogLevelGoesBackAfterItsTime() throws {
            let node = TestNode.make("ws://127.0.0.1:1/", "\"connect-timeout\":5")
            let settings =
                "{\"url\":\"ws://127.0.0.1:1/\",\"log-level\":\"off\",\"reconnect-min\":0.01,\"reconnect-max\":0.02}"
            #expect(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK)
            #expect(neuron_ws_node_set_log_level(node.handle, .NEURON_WS_LOG_DEBUG, 1) == .NEURON_WS_OK)
            node.start()
            #expect(eventually { !node.lines.isEmpty })
            usleep(1_200_000)
            let count = node.lines.count
            let attempts = node.metrics.connection_attempts
            #expect(eventually { node.metrics.connection_attempts > attempts + 5 })
            #expect(node.lines.count <= count + 1)
        }

        @Test func everyMessageHasOneOutcomeThoughTheNodeIsDestroyed() throws {
            let node = TestNode.make("ws://127.0.0.1:1/")
            for value in 0..<1000 { node.push(Int64(value)) }
            #expect(node.deliveries.isEmpty)
            node.destroy()
            #expect(node.deliveries.map(\.id) == Array(1...1000))
            #expect(node.deliveries.allSatisfy { $0.outcome == .NEURON_WS_DROPPED_STOPPED })
        }

        @Test func pushingDuringAStopAndANewStartLosesNothing() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            for round in 0..<20 {
                node.start()
                for value in 0..<50 { node.push(Int64(round * 50 + value)) }
                if round % 2 == 0 { #expect(node.flush() == .NEURON_WS_OK) }
                #expect(node.stop(60_000) == .NEURON_WS_OK)
            }
            node.start()
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(server.waitForMessages(1000, timeoutMilliseconds: 10_000))
            #expect(server.messages.map(\.text) == (0..<1000).map { TestNode.text(Int64($0)) })
        }
    }
}
