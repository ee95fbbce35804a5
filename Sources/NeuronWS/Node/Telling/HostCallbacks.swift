// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// The host's callbacks, copied from its struct. They are called with no lock held.
struct HostCallbacks: @unchecked Sendable {
    /// The struct as the host gave it; missing members are NULL.
    let host: neuron_ws_host_t

    init() { host = neuron_ws_host_t() }

    init(copying host: UnsafePointer<neuron_ws_host_t>) throws(NodeError) {
        do throws(StructSizeError) { self.host = try HostStructs.host.read(host) } catch { throw NodeError(error) }
    }

    /// Whether there is a callback for this kind of news (NEURON_WS_EVENT_…).
    func takes(_ kind: UInt32) -> Bool {
        switch kind {
        case NEURON_WS_EVENT_STATE: host.on_state != nil
        case NEURON_WS_EVENT_MESSAGE: host.on_message != nil
        case NEURON_WS_EVENT_REQUEST: host.on_request != nil
        case NEURON_WS_EVENT_DELIVERY: host.on_delivery != nil
        case NEURON_WS_EVENT_LOG: host.on_log != nil
        case NEURON_WS_EVENT_ROOM: host.on_room != nil
        default: false
        }
    }

    var wantsDeliveries: Bool { takes(NEURON_WS_EVENT_DELIVERY) }
    var inspectsAsItGoesOut: Bool { host.before_send != nil && !host.before_send_when_queued }
    var inspectsWhenQueued: Bool { host.before_send != nil && host.before_send_when_queued }

    func stateChanged(_ node: NodeHandle, _ state: neuron_ws_state_t) {
        guard let call = host.on_state else { return }
        withUnsafePointer(to: state) { call(node, $0, host.context) }
    }

    func messageReceived(_ node: NodeHandle, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer) {
        host.on_message?(node, kind, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, host.context)
    }

    func requestReceived(_ node: NodeHandle, _ handle: RequestHandle, _ request: Request) {
        guard let call = host.on_request else { return }
        withExtendedLifetime(request) {
            withUnsafePointer(to: request.info) { call(node, handle, $0, host.context) }
        }
    }

    func delivered(_ node: NodeHandle, _ id: UInt64, _ outcome: neuron_ws_outcome_t, _ level: neuron_ws_level_t) {
        host.on_delivery?(node, id, outcome, level, host.context)
    }

    func logged(_ node: NodeHandle, _ level: neuron_ws_log_level_t, _ text: String) {
        guard let call = host.on_log else { return }
        text.withCString { call(node, level, $0, host.context) }
    }

    func roomCame(_ node: NodeHandle) { host.on_room?(node, host.context) }

    /// Nothing to say is consent.
    func beforeConnect(_ node: NodeHandle, _ attempt: AttemptHandle) -> neuron_ws_status_t {
        host.before_connect?(node, attempt, host.context) ?? .NEURON_WS_OK
    }

    func beforeSend(_ node: NodeHandle, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let call = host.before_send else { return true }
        return call(node, kind, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, host.context)
    }
}

typealias NodeHandle = UnsafeMutablePointer<neuron_ws_node_t>
typealias AttemptHandle = UnsafeMutablePointer<neuron_ws_attempt_t>
