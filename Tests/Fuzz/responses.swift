// SPDX-License-Identifier: Apache-2.0
// Responses to commands: a JSON pointer finds what jansson finds at its place, and a message ends the oldest command
// that it answers, once.
import CJansson
import CNeuronWS
import NodeCore

/// The tokens of a pointer (RFC 6901 §4), read in the plainest way; nil: it is none.
private func tokens(_ text: [UInt8]) -> [[UInt8]]? {
    guard text.first == UInt8(ascii: "/") else { return text.isEmpty ? nil : [text] }
    var tokens: [[UInt8]] = []
    for part in text.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
        var token: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                token.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): token.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): token.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        tokens.append(token)
    }
    return tokens
}

/// What jansson has there; borrowed from the tree.
private func walk(_ root: OpaqueJSON, _ tokens: [[UInt8]]) -> OpaqueJSON? {
    var value = root
    for token in tokens {
        switch neuron_ws_json_typeof(value) {
        case JSON_OBJECT:
            let member = (token + [0]).withUnsafeBufferPointer { bytes in
                bytes.withMemoryRebound(to: CChar.self) { json_object_get(value, $0.baseAddress) }
            }
            guard let member else { return nil }
            value = member
        case JSON_ARRAY:
            let text = String(decoding: token, as: UTF8.self)
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let place = UInt32(text), "\(place)" == text,
                let element = json_array_get(value, Int(place))
            else { return nil }
            value = element
        default: return nil
        }
    }
    return value
}

private typealias OpaqueJSON = UnsafeMutablePointer<json_t>

private func load(_ bytes: UnsafeRawBufferPointer) -> OpaqueJSON? {
    var error = json_error_t()
    guard let base = bytes.baseAddress else { return nil }
    return json_loadb(
        base.assumingMemoryBound(to: CChar.self), bytes.count, Int(JSON_DECODE_ANY | JSON_ALLOW_NUL), &error)
}

/// What stands at these places, whatever the steps are.
private func scan(_ pointers: [JSONPointer], _ document: UnsafeRawBufferPointer, byteCount: Int) -> PlaceScan {
    var scan = PlaceScan(PlaceSet(pointers))
    while !scan.step(document, byteCount: byteCount) {}
    require(scan.workBytes <= document.count * (5 + 4 * pointers.count), "it reads more than there is")
    return scan
}

private func find(_ pointers: [JSONPointer], _ document: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?] {
    let whole = scan(pointers, document, byteCount: document.count)
    for byteCount in [1, 7] {
        let other = scan(pointers, document, byteCount: byteCount)
        for place in pointers.indices { require(other.value(at: place) == whole.value(at: place), "steps matter") }
    }
    return pointers.indices.map { place in
        whole.value(at: place).map { UnsafeRawBufferPointer(rebasing: document[$0]) }
    }
}

private func values(_ message: UnsafeRawBufferPointer, _ table: CommandTable) -> MessageValues {
    MessageValues(scan(table.pointers, message, byteCount: 3), message)
}

/// The pointer finds what jansson finds, and says of a text what jansson says.
private func checkPlace(_ pointer: JSONPointer, _ tokens: [[UInt8]], _ document: UnsafeRawBufferPointer) {
    let found = find([pointer], document)[0]
    if let found, let base = found.baseAddress, let begin = document.baseAddress {
        require(base >= begin && base + found.count <= begin + document.count, "a value beyond its document")
    }
    // What is no document is nobody's to judge.
    guard Jansson.verdict(ofInput: document) == .document, let root = load(ByteOrderMark.skipped(document)) else {
        return
    }
    defer { neuron_ws_json_decref(root) }
    let expected = walk(root, tokens)
    require((found == nil) == (expected == nil), "found is \(found == nil ? "nothing" : "something")")
    guard let found, let expected, let value = load(found) else { return }
    defer { neuron_ws_json_decref(value) }
    require(json_equal(value, expected) == 1, "another value: \(String(decoding: found, as: UTF8.self))")
    let text = JSONPointer.text(of: found, bytesMax: 255)
    if neuron_ws_json_typeof(expected) == JSON_STRING, let bytes = json_string_value(expected) {
        let said = Array(UnsafeRawBufferPointer(start: bytes, count: json_string_length(expected)))
        require(text == (said.count <= 255 ? said : nil), "a text says something else")
    }
}

/// Several commands, of which the oldest that the message answers ends, and each once.
private func checkTable(_ pointer: JSONPointer, _ value: [UInt8], _ order: UInt8, _ message: UnsafeRawBufferPointer) {
    let table = CommandTable()
    var rules: [Command.Rule] = [.member(pointer, value: value), .member(pointer, value: nil), .order, .function]
    rules.swapAt(Int(order & 3), Int(order >> 2 & 3))
    rules.append(.member(pointer, value: value))
    let found = find([pointer], message)[0]
    let text = found.flatMap { JSONPointer.text(of: $0, bytesMax: CommandLimits.matchValueBytesMax) }
    var expected: [UInt64] = []
    for rule in rules {
        guard let bytes = value.withUnsafeBytes({ EventBytes($0) }) else { return }
        let command = Command(
            kind: .NEURON_WS_TEXT, bytes: bytes, rule: rule, timeoutMilliseconds: 1000, retries: 0)
        guard let id = table.add(command, now: 0), let next = table.takeNext(), next.id == id else {
            return require(false, "it does not go out")
        }
        table.sent(id, next.command, now: 0)
        if case .member(_, let wanted) = rule, found != nil, wanted == nil || wanted == text { expected.append(id) }
    }
    for id in expected {
        let ended = table.answered(by: values(message, table), now: 1)
        require(ended?.id == id && ended?.outcome == .answered, "the response is \(ended?.id ?? 0)'s, not \(id)'s")
        table.checkInvariants()
    }
    require(table.answered(by: values(message, table), now: 1) == nil, "answered for nothing")
    require(table.answeredInOrder(now: 1) != nil, "the next in order is nobody")
    table.stop()
    var stopped = 0
    while table.takeEnded() != nil { stopped += 1 }
    require(stopped == rules.count - expected.count - 1, "some have two outcomes, or none")
    table.checkInvariants()
}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    var input = FuzzInput(data, size)
    let order = input.byte()
    var parts: [[UInt8]] = []
    for _ in 0..<2 {
        let part = input.rest.prefix { $0 != 0 }
        parts.append(Array(part))
        for _ in 0..<min(part.count + 1, input.rest.count) { _ = input.byte() }
    }
    let expected = tokens(parts[0])
    let read: Result<JSONPointer, JSONPointer.Fault> = parts[0].withUnsafeBytes { bytes in
        do throws(JSONPointer.Fault) {
            return .success(try JSONPointer(bytes))
        } catch { return .failure(error) }
    }
    switch read {
    case .success(let pointer):
        guard let expected else {
            require(false, "a pointer that is none")
            return 0
        }
        checkPlace(pointer, expected, input.rest)
        checkTable(pointer, parts[1], order, input.rest)
    case .failure(let error):
        require(expected == nil && error.text.utf8CodeUnitCount > 0, "a pointer is refused")
    }
    return 0
}
