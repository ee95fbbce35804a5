// SPDX-License-Identifier: Apache-2.0
import CJansson
import CNeuronWS

/// Tells by a document's shape which request it is, and reads of it what the host needs.
///
/// The document is checked as a whole, and only the parts that count are parsed, one after the other: what it holds
/// besides costs no memory.
struct RequestParser {
    /// What a document turned out to be.
    enum Verdict {
        case request(Request)
        case malformed(MalformedRequest)
        case refused(RefusedRequest)
        case busy(BusyRequest)
        /// Some of its tags are still to be read.
        case unfinished(RequestParser)
    }

    /// An array whose elements are still to be counted, and where it stands in the document.
    struct ListLeft {
        let range: Range<Int>
        /// Variables of an operation, to be read or written; nil: tags.
        let areRead: Bool?
        /// It is the member "array" of what stands there.
        var isWrapped = false
        /// In its text, as far as it has been counted; see `JSONScan.nextElement`.
        var position = 1
        var count = 0
        /// One of the tags is to be written.
        var isWrite = false
    }

    /// The tags that are still to be read.
    struct TagsLeft {
        /// Where their array stands in the document.
        let list: Range<Int>
        let tags: UnsafeMutableBufferPointer<neuron_ws_tag_t>
        /// Of variables to read those that have been; each is read once.
        var seen: NameTable?
        /// Elements that have been read, and tags that have come of those to read.
        var index = 0
        var named = 0
        /// In the array's text; see `JSONScan.nextElement`.
        var position = 1
        /// The value of the next tag, whose name has been read.
        var value: RequestValue?

        /// The next tag says nothing yet. All before it have been begun.
        func begin() { tags.initializeElement(at: index, to: neuron_ws_tag_t()) }
    }

    /// Why it is no request for the host.
    enum Fault: Error {
        /// It makes no sense; what is wrong with it, for people.
        case malformed(String)
        case notAllowed(neuron_ws_request_kind_t)
        /// It takes so much memory.
        case tooLarge(Int)
    }

    /// Of tags, at a time: one takes about a microsecond.
    static let tagsPerStep = 4096
    /// Of their text.
    static let bytesPerStep = 32 * 1024
    /// Of the text of a list whose elements are counted.
    static let countedBytesPerStep = 128 * 1024

    var outline: DocumentOutline
    var listLeft: ListLeft?
    /// The list of tags, when they have been counted.
    var counted: ListLeft?
    /// There is no room for it: only what it asks for is still to be found out.
    private var isBusy = false
    var tagsLeft: TagsLeft?
    let rules: RequestRules
    let arena = GroupArena()
    var info = neuron_ws_request_info_t()
    /// The document's copy is counted from the beginning.
    private let documentBytes: Int

    private init(_ outline: DocumentOutline, _ rules: RequestRules, documentBytes: Int) {
        self.outline = outline
        self.rules = rules
        self.documentBytes = documentBytes
        info.size = MemoryLayout<neuron_ws_request_info_t>.size
        info.tag_size = MemoryLayout<neuron_ws_tag_t>.stride
    }

    /// What is wrong with the document before it is read as JSON; nil: it is within the limits. `outline` is that of
    /// `bytes` or of what they lie in, and says that they look like a request.
    static func checkLimits(
        _ bytes: UnsafeRawBufferPointer, _ outline: DocumentOutline, _ rules: RequestRules
    ) -> MalformedRequest? {
        func malformed(_ reason: String) -> MalformedRequest {
            MalformedRequest(echo: outline.echo(rules), reason: reason)
        }
        if bytes.count > RequestLimits.documentBytesMax {
            return malformed(
                "the request has \(bytes.count) bytes; at most \(RequestLimits.documentBytesMax) are taken")
        }
        if outline.root.depth > RequestLimits.depthMax {
            return malformed(
                "the request is nested \(outline.root.depth) deep; at most \(RequestLimits.depthMax) are taken")
        }
        return nil
    }

