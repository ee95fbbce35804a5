// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore

/// Longest name of a node, bytes.
let nodeNameBytesMax = 128

private func settingsText(_ text: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
    boundedText(text, bytesMax: NodeSettings.documentBytesMax)
}

/// Of a driver or a group.
private func nameText(_ name: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
    boundedText(name, bytesMax: SubscriptionTable.nameBytesMax)
}

@c @implementation
public func neuron_ws_node_create(
    _ name: UnsafePointer<CChar>?, _ settings_json: UnsafePointer<CChar>?, _ host: UnsafePointer<neuron_ws_host_t>?,
    _ node: UnsafeMutablePointer<NodeHandlePointer?>?
) -> neuron_ws_status_t {
    guard let settings_json else { return failedNull("settings_json") }
    guard let node else { return failedNull("node") }
    do throws(NodeError) {
        let name = try checkedName(name, "name", bytesMax: nodeNameBytesMax)
        var callbacks = HostCallbacks()
        if let host { callbacks = try HostCallbacks(copying: host) }
        node.pointee = try Node.make(name: name, settings: settingsText(settings_json), host: callbacks)
        return .NEURON_WS_OK
    } catch { return failed(error) }
}

public typealias NodeHandlePointer = UnsafeMutablePointer<neuron_ws_node_t>

@c @implementation
public func neuron_ws_node_start(_ node: NodeHandlePointer?) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        try node.start()
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_stop(_ node: NodeHandlePointer?, _ timeout_ms: UInt32) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        stopped(node.stop(timeoutMilliseconds: timeout_ms))
    }
}

@c @implementation
public func neuron_ws_node_stop_begin(_ node: NodeHandlePointer?, _ timeout_ms: UInt32) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        guard node.beginStop(timeoutMilliseconds: timeout_ms) else {
            throw .notRunning("the node does not run: there is no end to wait for")
        }
        return .NEURON_WS_OK
    }
}

private func stopped(_ status: neuron_ws_status_t) -> neuron_ws_status_t {
    if status == .NEURON_WS_OK { return status }
    return failed(
        status,
        "the loop thread is busy, in a callback of the host or with what it leaves, or the disk of the cache is: "
            + "the node stops when that is done")
}

@c @implementation
public func neuron_ws_node_destroy(_ node: NodeHandlePointer?) {
    guard let node, let opaque = node.pointee.opaque else { return }
    let object = Unmanaged<Node>.fromOpaque(opaque)
    // In a forked child the parent's locks may be held for ever: the memory is left alone.
    guard object._withUnsafeGuaranteedRef({ $0.generation == Fork.generation }) else { return }
    if object.takeUnretainedValue().destroy() { object.release() }
}

@c @implementation
public func neuron_ws_node_finish(_ node: NodeHandlePointer?, _ timeout_ms: UInt32) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        // Its last outcomes may be told on this thread, and their callback may destroy it.
        let kept = Unmanaged.passRetained(node)
        defer { kept.release() }
        return stopped(node.finish(timeoutMilliseconds: timeout_ms))
    }
}

@c @implementation
public func neuron_ws_node_forget(_ node: NodeHandlePointer?) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        node.forget()
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_configure(
    _ node: NodeHandlePointer?, _ settings_json: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let settings_json else { return failedNull("settings_json") }
    return withNode(node) { node throws(NodeError) in
        try node.configure(settingsText(settings_json))
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_subscribe(
    _ node: NodeHandlePointer?, _ driver: UnsafePointer<CChar>?, _ group: UnsafePointer<CChar>?,
    _ params_json: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let driver else { return failedNull("driver") }
    guard let group else { return failedNull("group") }
    return withNode(node) { node throws(NodeError) in
        try node.subscribe(
            driver: nameText(driver), group: nameText(group),
            parameters: params_json.map {
                boundedText($0, bytesMax: SubscriptionParameters.documentBytesMax)
            })
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_unsubscribe(
    _ node: NodeHandlePointer?, _ driver: UnsafePointer<CChar>?, _ group: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let driver else { return failedNull("driver") }
    return withNode(node) { node throws(NodeError) in
        try node.unsubscribe(driver: nameText(driver), group: group.map(nameText))
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_rename(
    _ node: NodeHandlePointer?, _ driver: UnsafePointer<CChar>?, _ group: UnsafePointer<CChar>?,
    _ new_driver: UnsafePointer<CChar>?, _ new_group: UnsafePointer<CChar>?
) -> neuron_ws_status_t {
    guard let driver else { return failedNull("driver") }
    guard let new_driver else { return failedNull("new_driver") }
    return withNode(node) { node throws(NodeError) in
        guard let group, let new_group else {
            guard group == nil, new_group == nil else {
                throw .invalidArgument("`group` and `new_group` go together: both or none")
            }
            try node.rename(driver: nameText(driver), to: nameText(new_driver))
            return .NEURON_WS_OK
        }
        // As far as names go: longer ones are refused below.
        guard nameText(driver).elementsEqual(nameText(new_driver)) else {
            throw .invalidArgument("a group keeps its driver: `driver` and `new_driver` must be the same")
        }
        try node.rename(driver: nameText(driver), group: nameText(group), to: nameText(new_group))
        return .NEURON_WS_OK
    }
}
