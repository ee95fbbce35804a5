import CNeuronWS

/// The members of one variable, in the new form and in that of older platforms.
private struct VariableMembers {
    var name: UnsafeRawBufferPointer?
    var value: UnsafeRawBufferPointer?

    init(_ object: UnsafeRawBufferPointer) {
        JSONScan.forEachMember(object) { member, found in
            if JSONScan.isName(member, "name") || JSONScan.isName(member, "variableName") { name = found }
            if JSONScan.isName(member, "value") || JSONScan.isName(member, "variableValue") { value = found }
        }
    }
}

/// Operations of OpenGate: `{"operation":{"request":{"id","deviceId","path","name","parameters"}}}`.
extension RequestParser {
    mutating func beginOperation(_ gateway: OpenGateIdentity) throws(Fault) {
        guard let operation = OperationOutline(outline) else { throw .malformed("there is no operation") }
        guard operation.request != nil else {
            throw .malformed("\"operation\" holds no \"request\" that is an object")
        }
        info.kind = .NEURON_WS_REQUEST_OPERATION
        info.uuid = try named("id", operation[.id])
        info.action = try named("name", operation[.name])
        info.driver = try device(operation[.deviceID], gateway)
        if let path = operation[.path], path.first != UInt8(ascii: "[") {
            throw .malformed("\"path\" is \(JSONScan.kindName(path)); it takes an array")
        }
        if let path = operation[.path], !JSONScan.areTexts(path) {
            throw .malformed("\"path\" holds what is no text; it takes the ids of devices")
        }
        let standard = operation.echo(gateway)?.operation?.standard
        guard rules.policy.allows(standard) else { throw .notAllowed(.NEURON_WS_REQUEST_OPERATION) }
        switch standard {
        case .getDeviceParameters: try readVariables()
        case .setDeviceParameters: try beginVariables()
        default:
            guard let parameters = operation[.parameters], parameters.first != UInt8(ascii: "{"),
                parameters.first != UInt8(ascii: "[")
            else { return }
            throw .malformed("\"parameters\" is \(JSONScan.kindName(parameters)); it takes an object")
        }
    }

    private func named(_ place: StaticString, _ value: UnsafeRawBufferPointer?) throws(Fault) -> UnsafePointer<CChar> {
        let (pointer, length) = try text("\(place)", value)
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
    var variableList: UnsafeRawBufferPointer? {
        guard let parameters = OperationOutline(outline)?[.parameters] else { return nil }
        var list: UnsafeRawBufferPointer?
        if parameters.first == UInt8(ascii: "{") {
            JSONScan.forEachMember(parameters) { if JSONScan.isName($0, "variableList") { list = $1 } }
        } else if parameters.first == UInt8(ascii: "[") {
            JSONScan.forEachElement(parameters) { element in
                guard element.first == UInt8(ascii: "{") else { return true }
                let members = VariableMembers(element)
                guard let name = members.name, name.count > 2,
                    JSONScan.isName(UnsafeRawBufferPointer(rebasing: name[1..<name.count - 1]), "variableList")
                else { return true }
                list = members.value
                return true
            }
            if let value = list, value.first == UInt8(ascii: "{") {
                list = nil
                JSONScan.forEachMember(value) { if JSONScan.isName($0, "array") { list = $1 } }
            }
        }
        return list
    }

    private func checkedVariables() throws(Fault) -> (list: UnsafeRawBufferPointer, count: Int) {
        guard let list = variableList else { throw .malformed("\"parameters\" holds no \"variableList\"") }
        guard list.first == UInt8(ascii: "[") else {
            throw .malformed("\"variableList\" is \(JSONScan.kindName(list)); it takes an array")
        }
        var count = 0
        JSONScan.forEachElement(list) { _ in
            count += 1
            return true
        }
        guard count > 0 else { throw .malformed("\"variableList\" is empty; it takes at least one variable") }
        guard count <= RequestLimits.tagsMax else {
            throw .malformed(
                "\"variableList\" has \(count) elements; at most \(RequestLimits.tagsMax) are taken")
        }
        return (list, count)
    }

    /// A variable that is named twice is read once.
    private mutating func readVariables() throws(Fault) {
        let (list, count) = try checkedVariables()
        let tags = try makeTags(count)
        let seen: NameTable
        do throws(EncodingError) {
            seen = try NameTable.make(nameCountMax: count)
        } catch { throw .tooLarge(count * 16) }
        var named = 0
        var index = 0
        let parser = self
        try JSONScan.forEachElement(list) { element throws(Fault) in
            let name = element.first == UInt8(ascii: "{") ? VariableMembers(element).name : element
            try parser.readVariableName(name, index, into: &tags[named])
            index += 1
            let bytes = UnsafeRawBufferPointer(start: tags[named].name, count: tags[named].name_length)
            let earlier = seen.findOrInsert(hash: NameHash.of(bytes, seed: seen.seed), name: named) { other in
                UnsafeRawBufferPointer(start: tags[other].name, count: tags[other].name_length).elementsEqual(bytes)
            }
            if earlier == nil { named += 1 }
            return true
        }
        info.tag_count = named
    }

    private mutating func beginVariables() throws(Fault) {
        let count = try checkedVariables().count
        info.tag_list = true
        writesLeft = WritesLeft(tags: try makeTags(count))
        try readWrites()
    }

    /// One variable to write.
    func readVariable(
        _ element: UnsafeRawBufferPointer, _ index: Int, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        guard element.first == UInt8(ascii: "{") else {
            throw .malformed("\"variableList\"[\(index)] is \(JSONScan.kindName(element)); it takes an object")
        }
        let members = VariableMembers(element)
        try readVariableName(members.name, index, into: &tag)
        guard let value = members.value else {
            throw .malformed("\"variableList\"[\(index)]: \"value\" is missing")
        }
        try readValue(value, into: &tag)
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
