// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS
import WebSocketCore

/// What a request is about, for the log; all of it is the server's own words, without what it was told itself.
public struct RequestSubject: Sendable {
    public let kind: neuron_ws_request_kind_t
    private let uuid: Part
    private let driver: Part
    /// Of an action its name.
    private let group: Part
    /// The first tags of it.
    private let tags: [Part]
    /// Of a write, what they are to be, as it stands in the document; else empty.
    private let values: [Part]
    let tagCount: Int
    /// How many tags stand in the lines before.
    private var first = 0
    /// No line follows, though there may be more tags.
    private var isLast = false

    /// One of the server's words: as much of it as is shown, and how long it is.
    private struct Part {
        let text: ForeignText
        let byteCount: Int
        let isCut: Bool

        /// Cut already here: it may be megabytes.
        init(_ bytes: UnsafeRawBufferPointer, _ mask: SecretMask) {
            let bytesMax = charactersMax * 4 + 4
            text = ForeignText.masked(bytes, by: mask, bytesMax: bytesMax)
            byteCount = bytes.count
            // What is a secret as a whole has no length to be told.
            let isHidden = text.withText { $0.elementsEqual("…".utf8) }
            isCut = !isHidden && (bytes.count > bytesMax || text.isLonger(than: charactersMax))
        }

        /// Without the quotes of a text in JSON.
        init(inside value: UnsafeRawBufferPointer?, _ mask: SecretMask) {
            let value = value ?? UnsafeRawBufferPointer(start: nil, count: 0)
            let isText = value.count >= 2 && value.first == UInt8(ascii: "\"") && value.last == UInt8(ascii: "\"")
            self.init(isText ? UnsafeRawBufferPointer(rebasing: value.dropFirst().dropLast()) : value, mask)
        }

        init(_ pointer: UnsafePointer<CChar>?, _ mask: SecretMask) {
            self.init(UnsafeRawBufferPointer(start: pointer, count: pointer.map { strlen($0) } ?? 0), mask)
        }

        private var length: String { isCut ? " (\(byteCount) bytes)" : "" }

        /// So that no name looks like more than one.
        var name: String { text.shownAsWord(charactersMax: charactersMax) + length }

        /// As JSON has it; where the end is missing it is told all the same where it ends.
        var value: String {
            let shown = text.shown(charactersMax: charactersMax)
            if !isCut { return shown }
            let isText = text.withText { $0.first == UInt8(ascii: "\"") }
            let isTold = shown.utf8.suffix(3).elementsEqual("…".utf8)
            return (isText ? shown + (isTold ? "\"" : "…\"") : name) + (isText ? length : "")
        }
    }

    /// Tags that are named in a line, and those of a write, which changes something.
    private static let tagsShown = 4
    private static let writtenTagsShown = 64
    /// What their names and values take together: 1,024 requests may wait for their answers.
    private static let shownBytesMax = 4096
    /// Of each text.
    private static let charactersMax = 64

    /// Of a request that the host gets, with the part of its document that holds the values of a write.
    init(_ info: neuron_ws_request_info_t, _ values: UnsafeRawBufferPointer, _ mask: SecretMask) {
        var values = Values(values, isList: info.tag_list)
        self.init(info, &values, mask, from: 0)
    }

    /// Of a write that was carried out each tag has to stand in a line: it and those that follow it, as far as
    /// `RequestLimits` goes. Of others one.
    /// - Returns: how many lines there were.
    static func forEach(
        _ info: neuron_ws_request_info_t, _ values: UnsafeRawBufferPointer, _ mask: SecretMask, _ body: (String) -> Void
    ) -> Int {
        guard info.kind == .NEURON_WS_REQUEST_WRITE else {
            body(RequestSubject(info, values, mask).text)
            return 1
        }
        var values = Values(values, isList: info.tag_list)
        var (first, lines, byteCount) = (0, 0, 0)
        var isLast = false
        repeat {
            var subject = RequestSubject(info, &values, mask, from: first)
            first += max(1, subject.tags.count)
            lines += 1
            isLast = lines == RequestLimits.auditLinesMax || byteCount >= RequestLimits.auditBytesMax
            subject.isLast = isLast
            let text = subject.text
            byteCount += text.utf8.count
            body(text)
        } while first < info.tag_count && !isLast
        return lines
    }

