/// The tags of a host's answer as an operation's variables: `"tags":[{"name","value"|"error","reason"?,"group"?,
/// "timestamp"?},…]`, or of several groups `"groups":[{"group","tags"|"error","reason"?,"timestamp"?},…]`.
struct OperationVariables {
    private struct Tag {
        let name: [UInt8]
        let value: JSONValue?
        let error: Int64
        let reason: String?
        let group: [UInt8]?
        let at: Int64
    }

    /// A group that could not be read or written at all.
    private struct FailedGroup {
        let name: [UInt8]
        let error: Int64
        let reason: String
    }

    /// What an answer says of a name.
    private enum Found {
        case tag(Tag)
        /// Nothing.
        case none
        /// Its group, or one that may hold it, could not be asked.
        case failed(FailedGroup)
        /// Several groups hold the name.
        case ambiguous(String)
    }

    private var tags: [Tag] = []
    private var failedGroups: [FailedGroup] = []
    /// All the groups were asked in vain.
    private var isWhollyFailed = false
    // A platform may name a hundred thousand variables: each is found at once.
    /// Of each name the places of its tags.
    private var index: [[UInt8]: [Int]] = [:]
    /// What is said of a name without a group.
    private var byName: [[UInt8]: Found] = [:]
    /// By `group/tag`, and by the name alone of those without a group: the last one.
    private var byPath: [[UInt8]: Int] = [:]
    private var ungrouped: [[UInt8]: Int] = [:]
    private var failedByName: [[UInt8]: Int] = [:]

    /// Groups that are named where a name is in several.
    private static let groupsShown = 4

    /// There is no such tag, or no such group.
    private static func isUnknown(_ error: Int64) -> Bool {
        error == RequestErrorCode.noTag || error == RequestErrorCode.noGroup
    }

    static func areIn(_ answer: JSONValue) -> Bool {
        answer.kind == .object && answer["resultCode"] == nil && (answer["tags"] != nil || answer["groups"] != nil)
    }

    init(_ answer: JSONValue, timestampMilliseconds: Int64) throws(OperationAnswer.Fault) {
        let at = answer["timestamp"]?.integer ?? timestampMilliseconds
        guard let groups = answer["groups"] else {
            guard let list = answer["tags"], list.kind == .array else {
                throw OperationAnswer.Fault(text: "\"tags\" of the answer takes an array")
            }
            try add(list, group: nil, at: at, place: "\"tags\"")
            settle()
            return
        }
        guard groups.kind == .array else {
            throw OperationAnswer.Fault(text: "\"groups\" of the answer takes an array")
        }
        for place in 0..<groups.count {
            guard let group = groups[place], let name = group["group"]?.withUTF8({ Array($0) }) else {
                throw OperationAnswer.Fault(text: "\"groups\"[\(place)] of the answer names no \"group\"")
            }
            if let list = group["tags"], list.kind == .array {
                try add(
                    list, group: name, at: group["timestamp"]?.integer ?? at, place: "\"groups\"[\(place)].\"tags\"")
            } else if let error = group["error"]?.integer, error != 0 {
                failedGroups.append(
                    FailedGroup(
                        name: name, error: error, reason: OperationText.reason(group["reason"]?.string, error)))
            } else {
                throw OperationAnswer.Fault(
                    text: "\"groups\"[\(place)] of the answer takes \"tags\", or an \"error\" that is not 0")
            }
        }
        settle()
        isWhollyFailed =
            groups.count > 0 && failedGroups.count == groups.count
            && failedGroups.contains { $0.error != RequestErrorCode.noGroup }
    }

    private mutating func add(
        _ list: JSONValue, group: [UInt8]?, at: Int64, place: String
    ) throws(OperationAnswer.Fault) {
        for number in 0..<list.count {
            guard let tag = list[number], let name = tag["name"]?.withUTF8({ Array($0) }) else {
                throw OperationAnswer.Fault(text: "\(place)[\(number)] of the answer names no tag")
            }
            index[name, default: []].append(tags.count)
            tags.append(
                Tag(
                    name: name, value: tag["value"].flatMap { $0.kind == .null ? nil : $0 },
                    error: tag["error"]?.integer ?? 0, reason: tag["reason"]?.string,
                    group: tag["group"]?.withUTF8 { Array($0) } ?? group, at: tag["timestamp"]?.integer ?? at))
        }
    }

    private mutating func settle() {
        for (place, tag) in tags.enumerated() {
            if let group = tag.group {
                byPath[group + [UInt8(ascii: "/")] + tag.name] = place
            } else {
                ungrouped[tag.name] = place
            }
        }
        for (place, group) in failedGroups.enumerated() { failedByName[group.name] = place }
        for (name, places) in index { byName[name] = only(places, name) }
    }

    /// Why none of the groups could be asked; nil: some could.
    var failure: (error: Int64, reason: String)? {
        guard isWhollyFailed, let group = failedGroups.first(where: { $0.error != RequestErrorCode.noGroup }) else {
            return nil
        }
        return (group.error, group.reason)
    }

    /// What went wrong with some of the groups; "": nothing.
    var remark: String {
        failedGroups.map { "\(String(decoding: $0.name, as: UTF8.self)): \($0.reason)" }.joined(separator: "; ")
    }

    /// Each name once, in the order of the answer.
    var names: [[UInt8]] {
        var names: [[UInt8]] = []
        for (place, tag) in tags.enumerated() where index[tag.name]?.first == place { names.append(tag.name) }
        return names
    }

    // MARK: Names

