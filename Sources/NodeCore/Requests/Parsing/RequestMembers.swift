// SPDX-License-Identifier: Apache-2.0
/// The members of a document's root that tell what it is about, and of an operation in it.
enum RequestMember: Int, CaseIterable {
    case uuid, node, group, tag, tags, value, precision, action, sync, query, timestamp, values, error
    case operation, request, response, id, name, deviceID, path, parameters

    var name: StaticString {
        switch self {
        case .uuid: "uuid"
        case .node: "node"
        case .group: "group"
        case .tag: "tag"
        case .tags: "tags"
        case .value: "value"
        case .precision: "precision"
        case .action: "action"
        case .sync: "sync"
        case .query: "query"
        case .timestamp: "timestamp"
        case .values: "values"
        case .error: "error"
        case .operation: "operation"
        case .request: "request"
        case .response: "response"
        case .id: "id"
        case .name: "name"
        case .deviceID: "deviceId"
        case .path: "path"
        case .parameters: "parameters"
        }
    }

    /// The longest name, bytes.
    private static let nameBytesMax = 10

    /// The member of this name, as it stands in the document without its quotes; nil: it is none of these.
    static func named(_ name: UnsafeRawBufferPointer) -> RequestMember? {
        JSONScan.withName(name, bytesMax: nameBytesMax) { plain($0) }
    }

    private static func plain(_ name: UnsafeRawBufferPointer) -> RequestMember? {
        guard let first = name.first else { return nil }
        for member in allCases {
            let text = member.name
            guard text.utf8CodeUnitCount == name.count, text.utf8Start[0] == first else { continue }
            if name.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: name.count)) { return member }
        }
        return nil
    }
}

/// Where the values of these members stand in a document; of repeated ones the last.
struct RequestMembers {
    private var present: UInt32 = 0
    /// Empty: the member has no value, because the document is broken there.
    private var ranges = InlineArray<21, Range<Int>>(repeating: 0..<0)

    func has(_ member: RequestMember) -> Bool { present >> UInt32(member.rawValue) & 1 == 1 }

    /// The value, without the blanks around it; nil: there is none.
    subscript(member: RequestMember) -> Range<Int>? {
        let range = ranges[member.rawValue]
        return range.isEmpty ? nil : range
    }

    mutating func note(_ member: RequestMember) {
        present |= 1 << UInt32(member.rawValue)
        ranges[member.rawValue] = 0..<0
    }

    mutating func set(_ member: RequestMember, _ range: Range<Int>) { ranges[member.rawValue] = range }

    /// With a uuid a node, group, tag or action makes a request; our own answers have none of them, so that a server
    /// that echoes them starts no dialogue. Without a uuid a timestamp or values make it data.
    func looksLikeRequest(hasUUID: Bool) -> Bool {
        if hasUUID { return has(.node) || has(.group) || has(.tag) || has(.action) }
        return has(.node) && (has(.group) || has(.action)) && !has(.timestamp) && !has(.values)
    }
}
