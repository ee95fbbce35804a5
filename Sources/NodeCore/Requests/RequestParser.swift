import CJansson
import CNeuronWS

/// Tells by a document's shape which request it is (DESIGN §6), and reads it.
struct RequestParser {
    /// What a document turned out to be.
    enum Verdict {
        case request(Request)
        case malformed(MalformedRequest)
        case other

        func part(at range: Range<Int>) -> IncomingMessage.Part {
            switch self {
            case .request(let request): .request(request)
            case .malformed(let malformed): .malformed(malformed, range)
            case .other: .other(range)
            }
        }
    }

    /// What is wrong with it, for people.
    struct Fault: Error {
        let text: String
    }

    private let root: JSONValue
    private let arena = GroupArena()
    private var info = neuron_ws_request_info_t()

    private init(_ root: JSONValue) {
        self.root = root
        info.size = MemoryLayout<neuron_ws_request_info_t>.size
        info.tag_size = MemoryLayout<neuron_ws_tag_t>.stride
    }

    /// `outline` is the document's, and says that it may be a request.
    static func parse(_ bytes: UnsafeRawBufferPointer, _ outline: RequestOutline) -> Verdict {
        if bytes.count > RequestLimits.documentBytesMax {
            return refused(
                outline, "the request has \(bytes.count) bytes; at most \(RequestLimits.documentBytesMax) are taken")
        }
        if outline.depth > RequestLimits.depthMax {
            return refused(
                outline, "the request is nested \(outline.depth) deep; at most \(RequestLimits.depthMax) are taken")
        }
        let document: JSONDocument
        do throws(GroupDocumentError) {
            document = try GroupDocument.parseJSON(bytes, byteCountMax: RequestLimits.documentBytesMax)
        } catch { return refused(outline, "the request is not JSON: \(error.text)") }
        let root = document.root
        let hasUUID = root["uuid"].map { $0.kind != .null } ?? false
        guard names(root).looksLikeRequest(hasUUID: hasUUID) else { return .other }
        var parser = RequestParser(root)
        do throws(Fault) {
            return .request(try parser.read(bytes, document))
        } catch { return .malformed(MalformedRequest(uuid: echo(root["uuid"]), reason: error.text)) }
    }

    /// What was not parsed is judged by its outline.
    private static func refused(_ outline: RequestOutline, _ reason: String) -> Verdict {
        guard outline.looksLikeRequest else { return .other }
        return .malformed(MalformedRequest(uuid: outline.echo, reason: reason))
    }

    private static func names(_ root: JSONValue) -> RequestOutline.Names {
        var names: RequestOutline.Names = []
        if root["node"] != nil { names.insert(.node) }
        if root["group"] != nil { names.insert(.group) }
        if root["tag"] != nil { names.insert(.tag) }
        if root["action"] != nil { names.insert(.action) }
        if root["timestamp"] != nil { names.insert(.timestamp) }
        if root["values"] != nil { names.insert(.values) }
        return names
    }

    private static func echo(_ uuid: JSONValue?) -> [UInt8]? {
        guard let uuid else { return nil }
        switch uuid.kind {
        case .object, .array, .null: return nil
        case .string, .integer, .real, .boolean:
            let text = JSONText.compact(uuid)
            return text.count <= RequestLimits.uuidBytesMax ? text : nil
        }
    }

