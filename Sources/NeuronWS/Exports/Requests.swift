// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS
import NodeCore

public typealias RequestHandlePointer = UnsafeMutablePointer<neuron_ws_request_t>

/// The longest answer, bytes.
private let replyBytesMax = 64 << 20

/// Runs `body` with what the handle stands for.
private func withRequest(
    _ handle: RequestHandlePointer?,
    _ body: (UInt, RequestRegistry.Entry) throws(NodeError) -> neuron_ws_status_t
) -> neuron_ws_status_t {
    guard let handle else { return failedNull("request") }
    let number = UInt(bitPattern: handle)
    guard let entry = Runtime.shared.requests.find(number) else { return failedGone() }
    guard entry.owner.generation == Fork.generation else {
        return failed(.NEURON_WS_FORKED, "the request belongs to the parent of this process")
    }
    do throws(NodeError) {
        return try body(number, entry)
    } catch { return failed(error) }
}

private func failedGone() -> neuron_ws_status_t {
    failed(.NEURON_WS_NOT_FOUND, "there is no such request: it was answered or dropped before, or never was one")
}

@c @implementation
public func neuron_ws_request_info(
    _ request: RequestHandlePointer?, _ info: UnsafeMutablePointer<neuron_ws_request_info_t>?
) -> neuron_ws_status_t {
    guard let info else { return failedNull("info") }
    return withRequest(request) { number, entry throws(NodeError) in
        try write(entry.request.info, to: info, HostStructs.requestInfo)
        if entry.owner.isWaiting(number) { return .NEURON_WS_OK }
        return failed(
            .NEURON_WS_TIMEOUT,
            "the request is too late: it was answered with error 3015 (setting request-timeout), or its server has "
                + "given its uuid to something else")
    }
}

@c @implementation
public func neuron_ws_request_reply(
    _ request: RequestHandlePointer?, _ json: UnsafePointer<CChar>?, _ length: Int
) -> neuron_ws_status_t {
    guard let json else { return failedNull("json") }
    return withRequest(request) { number, entry throws(NodeError) in
        let (document, bytes) = try parsedAnswer(json, length)
        return answered(try entry.owner.reply(number, entry.request, document, bytes))
    }
}

@c @implementation
public func neuron_ws_request_progress(
    _ request: RequestHandlePointer?, _ json: UnsafePointer<CChar>?, _ length: Int
) -> neuron_ws_status_t {
    guard let json else { return failedNull("json") }
    return withRequest(request) { number, entry throws(NodeError) in
        guard entry.request.echo.operation != nil else {
            throw .unsupported("only an operation of OpenGate has partial answers")
        }
        let document = try parsedAnswer(json, length).document
        return answered(try entry.owner.progress(number, entry.request, document.root))
    }
}

@c @implementation
public func neuron_ws_node_reply(
    _ node: NodeHandlePointer?, _ json: UnsafePointer<CChar>?, _ length: Int
) -> neuron_ws_status_t {
    guard let json else { return failedNull("json") }
    return withNode(node) { node throws(NodeError) in
        try node.reply(try parsedAnswer(json, length).document.root)
        return .NEURON_WS_OK
    }
}

private func parsedAnswer(
    _ json: UnsafePointer<CChar>, _ length: Int
) throws(NodeError) -> (document: JSONDocument, bytes: UnsafeRawBufferPointer) {
    guard length >= 0, length <= replyBytesMax else {
        throw .tooBig("the answer has \(UInt(bitPattern: length)) bytes; at most \(replyBytesMax) are taken")
    }
    let bytes = ByteOrderMark.skipped(UnsafeRawBufferPointer(start: json, count: length))
    do throws(JSONError) {
        return (try JSONText.parse(bytes), bytes)
    } catch { throw NodeError(error, "the answer is not JSON: ") }
}

private func answered(_ status: neuron_ws_status_t) -> neuron_ws_status_t {
    switch status {
    case .NEURON_WS_OK: return .NEURON_WS_OK
    case .NEURON_WS_NOT_RUNNING:
        return failed(.NEURON_WS_NOT_RUNNING, "the node is destroyed: nobody hears the answer")
    default:
        return failed(
            .NEURON_WS_NOT_FOUND,
            "the request was answered, dropped, or too late (setting request-timeout), or another server is connected "
                + "than the one that asked")
    }
}

@c @implementation
public func neuron_ws_request_drop(_ request: RequestHandlePointer?) -> neuron_ws_status_t {
    withRequest(request) { number, entry throws(NodeError) in
        entry.owner.drop(number, entry.request) ? .NEURON_WS_OK : failedGone()
    }
}

// MARK: Driver states

@c @implementation
public func neuron_ws_node_push_states(
    _ node: NodeHandlePointer?, _ states: UnsafePointer<neuron_ws_driver_state_t>?, _ count: Int, _ stride: Int,
    _ id: UnsafeMutablePointer<UInt64>?
) -> neuron_ws_status_t {
    guard states != nil || count == 0 else { return failedNull("states") }
    return withNode(node) { node throws(NodeError) in
        do throws(NodeError) {
            try checkStates(UnsafeRawPointer(states), count: count, stride: stride)
        } catch {
            node.countRejected()
            throw error
        }
        let number = try node.push(stateCount: count) { index in
            // Checked above; a host that changes them meanwhile gets what it made of them.
            guard let states = UnsafeRawPointer(states),
                let state = try? HostStructs.driverState.element(at: states + index * stride, stride: stride)
            else { return DriverState(node: UnsafeRawBufferPointer(start: nil, count: 0), link: 0, running: 0) }
            return DriverState(
                node: boundedText(state.node, bytesMax: Int(NEURON_WS_NAME_MAX)), link: Int64(state.link),
                running: Int64(state.running), isDriver: state.is_driver)
        }
        id?.pointee = number
        return .NEURON_WS_OK
    }
}

/// The host's structs lie `stride` bytes apart: a newer host's are longer.
private func checkStates(_ states: UnsafeRawPointer?, count: Int, stride: Int) throws(NodeError) {
    guard count >= 0, count <= Int(NEURON_WS_TAGS_MAX) else {
        throw .tooBig("\(UInt(bitPattern: count)) states; at most \(NEURON_WS_TAGS_MAX) are taken")
    }
    guard let states else { return }
    do throws(StructSizeError) {
        _ = try HostStructs.driverState.stride(stride, named: "stride")
    } catch { throw NodeError(error) }
    for index in 0..<count {
        let state: neuron_ws_driver_state_t
        do throws(StructSizeError) {
            // At most NEURON_WS_TAGS_MAX times HostStructs.bytesMax: far from an overflow.
            state = try HostStructs.driverState.element(at: states + index * stride, stride: stride)
        } catch { throw NodeError(error) }
        _ = try checkedText(state.node, "states[].node", bytesMax: Int(NEURON_WS_NAME_MAX))
    }
}
