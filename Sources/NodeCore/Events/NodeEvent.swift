// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// An event as it waits for the host.
public enum NodeEvent: Sendable {
    case state(link: Int32, phase: neuron_ws_phase_t, reason: neuron_ws_reason_t)
    case message(neuron_ws_kind_t, EventBytes)
    /// The handle, and its document.
    case request(UInt, EventBytes)
    case delivery(DeliveryRun)
    /// How a command ended, with its response where there is one.
    case response(id: UInt64, neuron_ws_status_t, neuron_ws_kind_t, EventBytes?, neuron_ws_level_t)
    case room
    /// So many stood here that are not there.
    case dropped(count: UInt64)
    case log(neuron_ws_log_level_t, neuron_ws_log_category_t, EventBytes)

    /// The bytes that it carries.
    public var bytes: EventBytes? {
        switch self {
        case .message(_, let bytes), .request(_, let bytes), .log(_, _, let bytes): bytes
        case .delivery(let run): run.closeReason
        case .response(_, _, _, let bytes, _): bytes
        case .state, .room, .dropped: nil
        }
    }

    /// As the C struct; its bytes live as long as those of this event.
    public var structure: neuron_ws_event_t {
        var event = neuron_ws_event_t()
        event.size = MemoryLayout<neuron_ws_event_t>.size
        switch self {
        case .state(let link, let phase, let reason):
            event.kind = NEURON_WS_EVENT_STATE
            event.link = link
            event.phase = phase
            event.reason = reason
        case .message(let kind, _):
            event.kind = NEURON_WS_EVENT_MESSAGE
            event.message_kind = kind
        case .request(let handle, _):
            event.kind = NEURON_WS_EVENT_REQUEST
            event.request = UnsafeMutablePointer(bitPattern: handle)
        case .delivery(let run):
            event.kind = NEURON_WS_EVENT_DELIVERY
            event.id = run.firstID
            event.count = run.count
            event.outcome = run.outcome
            event.level = run.level
            event.close_code = Int32(run.closeCode)
        case .response(let id, let status, let kind, _, let level):
            event.kind = NEURON_WS_EVENT_RESPONSE
            event.level = level
            event.id = id
            event.status = status
            event.message_kind = kind
        case .room: event.kind = NEURON_WS_EVENT_ROOM
        case .dropped(let count):
            event.kind = NEURON_WS_EVENT_DROPPED
            event.count = count
        case .log(let level, let category, _):
            event.kind = NEURON_WS_EVENT_LOG
            event.log_level = level
            event.log_category = category
        }
        if let bytes {
            event.bytes = bytes.pointer
            event.length = bytes.count
        }
        return event
    }
}
