// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NeuronWS

@Suite struct HostCallbacksTests {
    private let kinds: [UInt32] = [
        NEURON_WS_EVENT_STATE, NEURON_WS_EVENT_MESSAGE, NEURON_WS_EVENT_DELIVERY, NEURON_WS_EVENT_LOG,
        NEURON_WS_EVENT_REQUEST,
    ]

    private func taken(_ change: (inout neuron_ws_host_t) -> Void) throws -> [UInt32] {
        var host = neuron_ws_host_t()
        host.size = MemoryLayout<neuron_ws_host_t>.size
        change(&host)
        let callbacks = try HostCallbacks(copying: &host)
        return kinds.filter { callbacks.takes($0) }
    }

    @Test func eachKindOfNewsHasItsCallback() throws {
        #expect(try taken { _ in } == [])
        #expect(try taken { $0.on_state = { _, _, _ in } } == [NEURON_WS_EVENT_STATE])
        #expect(try taken { $0.on_message = { _, _, _, _, _ in } } == [NEURON_WS_EVENT_MESSAGE])
        #expect(try taken { $0.on_delivery = { _, _, _, _, _ in } } == [NEURON_WS_EVENT_DELIVERY])
        #expect(try taken { $0.on_log = { _, _, _, _ in } } == [NEURON_WS_EVENT_LOG])
        #expect(try taken { $0.on_request = { _, _, _, _ in } } == [NEURON_WS_EVENT_REQUEST])
    }

    @Test func withoutCallbacksTheHostConsents() throws {
        let callbacks = HostCallbacks()
        #expect(!callbacks.inspectsAsItGoesOut)
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(callbacks.beforeSend(NodeHandle(bitPattern: 8)!, .NEURON_WS_TEXT, nothing))
    }
}
