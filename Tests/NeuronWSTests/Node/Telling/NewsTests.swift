// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

/// Who hears of what, without a connection.
@Suite struct NewsTests {
    private func name(_ listener: News.Listener) -> String {
        switch listener {
        case .events: "events"
        case .callback: "callback"
        case .nobody: "nobody"
        }
    }

    @Test func eventsGoBeforeCallbacks() throws {
        try withBareNode("", { $0.on_log = { _, _, _, _ in } }) { node in
            #expect(name(node.listener(NEURON_WS_EVENT_LOG)) == "callback")
            #expect(node.listener(NEURON_WS_EVENT_STATE).isNobody)
            _ = try node.eventDescriptor(mask: NEURON_WS_EVENT_LOG)
            #expect(name(node.listener(NEURON_WS_EVENT_LOG)) == "events")
            #expect(node.listener(NEURON_WS_EVENT_STATE).isNobody)
            _ = try node.eventDescriptor(mask: 0)
            #expect(name(node.listener(NEURON_WS_EVENT_LOG)) == "callback")
        }
    }

    @Test func whatNobodyTakesIsUnheardAndWhatIsTakenIsTold() throws {
        try withBareNode { node in
            let message = News.message(.NEURON_WS_TEXT, UnsafeRawBufferPointer(start: nil, count: 0))
            #expect(node.tell(message) == .unheard)
            _ = try node.eventDescriptor(mask: NEURON_WS_EVENT_MESSAGE)
            #expect(node.tell(message) == .told)
            #expect(node.nextEvent(singly: false)?.kind == NEURON_WS_EVENT_MESSAGE)
        }
    }

    @Test func aNodeThatIsGoneTellsNothing() throws {
        let takesLines = { (host: inout neuron_ws_host_t) in
            host.on_log = { _, _, _, _ in _ = Issue.record("a line of a node that is gone") }
        }
        try withBareNode("", takesLines) { node in
            _ = try node.eventDescriptor(mask: NEURON_WS_EVENT_STATE)
            #expect(node.destroy())
            for kind in [NEURON_WS_EVENT_LOG, NEURON_WS_EVENT_STATE] { #expect(node.listener(kind).isNobody) }
            node.log(.NEURON_WS_LOG_ERROR, .NEURON_WS_CATEGORY_EVENTS, "late")
            #expect(node.tell(.state(NodeStatus())) == .unheard)
        }
    }
}
