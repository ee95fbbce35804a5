// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

extension NodeSuites {
    /// How a node chooses where and when to connect again, and what it says meanwhile, with servers at the other end.
    @Suite struct NodeReconnectTests {
        private static let slow = "\"reconnect-min\":3600,\"reconnect-max\":3600"

        private func busy(_ retryAfter: String) -> ServerBehaviour.Handshake {
            .refuse(status: 503, reason: "Busy", headers: [("Retry-After", retryAfter)])
        }

        /// A node with a list of URLs.
        private func make(_ urls: [String], _ more: String = "\"reconnect-min\":0.01,\"reconnect-max\":0.05")
            -> TestNode
        {
            let node = TestNode.make(urls[0])
            configure(node, urls, more)
            return node
        }

        private func configure(_ node: TestNode, _ urls: [String], _ more: String) {
            let list = urls.map { "\"\($0)\"" }.joined(separator: ",")
            let settings = "{\"url\":[\(list)],\"log-level\":\"debug\",\(more)}"
            #expect(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK)
        }

        @Test(arguments: [[0x88, 2, 0x03, 0xF5], [0x88, 2, 0x03, 0xF4], nil] as [[UInt8]?])
        func theNextServerIsTriedWhenOneTurnsUsAwayBehindTheHandshake(close: [UInt8]?) throws {
            // 1013, 1012, or the connection just ends behind the first message.
            let first = try startServer {
                if let close {
                    $0.behaviour.bytesAfterHandshake = close
                } else {
                    $0.behaviour.ending = ServerBehaviour.Ending(messages: 1, how: .reset)
                }
            }
            defer { first.stop() }
            let second = try startServer()
            defer { second.stop() }
            let node = make([first.url, second.url], Self.slow)
            node.start()
            #expect(first.waitForOpened(1, timeoutMilliseconds: 10_000))
            if close == nil { node.send("ends the first") }
            #expect(second.waitForOpened(1, timeoutMilliseconds: 10_000))
            #expect(node.waitForLink())
            node.send("here")
            #expect(eventually { second.messages.last?.text == "here" })
            #expect(first.openedCount == 1)
        }

        @Test(arguments: [false, true]) func aServerThatAsksForPatienceHoldsTheOtherUpInNoOrder(isFirst: Bool) throws {
            let waits = try startServer { $0.behaviour.handshake = busy("600") }
            defer { waits.stop() }
            let comesBack = try startServer { $0.behaviour.handshake = .bytes([]) }
            defer { comesBack.stop() }
            let node = make(isFirst ? [waits.url, comesBack.url] : [comesBack.url, waits.url])
            node.start()
            #expect(eventually { comesBack.endedConnections.count > 5 })
            comesBack.behaviour.handshake = .accept
            #expect(node.waitForLink())
            // It was asked once.
            #expect(waits.endedConnections.count == 1)
        }

