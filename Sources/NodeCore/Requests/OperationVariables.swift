/// The tags of a host's answer, `[{"name","value"|"error","reason"?,"group"?,"timestamp"?},…]`, as an operation's
/// variables.
struct OperationVariables {
    private struct Tag {
        let name: [UInt8]
        let value: JSONValue?
        let error: Int64
        let reason: String?
        let group: JSONValue?
        let at: Int64
    }

    private var tags: [Tag] = []
    /// Of each name the last tag.
    private var index: [[UInt8]: Int] = [:]

    init(_ answer: JSONValue, timestampMilliseconds: Int64) throws(OperationAnswer.Fault) {
        guard let list = answer["tags"], list.kind == .array else {
            throw OperationAnswer.Fault(text: "\"tags\" of the answer takes an array")
        }
        for place in 0..<list.count {
            guard let tag = list[place], let name = tag["name"]?.withUTF8({ Array($0) }) else {
                throw OperationAnswer.Fault(text: "\"tags\"[\(place)] of the answer names no tag")
            }
            let error = tag["error"]?.integer ?? 0
            let value = tag["value"].flatMap { $0.kind == .null ? nil : $0 }
            let group = tag["group"].flatMap { $0.kind == .string ? $0 : nil }
            index[name] = tags.count
            tags.append(
                Tag(
                    name: name, value: value, error: error, reason: tag["reason"]?.string, group: group,
                    at: tag["timestamp"]?.integer ?? answer["timestamp"]?.integer ?? timestampMilliseconds))
        }
    }

    /// By its whole name, or by what stands behind the group in `group/tag`.
    private func tag(_ name: [UInt8]) -> Tag? {
        if let found = index[name] { return tags[found] }
        guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return index[Array(name[(slash + 1)...])].map { tags[$0] }
    }

    // MARK: Answers

    /// GET_DEVICE_PARAMETERS, in the order of the request.
    func read(_ names: [[UInt8]]) throws(OperationAnswer.Fault) -> [UInt8] {
        try list(names) { name, text throws(OperationAnswer.Fault) in
            guard let tag = tag(name), tag.error != RequestErrorCode.noTag, tag.error != 0 || tag.value != nil else {
                return Self.append("NON_EXISTENT", "No datastream found", to: &text)
            }
            guard let value = tag.value, tag.error == 0 else {
                return Self.append("ERROR", Self.reason(tag), to: &text)
            }
            text += Array(",\"variableValue\":".utf8)
            try OperationText.append(value, to: &text)
            Self.append("SUCCESS", "SUCCESS", to: &text)
        }
    }

    /// SET_DEVICE_PARAMETERS, in the order of the request.
    func written(_ names: [[UInt8]]) -> [UInt8] {
        list(names) { name, text in
            guard let tag = tag(name) else {
                return Self.append("ERROR", "the gateway did not say what became of it", to: &text)
            }
            if tag.error == 0 { return Self.append("SUCCESS", nil, to: &text) }
            Self.append(tag.error == RequestErrorCode.noTag ? "NON_EXISTENT" : "ERROR", Self.reason(tag), to: &text)
        }
    }

    static func allWritten(_ names: [[UInt8]]) -> [UInt8] {
        list(names) { _, text in append("SUCCESS", nil, to: &text) }
    }

    /// REFRESH_INFO: each name once, with all the values that have it.
    func refreshed() throws(OperationAnswer.Fault) -> [UInt8] {
        var places: [[UInt8]: Int] = [:]
        var groups: [[Int]] = []
        for (number, tag) in tags.enumerated() {
            if let place = places[tag.name] {
                groups[place].append(number)
            } else {
                places[tag.name] = groups.count
                groups.append([number])
            }
        }
        return try Self.list(groups.map { tags[$0[0]].name }, groups) { numbers, text throws(OperationAnswer.Fault) in
            var error: Tag?
            text += Array(",\"variableValue\":[".utf8)
            for (position, number) in numbers.enumerated() {
                if position > 0 { text.append(UInt8(ascii: ",")) }
                try appendInfo(tags[number], to: &text)
                if tags[number].error != 0 { error = tags[number] }
            }
            text.append(UInt8(ascii: "]"))
            if let error {
                Self.append("ERROR", Self.reason(error), to: &text)
            } else {
                Self.append("SUCCESS", "SUCCESS", to: &text)
            }
        }
    }

