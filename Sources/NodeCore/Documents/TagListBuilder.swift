// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import WebSocketCore

/// Builds the C structs of a group's tags from a document.
struct TagListBuilder {
    let arena = GroupArena()

    /// The tags of a group's document, in its order.
    mutating func build(
        _ root: JSONValue
    ) throws(GroupDocumentError) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        if let tags = root["tags"] {
            for other in ["values", "errors", "metas"] where root[other] != nil {
                throw GroupDocumentError(.invalidJSON, "\"\(other)\" stands beside \"tags\"; give one or the other")
            }
            guard tags.kind == .array else {
                throw GroupDocumentError(.invalidJSON, "\"tags\" is \(tags.kindName); it takes an array of tags")
            }
            return try readTags(tags)
        }
        if root["values"] == nil && root["errors"] == nil {
            throw GroupDocumentError(.invalidJSON, "\"tags\" or \"values\" is missing")
        }
        return try readValues(root)
    }

    private func checkCount(_ count: Int) throws(GroupDocumentError) {
        if count > Int(NEURON_WS_TAGS_MAX) {
            throw GroupDocumentError(.tooBig, "the group has \(count) tags, at most \(NEURON_WS_TAGS_MAX) are taken")
        }
    }

    // MARK: tags-format

    private func readTags(
        _ array: JSONValue
    ) throws(GroupDocumentError) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        try checkCount(array.count)
        let tags = try GroupDocumentError.given(arena.tags(array.count))
        for index in 0..<array.count {
            guard let element = array[index] else { continue }
            try readTag(element, "tag \(index)", isMeta: false, into: &tags[index])
        }
        return tags
    }

    private func readTag(
        _ object: JSONValue, _ place: String, isMeta: Bool, into tag: inout neuron_ws_tag_t
    ) throws(GroupDocumentError) {
        guard object.kind == .object else {
            throw GroupDocumentError(.invalidJSON, "\(place) is \(object.kindName); it must be an object")
        }
        guard let nameValue = object["name"], let name = nameValue.utf8 else {
            throw GroupDocumentError(.invalidGroup, "\(place) has no \"name\"")
        }
        tag.name = json_string_value(nameValue.pointer)
        tag.name_length = name.count
        let shown = shown(tag.name, name.count)
        try refuseUnknownMembers(object, shown, isMeta: isMeta)
        tag.precision = try precision(object["precision"], shown)
        if let metas = object["metas"], !isMeta { try readMetas(metas, shown, into: &tag) }
        if let error = object["error"] {
            try readError(error, shown, into: &tag)
            // 0 is a value: the tag was read, and there is no more to it.
            if tag.error != 0 || object["value"] == nil { return }
        }
        guard let value = object["value"] else {
            throw GroupDocumentError(.invalidGroup, "tag \"\(shown)\" has neither \"value\" nor \"error\"")
        }
        try TagValueReader(arena: arena, name: shown).read(value, as: try type(object["type"], shown), into: &tag)
    }

    private func refuseUnknownMembers(
        _ object: JSONValue, _ name: String, isMeta: Bool
    ) throws(GroupDocumentError) {
        var unknown: String?
        object.forEachMember { member, _ in
            switch member {
            // The bias has been applied by the host already.
            case "name", "type", "value", "precision", "bias": break
            case "error", "metas": if isMeta { unknown = member }
            default: unknown = member
            }
            return unknown == nil
        }
        guard let unknown else { return }
        let takes = isMeta ? "" : ", \"error\", \"metas\""
        throw GroupDocumentError(
            .invalidJSON,
            "tag \"\(name)\": \"\(SettingsParser.shown(unknown))\" is no member of a "
                + "\(isMeta ? "meta" : "tag"); it takes \"name\", \"type\", \"value\", \"precision\", \"bias\"" + takes)
    }

    private func precision(_ value: JSONValue?, _ name: String) throws(GroupDocumentError) -> UInt8 {
        guard let value else { return 0 }
        guard let integer = value.integer, (0...17).contains(integer) else {
            let shown = JSONText.beginning(value).shown(charactersMax: 64)
            throw GroupDocumentError(
                .invalidGroup, "tag \"\(name)\": \"precision\" is \(shown); it takes an integer from 0 to 17")
        }
        return UInt8(integer)
    }

    private func type(_ value: JSONValue?, _ name: String) throws(GroupDocumentError) -> neuron_ws_type_t? {
        guard let value else { return nil }
        let type = value.withUTF8 { TagType.named($0) } ?? nil
        guard let type else {
            let shown = JSONText.beginning(value).shown(charactersMax: 64)
            throw GroupDocumentError(
                .invalidGroup, "tag \"\(name)\": \"type\" is \(shown); it takes INT8, UINT8 … ARRAY_STRING or CUSTOM")
        }
        return type
    }

    private func readError(
        _ value: JSONValue, _ name: String, into tag: inout neuron_ws_tag_t
    ) throws(GroupDocumentError) {
        guard let integer = value.integer, let code = Int32(exactly: integer) else {
            let shown = JSONText.beginning(value).shown(charactersMax: 64)
            throw GroupDocumentError(
                .invalidGroup, "tag \"\(name)\": the error is \(shown); it takes an integer of 32 bits")
        }
        tag.error = code
        tag.type = code == 0 ? .NEURON_WS_TYPE_INT32 : .NEURON_WS_TYPE_ERROR
        tag.value.i32 = code
    }

    private func readMetas(
        _ array: JSONValue, _ name: String, into tag: inout neuron_ws_tag_t
    ) throws(GroupDocumentError) {
        guard array.kind == .array else {
            throw GroupDocumentError(
                .invalidJSON, "tag \"\(name)\": \"metas\" is \(array.kindName); it takes an array of tags")
        }
        let metas = try reserveMetas(array.count, name, &tag)
        for index in 0..<array.count {
            guard let element = array[index] else { continue }
            try readTag(element, "tag \"\(name)\": meta \(index)", isMeta: true, into: &metas[index])
        }
    }

    private func reserveMetas(
        _ count: Int, _ name: String, _ tag: inout neuron_ws_tag_t
    ) throws(GroupDocumentError) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        if count > Int(NEURON_WS_METAS_MAX) {
            throw GroupDocumentError(
                .tooBig, "tag \"\(name)\" has \(count) metas, at most \(NEURON_WS_METAS_MAX) are taken")
        }
        let metas = try GroupDocumentError.given(arena.tags(count))
        if count > 0 { tag.metas = UnsafePointer(metas.baseAddress) }
        tag.meta_count = count
        return metas
    }

    // MARK: values-format

    private func members(_ root: JSONValue, _ name: String) throws(GroupDocumentError) -> JSONValue? {
        guard let value = root[name] else { return nil }
        guard value.kind == .object else {
            throw GroupDocumentError(.invalidJSON, "\"\(name)\" is \(value.kindName); it takes an object")
        }
        return value
    }

    /// Calls `body` for each member, with the name as C takes it, until it throws.
    private func forEach(
        _ object: JSONValue,
        _ body: (UnsafePointer<CChar>?, Int, JSONValue) throws(GroupDocumentError) -> Void
    ) throws(GroupDocumentError) {
        var iterator = json_object_iter(object.pointer)
        while let current = iterator {
            guard let value = json_object_iter_value(current) else { return }
            try body(
                json_object_iter_key(current), json_object_iter_key_len(current),
                JSONValue(pointer: value, owner: object.owner))
            iterator = json_object_iter_next(object.pointer, current)
        }
    }

    private func shown(_ name: UnsafePointer<CChar>?, _ length: Int) -> String {
        ForeignText.beginning(UnsafeRawBufferPointer(start: name, count: length)).shown(charactersMax: 64)
    }

    private func readValues(
        _ root: JSONValue
    ) throws(GroupDocumentError) -> UnsafeMutableBufferPointer<neuron_ws_tag_t> {
        let values = try members(root, "values")
        let errors = try members(root, "errors")
        let metas = try members(root, "metas")
        let count = (values?.count ?? 0) + (errors?.count ?? 0)
        try checkCount(count)
        let tags = try GroupDocumentError.given(arena.tags(count))
        var index = 0
        if let values {
            try forEach(values) { (name, length, value) throws(GroupDocumentError) in
                tags[index].name = name
                tags[index].name_length = length
                try TagValueReader(arena: arena, name: shown(name, length)).read(value, as: nil, into: &tags[index])
                index += 1
            }
        }
        if let errors {
            try forEach(errors) { (name, length, value) throws(GroupDocumentError) in
                tags[index].name = name
                tags[index].name_length = length
                try readError(value, shown(name, length), into: &tags[index])
                index += 1
            }
        }
        if let metas { try readMetasByTag(metas, values, errors, tags) }
        return tags
    }

    /// `{"tag":{"quality":192}}`: the members of each are metas of the tag of that name.
    private func readMetasByTag(
        _ metas: JSONValue, _ values: JSONValue?, _ errors: JSONValue?,
        _ tags: UnsafeMutableBufferPointer<neuron_ws_tag_t>
    ) throws(GroupDocumentError) {
        var found = 0
        for index in tags.indices {
            guard let name = tags[index].name else { continue }
            guard let value = json_object_getn(metas.pointer, name, tags[index].name_length) else { continue }
            // A name in both, values and errors, is two tags; its metas go to the first alone.
            let isSecond =
                index >= (values?.count ?? 0)
                && values.map { json_object_getn($0.pointer, name, tags[index].name_length) != nil } ?? false
            if isSecond { continue }
            found += 1
            let object = JSONValue(pointer: value, owner: metas.owner)
            let shownName = shown(name, tags[index].name_length)
            guard object.kind == .object else {
                throw GroupDocumentError(
                    .invalidJSON, "tag \"\(shownName)\": its metas are \(object.kindName); they must be an object")
            }
            let list = try reserveMetas(object.count, shownName, &tags[index])
            var place = 0
            try forEach(object) { (name, length, value) throws(GroupDocumentError) in
                list[place].name = name
                list[place].name_length = length
                try TagValueReader(arena: arena, name: shown(name, length)).read(value, as: nil, into: &list[place])
                place += 1
            }
        }
        if found < metas.count {
            throw GroupDocumentError(.invalidJSON, "\"metas\" names a tag that is in neither \"values\" nor \"errors\"")
        }
    }
}
