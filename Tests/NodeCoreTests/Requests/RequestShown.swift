// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

@testable import NodeCore

/// Everything is allowed, and there is room for it.
let anyRules = RequestRules(policy: .all, memoryBytesMax: 64 << 20, memoryBytesLeft: 64 << 20)

/// What became of a message's parts, in short texts: `read mb/g i16,nope`, `write mb/g i16=INT64 7`,
/// `1002 "7" "group" is missing`, `no uuid: …`, `message: …`.
func parts(_ message: String, _ rules: RequestRules = anyRules) -> [String] { parts(Array(message.utf8), rules) }

func parts(_ message: [UInt8], _ rules: RequestRules = anyRules) -> [String] {
    message.withUnsafeBytes { bytes in
        guard var incoming = IncomingMessage.make(bytes) else { return ["message"] }
        var shown: [String] = []
        while let part = incoming.next(rules) {
            switch part {
            case .unfinished: continue
            case .request(let request): shown.append(withExtendedLifetime(request) { describe(request) })
            case .malformed(let malformed, _):
                guard let uuid = malformed.echo?.id else {
                    shown.append("no uuid: \(malformed.reason)")
                    continue
                }
                shown.append("1002 \(String(decoding: uuid, as: UTF8.self)) \(malformed.reason)")
            case .refused(let refused):
                shown.append("1022 \(String(decoding: refused.echo.id, as: UTF8.self)) \(refused.subject.text)")
            case .busy(let busy): shown.append("1010 \(String(decoding: busy.echo.id, as: UTF8.self))")
            case .other(let range): shown.append("message: \(String(decoding: bytes[range], as: UTF8.self))")
            }
        }
        return shown
    }
}

/// The requests of a message, to look at closely.
func requests(_ message: String, _ rules: RequestRules = anyRules) -> [Request] {
    Array(message.utf8).withUnsafeBytes { bytes in
        guard var incoming = IncomingMessage.make(bytes) else { return [] }
        var found: [Request] = []
        while let part = incoming.next(rules) { if case .request(let request) = part { found.append(request) } }
        return found
    }
}

private func describe(_ request: Request) -> String {
    let info = request.info
    func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "NULL" }
    var tags: [String] = []
    for index in 0..<info.tag_count { if let tag = info.tags?[index] { tags.append(describe(tag, info.kind)) } }
    let list = tags.joined(separator: ",")
    switch info.kind {
    case .NEURON_WS_REQUEST_READ:
        var shown = "read \(text(info.driver))/\(text(info.group))"
        if !list.isEmpty { shown += " " + list }
        if info.sync { shown += " sync" }
        if text(info.query_name) != "" { shown += " name~\(text(info.query_name))" }
        if text(info.query_description) != "" { shown += " description~\(text(info.query_description))" }
        return shown
    case .NEURON_WS_REQUEST_WRITE:
        return "write\(info.tag_list ? " list" : "") \(text(info.driver))/\(text(info.group)) \(list)"
    case .NEURON_WS_REQUEST_ACTION: return "action \(text(info.driver)) \(text(info.action))"
    default: return "unknown"
    }
}

private func describe(_ tag: neuron_ws_tag_t, _ kind: neuron_ws_request_kind_t) -> String {
    let name = String(cString: tag.name!)
    if kind == .NEURON_WS_REQUEST_READ { return name }
    let precision = tag.precision > 0 ? " precision \(tag.precision)" : ""
    return "\(name)=\(TagType.name(tag.type)) \(value(tag))\(precision)"
}

private func value(_ tag: neuron_ws_tag_t) -> String {
    func array<Element>(_: Element.Type) -> [Element] {
        guard let data = tag.value.array.data else { return [] }
        return Array(
            UnsafeBufferPointer(start: data.assumingMemoryBound(to: Element.self), count: tag.value.array.count))
    }
    switch tag.type {
    case .NEURON_WS_TYPE_INT64: return "\(tag.value.i64)"
    case .NEURON_WS_TYPE_UINT64: return "\(tag.value.u64)"
    case .NEURON_WS_TYPE_DOUBLE: return "\(tag.value.d64)"
    case .NEURON_WS_TYPE_BOOL: return "\(tag.value.boolean)"
    case .NEURON_WS_TYPE_STRING, .NEURON_WS_TYPE_CUSTOM:
        let bytes = UnsafeRawBufferPointer(start: tag.value.text.data, count: tag.value.text.length)
        return String(decoding: bytes, as: UTF8.self)
    case .NEURON_WS_TYPE_ARRAY_INT64: return "\(array(Int64.self))"
    case .NEURON_WS_TYPE_ARRAY_DOUBLE: return "\(array(Double.self))"
    case .NEURON_WS_TYPE_ARRAY_BOOL: return "\(array(Bool.self))"
    case .NEURON_WS_TYPE_ARRAY_STRING:
        return "\(array(UnsafePointer<CChar>.self).map { String(cString: $0) })"
    default: return "?"
    }
}
