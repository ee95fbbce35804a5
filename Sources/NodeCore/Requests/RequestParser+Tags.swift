import CNeuronWS
import WebSocketCore

/// The members of one tag, where they stand in the document.
private struct TagMembers {
    var tag: UnsafeRawBufferPointer?
    var name: UnsafeRawBufferPointer?
    var value: UnsafeRawBufferPointer?
    var precision: UnsafeRawBufferPointer?

    init(_ object: UnsafeRawBufferPointer) {
        JSONScan.forEachMember(object) { member, found in
            switch RequestMember.named(member) {
            case .tag: tag = found
            case .value: value = found
            case .precision: precision = found
            case .name: name = found
            default: break
            }
        }
    }
}

extension RequestParser {
    mutating func readTags() throws(Fault) {
        let list = outline[.tags]
        if outline.members.has(.tag) || (list == nil && outline.members.has(.value)) {
            info.kind = .NEURON_WS_REQUEST_WRITE
            try checkAllowed()
            if list != nil { throw .malformed("\"tag\" stands beside \"tags\"; give one or the other") }
            let tags = try makeTags(1)
            try readWrite(
                outline[.tag], "tag", outline[.value], outline[.precision], place: "", into: &tags[0])
            return
        }
        info.kind = .NEURON_WS_REQUEST_READ
        guard let list else {
            try checkAllowed()
            return try readQuery()
        }
        guard list.first == UInt8(ascii: "[") else {
            throw .malformed("\"tags\" is \(JSONScan.kindName(list)); it takes an array")
        }
        let shape = shape(of: list)
        if shape.isWrite { info.kind = .NEURON_WS_REQUEST_WRITE }
        try checkAllowed()
        guard shape.count <= RequestLimits.tagsMax else {
            throw .malformed(
                "\"tags\" has \(shape.count) elements; at most \(RequestLimits.tagsMax) are taken")
        }
        if shape.isWrite {
            info.tag_list = true
            writesLeft = WritesLeft(tags: try makeTags(shape.count))
            try readWrites()
        } else {
            try readNames(list, count: shape.count)
            try readQuery()
        }
    }

    /// A value makes a write; so does the name `tag`, which only writes have: one that lacks its value is no read.
    private func shape(of list: UnsafeRawBufferPointer) -> (count: Int, isWrite: Bool) {
        var count = 0
        var isWrite = false
        JSONScan.forEachElement(list) { element in
            count += 1
            if !isWrite, element.first == UInt8(ascii: "{") {
                let members = TagMembers(element)
                isWrite = members.value != nil || members.tag != nil
            }
            return true
        }
        return (count, isWrite)
    }

