/// What a JSON document is about, told from one pass over its bytes: which members its root object has and where their
/// values stand, how deep it goes.
///
/// It builds nothing, so that what is no request costs no tree, and of what is one only the parts that count are ever
/// parsed; and it finds the uuid in documents that are no JSON, so that even those are answered. It does not check the
/// JSON: that is `JSONChecker`'s.
struct RequestOutline {
    private(set) var members = RequestMembers()
    /// Brackets that are open at a time, at most.
    private(set) var depth = 0
    /// Behind the object's closing brace, or at the end of the bytes where it has none.
    private(set) var end: Int

    private var bytes: UnsafeRawBufferPointer

    /// The object that begins at `start`.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        self.bytes = bytes
        end = start
        scan()
    }

    /// The same bytes lie there now.
    mutating func move(to bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func scan() {
        // In registers: this loop sees each byte that a server sends.
        let bytes = bytes
        var end = end
        var depth = 0
        defer {
            self.end = end
            self.depth = depth
        }
        var open = 0
        var awaitsName = false
        var member: RequestMember?
        var valueStart = end
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                let start = end
                end = JSONScan.endOfText(bytes, from: start)
                if open == 1, awaitsName {
                    awaitsName = false
                    let name = UnsafeRawBufferPointer(rebasing: bytes[start + 1..<max(start + 1, end - 1)])
                    member = RequestMember.named(name)
                    if let member { members.note(member) }
                }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                depth = max(depth, open)
                if open == 1 { awaitsName = true }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open == 0 {
                    found(member, valueStart..<end)
                    end += 1
                    return
                }
            case UInt8(ascii: ":") where open == 1:
                valueStart = end + 1
            case UInt8(ascii: ",") where open == 1:
                found(member, valueStart..<end)
                member = nil
                awaitsName = true
            default: break
            }
            end += 1
        }
        // Cut off: what there is of the value may still be whole, or hold an operation's id.
        if open >= 1 { found(member, min(valueStart, end)..<end) }
    }

    private mutating func found(_ member: RequestMember?, _ range: Range<Int>) {
        guard let member else { return }
        var range = range
        while let first = range.first, JSONScan.isBlank(bytes[first]) { range = first + 1..<range.upperBound }
        while let last = range.last, JSONScan.isBlank(bytes[last]) { range = range.lowerBound..<last }
        if !range.isEmpty { members.set(member, range) }
    }
}

extension RequestOutline {
    /// The value's bytes; nil: the member is not there.
    subscript(member: RequestMember) -> UnsafeRawBufferPointer? {
        members[member].map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
    }

    /// The uuid as JSON, if it is one that can be echoed: a text, a number, true or false. Null is none.
    var echo: [UInt8]? {
        guard let uuid = self[.uuid], uuid.count <= RequestLimits.uuidBytesMax else { return nil }
        guard let document = try? GroupDocument.parseJSON(uuid, byteCountMax: RequestLimits.uuidBytesMax) else {
            return nil
        }
        switch document.root.kind {
        case .string, .integer, .real, .boolean: return Array(uuid)
        case .object, .array, .null: return nil
        }
    }

    var looksLikeRequest: Bool {
        members.looksLikeRequest(hasUUID: members.has(.uuid) && self[.uuid]?.elementsEqual("null".utf8) != true)
    }
}
