// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import WebSocketCore

/// What a request is about, for the log; all of it is the server's own words, without what it was told itself.
public struct RequestSubject: Sendable {
    public let kind: neuron_ws_request_kind_t
    let uuid: ForeignText
    let driver: ForeignText
    /// Of an action its name.
    let group: ForeignText
    /// The first tags of it.
    let tags: [ForeignText]
    /// Of a write, what they are to be, as it stands in the document; else empty.
    let values: [ForeignText]
    let tagCount: Int
    /// How many tags stand in the lines before.
    private var first = 0

    /// Tags that are named in a line, and those of a write, which changes something.
    private static let tagsShown = 4
    private static let writtenTagsShown = 64
    /// What their names and values take together: 1,024 requests may wait for their answers.
    private static let shownBytesMax = 4096
    /// Of each text.
    private static let charactersMax = 64

    /// Of a request that the host gets.
    init(_ info: neuron_ws_request_info_t, _ mask: SecretMask) {
        self.init(info, mask, kind: info.kind, values: Self.values(info, countMax: Self.writtenTagsShown), from: 0)
    }

    /// Of a write that was carried out each tag has to stand in a line: it and those that follow it. Of others one.
    static func forEach(
        _ info: neuron_ws_request_info_t, _ mask: SecretMask, _ body: (RequestSubject) -> Void
    ) {
        guard info.kind == .NEURON_WS_REQUEST_WRITE else { return body(RequestSubject(info, mask)) }
        let values = Self.values(info, countMax: info.tag_count)
        var first = 0
        repeat {
            let subject = RequestSubject(info, mask, kind: info.kind, values: values, from: first)
            body(subject)
            first += max(1, subject.tags.count)
        } while first < info.tag_count
    }

    private init(
        _ info: neuron_ws_request_info_t, _ mask: SecretMask, kind: neuron_ws_request_kind_t,
        values: [UnsafeRawBufferPointer], from first: Int
    ) {
        func text(_ pointer: UnsafePointer<CChar>?) -> ForeignText {
            pointer.map { Self.text(UnsafeRawBufferPointer(start: $0, count: strlen($0)), mask) } ?? ""
        }
        self.kind = kind
        self.first = first
        uuid = text(info.uuid)
        driver = text(info.driver)
        group = text(Self.hasAction(info.kind) ? info.action : info.group)
        tagCount = info.tag_count
        var shown = Shown(kind)
        for index in min(first, info.tag_count)..<info.tag_count {
            guard shown.hasRoom, let tag = info.tags?[index] else { break }
            shown.add(
                Self.text(UnsafeRawBufferPointer(start: tag.name, count: tag.name_length), mask),
                index < values.count ? Self.text(values[index], mask) : nil)
        }
        (tags, self.values) = (shown.tags, shown.values)
    }

    /// Of one that is refused before its values are read: the texts as they stand in the document.
    init(_ kind: neuron_ws_request_kind_t, _ outline: DocumentOutline, _ rules: RequestRules) {
        self.kind = kind
        func text(_ value: UnsafeRawBufferPointer?) -> ForeignText { Self.inner(value, rules.mask) }
        if kind == .NEURON_WS_REQUEST_OPERATION {
            let operation = outline.operation(rules)
            uuid = text(operation?[.id])
            driver = text(operation?[.deviceID])
            group = text(operation?[.name])
            tags = []
            values = []
            tagCount = 0
            return
        }
        uuid = text(outline[.uuid])
        driver = text(outline[.node])
        group = text(outline[kind == .NEURON_WS_REQUEST_ACTION ? .action : .group])
        var shown = Shown(kind)
        var count = 0
        if let tag = outline[.tag] {
            shown.add(text(tag), outline[.value].map { Self.text($0, rules.mask) })
            count = 1
        } else if let list = outline[.tags], list.first == UInt8(ascii: "[") {
            JSONScan.forEachElement(list) { element in
                count += 1
                if shown.hasRoom {
                    shown.add(text(Self.name(of: element)), Self.value(of: element).map { Self.text($0, rules.mask) })
                }
                return true
            }
        }
        (tags, values) = (shown.tags, kind == .NEURON_WS_REQUEST_WRITE ? shown.values : [])
        tagCount = count
    }

