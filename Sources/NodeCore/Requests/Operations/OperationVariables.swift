// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// What an answer says of variables: `"tags":[{"name","value"|"error","reason"?,"group"?,"timestamp"?},…]`, or of
/// several groups `"groups":[{"group","tags"|"error","reason"?,"timestamp"?},…]`.
///
/// Its texts are the document's. A platform may name a hundred thousand variables, and a host as many tags of one name:
/// each is found at once, and the memory for that is malloc's, which can say no.
final class OperationVariables {
    struct Tag: BitwiseCopyable {
        let name: UnsafeRawBufferPointer
        /// Without an address: none.
        let group: UnsafeRawBufferPointer
        /// Nil: none, or null.
        let value: UnsafeMutablePointer<json_t>?
        let error: Int64
        let reason: UnsafeRawBufferPointer
        let at: Int64
        /// The next one of its name; -1: none.
        var next: Int32 = -1

        /// There is no such tag, or no such group.
        var isUnknown: Bool { OperationVariables.isUnknown(error) }

        /// Of its name and its group.
        func hash(_ seed: UInt64) -> UInt64 {
            NameHash.pair(NameHash.of(name, seed: seed), NameHash.of(group, seed: seed))
        }

        /// Of one name and group.
        func isBeside(_ other: Tag) -> Bool {
            (group.baseAddress == nil) == (other.group.baseAddress == nil) && group.elementsEqual(other.group)
                && name.elementsEqual(other.name)
        }
    }

    /// A group that could not be read or written at all.
    struct FailedGroup: BitwiseCopyable {
        let name: UnsafeRawBufferPointer
        let error: Int64
        let reason: UnsafeRawBufferPointer
    }

    /// What an answer says of a name.
    enum Found {
        case tag(Tag)
        /// Nothing.
        case none
        /// Its group, or one that may hold it, could not be asked.
        case failed(FailedGroup)
        /// Several groups hold the name.
        case ambiguous(OperationNames.Head)
    }

    fileprivate let document: JSONDocument
    fileprivate(set) var tags = RawList<Tag>()
    private(set) var failedGroups = RawList<FailedGroup>()
    fileprivate var names: OperationNames?
    /// All the groups were asked in vain.
    private var isWhollyFailed = false
    /// The first of them that is there, but could not be asked; -1: none.
    private var firstFailed = -1

    static func isUnknown(_ error: Int64) -> Bool {
        error == RequestErrorCode.noTag || error == RequestErrorCode.noGroup
    }

    static func areIn(_ answer: JSONValue) -> Bool {
        answer.kind == .object && answer["resultCode"] == nil && (answer["tags"] != nil || answer["groups"] != nil)
    }

    init(_ answer: JSONValue, timestampMilliseconds: Int64) throws(OperationAnswer.Fault) {
        document = answer.owner
        let at = answer["timestamp"]?.integer ?? timestampMilliseconds
        if let groups = answer["groups"] {
            try add(groups: groups, at: at)
        } else {
            guard let list = answer["tags"], list.kind == .array else {
                throw OperationAnswer.Fault(text: "\"tags\" of the answer takes an array")
            }
            try add(list, group: Self.nothing, at: at, group: nil)
        }
        do throws(EncodingError) { names = try OperationNames(self) } catch { throw OperationAnswer.Fault(error) }
    }

    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    private func add(groups: JSONValue, at: Int64) throws(OperationAnswer.Fault) {
        guard groups.kind == .array else {
            throw OperationAnswer.Fault(text: "\"groups\" of the answer takes an array")
        }
        for place in 0..<groups.count {
            guard let group = groups[place], let name = group["group"]?.utf8 else {
                throw OperationAnswer.Fault(text: "\"groups\"[\(place)] of the answer names no \"group\"")
            }
            if let list = group["tags"], list.kind == .array {
                try add(list, group: name, at: group["timestamp"]?.integer ?? at, group: place)
            } else if let error = group["error"]?.integer, error != 0 {
                if firstFailed < 0, error != RequestErrorCode.noGroup { firstFailed = failedGroups.count }
                let failed = FailedGroup(name: name, error: error, reason: group["reason"]?.utf8 ?? Self.nothing)
                do throws(EncodingError) { try failedGroups.append(failed) } catch { throw .noMemory }
            } else {
                throw OperationAnswer.Fault(
                    text: "\"groups\"[\(place)] of the answer takes \"tags\", or an \"error\" that is not 0")
            }
        }
        isWhollyFailed = groups.count > 0 && failedGroups.count == groups.count && firstFailed >= 0
    }

