// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What every exported function does first and last: look at what the host gave, and leave a status and a sentence.

/// Keeps the sentence for neuron_ws_last_error and returns the status.
func failed(_ status: neuron_ws_status_t, _ text: String) -> neuron_ws_status_t {
    ThreadText.lastError.set(text)
    return status
}

func failed(_ error: NodeError) -> neuron_ws_status_t { failed(error.status, error.text) }

func failedNull(_ name: StaticString) -> neuron_ws_status_t {
    failed(.NEURON_WS_INVALID_ARGUMENT, "`\(name)` is NULL")
}

/// Runs `body` with the handle's node.
@inline(__always)
func withNode(
    _ handle: NodeHandle?, _ body: (Node) throws(NodeError) -> neuron_ws_status_t
) -> neuron_ws_status_t {
    guard let handle, let opaque = handle.pointee.opaque else { return failedNull("node") }
    return Unmanaged<Node>.fromOpaque(opaque)._withUnsafeGuaranteedRef { node -> neuron_ws_status_t in
        guard node.generation == Fork.generation else {
            return failed(
                .NEURON_WS_FORKED,
                "the node belongs to the parent of this process: threads and connections do not survive fork(); "
                    + "make nodes in the child")
        }
        // before_send may end the node in the middle of the call.
        let held = node.host.inspectsWhenQueued ? Unmanaged.passRetained(node) : nil
        defer { held?.release() }
        do throws(NodeError) {
            return try body(node)
        } catch { return failed(error) }
    }
}

/// Writes an answer as far as the host's struct reaches.
func write<Struct>(
    _ value: Struct, to pointer: UnsafeMutablePointer<Struct>, _ kind: SizedStruct<Struct>
) throws(NodeError) {
    do throws(StructSizeError) { try kind.write(value, to: pointer) } catch { throw NodeError(error) }
}

/// The size that the host's struct says it has.
func checkedSize<Struct>(
    _ pointer: UnsafePointer<Struct>, _ kind: SizedStruct<Struct>
) throws(NodeError) -> Int {
    do throws(StructSizeError) { return try kind.size(at: pointer) } catch { throw NodeError(error) }
}

/// A NUL-terminated name from the host: 1 to `bytesMax` bytes, no control characters.
func checkedName(
    _ pointer: UnsafePointer<CChar>?, _ name: StaticString, bytesMax: Int
) throws(NodeError) -> String {
    String(decoding: try checkedText(pointer, name, bytesMax: bytesMax), as: UTF8.self)
}

/// The same where it lies.
func checkedText(
    _ pointer: UnsafePointer<CChar>?, _ name: StaticString, bytesMax: Int
) throws(NodeError) -> UnsafeRawBufferPointer {
    guard let pointer else { throw .invalidArgument("`\(name)` is NULL") }
    let bytes = boundedText(pointer, bytesMax: bytesMax)
    guard bytes.count <= bytesMax else {
        throw .invalidArgument("`\(name)` has more than \(bytesMax) bytes; expected 1 to \(bytesMax)")
    }
    guard bytes.count >= 1 else { throw .invalidArgument("`\(name)` has 0 bytes; expected 1 to \(bytesMax)") }
    // In UTF-8 those of C1 and the two separators of lines have two and three bytes.
    guard !ForeignText.hasControl(bytes) else {
        throw .invalidArgument("`\(name)` holds control characters")
    }
    return bytes
}

/// What is wrong with the room that a text goes to; nil: nothing.
func refusedRoom(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t? {
    if length == nil { return failedNull("length") }
    if buffer == nil, size != 0 { return failedNull("buffer") }
    return size >= 0 ? nil : failed(.NEURON_WS_INVALID_ARGUMENT, "`size` is larger than any memory")
}

/// Copies a text to the host's buffer; the length is written in any case but wrong use.
func copyOut(
    _ bytes: UnsafeRawBufferPointer, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int,
    _ length: UnsafeMutablePointer<Int>?
) -> neuron_ws_status_t {
    length?.pointee = bytes.count
    guard bytes.count <= size else {
        return failed(
            .NEURON_WS_BUFFER_TOO_SMALL, "the text has \(bytes.count) bytes, the buffer \(size)")
    }
    if let buffer, let base = bytes.baseAddress {
        UnsafeMutableRawPointer(buffer).copyMemory(from: base, byteCount: bytes.count)
    }
    return .NEURON_WS_OK
}
