// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The members of one variable, in the new form and in that of older platforms.
private struct VariableMembers {
    var name: UnsafeRawBufferPointer?
    var value: UnsafeRawBufferPointer?
    /// Where the object ends.
    var end = 0

    /// - Parameter object: more may stand behind it.
    init(_ object: UnsafeRawBufferPointer) {
        end = JSONScan.forEachMember(object) { member, found in
            if JSONScan.isName(member, "name") || JSONScan.isName(member, "variableName") { name = found }
            if JSONScan.isName(member, "value") || JSONScan.isName(member, "variableValue") { value = found }
        }
    }
}

/// Operations of OpenGate: `{"operation":{"request":{"id","deviceId","path","name","parameters"}}}`.
extension RequestParser {
    mutating func beginOperation(_ operation: OperationOutline, _ gateway: OpenGateIdentity) throws(Fault) {
        guard operation.request != nil else {
            throw .malformed("\"operation\" holds no \"request\" that is an object")
        }
        info.kind = .NEURON_WS_REQUEST_OPERATION
        info.uuid = try named("id", operation[.id])
        info.action = try named("name", operation[.name])
        info.driver = try device(operation[.deviceID], gateway)
        if let path = operation[.path] { try checkPath(path) }
        let standard = operation.echo(gateway)?.operation?.standard
        guard rules.policy.allows(standard) else { throw .notAllowed(.NEURON_WS_REQUEST_OPERATION) }
        switch standard {
        case .getDeviceParameters: try beginVariables(operation, areRead: true)
        case .setDeviceParameters: try beginVariables(operation, areRead: false)
        default:
            guard let parameters = operation[.parameters], parameters.first != UInt8(ascii: "{"),
                parameters.first != UInt8(ascii: "[")
            else { return }
            throw .malformed("\"parameters\" is \(JSONScan.kindName(parameters)); it takes an object")
        }
    }

    /// The answer repeats it.
    private func checkPath(_ path: UnsafeRawBufferPointer) throws(Fault) {
        guard path.first == UInt8(ascii: "[") else {
            throw .malformed("\"path\" is \(JSONScan.kindName(path)); it takes an array")
        }
        guard path.count <= RequestLimits.uuidBytesMax else {
            throw .malformed(
                "\"path\" has \(path.count) bytes as it stands there; at most \(RequestLimits.uuidBytesMax) are taken")
        }
        guard JSONScan.areTexts(path) else {
            throw .malformed("\"path\" holds what is no text; it takes the ids of devices")
        }
    }

    private func named(_ place: StaticString, _ value: UnsafeRawBufferPointer?) throws(Fault) -> UnsafePointer<CChar> {
        let (pointer, length) = try text("\(place)", value, bytesMax: Int(NEURON_WS_NAME_MAX))
        guard length >= 1, length <= Int(NEURON_WS_NAME_MAX) else {
            throw .malformed("\"\(place)\" has \(length) bytes; it takes 1 to \(NEURON_WS_NAME_MAX)")
        }
        return pointer
    }

    /// Absent or empty: the gateway itself.
    private func device(
        _ value: UnsafeRawBufferPointer?, _ gateway: OpenGateIdentity
    ) throws(Fault) -> UnsafePointer<CChar> {
        if let value, value.count != 2 || value.first != UInt8(ascii: "\"") { return try named("deviceId", value) }
        var id = gateway.deviceID
        try allow(id.utf8.count)
        return try taken(id.withUTF8 { arena.copy(UnsafeRawBufferPointer($0)) })
    }

    // MARK: Variables

    /// `{"variableList":[…]}`, or as older platforms write it, `[{"name":"variableList","value":{"array":[…]}}]`.
    private mutating func beginVariables(_ operation: OperationOutline, areRead: Bool) throws(Fault) {
        guard let parameters = operation[.parameters] else { return try listVariables(nil, areRead: areRead) }
        var list: UnsafeRawBufferPointer?
        if parameters.first == UInt8(ascii: "{") {
            JSONScan.forEachMember(parameters) { if JSONScan.isName($0, "variableList") { list = $1 } }
        } else if parameters.first == UInt8(ascii: "[") {
            list = parameter("variableList", of: parameters)
            if let value = list, value.first == UInt8(ascii: "{") {
                listLeft = ListLeft(range: outline.root.range(of: value), areRead: areRead, isWrapped: true)
                return
            }
        }
        try listVariables(list, areRead: areRead)
    }