    /// What is JSON within the limits; `begun`: what an earlier call has read of it.
    static func parse(
        _ bytes: UnsafeRawBufferPointer, _ outline: DocumentOutline, _ rules: RequestRules,
        _ begun: RequestParser? = nil
    ) -> Verdict {
        func malformed(_ reason: String) -> Verdict {
            .malformed(MalformedRequest(echo: outline.echo(rules), reason: reason))
        }
        var parser = begun ?? RequestParser(outline, rules, documentBytes: bytes.count)
        // Of a long document each of these is work enough.
        let isLong = bytes.count > Self.bytesPerStep
        do throws(Fault) {
            if parser.isBusy { return parser.busy(isLong: isLong) }
            if begun == nil {
                try parser.begin()
                if isLong, parser.listLeft != nil { return .unfinished(parser) }
            }
            while let list = parser.countSome() {
                if let list { try parser.makeTags(list) }
                if isLong { return .unfinished(parser) }
            }
            try parser.readSomeTags()
            if parser.tagsLeft != nil { return .unfinished(parser) }
            return .request(try parser.end(bytes))
        } catch {
            switch error {
            case .malformed(let reason): return malformed(reason)
            case .notAllowed(let kind):
                // It has been read as a text already.
                let echo = kind == .NEURON_WS_REQUEST_OPERATION ? outline.echo(rules) : nil
                return .refused(
                    RefusedRequest(
                        echo: echo ?? RequestEcho(id: outline[.uuid].map { Array($0) } ?? []),
                        reason: rules.policy.reason(kind), subject: parser.subject(kind)))
            case .tooLarge(let needed):
                guard outline.echo(rules) != nil, needed <= rules.memoryBytesMax else {
                    return malformed(
                        "the request takes \(needed) bytes of memory; at most \(rules.memoryBytesMax) are taken "
                            + "(setting requests-max-bytes)")
                }
                return parser.beginBusy(isLong: isLong)
            }
        }
    }

    // MARK: No room

    /// What it asks for is told all the same: for that its tags are counted.
    private mutating func beginBusy(isLong: Bool) -> Verdict {
        isBusy = true
        tagsLeft = nil
        listLeft = nil
        if counted == nil, outline.operation(rules) == nil, let list = outline[.tags], list.first == UInt8(ascii: "[") {
            listLeft = ListLeft(range: outline.root.range(of: list), areRead: nil)
        }
        return isLong && listLeft != nil ? .unfinished(self) : busy(isLong: isLong)
    }

    private mutating func busy(isLong: Bool) -> Verdict {
        while countSome() != nil { if isLong, listLeft != nil { return .unfinished(self) } }
        guard let echo = outline.echo(rules) else {
            return .malformed(MalformedRequest(echo: nil, reason: "\"uuid\" is missing"))
        }
        return .busy(BusyRequest(echo: echo, subject: subject(shapedKind)))
    }

    private func subject(_ kind: neuron_ws_request_kind_t) -> RequestSubject {
        RequestSubject(kind, outline, rules, elementCount: counted?.count ?? 0)
    }

    /// What a document asks for, told by its shape alone.
    private var shapedKind: neuron_ws_request_kind_t {
        let members = outline.root.members
        if outline.operation(rules) != nil { return .NEURON_WS_REQUEST_OPERATION }
        if members.has(.action), !members.has(.group) { return .NEURON_WS_REQUEST_ACTION }
        if members.has(.tag) || outline[.tags] == nil && members.has(.value) { return .NEURON_WS_REQUEST_WRITE }
        return counted?.isWrite == true ? .NEURON_WS_REQUEST_WRITE : .NEURON_WS_REQUEST_READ
    }

    // MARK: Memory

    /// Before so many bytes more are taken. Each request of a node has what the others left.
    func allow(_ byteCount: Int) throws(Fault) {
        let needed = Request.ownBytes + documentBytes + arena.byteCount + byteCount
        guard needed <= rules.memoryBytesLeft else { throw .tooLarge(needed) }
    }

    /// What the arena had, unless it had nothing.
    func taken<Memory>(_ memory: Memory?) throws(Fault) -> Memory {
        guard let memory else { throw .tooLarge(rules.memoryBytesLeft) }
        return memory
    }

    /// A copy of a text, with a NUL behind it.
    func copied(_ text: UnsafeRawBufferPointer) throws(Fault) -> UnsafePointer<CChar> {
        try allow(text.count)
        return try taken(arena.copy(text))
    }

    // MARK: Members

    private mutating func begin() throws(Fault) {
        let empty = try copied(UnsafeRawBufferPointer(start: nil, count: 0))
        info.group = empty
        info.action = empty
        info.query_name = empty
        info.query_description = empty
        if let gateway = rules.openGate, let operation = outline.operation(rules) {
            return try beginOperation(operation, gateway)
        }
        info.uuid = try name(.uuid, bytesMin: 0)
        info.driver = try name(.node, bytesMin: 1)
        if outline.root.members.has(.action), !outline.root.members.has(.group) {
            info.kind = .NEURON_WS_REQUEST_ACTION
            try checkAllowed()
            info.action = try text("action", outline[.action]).pointer
        } else {
            info.group = try name(.group, bytesMin: 1)
            try beginTags()
        }
    }

