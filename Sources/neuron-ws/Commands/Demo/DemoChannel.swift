// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import LoopbackServer

/// One node of the demo with its format, and what its server has to have received in the end.
final class DemoChannel {
    /// "values", also the path on the server.
    let name: String
    let title: String
    let server: LoopbackWebSocketServer
    let node: Node
    /// What was pushed, in order: "press 1", "oven 1", …
    private(set) var pushed: [String] = []

    init(name: String, title: String, server: LoopbackWebSocketServer, node: Node) {
        self.name = name
        self.title = title
        self.server = server
        self.node = node
    }

    /// - Returns: why the library did not take it; nil if it did.
    func push(_ device: DemoDevice) -> String? {
        let status = device.withGroup { neuron_ws_node_push(node.pointer, $0, nil) }
        guard status == .NEURON_WS_OK else { return LibraryError(status).text }
        pushed.append("\(device.driver) \(device.readings)")
        return nil
    }

    /// What the server received from this node.
    var received: [ReceivedMessage] { server.messages.filter { $0.resource == "/" + name } }

    /// Compares what was pushed with what arrived, by what the messages say.
    /// - Returns: what is wrong; nil when everything arrived, once and in order.
    func faults() -> String? {
        let messages = received
        for (index, message) in messages.enumerated() {
            guard let found = Self.origin(of: message.text) else {
                return "message \(index + 1) is not what was pushed"
            }
            guard index < pushed.count else { return "there is one more than was pushed: \(found)" }
            if found != pushed[index] { return "message \(index + 1) is \(found) instead of \(pushed[index])" }
        }
        return messages.count < pushed.count ? "the last \(pushed.count - messages.count) are missing" : nil
    }

    /// Device and counter of a message, in whichever format it is.
    private static func origin(of text: String) -> String? {
        guard let message = try? JSON.parse(text), let device = message["node"]?.string else { return nil }
        if let counter = message["values"]?["counter"]?.integer { return "\(device) \(counter)" }
        guard let tags = message["tags"], tags.kind == .array else { return nil }
        for index in 0..<tags.count where tags[index]?["name"]?.string == "counter" {
            guard let counter = tags[index]?["value"]?.integer else { return nil }
            return "\(device) \(counter)"
        }
        return nil
    }
}
