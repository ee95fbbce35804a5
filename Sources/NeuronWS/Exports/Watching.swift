// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore

@c @implementation
public func neuron_ws_node_state(
    _ node: NodeHandlePointer?, _ state: UnsafeMutablePointer<neuron_ws_state_t>?
) -> neuron_ws_status_t {
    guard let state else { return failedNull("state") }
    return withNode(node) { node throws(NodeError) in
        let status = node.lock.withLock { node.statusLocked }
        try write(status.state(now: Clock.monotonicNanoseconds), to: state, HostStructs.state)
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_metrics(
    _ node: NodeHandlePointer?, _ metrics: UnsafeMutablePointer<neuron_ws_metrics_t>?
) -> neuron_ws_status_t {
    guard let metrics else { return failedNull("metrics") }
    return withNode(node) { node throws(NodeError) in
        try write(node.metrics().cStruct, to: metrics, HostStructs.metrics)
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_metrics_text(
    _ node: NodeHandlePointer?, _ format: neuron_ws_metrics_format_t, _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int, _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    if let refusal = refusedRoom(buffer, size, length) { return refusal }
    return withNode(node) { node throws(NodeError) in
        let sample = MetricsText.Sample(node: node.name, metrics: node.metrics())
        return try metricsText([sample], format, ofOne: true).withBytes { copyOut($0, buffer, size, length) }
    }
}

/// - Parameter ofOne: as JSON not an array of one, but that one.
private func metricsText(
    _ samples: [MetricsText.Sample], _ format: neuron_ws_metrics_format_t, ofOne: Bool = false
) throws(NodeError) -> ByteBuffer {
    do throws(EncodingError) {
        switch format {
        case .NEURON_WS_METRICS_OPENMETRICS: return try MetricsText.openMetrics(samples)
        case .NEURON_WS_METRICS_JSON: return ofOne ? try MetricsText.json(samples[0]) : try MetricsText.json(samples)
        @unknown default: break
        }
    } catch { throw NodeError(error) }
    throw unknownFormat(format)
}

private func unknownFormat(_ format: neuron_ws_metrics_format_t) -> NodeError {
    .invalidArgument("`format` is \(format.rawValue); expected 0 or 1")
}

@c @implementation
public func neuron_ws_metrics_text(
    _ format: neuron_ws_metrics_format_t, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int,
    _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    if let refusal = refusedRoom(buffer, size, length) { return refusal }
    do throws(NodeError) {
        return try metricsText(Runtime.shared.metrics(), format).withBytes { copyOut($0, buffer, size, length) }
    } catch { return failed(error) }
}

@c @implementation
public func neuron_ws_node_set_log_level(
    _ node: NodeHandlePointer?, _ level: neuron_ws_log_level_t, _ seconds: UInt32
) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        guard level.rawValue >= 0, level.rawValue <= neuron_ws_log_level_t.NEURON_WS_LOG_OFF.rawValue else {
            throw .invalidArgument("`level` is \(level.rawValue); expected NEURON_WS_LOG_DEBUG to NEURON_WS_LOG_OFF")
        }
        node.setLogLevel(level, seconds: seconds)
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_trace(_ node: NodeHandlePointer?, _ seconds: UInt32) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        node.trace(seconds: seconds)
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_ping(_ node: NodeHandlePointer?) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        try node.ping()
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_reconnect(_ node: NodeHandlePointer?) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        try node.reconnect()
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_event_fd(
    _ node: NodeHandlePointer?, _ mask: UInt32, _ descriptor: UnsafeMutablePointer<Int32>?
) -> neuron_ws_status_t {
    guard let descriptor else { return failedNull("descriptor") }
    return withNode(node) { node throws(NodeError) in
        guard mask & ~NEURON_WS_EVENT_ALL == 0 else {
            throw .invalidArgument("`mask` is \(mask); only the bits of NEURON_WS_EVENT_ALL have a meaning")
        }
        descriptor.pointee = try node.eventDescriptor(mask: mask)
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_next_event(
    _ node: NodeHandlePointer?, _ event: UnsafeMutablePointer<neuron_ws_event_t>?
) -> neuron_ws_status_t {
    guard let event else { return failedNull("event") }
    return withNode(node) { node throws(NodeError) in
        // A host that was compiled before `count` was there would take a run of outcomes for one.
        let knowsCount = try checkedSize(event, HostStructs.event) >= HostStructs.event.firstVersionBytes + 8
        guard let next = node.nextEvent(singly: !knowsCount) else { return .NEURON_WS_NO_EVENT }
        try write(next, to: event, HostStructs.event)
        return .NEURON_WS_OK
    }
}
