// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What a host is told, but for outcomes, which have a way of their own: `Node.conclude`. Borrowed for the call.
enum News {
    /// In a box, because it is large, and most news are none.
    indirect case state(NodeStatus)
    case message(neuron_ws_kind_t, UnsafeRawBufferPointer)
    case request(UInt, Request)
    /// Something was full, and is no longer; so many messages wait. Each case carries something: where one does not,
    /// the compiler compares the unused bits of the others too, of which valgrind complains.
    case room(queued: UInt64)
    case line(neuron_ws_log_level_t, neuron_ws_log_category_t, String)
    case response(EndedCommand, neuron_ws_kind_t, UnsafeRawBufferPointer?)

    /// NEURON_WS_EVENT_…
    var kind: UInt32 {
        switch self {
        case .state: NEURON_WS_EVENT_STATE
        case .message: NEURON_WS_EVENT_MESSAGE
        case .request: NEURON_WS_EVENT_REQUEST
        case .line: NEURON_WS_EVENT_LOG
        case .response: NEURON_WS_EVENT_RESPONSE
        case .room: NEURON_WS_EVENT_ROOM
        }
    }

    /// Who hears of a kind of news.
    enum Listener {
        case events(EventQueue)
        case callback
        case nobody

        var isNobody: Bool { if case .nobody = self { true } else { false } }
    }

    /// What became of it.
    enum Fate {
        case told
        /// The event queue is full, or there is no memory.
        case dropped
        /// The host takes no such.
        case unheard
    }
}