    private func add(
        _ list: JSONValue, group: UnsafeRawBufferPointer, at: Int64, group place: Int?
    ) throws(OperationAnswer.Fault) {
        for number in 0..<list.count {
            guard let tag = list[number], let name = tag["name"]?.utf8 else {
                let list = place.map { "\"groups\"[\($0)].\"tags\"" } ?? "\"tags\""
                throw OperationAnswer.Fault(text: "\(list)[\(number)] of the answer names no tag")
            }
            let made = Tag(
                name: name, group: tag["group"]?.utf8 ?? group,
                value: tag["value"].flatMap { $0.kind == .null ? nil : $0.pointer },
                error: tag["error"]?.integer ?? 0, reason: tag["reason"]?.utf8 ?? Self.nothing,
                at: tag["timestamp"]?.integer ?? at)
            do throws(EncodingError) { try tags.append(made) } catch { throw .noMemory }
        }
    }

    func setNext(_ place: Int, _ next: Int) { tags[place].next = Int32(next) }

    /// Why none of the groups could be asked; nil: some could.
    var failure: (error: Int64, reason: OperationText.Words)? {
        guard isWhollyFailed else { return nil }
        let group = failedGroups[firstFailed]
        return (group.error, OperationText.reason(group.reason, group.error))
    }

    /// Each name once, in the order of the answer.
    var allNames: OperationAnswer.Names {
        guard let names else { return .none }
        return OperationAnswer.Names(count: names.count) { [self] in tags[names.first($0)].name }
    }

    /// A tag by its name as it stands in the answer, or as `group/tag`.
    fileprivate func find(_ name: UnsafeRawBufferPointer) -> Found {
        guard let names else { return .none }
        if let head = names.head(name, self) {
            if head.groupCount > 1 { return .ambiguous(head) }
            return .tag(tags[Int(head.counted >= 0 ? head.counted : head.last)])
        }
        guard let slash = name.firstIndex(of: UInt8(ascii: "/")) else {
            return firstFailed < 0 ? .none : .failed(failedGroups[firstFailed])
        }
        if let place = names.tag(path: name) { return .tag(tags[place]) }
        // A host that asks one group alone need not say which.
        let behind = UnsafeRawBufferPointer(rebasing: name[(slash + 1)...])
        if let head = names.head(behind, self), head.ungrouped >= 0 {
            return .tag(tags[Int(head.ungrouped)])
        }
        let group = names.failedGroup(UnsafeRawBufferPointer(rebasing: name[..<slash]), self)
        return group.map { .failed(failedGroups[$0]) } ?? .none
    }
}

// MARK: Answers

extension OperationVariables {
    /// GET_DEVICE_PARAMETERS, in the order of the request.
    func writeRead(_ names: OperationAnswer.Names, to writer: inout ByteWriter) throws(EncodingError) {
        try Self.writeList(names, to: &writer) { index, writer throws(EncodingError) in
            switch find(names.name(index)) {
            case .failed(let group) where !Self.isUnknown(group.error):
                try Self.write("ERROR", OperationText.reason(group.reason, group.error), to: &writer)
            case .ambiguous(let head): try writeAmbiguous(head, to: &writer)
            case .tag(let tag) where tag.error != 0 && !tag.isUnknown:
                try Self.write("ERROR", Self.reason(tag), to: &writer)
            case .tag(let tag):
                guard let value = tag.value, tag.error == 0 else { return try Self.writeNone(to: &writer) }
                try writer.write(",\"variableValue\":")
                try write(value, to: &writer)
                try Self.write("SUCCESS", .own("SUCCESS"), to: &writer)
            case .none, .failed: try Self.writeNone(to: &writer)
            }
        }
    }