    private mutating func end(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> Request {
        try allow(0)
        let isOperation = info.kind == .NEURON_WS_REQUEST_OPERATION
        guard let echo = isOperation ? outline.echo(rules) : outline[.uuid].map({ RequestEcho(id: Array($0)) }) else {
            throw .malformed("\"\(isOperation ? "id" : "uuid")\" is missing")
        }
        // Without the mark: readers of the host's need not know it.
        let text = ByteOrderMark.skipped(bytes)
        guard let document = EventBytes(text) else { throw .tooLarge(rules.memoryBytesLeft) }
        info.json = UnsafeRawPointer(document.pointer).assumingMemoryBound(to: CChar.self)
        info.json_length = document.count
        return Request(
            info, echo: echo, document: document, values: valuesRange(in: text), arena: arena, mask: rules.mask)
    }

    /// Where those of a write stand; else empty.
    private func valuesRange(in text: UnsafeRawBufferPointer) -> Range<Int> {
        guard info.kind == .NEURON_WS_REQUEST_WRITE, let values = outline[info.tag_list ? .tags : .value],
            let start = values.baseAddress, let base = text.baseAddress
        else { return 0..<0 }
        return start - base..<start - base + values.count
    }

    func checkAllowed() throws(Fault) {
        if !rules.policy.allows(info.kind) { throw .notAllowed(info.kind) }
    }

    /// A member that must be there, as a C string.
    private func name(_ member: RequestMember, bytesMin: Int) throws(Fault) -> UnsafePointer<CChar> {
        let (pointer, length) = try text("\(member.name)", outline[member], bytesMax: Int(NEURON_WS_NAME_MAX))
        guard length >= bytesMin, length <= Int(NEURON_WS_NAME_MAX) else {
            throw .malformed("\"\(member.name)\" has \(length) bytes; it takes \(bytesMin) to \(NEURON_WS_NAME_MAX)")
        }
        return pointer
    }

    /// A text that holds no U+0000, as a C string. One that must mean more than `bytesMax` bytes is not looked at.
    func text(
        _ place: String, _ value: UnsafeRawBufferPointer?, bytesMax: Int = .max / 8
    ) throws(Fault) -> (pointer: UnsafePointer<CChar>, length: Int) {
        guard let value else { throw .malformed("\"\(place)\" is missing") }
        guard value.first == UInt8(ascii: "\"") else {
            throw .malformed("\"\(place)\" is \(JSONScan.kindName(value)); it takes a text")
        }
        let inner = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
        // Escaped, a byte takes six.
        guard inner.count <= bytesMax * 6 else {
            throw .malformed("\"\(place)\" has \(inner.count) bytes; it takes at most \(bytesMax)")
        }
        guard inner.contains(UInt8(ascii: "\\")) else {
            return (try copied(inner), inner.count)
        }
        let decoded = try decoded(inner)
        // To C the text would end there.
        if strlen(decoded.pointer) < decoded.length { throw .malformed("\"\(place)\" holds U+0000") }
        return decoded
    }

    /// What a text means, which came without its quotes and is longer than that; a NUL is behind it.
    func decoded(
        _ text: UnsafeRawBufferPointer
    ) throws(Fault) -> (pointer: UnsafePointer<CChar>, length: Int) {
        try allow(text.count)
        let room = try taken(arena.room(text.count))
        let length = JSONScan.decode(text, into: room)
        room.storeBytes(of: 0, toByteOffset: length, as: UInt8.self)
        return (UnsafePointer(room.assumingMemoryBound(to: CChar.self)), length)
    }

    /// Numbers as jansson reads them: one, or a short array of them.
    func parsed(_ numbers: UnsafeRawBufferPointer) throws(Fault) -> JSONValue {
        try allow(numbers.count * 5)
        do throws(GroupDocumentError) {
            return try GroupDocument.parseJSON(numbers, byteCountMax: .max).root
        } catch {
            if error.kind == .noMemory { throw .tooLarge(rules.memoryBytesLeft) }
            // The document has been checked: only a number can be too large for jansson.
            throw .malformed("\"value\" holds a number that is too large")
        }
    }

    // MARK: Reads

    mutating func readQuery() throws(Fault) {
        info.sync = outline[.sync]?.elementsEqual("true".utf8) == true
        guard let query = outline[.query], query.first == UInt8(ascii: "{") else { return }
        var name: UnsafeRawBufferPointer?
        var description: UnsafeRawBufferPointer?
        var short: UnsafeRawBufferPointer?
        JSONScan.forEachMember(query) { member, value in
            if JSONScan.isName(member, "name") { name = value }
            if JSONScan.isName(member, "description") { description = value }
            if JSONScan.isName(member, "desc") { short = value }
        }
        if let name { info.query_name = try text("query.name", name).pointer }
        if let description = description ?? short {
            info.query_description = try text("query.description", description).pointer
        }
    }
}
