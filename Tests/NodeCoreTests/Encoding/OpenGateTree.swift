// SPDX-License-Identifier: Apache-2.0
import CJansson

@testable import NodeCore

/// The tree of an OpenGate message, by jansson's own calls, from what the contract says of it.
struct OpenGateTree {
    typealias Node = UnsafeMutablePointer<json_t>

    let identity: OpenGateIdentity
    let reportsErrors: Bool
    let group: String
    let timestamp: Int64
    private let root = json_object()!
    private let datastreams = json_array()!
    private let errors = json_array()!

    init(identity: OpenGateIdentity, reportsErrors: Bool, device: String, group: String, timestamp: Int64) {
        self.identity = identity
        self.reportsErrors = reportsErrors
        self.group = group
        self.timestamp = timestamp
        let isGateway = device == identity.deviceID
        json_object_set_new(root, "version", json_string("9.0"))
        if !(identity.isReduced && isGateway) { json_object_set_new(root, "device", json_string(device)) }
        if !identity.isReduced && !isGateway && !identity.deviceID.isEmpty {
            let path = json_array()!
            json_array_append_new(path, json_string(identity.deviceID))
            json_object_set_new(root, "path", path)
        }
    }

    /// `name` and `value` are taken over.
    func add(_ name: Node, _ value: Node) {
        let point = json_object()!
        if !identity.isReduced { json_object_set_new(point, "at", json_integer(timestamp)) }
        json_object_set_new(point, "value", value)
        for index in 0..<json_array_size(datastreams) {
            guard let stream = json_array_get(datastreams, index) else { continue }
            if json_equal(json_object_get(stream, "id"), name) == 1 {
                json_array_append_new(json_object_get(stream, "datapoints"), point)
                neuron_ws_json_decref(name)
                return
            }
        }
        let stream = json_object()!
        json_object_set_new(stream, "id", name)
        json_object_set_new(stream, "feed", json_string(group))
        let points = json_array()!
        json_array_append_new(points, point)
        json_object_set_new(stream, "datapoints", points)
        json_array_append_new(datastreams, stream)
    }

    func add(_ name: Node, error: Int32) {
        let entry = json_object()!
        json_object_set_new(entry, "id", name)
        json_object_set_new(entry, "error", json_integer(Int64(error)))
        json_array_append_new(errors, entry)
    }

    func finished() -> Node {
        json_object_set_new(root, "datastreams", datastreams)
        if reportsErrors && json_array_size(errors) > 0 {
            json_object_set_new(root, "errors", errors)
        } else {
            neuron_ws_json_decref(errors)
        }
        return root
    }
}
