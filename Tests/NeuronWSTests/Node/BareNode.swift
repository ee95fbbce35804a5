// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

@testable import NeuronWS

/// A node that opens no socket, as long as nobody starts it, for as long as `body` runs.
func withBareNode(
    _ settings: String = "", _ change: (inout neuron_ws_host_t) -> Void = { _ in }, _ body: (Node) throws -> Void
) throws {
    var host = neuron_ws_host_t()
    host.size = MemoryLayout<neuron_ws_host_t>.size
    change(&host)
    let callbacks = try HostCallbacks(copying: &host)
    let document = #"{"url":"ws://127.0.0.1:1/""# + (settings.isEmpty ? "" : ",") + settings + "}"
    let handle = try Array(document.utf8).withUnsafeBytes {
        try Node.make(name: "bare", settings: $0, host: callbacks)
    }
    let node = Unmanaged<Node>.fromOpaque(handle.pointee.opaque).takeUnretainedValue()
    defer {
        _ = node.destroy()
        Unmanaged.passUnretained(node).release()
    }
    try body(node)
}
