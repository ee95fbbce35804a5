// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore
import WebSocketCore

@c @implementation
public func neuron_ws_node_request(
    _ node: NodeHandlePointer?, _ command: UnsafePointer<neuron_ws_command_t>?, _ id: UnsafeMutablePointer<UInt64>?
) -> neuron_ws_status_t {
    guard let command else { return failedNull("command") }
    return withNode(node) { node throws(NodeError) in
        let given: neuron_ws_command_t
        do throws(StructSizeError) { given = try HostStructs.command.read(command) } catch { throw NodeError(error) }
        let number = try node.request(try checkedCommand(given, node))
        id?.pointee = number
        return .NEURON_WS_OK
    }
}

@c @implementation
public func neuron_ws_node_request_cancel(_ node: NodeHandlePointer?, _ id: UInt64) -> neuron_ws_status_t {
    withNode(node) { node throws(NodeError) in
        try node.cancelRequest(id)
        return .NEURON_WS_OK
    }
}

/// The command with a copy of its bytes.
private func checkedCommand(_ given: neuron_ws_command_t, _ node: Node) throws(NodeError) -> Command {
    guard given.kind == .NEURON_WS_TEXT || given.kind == .NEURON_WS_BINARY else {
        throw .invalidArgument("`kind` is \(given.kind.rawValue); expected NEURON_WS_TEXT or NEURON_WS_BINARY")
    }
    let count = try checkedLength(given.length, node)
    guard given.bytes != nil || count == 0 else { throw .invalidArgument("`bytes` is NULL with a length of \(count)") }
    let bytes = UnsafeRawBufferPointer(start: given.bytes, count: count)
    if given.kind == .NEURON_WS_TEXT {
        var validator = UTF8Validator()
        guard validator.feed(bytes.bytes), validator.isComplete else {
            throw .invalidArgument("the text is not UTF-8; send it as NEURON_WS_BINARY")
        }
    }
    guard given.timeout_ms >= 1, given.timeout_ms <= CommandLimits.timeoutMillisecondsMax else {
        throw .invalidArgument(
            "`timeout_ms` is \(given.timeout_ms); expected 1 to \(CommandLimits.timeoutMillisecondsMax)")
    }
    guard given.retries <= CommandLimits.retriesMax else {
        throw .invalidArgument("`retries` is \(given.retries); expected at most \(CommandLimits.retriesMax)")
    }
    let rule = try checkedRule(given)
    guard let copy = EventBytes(bytes) else { throw .noMemory }
    var host = neuron_ws_command_t()
    host.matches = given.matches
    host.on_response = given.on_response
    host.context = given.context
    return Command(
        kind: given.kind, bytes: copy, rule: rule, timeoutMilliseconds: given.timeout_ms, retries: given.retries,
        host: host)
}

private func checkedRule(_ given: neuron_ws_command_t) throws(NodeError) -> Command.Rule {
    guard let member = given.match_member else {
        guard given.match_value == nil else {
            throw .invalidArgument("`match_value` is given and `match_member` is NULL: set the member that holds it")
        }
        return given.matches == nil ? .order : .function
    }
    guard given.matches == nil else {
        throw .invalidArgument("both `match_member` and `matches` are given: set one of them")
    }
    let name = boundedText(member, bytesMax: Int(NEURON_WS_NAME_MAX))
    guard name.count <= Int(NEURON_WS_NAME_MAX) else {
        throw .invalidArgument("`match_member` has more than \(NEURON_WS_NAME_MAX) bytes")
    }
    let pointer: JSONPointer
    do throws(JSONPointer.Fault) { pointer = try JSONPointer(name) } catch { throw NodeError(error) }
    guard let value = given.match_value else { return .member(pointer, value: nil) }
    let text = boundedText(value, bytesMax: CommandLimits.matchValueBytesMax)
    guard text.count <= CommandLimits.matchValueBytesMax else {
        throw .invalidArgument("`match_value` has more than \(CommandLimits.matchValueBytesMax) bytes")
    }
    return .member(pointer, value: Array(text))
}