    /// SET_DEVICE_PARAMETERS, in the order of the request.
    func writeWritten(_ names: OperationAnswer.Names, to writer: inout ByteWriter) throws(EncodingError) {
        try Self.writeList(names, to: &writer) { index, writer throws(EncodingError) in
            switch find(names.name(index)) {
            case .none:
                try Self.write("ERROR", .own("the gateway did not say what became of it"), to: &writer)
            case .failed(let group):
                try Self.write(
                    Self.isUnknown(group.error) ? "NON_EXISTENT" : "ERROR",
                    OperationText.reason(group.reason, group.error), to: &writer)
            case .ambiguous(let head): try writeAmbiguous(head, to: &writer)
            case .tag(let tag) where tag.error == 0: try Self.write("SUCCESS", nil, to: &writer)
            case .tag(let tag):
                try Self.write(tag.isUnknown ? "NON_EXISTENT" : "ERROR", Self.reason(tag), to: &writer)
            }
        }
    }

    static func writeAllWritten(_ names: OperationAnswer.Names, to writer: inout ByteWriter) throws(EncodingError) {
        try writeList(names, to: &writer) { _, writer throws(EncodingError) in try write("SUCCESS", nil, to: &writer) }
    }

    /// REFRESH_INFO: each name once, with all the values that have it.
    func writeRefreshed(to writer: inout ByteWriter) throws(EncodingError) {
        try Self.writeList(allNames, to: &writer) { index, writer throws(EncodingError) in
            guard let names else { return }
            var failed: Tag?
            try writer.write(",\"variableValue\":[")
            var place = names.first(index)
            while true {
                let tag = tags[place]
                try writeInfo(tag, to: &writer)
                if tag.error != 0 { failed = tag }
                if tag.next < 0 { break }
                place = Int(tag.next)
                try writer.writeByte(UInt8(ascii: ","))
            }
            try writer.write("]")
            if let failed {
                try Self.write("ERROR", Self.reason(failed), to: &writer)
            } else {
                try Self.write("SUCCESS", .own("SUCCESS"), to: &writer)
            }
        }
    }

    private func writeInfo(_ tag: Tag, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write("{\"datastreamId\":")
        try JSONStringWriter.writeQuoted(tag.name, to: &writer)
        try Self.writeFeed(tag, to: &writer)
        let isGood = tag.error == 0 && tag.value != nil
        try writer.write(isGood ? ",\"status\":\"OK\",\"at\":" : ",\"status\":\"PROCESSING_ERROR\",\"at\":")
        try writer.writeInteger(tag.at)
        if isGood, let value = tag.value {
            try writer.write(",\"value\":")
            try write(value, to: &writer)
        } else {
            try writer.write(",\"error\":")
            try OperationText.write(Self.reason(tag), to: &writer)
        }
        try writer.write("}")
    }

    /// What went wrong with some of the groups, without quotes; nothing, if nothing did.
    func writeRemark(to writer: inout ByteWriter) throws(EncodingError) {
        for index in 0..<failedGroups.count {
            let group = failedGroups[index]
            if index > 0 { try writer.write("; ") }
            try JSONStringWriter.write(group.name, to: &writer)
            try writer.write(": ")
            try OperationText.writeInside(OperationText.reason(group.reason, group.error), to: &writer)
        }
    }

    // MARK: The upload

    /// What REFRESH_INFO publishes: a datastream for each name of a group; nil: there are neither values nor errors to
    /// report.
    func upload(device: [UInt8], _ encoding: EncodingOptions) throws(EncodingError) -> ByteBuffer? {
        let gateway = encoding.openGate
        let streams = try OperationStreams(self)
        let hasErrors = encoding.reportsErrors && (0..<tags.count).contains { tags[$0].error != 0 }
        if streams.list.count == 0, !hasErrors { return nil }
        let buffer = ByteBuffer(byteCountMax: .max)
        var writer = try ByteWriter.open(buffer)
        guard let beginning = gateway.beginning(device: device) else { throw .noMemory }
        try writer.write(beginning)
        try writer.write("[")
        for index in 0..<streams.list.count {
            var place = Int(streams.list[index].first)
            try writer.write(index == 0 ? "{\"id\":" : ",{\"id\":")
            try JSONStringWriter.writeQuoted(tags[place].name, to: &writer)
            try Self.writeFeed(tags[place], to: &writer)
            try writer.write(",\"datapoints\":[")
            while true {
                try writePoint(tags[place], gateway, to: &writer)
                let next = streams.next[place]
                if next < 0 { break }
                place = Int(next)
                try writer.writeByte(UInt8(ascii: ","))
            }
            try writer.write("]}")
        }
        try writer.write("]")
        if hasErrors { try writeErrors(to: &writer) }
        try writer.write("}")
        try writer.finish()
        return buffer
    }