    mutating func makeTags(_ count: Int) throws(Fault) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        try allow(count * MemoryLayout<neuron_ws_tag_t>.stride)
        let tags = try taken(arena.tags(count))
        info.tags = count > 0 ? UnsafePointer(tags.baseAddress) : nil
        info.tag_count = count
        return tags
    }

    // MARK: Writes

    /// As many as are read at a time; `writesLeft` is nil behind the last.
    mutating func readWrites() throws(Fault) {
        let isOperation = info.kind == .NEURON_WS_REQUEST_OPERATION
        guard let list = isOperation ? variableList : outline[.tags], var left = writesLeft else { return }
        let end = min(left.index + Self.writesPerStep, left.tags.count)
        while left.index < end, let element = JSONScan.nextElement(list, at: &left.position) {
            if isOperation {
                try readVariable(element, left.index, into: &left.tags[left.index])
            } else {
                try readElement(element, left.index, into: &left.tags[left.index])
            }
            left.index += 1
        }
        writesLeft = left.index == end && end < left.tags.count ? left : nil
    }

    private func readElement(
        _ element: UnsafeRawBufferPointer, _ index: Int, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        guard element.first == UInt8(ascii: "{") else {
            throw .malformed("\"tags\"[\(index)] is \(JSONScan.kindName(element)); it takes an object")
        }
        let members = TagMembers(element)
        if members.tag != nil, members.name != nil {
            throw .malformed("\"tags\"[\(index)] has \"tag\" and \"name\"; give one or the other")
        }
        try readWrite(
            members.tag ?? members.name, members.name == nil ? "tag" : "name", members.value, members.precision,
            place: "\"tags\"[\(index)]: ", into: &tag)
    }

    private func readWrite(
        _ name: UnsafeRawBufferPointer?, _ member: String, _ value: UnsafeRawBufferPointer?,
        _ precision: UnsafeRawBufferPointer?, place: String, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        do throws(Fault) {
            try readName(name, member, into: &tag)
        } catch {
            guard case .malformed(let reason) = error else { throw error }
            throw .malformed(place + reason)
        }
        guard let value else { throw .malformed(place + "\"value\" is missing") }
        try readValue(value, into: &tag)
        guard let precision else { return }
        guard precision.count <= 2, let digits = LargeIntegers.decimal(precision[...]), digits <= 17 else {
            throw .malformed("tag \"\(shown(tag))\": \"precision\" is no integer from 0 to 17")
        }
        tag.precision = UInt8(digits)
    }

    private func shown(_ tag: neuron_ws_tag_t) -> String {
        ForeignText.beginning(UnsafeRawBufferPointer(start: tag.name, count: tag.name_length))
            .shown(charactersMax: 64)
    }

    /// The common kinds without a tree.
    func readValue(_ value: UnsafeRawBufferPointer, into tag: inout neuron_ws_tag_t) throws(Fault) {
        switch value[0] {
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            tag.type = .NEURON_WS_TYPE_BOOL
            tag.value.boolean = value[0] == UInt8(ascii: "t")
            return
        case UInt8(ascii: "n"): throw .malformed("tag \"\(shown(tag))\": null is no value")
        case 0x30...0x39 where value.count <= 18:
            guard let integer = LargeIntegers.decimal(value[...]) else { break }
            tag.type = .NEURON_WS_TYPE_INT64
            tag.value.i64 = Int64(integer)
            return
        case UInt8(ascii: "-") where value.count <= 18:
            guard let integer = LargeIntegers.decimal(value[1...]) else { break }
            tag.type = .NEURON_WS_TYPE_INT64
            tag.value.i64 = -Int64(integer)
            return
        case UInt8(ascii: "\""):
            let inner = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
            tag.type = .NEURON_WS_TYPE_STRING
            if inner.contains(UInt8(ascii: "\\")) {
                let decoded = try decoded(inner)
                tag.value.text = neuron_ws_text_t(data: decoded.pointer, length: decoded.length)
                return
            }
            tag.value.text = neuron_ws_text_t(data: try copied(inner), length: inner.count)
            return
        default: break
        }
        let root = try parsed(value, "value")
        do throws(GroupDocumentError) {
            let reader = TagValueReader(arena: arena, name: "", borrowsTexts: false)
            try reader.read(root, as: nil, into: &tag)
        } catch {
            if error.kind == .noMemory { throw .tooLarge(rules.memoryBytesLeft) }
            throw .malformed("tag \"\(shown(tag))\": its value cannot be taken")
        }
        // So that what the arena has taken meanwhile is within the limit too.
        try allow(0)
    }

    func readName(
        _ value: UnsafeRawBufferPointer?, _ place: String, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        let (pointer, length) = try text(place, value)
        tag.name = pointer
        tag.name_length = length
        if length > Int(NEURON_WS_NAME_MAX) {
            throw .malformed("\"\(place)\" has \(length) bytes; it takes at most \(NEURON_WS_NAME_MAX)")
        }
    }

    // MARK: Reads

    /// Elements that are no names are passed over, as the gateway does; but what names no tag at all is no wish for all
    /// of them. An empty array is.
    private mutating func readNames(_ list: UnsafeRawBufferPointer, count: Int) throws(Fault) {
        let tags = try makeTags(count)
        var named = 0
        let parser = self
        try JSONScan.forEachElement(list) { element throws(Fault) in
            let name = element.first == UInt8(ascii: "{") ? TagMembers(element).name : element
            guard let name, name.first == UInt8(ascii: "\"") else { return true }
            try parser.readName(name, "tags", into: &tags[named])
            named += 1
            return true
        }
        if named == 0, count > 0 { throw .malformed("\"tags\" names no tag; it takes an array of names") }
        if named == 0 { info.tags = nil }
        info.tag_count = named
    }
}