    /// A tag by its name as it stands in the answer, or as `group/tag`.
    private func find(_ name: [UInt8]) -> Found {
        if let found = byName[name] { return found }
        guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else {
            return failedGroups.first { $0.error != RequestErrorCode.noGroup }.map { .failed($0) } ?? .none
        }
        // A host that asks one group alone need not say which.
        if let place = byPath[name] ?? ungrouped[Array(name[(slash + 1)...])] { return .tag(tags[place]) }
        return failedByName[Array(name[..<slash])].map { .failed(failedGroups[$0]) } ?? .none
    }

    /// Of one group the last tag counts; what a group does not have does not make the name ambiguous.
    private func only(_ places: [Int], _ name: [UInt8]) -> Found {
        var groups: [[UInt8]] = []
        var seen: Set<[UInt8]> = []
        var found: Int?
        for place in places where !Self.isUnknown(tags[place].error) {
            found = place
            guard let group = tags[place].group, seen.insert(group).inserted else { continue }
            if groups.count < Self.groupsShown { groups.append(group) }
        }
        if groups.count > 1 {
            var shown = groups.map { String(decoding: $0, as: UTF8.self) }
            if seen.count > shown.count { shown.append("\(seen.count - shown.count) more") }
            let example = String(decoding: groups[0] + [UInt8(ascii: "/")] + name, as: UTF8.self)
            return .ambiguous("several groups hold the name: \(shown.joined(separator: ", ")); take \(example)")
        }
        guard let place = found ?? places.last else { return .none }
        return .tag(tags[place])
    }

    // MARK: Answers

    /// GET_DEVICE_PARAMETERS, in the order of the request.
    func read(_ names: [[UInt8]]) throws(OperationAnswer.Fault) -> [UInt8] {
        try list(names) { name, text throws(OperationAnswer.Fault) in
            switch find(name) {
            case .failed(let group) where !Self.isUnknown(group.error):
                Self.append("ERROR", group.reason, to: &text)
            case .ambiguous(let reason): Self.append("ERROR", reason, to: &text)
            case .tag(let tag) where tag.error != 0 && !Self.isUnknown(tag.error):
                Self.append("ERROR", Self.reason(tag), to: &text)
            case .tag(let tag):
                guard let value = tag.value, tag.error == 0 else { return Self.appendNone(to: &text) }
                text += Array(",\"variableValue\":".utf8)
                try OperationText.append(value, to: &text)
                Self.append("SUCCESS", "SUCCESS", to: &text)
            case .none, .failed: Self.appendNone(to: &text)
            }
        }
    }

    /// SET_DEVICE_PARAMETERS, in the order of the request.
    func written(_ names: [[UInt8]]) -> [UInt8] {
        list(names) { name, text in
            switch find(name) {
            case .none: Self.append("ERROR", "the gateway did not say what became of it", to: &text)
            case .failed(let group):
                Self.append(Self.isUnknown(group.error) ? "NON_EXISTENT" : "ERROR", group.reason, to: &text)
            case .ambiguous(let reason): Self.append("ERROR", reason, to: &text)
            case .tag(let tag) where tag.error == 0: Self.append("SUCCESS", nil, to: &text)
            case .tag(let tag):
                Self.append(Self.isUnknown(tag.error) ? "NON_EXISTENT" : "ERROR", Self.reason(tag), to: &text)
            }
        }
    }

    static func allWritten(_ names: [[UInt8]]) -> [UInt8] {
        list(names) { _, text in append("SUCCESS", nil, to: &text) }
    }

    /// REFRESH_INFO: each name once, with all the values that have it.
    func refreshed() throws(OperationAnswer.Fault) -> [UInt8] {
        let names = names
        return try Self.list(names, names.map { index[$0] ?? [] }) { numbers, text throws(OperationAnswer.Fault) in
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
            Self.append(group, to: &text)
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

    /// What REFRESH_INFO publishes: a datastream for each name of a group; nil: there are neither values nor errors to
    /// report.
    func upload(device: [UInt8], _ encoding: EncodingOptions) throws(OperationAnswer.Fault) -> [UInt8]? {
        let gateway = encoding.openGate
        var errors: [UInt8] = []
        if encoding.reportsErrors {
            for tag in tags where tag.error != 0 {
                errors += Array((errors.isEmpty ? ",\"errors\":[{\"id\":" : ",{\"id\":").utf8)
                Self.append(tag.name, to: &errors)
                errors += Array(",\"error\":\(tag.error)}".utf8)
            }
            if !errors.isEmpty { errors.append(UInt8(ascii: "]")) }
        }
        var streams: [[UInt8]: Int] = [:]
        var texts: [[UInt8]] = []
        for tag in tags where tag.error == 0 {
            guard let value = tag.value else { continue }
            var head = Array("{\"id\":".utf8)
            Self.append(tag.name, to: &head)
            if let group = tag.group {
                head += Array(",\"feed\":".utf8)
                Self.append(group, to: &head)
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
        if texts.isEmpty && errors.isEmpty { return nil }
        guard var text = gateway.beginning(device: device) else { throw .noMemory }
        text.append(UInt8(ascii: "["))
        for (index, stream) in texts.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += stream
            text += Array("]}".utf8)
        }
        text.append(UInt8(ascii: "]"))
        return text + errors + [UInt8(ascii: "}")]
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

    private static func appendNone(to text: inout [UInt8]) {
        append("NON_EXISTENT", "No datastream found", to: &text)
    }

    private static func reason(_ tag: Tag) -> String {
        tag.error == 0 ? "no value" : OperationText.reason(tag.reason, tag.error)
    }
}
