// SPDX-License-Identifier: Apache-2.0
import CLinux
import CNeuronWS
import LoopbackServer
import Testing

@testable import NeuronWS

private func reply(_ request: RequestPointer?, _ json: String) -> neuron_ws_status_t {
    var json = json
    return json.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { neuron_ws_request_reply(request, $0.baseAddress, $0.count) }
    }
}

private func read(_ uuid: Int) -> String { "{\"uuid\":\"\(uuid)\",\"node\":\"d\",\"group\":\"g\"}" }
private func answer(_ uuid: Int) -> String { "{\"uuid\":\"\(uuid)\",\"error\":0}" }

/// The server sends back what it gets: what a test sends as a message comes back as a request.
private func startEcho() throws -> LoopbackWebSocketServer { try startServer { $0.behaviour.answer = .echo } }

extension LoopbackWebSocketServer {
    /// Whether a message that begins so has come.
    fileprivate func hears(_ text: String) -> Bool { eventually { self.messages.contains { $0.text.hasPrefix(text) } } }
}

extension NodeSuites {
    @Suite struct NodeRequestTests {
        @Test func requestsReachTheHostAndAnswersTheServer() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send(read(1))
            node.send(#"{"uuid":"2","node":"d","group":"g","tag":"t","value":1}"#)
            node.send(#"{"uuid":"3","node":"d","action":"a"}"#)
            node.send("something else")
            #expect(eventually { node.requests.count == 3 && node.messages.count == 1 })
            #expect(node.described == ["1 1", "2 2", "3 3"])
            #expect(node.messages == ["something else"])
            for (index, request) in node.requests.enumerated() {
                #expect(reply(request, answer(index + 1)) == .NEURON_WS_OK)
                #expect(server.hears(answer(index + 1)))
            }
            // The answers came back as well, and are no requests.
            #expect(eventually { node.messages.count == 4 })
            #expect(node.metrics.requests_received == 3 && node.metrics.requests_malformed == 0)
        }

        @Test func withoutTheCallbackRequestsAreMessages() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url)
            node.start()
            node.send(read(1))
            node.send(#"{"uuid":"2","node":"d"}"#)
            #expect(eventually { node.messages.count == 2 })
            #expect(node.metrics.requests_received == 0 && node.metrics.requests_malformed == 0)
        }

        @Test func theInfoLivesUntilTheAnswer() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send(#"{"uuid":"u","node":"d","group":"g","tags":[{"tag":"t","value":"é"}]}"#)
            #expect(eventually { node.requests.count == 1 })
            let request = try #require(node.requests.first)
            node.stop()
            var info = neuron_ws_request_info_t()
            #expect(neuron_ws_request_info(request, &info) == .NEURON_WS_STRUCT_SIZE)
            info.size = MemoryLayout<neuron_ws_request_info_t>.size
            #expect(neuron_ws_request_info(request, &info) == .NEURON_WS_OK)
            node.destroy()
            #expect(String(cString: info.uuid) == "u" && info.tag_count == 1 && info.tag_list)
            #expect(String(cString: info.tags[0].value.text.data) == "é")
            #expect(neuron_ws_request_drop(request) == .NEURON_WS_OK)
            #expect(neuron_ws_request_info(request, &info) == .NEURON_WS_NOT_FOUND)
            #expect(neuron_ws_request_drop(request) == .NEURON_WS_NOT_FOUND)
        }

        @Test func whatCannotBeUnderstoodIsAnsweredOrLogged() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send(#"{"uuid":"1","node":"d"}"#)
            #expect(server.hears(#"{"uuid":"1","error":1002,"reason":"\"group\" is missing"}"#))
            node.send(#"{"uuid":8,"node":"d","group":"g"}"#)
            #expect(server.hears(#"{"uuid":8,"error":1002,"reason":"#))
            node.send(#"{"node":"d","group":"g"}"#)
            #expect(eventually { node.lines.contains { $0.contains("no uuid to answer to: \"uuid\" is missing") } })
            #expect(eventually { node.messages.contains(#"{"node":"d","group":"g"}"#) })
            node.send("[\(read(9)),5]")
            #expect(eventually { node.requests.count == 1 && node.messages.contains("5") })
            #expect(node.metrics.requests_malformed == 3 && node.metrics.requests_received == 1)
        }

        @Test func aThousandAtOnceAreAnsweredFromManyThreads() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send("[" + (1...1000).map(read).joined(separator: ",") + "]")
            #expect(eventually { node.requests.count == 1000 })
            nonisolated(unsafe) let requests = node.requests
            onThreads(8) { thread in
                for index in stride(from: thread, to: 1000, by: 8) {
                    #expect(reply(requests[index], answer(index + 1)) == .NEURON_WS_OK)
                    // Wrong use, and found out.
                    #expect(reply(requests[index], answer(0)) == .NEURON_WS_NOT_FOUND)
                }
            }
            #expect(server.waitForMessages(1001, timeoutMilliseconds: 20_000))
            #expect(Set(server.messages.dropFirst().map(\.text)) == Set((1...1000).map(answer)))
        }

        @Test func beyondTheLimitTheServerHearsBusy() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send("[" + (1...1026).map(read).joined(separator: ",") + "]")
            #expect(server.hears(#"{"uuid":"1025","error":1010,"reason":"#))
            #expect(server.hears(#"{"uuid":"1026","error":1010,"reason":"#))
            #expect(node.requests.count == 1024 && node.metrics.requests_received == 1026)
            #expect(neuron_ws_request_drop(node.requests[0]) == .NEURON_WS_OK)
            node.send(read(2000))
            #expect(eventually { node.requests.count == 1025 })
            for request in node.requests.dropFirst() { #expect(reply(request, "{}") == .NEURON_WS_OK) }
        }

        @Test func anAnswerThatIsNoJSONLeavesTheRequest() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send(read(1))
            #expect(eventually { node.requests.count == 1 })
            let request = node.requests[0]
            #expect(reply(request, "not json") == .NEURON_WS_INVALID_JSON)
            #expect(reply(request, "") == .NEURON_WS_INVALID_JSON)
            #expect(neuron_ws_request_reply(request, nil, 2) == .NEURON_WS_INVALID_ARGUMENT)
            #expect(neuron_ws_request_reply(nil, "{}", 2) == .NEURON_WS_INVALID_ARGUMENT)
            #expect(neuron_ws_request_reply(request, "{}", -1) == .NEURON_WS_TOO_BIG)
            let good = #"{"uuid":"1","tags":[{"name":"t","value":18446744073709551615}]}"#
            #expect(reply(request, good) == .NEURON_WS_OK)
            #expect(server.hears(good))
        }

