import CNeuronWS

/// A request from the server, with the C structs that describe it. Immutable; alive as long as somebody may read them.
public final class Request: @unchecked Sendable {
    /// What the host gets to see; its pointers live as long as the request.
    public let info: neuron_ws_request_info_t
    /// The uuid as JSON, to be echoed.
    public let uuid: [UInt8]
    /// Its text.
    public let document: EventBytes
    private let arena: GroupArena

    /// What a request takes besides its document and its values: itself, its place among the pending ones and in the
    /// registry.
    static let ownBytes = 512

    init(_ info: neuron_ws_request_info_t, uuid: [UInt8], document: EventBytes, arena: GroupArena) {
        self.info = info
        self.uuid = uuid
        self.document = document
        self.arena = arena
    }

    /// Memory that it takes, bytes.
    public var memoryBytes: Int { Self.ownBytes + document.count + arena.byteCount }

    /// What it is about, for the log.
    public var subject: RequestSubject { withExtendedLifetime(self) { RequestSubject(info) } }
}

/// What looked like a request and could not be understood.
public struct MalformedRequest: Equatable, Sendable {
    /// Its uuid as JSON, to be echoed; nil where it has none.
    public let uuid: [UInt8]?
    /// For people: what is wrong with it. Names of the server's are shown as `ForeignText` shows them.
    public let reason: String
}

/// A request that the settings do not allow.
public struct RefusedRequest: Sendable {
    /// Its uuid as JSON, to be echoed.
    public let uuid: [UInt8]
    /// For people: why.
    public let reason: String
    public let subject: RequestSubject
}
