/// What a JSON document is about, told from one pass over its bytes: which members its root object has, where its uuid
/// stands, how deep it goes.
///
/// It builds nothing, so that the many messages that are no requests cost no tree; and it finds the uuid in documents
/// that jansson would refuse, so that even those are answered. It does not check the JSON: that is jansson's.
struct RequestOutline {
    /// Members of the root that tell requests from other messages.
    struct Names: OptionSet {
        let rawValue: UInt16

        static let uuid = Names(rawValue: 1)
        static let node = Names(rawValue: 2)
        static let group = Names(rawValue: 4)
        static let tag = Names(rawValue: 8)
        static let action = Names(rawValue: 16)
        static let timestamp = Names(rawValue: 32)
        static let values = Names(rawValue: 64)
        /// A name with an escape: only a parser can tell which.
        static let escaped = Names(rawValue: 128)

        static func named(_ name: UnsafeRawBufferPointer) -> Names {
            if name.contains(UInt8(ascii: "\\")) { return .escaped }
            for (text, flag) in known where text.utf8CodeUnitCount == name.count {
                if name.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: name.count)) { return flag }
            }
            return []
        }

        private static let known: [(StaticString, Names)] = [
            ("uuid", .uuid), ("node", .node), ("group", .group), ("tag", .tag), ("action", .action),
            ("timestamp", .timestamp), ("values", .values),
        ]

        /// With a uuid a node, group, tag or action makes a request; our own answers have none of them, so that a
        /// server that echoes them starts no dialogue. Without a uuid a timestamp or values make it data.
        func looksLikeRequest(hasUUID: Bool) -> Bool {
            if hasUUID { return !isDisjoint(with: [.node, .group, .tag, .action]) }
            return contains(.node) && !isDisjoint(with: [.group, .action]) && isDisjoint(with: [.timestamp, .values])
        }
    }

    private(set) var names: Names = []
    /// The value of the last member `uuid`, without the blanks around it.
    private(set) var uuid: Range<Int>?
    /// Brackets that are open at a time, at most.
    private(set) var depth = 0
    /// Behind the object's closing brace, or at the end of the bytes where it has none.
    private(set) var end: Int

    private let bytes: UnsafeRawBufferPointer

    /// The object that begins at `start`.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        self.bytes = bytes
        end = start
        scan()
    }

    private mutating func scan() {
        var open = 0
        var awaitsName = false
        var name: Names = []
        var valueStart = end
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                let start = end
                end = Self.endOfText(bytes, from: start)
                if open == 1, awaitsName {
                    awaitsName = false
                    name = Names.named(UnsafeRawBufferPointer(rebasing: bytes[start + 1..<max(start + 1, end - 1)]))
                    names.formUnion(name)
                }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open += 1
                depth = max(depth, open)
                if open == 1 { awaitsName = true }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open == 0 {
                    if name == .uuid { uuid = trimmed(valueStart..<end) }
                    end += 1
                    return
                }
            case UInt8(ascii: ":") where open == 1:
                valueStart = end + 1
            case UInt8(ascii: ",") where open == 1:
                if name == .uuid { uuid = trimmed(valueStart..<end) }
                name = []
                awaitsName = true
            default: break
            }
            end += 1
        }
        // Cut off: what there is of the uuid may still be whole.
        if open == 1, name == .uuid { uuid = trimmed(min(valueStart, end)..<end) }
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int>? {
        var range = range
        while let first = range.first, Self.isBlank(bytes[first]) { range = first + 1..<range.upperBound }
        while let last = range.last, Self.isBlank(bytes[last]) { range = range.lowerBound..<last }
        return range.isEmpty ? nil : range
    }

    /// JSON's four blanks (RFC 8259 §2).
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    /// The first byte from `start` on that is no blank, or the end.
    static func skipBlanks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        return index
    }

    /// Behind the closing quote of the text whose opening quote is at `start`, or the end of the bytes.
    static func endOfText(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") { return index + 1 }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return bytes.count
    }
}

extension RequestOutline {
    /// The uuid as JSON, if it is one that can be echoed: a text, a number, true or false. Null is none.
    var echo: [UInt8]? {
        guard let uuid, uuid.count <= RequestLimits.uuidBytesMax else { return nil }
        let slice = UnsafeRawBufferPointer(rebasing: bytes[uuid])
        guard let document = try? GroupDocument.parseJSON(slice, byteCountMax: RequestLimits.uuidBytesMax) else {
            return nil
        }
        switch document.root.kind {
        case .string, .integer, .real, .boolean: return Array(slice)
        case .object, .array, .null: return nil
        }
    }

    /// As far as can be told without a parser.
    var looksLikeRequest: Bool { names.looksLikeRequest(hasUUID: names.contains(.uuid) && !isNull(uuid)) }

    /// Before the document is parsed: true also where only the parser can tell.
    var mayBeRequest: Bool { names.contains(.escaped) || looksLikeRequest }

    private func isNull(_ range: Range<Int>?) -> Bool {
        guard let range else { return false }
        return bytes[range].elementsEqual("null".utf8)
    }
}
