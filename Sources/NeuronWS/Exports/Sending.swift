// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore

@c @implementation
public func neuron_ws_node_push(
    _ node: NodeHandlePointer?, _ group: UnsafePointer<neuron_ws_group_t>?, _ id: UnsafeMutablePointer<UInt64>?
) -> neuron_ws_status_t {
    guard let group else { return failedNull("group") }
    return withNode(node) { node throws(NodeError) in
        let number = try node.push(group)
        id?.pointee = number
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_push_json(
    _ node: NodeHandlePointer?, _ text: UnsafePointer<CChar>?, _ length: Int, _ id: UnsafeMutablePointer<UInt64>?
) -> neuron_ws_status_t {
    guard let text else { return failedNull("text") }
    return withNode(node) { node throws(NodeError) in
        let bytes = UnsafeRawBufferPointer(start: text, count: try checkedLength(length, node))
        let number = try node.push(json: bytes)
        id?.pointee = number
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_send(
    _ node: NodeHandlePointer?, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawPointer?, _ length: Int,
    _ id: UnsafeMutablePointer<UInt64>?
) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        guard kind == .NEURON_WS_TEXT || kind == .NEURON_WS_BINARY else {
            throw .invalidArgument("`kind` is \(kind.rawValue); expected NEURON_WS_TEXT or NEURON_WS_BINARY")
        }
        let count = try checkedLength(length, node)
        guard bytes != nil || count == 0 else { throw .invalidArgument("`bytes` is NULL with a length of \(count)") }
        let number = try node.send(UnsafeRawBufferPointer(start: bytes, count: count), kind: kind)
        id?.pointee = number
        return .NEURON_WS_OK
    }
}

/// size_t beyond what memory can hold comes as a negative Int.
func checkedLength(_ length: Int, _ node: Node) throws(NodeError) -> Int {
    guard length >= 0, length <= Int(NEURON_WS_MESSAGE_MAX) else {
        node.countRejected()
        throw .tooBig("a length of \(UInt(bitPattern: length)) bytes; at most \(NEURON_WS_MESSAGE_MAX) are taken")
    }
    return length
}

@c @implementation
public func neuron_ws_node_flush(
    _ node: NodeHandlePointer?, _ level: neuron_ws_level_t, _ timeout_ms: UInt32
) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        try node.flush(level, timeoutMilliseconds: timeout_ms)
        return .NEURON_WS_OK
    }
}