    /// The first tags, as many as there is room for in a line.
    private struct Shown {
        private(set) var tags: [ForeignText] = []
        private(set) var values: [ForeignText] = []
        private var byteCount = 0
        private let countMax: Int

        init(_ kind: neuron_ws_request_kind_t) {
            countMax = kind == .NEURON_WS_REQUEST_WRITE ? writtenTagsShown : tagsShown
        }

        var hasRoom: Bool { tags.count < countMax && byteCount < shownBytesMax }

        mutating func add(_ tag: ForeignText, _ value: ForeignText?) {
            tags.append(tag)
            if let value { values.append(value) }
            byteCount += tag.byteCount + (value?.byteCount ?? 0)
        }
    }

    /// The values of a write's first tags.
    private static func values(_ info: neuron_ws_request_info_t, countMax: Int) -> [UnsafeRawBufferPointer] {
        guard info.kind == .NEURON_WS_REQUEST_WRITE else { return [] }
        let document = UnsafeRawBufferPointer(start: info.json, count: info.json_length)
        let start = JSONScan.skipBlanks(document, from: 0)
        guard start < document.count else { return [] }
        var single: UnsafeRawBufferPointer?
        var list: UnsafeRawBufferPointer?
        JSONScan.forEachMember(UnsafeRawBufferPointer(rebasing: document[start...])) { name, value in
            if JSONScan.isName(name, "value") { single = value }
            if JSONScan.isName(name, "tags") { list = value }
        }
        guard let list, list.first == UInt8(ascii: "[") else { return single.map { [$0] } ?? [] }
        var values: [UnsafeRawBufferPointer] = []
        JSONScan.forEachElement(list) { element in
            if let value = value(of: element) { values.append(value) }
            return values.count < countMax
        }
        return values
    }

    private static func value(of tag: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard tag.first == UInt8(ascii: "{") else { return nil }
        var value: UnsafeRawBufferPointer?
        JSONScan.forEachMember(tag) { if JSONScan.isName($0, "value") { value = $1 } }
        return value
    }

    private static func name(of tag: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard tag.first == UInt8(ascii: "{") else { return tag }
        var name: UnsafeRawBufferPointer?
        JSONScan.forEachMember(tag) { member, value in
            if JSONScan.isName(member, "tag") || JSONScan.isName(member, "name") { name = value }
        }
        return name
    }

    /// Cut already here: it may be megabytes.
    private static func text(_ bytes: UnsafeRawBufferPointer, _ mask: SecretMask) -> ForeignText {
        ForeignText.masked(bytes, by: mask, bytesMax: charactersMax * 4 + 4)
    }

    private static func inner(_ value: UnsafeRawBufferPointer?, _ mask: SecretMask) -> ForeignText {
        guard let value else { return "" }
        let isText = value.count >= 2 && value.first == UInt8(ascii: "\"") && value.last == UInt8(ascii: "\"")
        return text(isText ? UnsafeRawBufferPointer(rebasing: value.dropFirst().dropLast()) : value, mask)
    }

    private static func hasAction(_ kind: neuron_ws_request_kind_t) -> Bool {
        kind == .NEURON_WS_REQUEST_ACTION || kind == .NEURON_WS_REQUEST_OPERATION
    }

    /// "write of plc1/fast (t = 1, u = 2 and 3 more), uuid 7"
    public var text: String {
        func shown(_ text: ForeignText) -> String { text.shown(charactersMax: Self.charactersMax) }
        let what =
            switch kind {
            case .NEURON_WS_REQUEST_READ: "read"
            case .NEURON_WS_REQUEST_WRITE: "write"
            case .NEURON_WS_REQUEST_OPERATION: "operation"
            default: "action"
            }
        var text = "\(what) of \(shown(driver))/\(shown(group))"
        if !tags.isEmpty {
            let said = tags.indices.map { index in
                // Where each has its value; a peer may leave one out of a refused document.
                shown(tags[index]) + (values.count == tags.count ? " = " + shown(values[index]) : "")
            }
            let (last, place) = (first + tags.count, "continued, tags \(first + 1) to \(first + tags.count): ")
            text += " (" + (first > 0 ? place : "") + said.joined(separator: ", ")
            if tagCount > last { text += " and \(tagCount - last) more" }
            text += ")"
        }
        return text + ", uuid \(shown(uuid))"
    }
}