    private init(
        _ info: neuron_ws_request_info_t, _ values: inout Values, _ mask: SecretMask, from first: Int
    ) {
        kind = info.kind
        self.first = first
        uuid = Part(info.uuid, mask)
        driver = Part(info.driver, mask)
        group = Part(Self.hasAction(info.kind) ? info.action : info.group, mask)
        tagCount = info.tag_count
        var shown = Shown(kind)
        for index in min(first, info.tag_count)..<info.tag_count {
            guard shown.hasRoom, let tag = info.tags?[index] else { break }
            shown.add(
                Part(UnsafeRawBufferPointer(start: tag.name, count: tag.name_length), mask),
                kind == .NEURON_WS_REQUEST_WRITE ? values.next().map { Part($0, mask) } : nil)
        }
        (tags, self.values) = (shown.tags, shown.values)
    }

    /// Of one that is refused before its values are read: the texts as they stand in the document.
    /// - Parameter elementCount: of the array of its tags.
    init(
        _ kind: neuron_ws_request_kind_t, _ outline: DocumentOutline, _ rules: RequestRules, elementCount: Int
    ) {
        self.kind = kind
        func text(_ value: UnsafeRawBufferPointer?) -> Part { Part(inside: value, rules.mask) }
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
            shown.add(text(tag), outline[.value].map { Part($0, rules.mask) })
            count = 1
        } else if let list = outline[.tags], list.first == UInt8(ascii: "[") {
            // There may be megabytes behind those that are shown.
            JSONScan.forEachElement(list) { element in
                shown.add(text(Self.name(of: element)), Self.value(of: element).map { Part($0, rules.mask) })
                return shown.hasRoom
            }
            count = max(elementCount, shown.tags.count)
        }
        (tags, values) = (shown.tags, kind == .NEURON_WS_REQUEST_WRITE ? shown.values : [])
        tagCount = count
    }

    /// The first tags, as many as there is room for in a line.
    private struct Shown {
        private(set) var tags: [Part] = []
        private(set) var values: [Part] = []
        private var byteCount = 0
        private let countMax: Int

        init(_ kind: neuron_ws_request_kind_t) {
            countMax = kind == .NEURON_WS_REQUEST_WRITE ? writtenTagsShown : tagsShown
        }

        var hasRoom: Bool { tags.count < countMax && byteCount < shownBytesMax }

        mutating func add(_ tag: Part, _ value: Part?) {
            tags.append(tag)
            if let value { values.append(value) }
            byteCount += tag.text.byteCount + (value?.text.byteCount ?? 0)
        }
    }

    /// The values of a write, one after the other.
    private struct Values {
        /// An array of tags, or the only value, which may be an array, too.
        private let bytes: UnsafeRawBufferPointer
        private let isList: Bool
        private var position = 1

        init(_ bytes: UnsafeRawBufferPointer, isList: Bool) {
            self.bytes = bytes
            self.isList = isList
        }

        mutating func next() -> UnsafeRawBufferPointer? {
            guard isList else {
                defer { position = bytes.count + 1 }
                return position <= bytes.count ? bytes : nil
            }
            return JSONScan.nextElement(bytes, at: &position).flatMap { RequestSubject.value(of: $0) }
        }
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

    private static func hasAction(_ kind: neuron_ws_request_kind_t) -> Bool {
        kind == .NEURON_WS_REQUEST_ACTION || kind == .NEURON_WS_REQUEST_OPERATION
    }

    /// "write of plc1/fast (t = 1, \"a, b\" = \"x\" and 3 more), uuid 7"
    public var text: String {
        let what =
            switch kind {
            case .NEURON_WS_REQUEST_READ: "read"
            case .NEURON_WS_REQUEST_WRITE: "write"
            case .NEURON_WS_REQUEST_OPERATION: "operation"
            default: "action"
            }
        var text = "\(what) of \(driver.name)/\(group.name)"
        if !tags.isEmpty {
            let said = tags.indices.map { index in
                // Where each has its value; a peer may leave one out of a refused document.
                tags[index].name + (values.count == tags.count ? " = " + values[index].value : "")
            }
            let (last, place) = (first + tags.count, "continued, tags \(first + 1) to \(first + tags.count): ")
            text += " (" + (first > 0 ? place : "") + said.joined(separator: ", ")
            if tagCount > last { text += " and \(tagCount - last) more" + (isLast ? ", which no line names" : "") }
            text += ")"
        }
        return text + ", uuid \(uuid.name)"
    }
}
