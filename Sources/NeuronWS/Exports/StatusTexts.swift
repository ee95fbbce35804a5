// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Names and sentences of the statuses.
enum StatusTexts {
    static func of(_ status: neuron_ws_status_t) -> (name: StaticString, text: StaticString) {
        switch status {
        case .NEURON_WS_OK: ("NEURON_WS_OK", "Done.")
        case .NEURON_WS_INVALID_ARGUMENT:
            ("NEURON_WS_INVALID_ARGUMENT", "An argument is NULL, out of range, or no valid name.")
        case .NEURON_WS_INVALID_SETTINGS: ("NEURON_WS_INVALID_SETTINGS", "The settings are refused; nothing changed.")
        case .NEURON_WS_INVALID_JSON: ("NEURON_WS_INVALID_JSON", "The text is not JSON, or not of the form asked for.")
        case .NEURON_WS_INVALID_GROUP: ("NEURON_WS_INVALID_GROUP", "The group cannot be encoded.")
        case .NEURON_WS_STRUCT_SIZE:
            ("NEURON_WS_STRUCT_SIZE", "A struct's member `size` is none this library knows: set it to sizeof.")
        case .NEURON_WS_NOT_SUBSCRIBED: ("NEURON_WS_NOT_SUBSCRIBED", "No subscription covers this driver and group.")
        case .NEURON_WS_QUEUE_FULL: ("NEURON_WS_QUEUE_FULL", "The queue is at its limit; try again later.")
        case .NEURON_WS_TOO_BIG: ("NEURON_WS_TOO_BIG", "A message or a count is past its limit.")
        case .NEURON_WS_TIMEOUT: ("NEURON_WS_TIMEOUT", "The time ran out.")
        case .NEURON_WS_NOT_RUNNING: ("NEURON_WS_NOT_RUNNING", "The node is not running.")
        case .NEURON_WS_BUFFER_TOO_SMALL: ("NEURON_WS_BUFFER_TOO_SMALL", "The buffer is too small.")
        case .NEURON_WS_NO_MEMORY: ("NEURON_WS_NO_MEMORY", "Memory is exhausted.")
        case .NEURON_WS_SYSTEM: ("NEURON_WS_SYSTEM", "The operating system refused a thread or a descriptor.")
        case .NEURON_WS_FORKED: ("NEURON_WS_FORKED", "The node belongs to the parent of this process.")
        case .NEURON_WS_UNSUPPORTED: ("NEURON_WS_UNSUPPORTED", "This version of the library does not have it.")
        case .NEURON_WS_SKIPPED: ("NEURON_WS_SKIPPED", "There is nothing to send.")
        case .NEURON_WS_NOT_FOUND: ("NEURON_WS_NOT_FOUND", "There is no such subscription, request or command.")
        case .NEURON_WS_NO_EVENT: ("NEURON_WS_NO_EVENT", "No event is waiting.")
        case .NEURON_WS_WRONG_THREAD:
            ("NEURON_WS_WRONG_THREAD", "This call would wait for the loop thread, on the loop thread.")
        case .NEURON_WS_REFUSED: ("NEURON_WS_REFUSED", "before_send or before_connect refused it.")
        case .NEURON_WS_LINK_LOST: ("NEURON_WS_LINK_LOST", "The connection ended before the response came.")
        case .NEURON_WS_CANCELLED: ("NEURON_WS_CANCELLED", "The command was taken back.")
        @unknown default: ("NEURON_WS_UNKNOWN", "A status that this library does not know.")
        }
    }
}