    private func writePoint(
        _ tag: Tag, _ gateway: OpenGateIdentity, to writer: inout ByteWriter
    ) throws(EncodingError) {
        try writer.write("{")
        if !gateway.isReduced {
            try writer.write("\"at\":")
            try writer.writeInteger(tag.at)
            try writer.write(",")
        }
        try writer.write("\"value\":")
        if let value = tag.value { try write(value, to: &writer) }
        try writer.write("}")
    }

    private func writeErrors(to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write(",\"errors\":[")
        var isFirst = true
        for index in 0..<tags.count where tags[index].error != 0 {
            try writer.write(isFirst ? "{\"id\":" : ",{\"id\":")
            isFirst = false
            try JSONStringWriter.writeQuoted(tags[index].name, to: &writer)
            try writer.write(",\"error\":")
            try writer.writeInteger(tags[index].error)
            try writer.write("}")
        }
        try writer.write("]")
    }

    // MARK: Text

    /// `[{"variableName":name,…},…]`, where `body` writes what stands behind each name.
    private static func writeList(
        _ names: OperationAnswer.Names, to writer: inout ByteWriter,
        _ body: (Int, inout ByteWriter) throws(EncodingError) -> Void
    ) throws(EncodingError) {
        try writer.write("[")
        for index in 0..<names.count {
            try writer.write(index > 0 ? ",{\"variableName\":" : "{\"variableName\":")
            try JSONStringWriter.writeQuoted(names.name(index), to: &writer)
            try body(index, &writer)
            try writer.write("}")
        }
        try writer.write("]")
    }

    private static func writeFeed(_ tag: Tag, to writer: inout ByteWriter) throws(EncodingError) {
        guard tag.group.baseAddress != nil else { return }
        try writer.write(",\"feed\":")
        try JSONStringWriter.writeQuoted(tag.group, to: &writer)
    }

    private func write(_ value: UnsafeMutablePointer<json_t>, to writer: inout ByteWriter) throws(EncodingError) {
        try JSONText.write(JSONValue(pointer: value, owner: document), to: &writer)
    }

    private static func write(
        _ code: StaticString, _ description: OperationText.Words?, to writer: inout ByteWriter
    ) throws(EncodingError) {
        try writer.write(",\"resultCode\":\"")
        try writer.write(code)
        try writer.write("\"")
        guard let description else { return }
        try writer.write(",\"resultDescription\":")
        try OperationText.write(description, to: &writer)
    }

    private func writeAmbiguous(_ head: OperationNames.Head, to writer: inout ByteWriter) throws(EncodingError) {
        try writer.write(",\"resultCode\":\"ERROR\",\"resultDescription\":\"several groups hold the name: ")
        for index in 0..<head.shownCount {
            if index > 0 { try writer.write(", ") }
            try JSONStringWriter.write(tags[Int(head.shown[index])].group, to: &writer)
        }
        if Int(head.groupCount) > head.shownCount {
            try writer.write(", ")
            try writer.writeInteger(Int64(head.groupCount) - Int64(head.shownCount))
            try writer.write(" more")
        }
        let example = tags[Int(head.shown[0])]
        try writer.write("; take ")
        try JSONStringWriter.write(example.group, to: &writer)
        try writer.write("/")
        try JSONStringWriter.write(example.name, to: &writer)
        try writer.write("\"")
    }

    private static func writeNone(to writer: inout ByteWriter) throws(EncodingError) {
        try write("NON_EXISTENT", .own("No datastream found"), to: &writer)
    }

    private static func reason(_ tag: Tag) -> OperationText.Words {
        tag.error == 0 ? .own("no value") : OperationText.reason(tag.reason, tag.error)
    }
}
