// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

extension NodeSuites {
    /// Settings that need no new connection are in force on the living one, at once. `SettingsChangeTests` says which.
    @Suite struct NodeLiveSettingsTests {
        /// The options of the connection's socket, as the kernel has them.
        private func option(_ option: Int32, to port: UInt16) -> Int32? {
            let connected = (3..<1024 as Range<Int32>).filter { Syscalls.peerAddress($0)?.port == port }
            guard let descriptor = connected.first, connected.count == 1 else { return nil }
            var value: Int32 = -1
            var length = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, Int32(IPPROTO_TCP), option, &value, &length) == 0 ? value : nil
        }

        private func configure(_ node: TestNode, _ url: String, _ more: String) {
            let settings = "{\"url\":\"\(url)\",\"reconnect-min\":0.01,\"reconnect-max\":0.05,\(more)}"
            #expect(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK, "\(more)")
        }

        @Test func socketOptionsReachTheLivingSocket() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            func options() -> [Int32?] {
                [option(TCP_NODELAY, to: server.port), option(TCP_USER_TIMEOUT, to: server.port)]
            }
            #expect(options() == [1, 0])
            configure(node, server.url, "\"tcp-nodelay\":false,\"user-timeout\":7")
            #expect(eventually { options() == [0, 7000] })
            configure(node, server.url, "\"ping-interval\":0")
            #expect(eventually { options() == [1, 0] })
            #expect(server.openedCount == 1)
        }

        @Test func noneOfThemReplacesTheConnection() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            let changes = [
                "\"format\":1", "\"format\":3,\"schema\":{\"a\":\"${tags}\"}", "\"upload_err\":false",
                "\"static_tags\":{\"a\":1}", "\"upload_drv_state\":true", "\"message-type\":2", "\"connect-timeout\":7",
                "\"ping-interval\":7", "\"ping-timeout\":7", "\"user-timeout\":7", "\"reconnect-min\":0.02",
                "\"reconnect-max\":7", "\"close-timeout\":7", "\"fragment-size\":125", "\"request-timeout\":7",
                "\"queue-max-bytes\":65536", "\"queue-max-messages\":7", "\"compress-threshold\":7",
                "\"tcp-nodelay\":false", "\"log-level\":\"debug\"", "\"sequence\":true",
            ]
            for change in changes {
                let settings = "{\"url\":\"\(server.url)\",\(change)}"
                #expect(neuron_ws_node_configure(node.handle, settings) == .NEURON_WS_OK, "\(change)")
                node.push(1)
                #expect(node.flush() == .NEURON_WS_OK)
            }
            #expect(server.waitForMessages(changes.count, timeoutMilliseconds: 10_000))
            #expect(server.openedCount == 1)
        }

        @Test func whatIsSentFollowsAtOnce() throws {
            let server = try startServer()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            #expect(node.waitForLink())
            func received(after more: String) -> ReceivedMessage? {
                let count = server.messages.count
                configure(node, server.url, more)
                node.push(5)
                return eventually { server.messages.count > count } ? server.messages.last : nil
            }
            #expect(received(after: "\"message-type\":2")?.isText == false)
            #expect(received(after: "\"format\":1")?.text.contains("\"tags\":[{\"name\":\"n\",\"value\":5}]") == true)
            #expect(received(after: "\"static_tags\":{\"s\":7}")?.text.contains("\"s\":7") == true)
            #expect(received(after: "\"format\":3,\"schema\":{\"q\":\"${node}\"}")?.text == "{\"q\":\"plc\"}")
            #expect(received(after: "\"sequence\":true")?.text.hasPrefix("{\"seq\":5,\"stream\":\"") == true)
            configure(node, server.url, "\"upload_drv_state\":true,\"upload_drv_state_interval\":9")
            #expect(node.state.states_interval_s == 9)
            #expect(server.openedCount == 1)
        }

        @Test func theQueuesLimitsHoldAtOnce() throws {
            let node = TestNode.make("ws://127.0.0.1:1/")
            for value in 0..<10 { #expect(node.push(Int64(value)) == .NEURON_WS_OK) }
            configure(node, "ws://127.0.0.1:1/", "\"queue-max-messages\":10")
            #expect(node.push(1) == .NEURON_WS_QUEUE_FULL)
            configure(node, "ws://127.0.0.1:1/", "\"queue-max-messages\":11")
            #expect(node.push(1) == .NEURON_WS_OK)
            configure(node, "ws://127.0.0.1:1/", "\"queue-max-bytes\":65536")
            #expect(node.send(String(repeating: "x", count: 70_000)) == .NEURON_WS_QUEUE_FULL)
        }

        @Test func aRequestThatWaitsIsTooLateByTheNewTimeout() throws {
            let request = Array(#"{"uuid":"u","node":"d","group":"g"}"#.utf8)
            let frame: [UInt8] = [0x81, UInt8(request.count)] + request
            let server = try startServer { $0.behaviour.bytesAfterHandshake = frame }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"request-timeout\":3600", takesRequests: true)
            node.start()
            #expect(eventually { node.described.count == 1 })
            configure(node, server.url, "\"request-timeout\":1")
            #expect(server.waitForMessages(1, timeoutMilliseconds: 10_000))
            #expect(server.messages[0].text.contains("3015"))
            for request in node.requests { _ = neuron_ws_request_drop(request) }
        }

        @Test func aCloseIsWaitedForNoLongerThanTheSettingsNowSay() throws {
            let server = try startServer { $0.behaviour.reads = false }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"close-timeout\":600")
            node.start()
            #expect(node.waitForLink())
            configure(node, server.url + "/other", "\"close-timeout\":600")
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_CLOSING })
            configure(node, server.url + "/other", "\"close-timeout\":0.1")
            #expect(eventually { server.openedCount == 2 })
        }

        @Test func anAttemptLastsNoLongerThanTheSettingsNowSay() throws {
            let server = try startServer { $0.behaviour.handshake = .silent }
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"connect-timeout\":600")
            node.start()
            #expect(eventually { node.state.phase == .NEURON_WS_PHASE_HANDSHAKING })
            configure(node, server.url, "\"connect-timeout\":0.1")
            #expect(eventually { node.state.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT })
        }
    }
}