        @Test func answersPassAFullQueue() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"queue-max-messages\":5", takesRequests: true)
            node.start()
            node.send(read(1))
            #expect(eventually { node.requests.count == 1 })
            node.stop()
            while node.send("waits") == .NEURON_WS_OK {}
            #expect(reply(node.requests[0], answer(1)) == .NEURON_WS_OK)
            #expect(node.metrics.queued_messages == 6)
            // Another connection than the request's: the answer finds it.
            node.start()
            #expect(server.hears(answer(1)))
            #expect(server.openedCount == 2)
        }

        @Test func aRequestThatIsNotAnsweredExpires() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"request-timeout\":1", takesRequests: true)
            node.start()
            node.send(read(1))
            node.send(read(2))
            #expect(eventually { node.requests.count == 2 })
            #expect(reply(node.requests[0], answer(1)) == .NEURON_WS_OK)
            #expect(server.hears(#"{"uuid":"2","error":3015,"reason":"#))
            var info = neuron_ws_request_info_t()
            info.size = MemoryLayout<neuron_ws_request_info_t>.size
            #expect(neuron_ws_request_info(node.requests[1], &info) == .NEURON_WS_TIMEOUT)
            #expect(String(cString: info.uuid) == "2")
            #expect(reply(node.requests[1], answer(2)) == .NEURON_WS_NOT_FOUND)
            #expect(neuron_ws_request_drop(node.requests[1]) == .NEURON_WS_NOT_FOUND)
            #expect(!server.messages.contains { $0.text == answer(2) })
            #expect(!server.messages.contains { $0.text.hasPrefix(#"{"uuid":"1","error":3015"#) })
        }

        @Test func answersAfterTheNodeIsGoneAreSaidToBeTooLate() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send("[\(read(1)),\(read(2))]")
            #expect(eventually { node.requests.count == 2 })
            node.destroy()
            #expect(reply(node.requests[0], "not json") == .NEURON_WS_INVALID_JSON)
            #expect(reply(node.requests[0], answer(1)) == .NEURON_WS_NOT_RUNNING)
            #expect(reply(node.requests[0], answer(1)) == .NEURON_WS_NOT_FOUND)
            #expect(neuron_ws_request_drop(node.requests[1]) == .NEURON_WS_OK)
        }

        @Test func answersRaceWithTheNodesEnd() throws {
            let server = try startEcho()
            defer { server.stop() }
            for _ in 0..<20 {
                let node = TestNode.make(server.url, takesRequests: true)
                node.start()
                node.send("[" + (1...64).map(read).joined(separator: ",") + "]")
                #expect(eventually { node.requests.count == 64 })
                nonisolated(unsafe) let requests = node.requests
                onThreads(4) { thread in
                    if thread == 3 { return node.destroy() }
                    for index in stride(from: thread, to: 64, by: 3) {
                        let status = reply(requests[index], answer(index))
                        #expect(status == .NEURON_WS_OK || status == .NEURON_WS_NOT_RUNNING)
                    }
                }
            }
        }

        @Test func twoThreadsWithOneRequestGiveOneAnswer() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.start()
            node.send("[" + (1...200).map(read).joined(separator: ",") + "]")
            #expect(eventually { node.requests.count == 200 })
            nonisolated(unsafe) let requests = node.requests
            onThreads(4) { thread in
                for request in requests {
                    let status = thread == 3 ? neuron_ws_request_drop(request) : reply(request, "{}")
                    #expect(status == .NEURON_WS_OK || status == .NEURON_WS_NOT_FOUND)
                }
            }
            #expect(node.flush() == .NEURON_WS_OK)
            #expect(node.metrics.messages_accepted <= 201)
        }

        @Test func theNodeMayBeDestroyedInsideOnRequest() throws {
            let server = try startEcho()
            defer { server.stop() }
            for _ in 0..<20 {
                let node = TestNode.make(server.url, takesRequests: true)
                node.destroysIn = .request
                node.start()
                node.send("[\(read(1)),\(read(2))]")
                #expect(eventually { node.destroyReturned })
                usleep(1000)
                #expect(node.callsAfterDestroy == 0 && node.requests.count == 1)
                #expect(reply(node.requests[0], answer(1)) == .NEURON_WS_NOT_RUNNING)
            }
        }

        @Test func aRequestMayBeAnsweredInsideOnRequest() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, takesRequests: true)
            node.answers = { request, info in
                reply(request, "{\"uuid\":\"\(String(cString: info.uuid))\",\"error\":0}") != .NEURON_WS_OK
            }
            node.start()
            for uuid in 1...50 { node.send(read(uuid)) }
            #expect(server.hears(answer(50)))
            #expect(node.requests.isEmpty)
        }

        @Test func requestsComeAsEvents() throws {
            let server = try startEcho()
            defer { server.stop() }
            let node = TestNode.make(server.url, "\"request-timeout\":1")
            var descriptor: Int32 = -1
            #expect(neuron_ws_node_event_fd(node.handle, NEURON_WS_EVENT_REQUEST, &descriptor) == .NEURON_WS_OK)
            node.start()
            node.send("[\(read(1)),{\"a\":1}]")
            var event = neuron_ws_event_t()
            event.size = MemoryLayout<neuron_ws_event_t>.size
            #expect(eventually { neuron_ws_node_next_event(node.handle, &event) == .NEURON_WS_OK })
            #expect(event.kind == NEURON_WS_EVENT_REQUEST)
            let document = UnsafeRawBufferPointer(start: event.bytes, count: event.length)
            #expect(String(decoding: document, as: UTF8.self) == read(1))
            #expect(reply(event.request, answer(1)) == .NEURON_WS_OK)
            // The rest of the array is no event that was asked for.
            #expect(eventually { node.messages.first == "{\"a\":1}" })
            // One that nobody takes in time never reaches the host.
            node.send(read(2))
            #expect(server.hears(#"{"uuid":"2","error":3015"#))
            #expect(neuron_ws_node_next_event(node.handle, &event) == .NEURON_WS_NO_EVENT)
            // Nor one that waits when the node ends.
            node.send(read(3))
            #expect(eventually { node.metrics.requests_received == 3 })
            node.destroy()
        }

        @Test func driverStatesAreSentAsTheyStand() throws {
            let server = try startServer()
            defer { server.stop() }
            let more = "\"upload_drv_state\":true,\"upload_drv_state_interval\":7"
            let node = TestNode.make(server.url, more)
            #expect(node.state.states_interval_s == 7)
            node.start()
            let stride = MemoryLayout<neuron_ws_driver_state_t>.size
            "modbus".withCString { name in
                var states = [
                    neuron_ws_driver_state_t(node: name, link: 1, running: 3, is_driver: true),
                    neuron_ws_driver_state_t(node: name, link: 0, running: 4, is_driver: false),
                ]
                var id: UInt64 = 0
                #expect(neuron_ws_node_push_states(node.handle, &states, 2, stride, &id) == .NEURON_WS_OK)
                #expect(id == 1)
                states[0].is_driver = false
                #expect(neuron_ws_node_push_states(node.handle, &states, 2, stride, &id) == .NEURON_WS_SKIPPED)
                #expect(neuron_ws_node_push_states(node.handle, nil, 0, 0, nil) == .NEURON_WS_SKIPPED)
                #expect(neuron_ws_node_push_states(node.handle, nil, 1, stride, nil) == .NEURON_WS_INVALID_ARGUMENT)
                #expect(neuron_ws_node_push_states(node.handle, &states, 2, stride - 1, nil) == .NEURON_WS_STRUCT_SIZE)
                #expect(neuron_ws_node_push_states(node.handle, &states, -1, stride, nil) == .NEURON_WS_TOO_BIG)
                states[1].node = nil
                #expect(neuron_ws_node_push_states(node.handle, &states, 2, stride, nil) == .NEURON_WS_INVALID_ARGUMENT)
            }
            #expect(server.waitForMessages(1, timeoutMilliseconds: 10_000))
            let text = server.messages[0].text
            #expect(text.hasPrefix("{\"timestamp\":"))
            #expect(text.hasSuffix(",\"states\":[{\"node\":\"modbus\",\"link\":1,\"running\":3}]}"))
            #expect(neuron_ws_node_configure(node.handle, "{\"url\":\"\(server.url)\"}") == .NEURON_WS_OK)
            #expect(node.state.states_interval_s == 0)
        }
    }
}
