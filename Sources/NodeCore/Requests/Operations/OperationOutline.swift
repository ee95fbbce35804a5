// SPDX-License-Identifier: Apache-2.0
/// Where the parts of an OpenGate operation stand in its document, `{"operation":{"request":{…}}}`. As
/// `RequestOutline` it finds an id in documents that are no JSON too, and is made in steps.
struct OperationOutline {
    private var operation: RequestOutline?
    /// The request; nil: there is none that is an object.
    private(set) var request: RequestOutline?

    /// Not looked at yet: see `scan`. Nil: the document has no `operation`.
    init?(begun document: RequestOutline) {
        guard document.members.has(.operation) else { return nil }
        operation = document.object(.operation)
    }

    /// It has been looked at as far as it goes.
    var isWhole: Bool { operation?.isWhole != false && request?.isWhole != false }

    /// Looks at so many bytes more.
    mutating func scan(byteCount: Int) {
        guard operation?.isWhole == false else {
            request?.scan(byteCount: byteCount)
            return
        }
        operation?.scan(byteCount: byteCount)
        if operation?.isWhole == true { request = operation?.object(.request) }
    }

    /// It holds an answer: our own, if a server sends back what it gets.
    var isResponse: Bool {
        operation?.members.has(.response) == true && operation?.members.has(.request) == false
    }

    /// A member of the request; nil: it is not there, or null, which means the same.
    subscript(member: RequestMember) -> UnsafeRawBufferPointer? {
        guard let value = request?[member], !value.elementsEqual("null".utf8) else { return nil }
        return value
    }

    /// What an answer repeats; nil: there is no id to answer to. A part that is no JSON is left out of it.
    func echo(_ gateway: OpenGateIdentity) -> RequestEcho? {
        guard let id = Self.scalar(self[.id]) else { return nil }
        let deviceID = Self.text(self[.deviceID])
        let isGateway = deviceID == nil || deviceID?.count == 2
        return RequestEcho(
            id: id,
            operation: OperationEcho(
                name: Self.text(self[.name]) ?? Array("null".utf8),
                deviceID: isGateway ? gateway.quotedDeviceID : deviceID ?? [],
                path: Self.path(self[.path]) ?? Array("[]".utf8)))
    }

    private static func scalar(_ value: UnsafeRawBufferPointer?) -> [UInt8]? {
        echoed(value, [.string, .integer, .real, .boolean])
    }

    /// Of texts alone: devices on the way.
    private static func path(_ value: UnsafeRawBufferPointer?) -> [UInt8]? {
        guard let value, let path = echoed(value, [.array]), JSONScan.areTexts(value) else { return nil }
        return path
    }

    private static func text(_ value: UnsafeRawBufferPointer?) -> [UInt8]? { echoed(value, [.string]) }

    private static func echoed(_ value: UnsafeRawBufferPointer?, _ kinds: [JSONValue.Kind]) -> [UInt8]? {
        guard let value, value.count <= RequestLimits.uuidBytesMax,
            let document = try? GroupDocument.parseJSON(value, byteCountMax: RequestLimits.uuidBytesMax),
            kinds.contains(document.root.kind)
        else { return nil }
        return Array(value)
    }
}
