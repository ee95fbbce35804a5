// SPDX-License-Identifier: Apache-2.0
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
    /// Finds out what the tags are there for, and makes room for them.
    mutating func beginTags() throws(Fault) {
        let list = outline[.tags]
        if outline.root.members.has(.tag) || (list == nil && outline.root.members.has(.value)) {
            info.kind = .NEURON_WS_REQUEST_WRITE
            try checkAllowed()
            if list != nil { throw .malformed("\"tag\" stands beside \"tags\"; give one or the other") }
            var left = TagsLeft(list: 0..<0, tags: try makeTags(1))
            left.begin()
            left.value = try beginWrite(
                outline[.tag], "tag", outline[.value], outline[.precision], place: "", into: &left.tags[0])
            if left.value != nil { tagsLeft = left }
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
        listLeft = ListLeft(range: outline.root.range(of: list), areRead: nil)
    }

    /// Counts elements of the list that is left, some of them at a time. A value makes a write; so does the name `tag`,
    /// which only writes have: one that lacks its value is no read.
    /// - Returns: nil: none is left. Of one that has been counted itself, else nil in that.
    mutating func countSome() -> ListLeft?? {
        guard var list = listLeft else { return nil }
        let end = list.position + Self.countedBytesPerStep
        let array = outline.root[list.range]
        while !list.isWrapped, let element = JSONScan.nextElement(array, at: &list.position) {
            list.count += 1
            if list.areRead == nil, !list.isWrite, element.first == UInt8(ascii: "{") {
                let members = TagMembers(element)
                list.isWrite = members.value != nil || members.tag != nil
            }
            if list.position >= end {
                listLeft = list
                return .some(nil)
            }
        }
        listLeft = nil
        if list.areRead == nil { counted = list }
        return list
    }

    /// Makes room for the elements of a list.
    mutating func makeTags(_ list: ListLeft) throws(Fault) {
        if let areRead = list.areRead { return try makeVariables(list, areRead: areRead) }
        if list.isWrite { info.kind = .NEURON_WS_REQUEST_WRITE }
        try checkAllowed()
        guard list.count <= RequestLimits.tagsMax else {
            throw .malformed("\"tags\" has \(list.count) elements; at most \(RequestLimits.tagsMax) are taken")
        }
        info.tag_list = list.isWrite
        tagsLeft = TagsLeft(list: list.range, tags: try makeTags(list.count))
    }

    /// Their memory is not touched before each is read: there may be 10 MB of it.
    mutating func makeTags(_ count: Int) throws(Fault) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        try allow(count * MemoryLayout<neuron_ws_tag_t>.stride)
        let tags = try taken(arena.room(tags: count))
        info.tags = count > 0 ? UnsafePointer(tags.baseAddress) : nil
        info.tag_count = count
        return tags
    }

    // MARK: Some at a time

    /// Reads some of the tags; `tagsLeft` is nil behind the last.
    mutating func readSomeTags() throws(Fault) {
        guard var left = tagsLeft else { return }
        // What is passed on of a value that may change is copied each time.
        let parser = self
        let list = outline.root[left.list]
        let (first, start) = (left.index, left.position)
        var valueBytes = 0
        while left.index < left.tags.count, left.index - first < Self.tagsPerStep,
            left.position - start + valueBytes < Self.bytesPerStep
        {
            if var value = left.value {
                let isRead = try value.read(
                    parser.outline.root, parser, bytes: &valueBytes, into: &left.tags[left.index])
                left.value = isRead ? nil : value
                if isRead { left.index += 1 }
                continue
            }
            guard let element = JSONScan.nextElement(list, at: &left.position) else {
                throw .malformed("\"tags\" cannot be read")
            }
            left.begin()
            try parser.read(element, &left)
            if left.value == nil { left.index += 1 }
        }
        tagsLeft = left.index < left.tags.count ? left : nil
        if tagsLeft == nil { try endTags(left) }
    }

    private func read(_ element: UnsafeRawBufferPointer, _ left: inout TagsLeft) throws(Fault) {
        switch info.kind {
        case .NEURON_WS_REQUEST_READ: try readElementName(element, &left)
        case .NEURON_WS_REQUEST_OPERATION:
            if left.seen != nil { return try readVariableOnce(element, &left) }
            left.value = try beginVariable(element, left.index, into: &left.tags[left.index])
        default: left.value = try beginElement(element, left.index, into: &left.tags[left.index])
        }
    }

    private mutating func endTags(_ left: TagsLeft) throws(Fault) {
        if left.seen != nil { info.tag_count = left.named }
        guard info.kind == .NEURON_WS_REQUEST_READ else { return }
        if left.named == 0, left.index > 0 { throw .malformed("\"tags\" names no tag; it takes an array of names") }
        if left.named == 0 { info.tags = nil }
        info.tag_count = left.named
        try readQuery()
    }

    // MARK: Writes

    private func beginElement(
        _ element: UnsafeRawBufferPointer, _ index: Int, into tag: inout neuron_ws_tag_t
    ) throws(Fault) -> RequestValue? {
        guard element.first == UInt8(ascii: "{") else {
            throw .malformed("\"tags\"[\(index)] is \(JSONScan.kindName(element)); it takes an object")
        }
        let members = TagMembers(element)
        if members.tag != nil, members.name != nil {
            throw .malformed("\"tags\"[\(index)] has \"tag\" and \"name\"; give one or the other")
        }
        return try beginWrite(
            members.tag ?? members.name, members.name == nil ? "tag" : "name", members.value, members.precision,
            place: "\"tags\"[\(index)]: ", into: &tag)
    }

    /// - Returns: what is still to be read of the value; nil: nothing.
    private func beginWrite(
        _ name: UnsafeRawBufferPointer?, _ member: String, _ value: UnsafeRawBufferPointer?,
        _ precision: UnsafeRawBufferPointer?, place: String, into tag: inout neuron_ws_tag_t
    ) throws(Fault) -> RequestValue? {
        do throws(Fault) {
            try readName(name, member, into: &tag)
        } catch {
            guard case .malformed(let reason) = error else { throw error }
            throw .malformed(place + reason)
        }
        guard let value else { throw .malformed(place + "\"value\" is missing") }
        let left = try beginValue(value, into: &tag)
        guard let precision else { return left }
        guard precision.count <= 2, let digits = ASCII.decimal(precision[...]), digits <= 17 else {
            throw .malformed("tag \"\(shown(tag))\": \"precision\" is no integer from 0 to 17")
        }
        tag.precision = UInt8(digits)
        return left
    }

    private func shown(_ tag: neuron_ws_tag_t) -> String {
        let name = UnsafeRawBufferPointer(start: tag.name, count: tag.name_length)
        return ForeignText.masked(name, by: rules.mask, bytesMax: 1024).shown(charactersMax: 64)
    }

    /// - Returns: what is still to be read of it; nil: nothing.
    func beginValue(
        _ value: UnsafeRawBufferPointer, into tag: inout neuron_ws_tag_t
    ) throws(Fault) -> RequestValue? {
        switch value[0] {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return RequestValue(outline.root.range(of: value), isArray: value[0] == UInt8(ascii: "["))
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            tag.type = .NEURON_WS_TYPE_BOOL
            tag.value.boolean = value[0] == UInt8(ascii: "t")
            return nil
        case UInt8(ascii: "n"): throw .malformed("tag \"\(shown(tag))\": null is no value")
        case let byte where ASCII.isDigit(byte) && value.count <= 18:
            guard let integer = ASCII.decimal(value[...]) else { break }
            tag.type = .NEURON_WS_TYPE_INT64
            tag.value.i64 = Int64(integer)
            return nil
        case UInt8(ascii: "-") where value.count <= 18:
            guard let integer = ASCII.decimal(value[1...]) else { break }
            tag.type = .NEURON_WS_TYPE_INT64
            tag.value.i64 = -Int64(integer)
            return nil
        case UInt8(ascii: "\""):
            let inner = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
            tag.type = .NEURON_WS_TYPE_STRING
            if inner.contains(UInt8(ascii: "\\")) {
                let decoded = try decoded(inner)
                tag.value.text = neuron_ws_text_t(data: decoded.pointer, length: decoded.length)
                return nil
            }
            tag.value.text = neuron_ws_text_t(data: try copied(inner), length: inner.count)
            return nil
        default: break
        }
        let root = try parsed(value)
        do throws(GroupDocumentError) {
            let reader = TagValueReader(arena: arena, name: "", borrowsTexts: false)
            try reader.read(root, as: nil, into: &tag)
        } catch {
            if error.kind == .noMemory { throw .tooLarge(rules.memoryBytesLeft) }
            throw .malformed("tag \"\(shown(tag))\": its value cannot be taken")
        }
        return nil
    }

    func readName(
        _ value: UnsafeRawBufferPointer?, _ place: String, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        let (pointer, length) = try text(place, value, bytesMax: Int(NEURON_WS_NAME_MAX))
        tag.name = pointer
        tag.name_length = length
        if length > Int(NEURON_WS_NAME_MAX) {
            throw .malformed("\"\(place)\" has \(length) bytes; it takes at most \(NEURON_WS_NAME_MAX)")
        }
    }

    // MARK: Reads

    /// Elements that are no names are passed over, as the gateway does; but what names no tag at all is no wish for all
    /// of them. An empty array is.
    private func readElementName(_ element: UnsafeRawBufferPointer, _ left: inout TagsLeft) throws(Fault) {
        let name = element.first == UInt8(ascii: "{") ? TagMembers(element).name : element
        guard let name, name.first == UInt8(ascii: "\"") else { return }
        try readName(name, "tags", into: &left.tags[left.named])
        left.named += 1
    }
}
