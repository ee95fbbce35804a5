// SPDX-License-Identifier: Apache-2.0
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

    private let bytes: UnsafeRawBufferPointer
    /// The object has been passed over as far as it goes.
    private(set) var isWhole = false

    // Where the pass stands.
    private var open = 0
    private var awaitsName = false
    private var member: RequestMember?
    private var valueStart: Int

    /// The object that begins at `start`.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        self.init(begunAt: start, bytes)
        while !isWhole { scan(byteCount: bytes.count) }
    }

    /// Not looked at yet: see `scan`.
    init(begunAt start: Int, _ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        end = start
        valueStart = start
    }

    /// Looks at so many bytes more, and at the rest of a text that they end in.
    mutating func scan(byteCount: Int) {
        // In registers: this loop sees each byte that a server sends.
        let bytes = bytes
        let limit = min(bytes.count, end + max(1, byteCount))
        var end = end
        var depth = depth
        var open = open
        var awaitsName = awaitsName
        var member = member
        var valueStart = valueStart
        defer {
            self.end = end
            self.depth = depth
            self.open = open
            self.awaitsName = awaitsName
            self.member = member
            self.valueStart = valueStart
        }
        while end < limit {
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
                    isWhole = true
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
        guard end >= bytes.count else { return }
        isWhole = true
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

    /// The object that is the member's value, not looked at yet; nil: it is none.
    func object(_ member: RequestMember) -> RequestOutline? {
        guard let range = members[member], bytes[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        return RequestOutline(begunAt: range.lowerBound, UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]))
    }

    /// Where a part of the bytes stands in them.
    func range(of part: UnsafeRawBufferPointer) -> Range<Int> {
        guard let start = part.baseAddress, let base = bytes.baseAddress else { return 0..<0 }
        return start - base..<start - base + part.count
    }

    subscript(range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

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