    // MARK: Members

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ document: JSONDocument) throws(Fault) -> Request {
        info.uuid = try name("uuid", bytesMin: 0)
        info.driver = try name("node", bytesMin: 1)
        let empty = arena.copy([UInt8(0)]).assumingMemoryBound(to: CChar.self)
        info.group = empty
        info.action = empty
        info.query_name = empty
        info.query_description = empty
        if root["action"] != nil, root["group"] == nil {
            info.kind = .NEURON_WS_REQUEST_ACTION
            info.action = try text("action", root["action"])
        } else {
            info.group = try name("group", bytesMin: 1)
            try readTags()
        }
        info.json = arena.copy(Array(bytes) + [0]).assumingMemoryBound(to: CChar.self)
        info.json_length = bytes.count
        guard let uuid = root["uuid"].map({ JSONText.compact($0) }) else { throw Fault(text: "\"uuid\" is missing") }
        return Request(info, uuid: uuid, document: document, arena: arena)
    }

    /// A member that must be there, as a C string of the document.
    private func name(_ member: String, bytesMin: Int) throws(Fault) -> UnsafePointer<CChar> {
        guard let value = root[member] else { throw Fault(text: "\"\(member)\" is missing") }
        let pointer = try text(member, value)
        let length = json_string_length(value.pointer)
        guard length >= bytesMin, length <= Int(NEURON_WS_NAME_MAX) else {
            throw Fault(text: "\"\(member)\" has \(length) bytes; it takes \(bytesMin) to \(NEURON_WS_NAME_MAX)")
        }
        return pointer
    }

    private func text(_ place: String, _ value: JSONValue?) throws(Fault) -> UnsafePointer<CChar> {
        guard let value else { throw Fault(text: "\"\(place)\" is missing") }
        guard value.kind == .string, LargeIntegers.value(of: value) == nil,
            let pointer = json_string_value(value.pointer)
        else {
            let kind: StaticString = value.kind == .string ? "an integer" : value.kindName
            throw Fault(text: "\"\(place)\" is \(kind); it takes a text")
        }
        // To C the text would end there.
        if value.withUTF8({ $0.contains(0) }) == true { throw Fault(text: "\"\(place)\" holds U+0000") }
        return pointer
    }

    private mutating func readTags() throws(Fault) {
        let list = root["tags"]
        if root["tag"] != nil || (list == nil && root["value"] != nil) {
            if list != nil { throw Fault(text: "\"tag\" stands beside \"tags\"; give one or the other") }
            info.kind = .NEURON_WS_REQUEST_WRITE
            let tags = arena.tags(1)
            try readWrite(root, name: "tag", place: "", into: &tags[0])
            setTags(tags, count: 1)
            return
        }
        info.kind = .NEURON_WS_REQUEST_READ
        guard let list else { return try readQuery() }
        guard list.kind == .array else { throw Fault(text: "\"tags\" is \(list.kindName); it takes an array") }
        guard list.count <= RequestLimits.tagsMax else {
            throw Fault(text: "\"tags\" has \(list.count) elements; at most \(RequestLimits.tagsMax) are taken")
        }
        if isWrite(list) {
            info.kind = .NEURON_WS_REQUEST_WRITE
            try readWrites(list)
        } else {
            try readNames(list)
            try readQuery()
        }
    }

    private mutating func setTags(_ tags: UnsafeMutableBufferPointer<neuron_ws_tag_t>, count: Int) {
        info.tags = count > 0 ? UnsafePointer(tags.baseAddress) : nil
        info.tag_count = count
    }

    /// A value makes a write; so does the name `tag`, which only writes have: one that lacks its value is no read.
    private func isWrite(_ list: JSONValue) -> Bool {
        for index in 0..<list.count {
            guard let element = list[index], element.kind == .object else { continue }
            if element["value"] != nil || element["tag"] != nil { return true }
        }
        return false
    }

    // MARK: Writes

    private mutating func readWrites(_ list: JSONValue) throws(Fault) {
        info.tag_list = true
        let tags = arena.tags(list.count)
        for index in 0..<list.count {
            guard let element = list[index] else { continue }
            guard element.kind == .object else {
                throw Fault(text: "\"tags\"[\(index)] is \(element.kindName); it takes an object")
            }
            if element["tag"] != nil, element["name"] != nil {
                throw Fault(text: "\"tags\"[\(index)] has \"tag\" and \"name\"; give one or the other")
            }
            let name = element["name"] == nil ? "tag" : "name"
            try readWrite(element, name: name, place: "\"tags\"[\(index)]: ", into: &tags[index])
        }
        setTags(tags, count: list.count)
    }

    private func readWrite(
        _ object: JSONValue, name: String, place: String, into tag: inout neuron_ws_tag_t
    ) throws(Fault) {
        guard let nameValue = object[name] else { throw Fault(text: place + "\"\(name)\" is missing") }
        do throws(Fault) {
            try readName(nameValue, name, into: &tag)
        } catch { throw Fault(text: place + error.text) }
        guard let value = object["value"] else { throw Fault(text: place + "\"value\" is missing") }
        let shown = SettingsParser.shown(nameValue.string ?? "")
        if value.kind == .null { throw Fault(text: "tag \"\(shown)\": null is no value") }
        do throws(GroupDocumentError) {
            try TagValueReader(arena: arena, name: shown).read(value, as: nil, into: &tag)
        } catch { throw Fault(text: error.text) }
        guard let precision = object["precision"] else { return }
        guard let integer = precision.integer, (0...17).contains(integer) else {
            throw Fault(text: "tag \"\(shown)\": \"precision\" is no integer from 0 to 17")
        }
        tag.precision = UInt8(integer)
    }

    private func readName(_ value: JSONValue, _ place: String, into tag: inout neuron_ws_tag_t) throws(Fault) {
        tag.name = try text(place, value)
        tag.name_length = json_string_length(value.pointer)
        if tag.name_length > Int(NEURON_WS_NAME_MAX) {
            throw Fault(text: "\"\(place)\" has \(tag.name_length) bytes; it takes at most \(NEURON_WS_NAME_MAX)")
        }
    }

    // MARK: Reads

    /// Elements that are no names are passed over, as the gateway does; but what names no tag at all is no wish for all
    /// of them. An empty array is.
    private mutating func readNames(_ list: JSONValue) throws(Fault) {
        let tags = arena.tags(list.count)
        var count = 0
        for index in 0..<list.count {
            guard let element = list[index] else { continue }
            let name = element.kind == .object ? element["name"] : element
            guard let name, name.kind == .string, LargeIntegers.value(of: name) == nil else { continue }
            try readName(name, "tags", into: &tags[count])
            count += 1
        }
        if count == 0, list.count > 0 { throw Fault(text: "\"tags\" names no tag; it takes an array of names") }
        setTags(tags, count: count)
    }

    private mutating func readQuery() throws(Fault) {
        info.sync = root["sync"]?.boolean ?? false
        guard let query = root["query"], query.kind == .object else { return }
        if let name = query["name"] { info.query_name = try text("query.name", name) }
        let description = query["description"] ?? query["desc"]
        if let description { info.query_description = try text("query.description", description) }
    }
}
