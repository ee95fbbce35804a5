// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// A request of a server's, to be answered once, on the thread that hands it over.
struct NodeRequest {
    enum Kind {
        /// The tags' names; empty: all of the group.
        case read([String])
        case write([(name: String, value: JSON)])
        case action
    }

    let kind: Kind
    let driver: String
    let group: String
    private let uuid: String
    private let pointer: UnsafeMutablePointer<neuron_ws_request_t>

    /// - Returns: nil if the library's document cannot be read, which does not happen.
    init?(_ pointer: UnsafeMutablePointer<neuron_ws_request_t>, _ info: neuron_ws_request_info_t) {
        self.pointer = pointer
        uuid = String(cString: info.uuid)
        driver = String(cString: info.driver)
        group = String(cString: info.group)
        let text = UnsafeRawBufferPointer(start: info.json, count: info.json_length)
        guard let document = try? JSON.parse(text) else { return nil }
        switch info.kind {
        case .NEURON_WS_REQUEST_READ:
            // A name, or an object with one.
            kind = .read((document["tags"]?.elements ?? []).compactMap { $0.string ?? $0["name"]?.string })
        case .NEURON_WS_REQUEST_WRITE:
            let tags = info.tag_list ? document["tags"]?.elements ?? [] : [document]
            kind = .write(
                tags.compactMap { tag in
                    guard let name = (tag["tag"] ?? tag["name"])?.string, let value = tag["value"] else { return nil }
                    return (name, value)
                })
        default: kind = .action
        }
    }

    /// Somebody else's.
    func drop() { _ = neuron_ws_request_drop(pointer) }

    func reply(error: Int32) {
        reply(
            .NEURON_WS_FORMAT_WRITE_RESPONSE, "{\"uuid\":\(JSONText.quoted(uuid)),\"error\":\(error)}", nil)
    }

    /// - Parameter group: as `neuron_ws_encode_json` takes it.
    func reply(group: String) {
        reply(.NEURON_WS_FORMAT_READ_RESPONSE, "{\"uuid\":\(JSONText.quoted(uuid))}", group)
    }

    private func reply(_ format: neuron_ws_format_t, _ options: String, _ group: String?) {
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        var length = 0
        let status = neuron_ws_encode_json(
            format, options, group, group?.utf8.count ?? 0, &buffer, buffer.count, &length)
        if status == .NEURON_WS_OK, neuron_ws_request_reply(pointer, buffer, length) == .NEURON_WS_OK { return }
        // The library answers it in time.
        _ = neuron_ws_request_drop(pointer)
    }
}
