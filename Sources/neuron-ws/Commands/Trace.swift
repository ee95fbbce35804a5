// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// `--trace`: what goes over the connection, on standard error.
enum Trace {
    static let option = ArgumentOption(
        name: "--trace", value: nil, help: "the handshake and each frame, > sent and < received, without secrets")

    /// Before the node starts.
    /// - Returns: which events bring it; 0: it is not wanted.
    static func begin(_ node: Node, _ arguments: Arguments) -> UInt32 {
        guard arguments.has(option.name) else { return 0 }
        _ = neuron_ws_node_trace(node.pointer, .max)
        return NEURON_WS_EVENT_LOG
    }

    /// A line of the trace, to be shown; nil: it is one of the log, and the state has its own words.
    static func line(_ event: neuron_ws_event_t) -> String? {
        let line = String(decoding: UnsafeRawBufferPointer(start: event.bytes, count: event.length), as: UTF8.self)
        return line.hasPrefix("> ") || line.hasPrefix("< ") ? Terminal.printable(line) : nil
    }
}