        @Test func aRetryAfterThatIsADateIsWaitedFor() throws {
            // Long ago for us; but the server's own clock says that it is in a minute.
            let server = try startServer {
                $0.behaviour.handshake = .refuse(
                    status: 503, reason: "Busy",
                    headers: [
                        ("Date", "Sun, 06 Nov 1994 08:48:37 GMT"), ("Retry-After", "Sunday, 06-Nov-94 08:49:37 GMT"),
                    ])
            }
            defer { server.stop() }
            let node = make([server.url])
            node.start()
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_WAITING })
            #expect(node.state.http_status == 503)
            #expect(node.state.next_attempt_ms > 50_000 && node.state.next_attempt_ms <= 60_050)
            #expect(node.state.messageText.contains("it asks to wait 60 s"))
        }

        @Test func newBoundsShortenAWaitThatIsUnderWay() throws {
            let server = try startServer { $0.behaviour.handshake = .bytes([]) }
            defer { server.stop() }
            let node = make([server.url], Self.slow)
            node.start()
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_WAITING })
            server.behaviour.handshake = .accept
            configure(node, [server.url], "\"reconnect-min\":0.01,\"reconnect-max\":1")
            #expect(node.waitForLink())
        }

        @Test func whatAServerAskedForStaysWhenTheBoundsChange() throws {
            let server = try startServer { $0.behaviour.handshake = busy("600") }
            defer { server.stop() }
            let node = make([server.url])
            node.start()
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_WAITING })
            configure(node, [server.url], "\"reconnect-min\":0.01,\"reconnect-max\":0.02")
            usleep(200_000)
            #expect(node.state.next_attempt_ms > 500_000)
            #expect(server.endedConnections.count == 1)
        }

        @Test func theFirstAttemptSaysWhereItIs() throws {
            let server = try startServer { $0.behaviour.handshake = .silent }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"connect-timeout\":30")
            node.start()
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_HANDSHAKING })
            let text = node.state.messageText
            #expect(text.hasPrefix("Connecting to 127.0.0.1:\(server.port), "), "\(text)")
            #expect(text.contains(" s of 30 (attempt 1): waiting for the answer to the opening handshake."), "\(text)")
            // Time passes, though nothing happens.
            #expect(eventually { node.state.messageText.contains(", 1 s of 30") })
        }

        @Test func whatFailedLastIsReadableBetweenAttempts() throws {
            let server = try startServer()
            let url = server.url
            server.stop()
            let node = make([url], Self.slow)
            node.start()
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_WAITING })
            #expect(node.state.messageText.contains("connection refused"))
            #expect(node.state.messageText.contains("Attempt 2 comes in "))
        }

        @Test func onesOwnStopIsToldAsAStop() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            let before = node.states.count
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            #expect(node.state.reason == .NEURON_WS_REASON_STOPPED)
            #expect(node.state.messageText == "The node was stopped.")
            let told = node.states.dropFirst(before)
            #expect(!told.isEmpty && told.allSatisfy { $0.reason == .NEURON_WS_REASON_STOPPED })
            #expect(told.allSatisfy { !$0.text.contains("connects again") })
            #expect(node.lines.allSatisfy { !$0.contains("connects again") })
        }

        @Test func aStartDuringAStopSaysThatItWasAStop() throws {
            // It reads nothing any more, so that our Close is not answered.
            let server = try startServer { $0.behaviour.reads = false }
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.startsWhenClosing = true
            node.start()
            #expect(node.waitForLink())
            // The stop is taken back by the start in its own callback: what was asked last counts.
            _ = node.stop(300)
            #expect(server.waitForOpened(2, timeoutMilliseconds: 10_000))
            #expect(node.waitForLink())
            #expect(node.state.reason == .NEURON_WS_REASON_STOPPED)
            #expect(node.states.allSatisfy { $0.reason != .NEURON_WS_REASON_RECONFIGURED })
        }

        @Test func aNodeThatIsStoppedAgainAtOnceDoesNotConnect() throws {
            let server = try startServer()
            defer { server.stop() }
            for _ in 0..<20 {
                let node = TestNode.make(server.url)
                node.start()
                #expect(node.stop(60_000) == .NEURON_WS_OK)
                #expect(node.metrics.connection_attempts == 0)
                #expect(node.state.reason == .NEURON_WS_REASON_NONE || node.state.reason == .NEURON_WS_REASON_STOPPED)
            }
            #expect(server.openedCount == 0)
        }

        @Test func theLogTellsOfTheLinkOnceEach() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"queue-max-messages\":3", logLevel: "notice")
            node.start()
            #expect(node.waitForLink())
            server.stopListening()
            server.killAllConnections()
            #expect(node.waitForLink(0))
            for _ in 0..<5 { node.send("x") }
            try server.startListening()
            #expect(node.waitForLink())
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(node.stop(60_000) == .NEURON_WS_OK)
            node.send("left")
            node.destroy()
            let lines = node.lines
            #expect(lines.count { $0.contains("connected to 127.0.0.1") } == 1)
            #expect(lines.count { $0.contains("connection lost after ") } == 1)
            let again = lines.filter { $0.contains("connected again to 127.0.0.1") }
            #expect(again.count == 1)
            #expect(again.first?.contains("3 messages waited, 2 were lost") == true, "\(again)")
            #expect(lines.contains { $0.contains("The node was stopped") })
            #expect(lines.last?.contains("1 message") == true, "\(lines)")
        }
    }
}