    /// The value of the last one of this name in an array of them, found in one pass over the bytes.
    private func parameter(_ name: StaticString, of array: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        var index = 1
        while true {
            let start = JSONScan.skipBlanks(array, from: index)
            guard start < array.count, array[start] == UInt8(ascii: "{") else {
                if JSONScan.nextElement(array, at: &index) == nil { return found }
                continue
            }
            let members = VariableMembers(UnsafeRawBufferPointer(rebasing: array[start...]))
            index = JSONScan.skipBlanks(array, from: start + max(1, members.end))
            if index < array.count, array[index] == UInt8(ascii: ",") { index += 1 }
            guard let own = members.name, own.count > 2,
                JSONScan.isName(UnsafeRawBufferPointer(rebasing: own[1..<own.count - 1]), name)
            else { continue }
            found = members.value
        }
    }

    private mutating func listVariables(_ list: UnsafeRawBufferPointer?, areRead: Bool) throws(Fault) {
        guard let list else { throw .malformed("\"parameters\" holds no \"variableList\"") }
        guard list.first == UInt8(ascii: "[") else {
            throw .malformed("\"variableList\" is \(JSONScan.kindName(list)); it takes an array")
        }
        listLeft = ListLeft(range: outline.root.range(of: list), areRead: areRead)
    }

    /// Room for those of a list.
    mutating func makeVariables(_ list: ListLeft, areRead: Bool) throws(Fault) {
        let array = outline.root[list.range]
        if list.isWrapped {
            var inner: UnsafeRawBufferPointer?
            JSONScan.forEachMember(array) { if JSONScan.isName($0, "array") { inner = $1 } }
            return try listVariables(inner, areRead: areRead)
        }
        let count = list.count
        guard count > 0 else { throw .malformed("\"variableList\" is empty; it takes at least one variable") }
        guard count <= RequestLimits.tagsMax else {
            throw .malformed("\"variableList\" has \(count) elements; at most \(RequestLimits.tagsMax) are taken")
        }
        var left = TagsLeft(list: list.range, tags: try makeTags(count))
        info.tag_list = !areRead
        if areRead {
            do throws(EncodingError) {
                left.seen = try NameTable.make(nameCountMax: count)
            } catch { throw .tooLarge(count * 16) }
        }
        tagsLeft = left
    }

    /// A variable that is named twice is read once.
    func readVariableOnce(_ element: UnsafeRawBufferPointer, _ left: inout TagsLeft) throws(Fault) {
        guard let seen = left.seen else { return }
        let tags = left.tags
        let name = element.first == UInt8(ascii: "{") ? VariableMembers(element).name : element
        try readVariableName(name, left.index, into: &tags[left.named])
        let bytes = UnsafeRawBufferPointer(start: tags[left.named].name, count: tags[left.named].name_length)
        let earlier = seen.findOrInsert(hash: NameHash.of(bytes, seed: seen.seed), name: left.named) { other in
            UnsafeRawBufferPointer(start: tags[other].name, count: tags[other].name_length).elementsEqual(bytes)
        }
        if earlier == nil { left.named += 1 }
    }

    /// One variable to write. - Returns: what is still to be read of its value; nil: nothing.
    func beginVariable(
        _ element: UnsafeRawBufferPointer, _ index: Int, into tag: inout neuron_ws_tag_t
    ) throws(Fault) -> RequestValue? {
        guard element.first == UInt8(ascii: "{") else {
            throw .malformed("\"variableList\"[\(index)] is \(JSONScan.kindName(element)); it takes an object")
        }
        let members = VariableMembers(element)
        try readVariableName(members.name, index, into: &tag)
        guard let value = members.value else {
            throw .malformed("\"variableList\"[\(index)]: \"value\" is missing")
        }
        return try beginValue(value, into: &tag)
    }

    private func readVariableName(
        _ name: UnsafeRawBufferPointer?, _ index: Int, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        do throws(Fault) { try readName(name, "name", into: &tag) } catch {
            guard case .malformed(let reason) = error else { throw error }
            throw .malformed("\"variableList\"[\(index)]: \(reason)")
        }
        if tag.name_length == 0 { throw .malformed("\"variableList\"[\(index)]: the variable's name is empty") }
    }
}