    private func appendInfo(_ tag: Tag, to text: inout [UInt8]) throws(OperationAnswer.Fault) {
        text += Array("{\"datastreamId\":".utf8)
        Self.append(tag.name, to: &text)
        if let group = tag.group {
            text += Array(",\"feed\":".utf8)
            try OperationText.append(group, to: &text)
        }
        let isGood = tag.error == 0 && tag.value != nil
        text += Array(",\"status\":\"\(isGood ? "OK" : "PROCESSING_ERROR")\",\"at\":\(tag.at)".utf8)
        if isGood, let value = tag.value {
            text += Array(",\"value\":".utf8)
            try OperationText.append(value, to: &text)
        } else {
            text += Array(",\"error\":".utf8)
            JSONText.appendString(Self.reason(tag), to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    // MARK: The upload

    /// What REFRESH_INFO publishes: a datastream for each name of a group; nil: there are no values.
    func upload(device: String, _ gateway: OpenGateIdentity) throws(OperationAnswer.Fault) -> [UInt8]? {
        var streams: [[UInt8]: Int] = [:]
        var texts: [[UInt8]] = []
        for tag in tags where tag.error == 0 {
            guard let value = tag.value else { continue }
            var head = Array("{\"id\":".utf8)
            Self.append(tag.name, to: &head)
            if let group = tag.group {
                head += Array(",\"feed\":".utf8)
                try OperationText.append(group, to: &head)
            }
            head += Array(",\"datapoints\":[".utf8)
            var point = Array(gateway.isReduced ? "{\"value\":".utf8 : "{\"at\":\(tag.at),\"value\":".utf8)
            try OperationText.append(value, to: &point)
            point.append(UInt8(ascii: "}"))
            if let place = streams[head] {
                texts[place] += [UInt8(ascii: ",")] + point
            } else {
                streams[head] = texts.count
                texts.append(head + point)
            }
        }
        if texts.isEmpty { return nil }
        guard var text = gateway.beginning(device: Array(device.utf8)) else { return nil }
        for (index, stream) in texts.enumerated() {
            text.append(index == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
            text += stream
            text += Array("]}".utf8)
        }
        return text + Array("]}".utf8)
    }

    // MARK: Text

    private func list<E: Error>(
        _ names: [[UInt8]], _ body: ([UInt8], inout [UInt8]) throws(E) -> Void
    ) throws(E) -> [UInt8] {
        try Self.list(names, names, body)
    }

    private static func list<E: Error>(
        _ names: [[UInt8]], _ body: ([UInt8], inout [UInt8]) throws(E) -> Void
    ) throws(E) -> [UInt8] {
        try list(names, names, body)
    }

    /// `[{"variableName":name,…},…]`, where `body` writes what stands behind each name.
    private static func list<Item, E: Error>(
        _ names: [[UInt8]], _ items: [Item], _ body: (Item, inout [UInt8]) throws(E) -> Void
    ) throws(E) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "[")]
        for (index, name) in names.enumerated() {
            text += Array((index > 0 ? ",{\"variableName\":" : "{\"variableName\":").utf8)
            append(name, to: &text)
            try body(items[index], &text)
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: "]"))
        return text
    }

    private static func append(_ name: [UInt8], to text: inout [UInt8]) {
        name.withUnsafeBytes { JSONText.appendString($0, to: &text) }
    }

    private static func append(_ code: StaticString, _ description: String?, to text: inout [UInt8]) {
        text += Array(",\"resultCode\":\"\(code)\"".utf8)
        guard let description else { return }
        text += Array(",\"resultDescription\":".utf8)
        JSONText.appendString(description, to: &text)
    }

    private static func reason(_ tag: Tag) -> String {
        if let reason = tag.reason, !reason.utf8.isEmpty { return reason }
        return tag.error == 0 ? "no value" : "error \(tag.error) of the gateway"
    }
}
