/// Where the parts of an OpenGate operation stand in its document, `{"operation":{"request":{…}}}`. As
/// `RequestOutline` it finds an id in documents that are no JSON too.
struct OperationOutline {
    /// The request; nil: there is none that is an object.
    let request: RequestOutline?
    /// It holds an answer: our own, if a server sends back what it gets.
    let isResponse: Bool

    /// Nil: the document has no `operation`.
    init?(_ document: RequestOutline) {
        guard document.members.has(.operation) else { return nil }
        let operation = Self.object(document[.operation])
        let request = operation?.members.has(.request) == true ? operation.flatMap { Self.object($0[.request]) } : nil
        self.request = request
        isResponse = operation?.members.has(.response) == true && operation?.members.has(.request) == false
    }

    private static func object(_ value: UnsafeRawBufferPointer?) -> RequestOutline? {
        guard let value, value.first == UInt8(ascii: "{") else { return nil }
        return RequestOutline(value, from: 0)
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

extension RequestOutline {
    var isOperation: Bool { members.has(.operation) }

    /// What an answer to the document repeats, as an operation where the node speaks with OpenGate.
    func echo(_ rules: RequestRules) -> RequestEcho? {
        if let gateway = rules.openGate, let operation = OperationOutline(self) { return operation.echo(gateway) }
        return echo.map { RequestEcho(id: $0) }
    }
}
