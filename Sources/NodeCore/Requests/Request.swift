import CNeuronWS

/// A request from the server, with the C structs that describe it. Immutable; alive as long as somebody may read them.
public final class Request: @unchecked Sendable {
    /// What the host gets to see; its pointers live as long as the request.
    public let info: neuron_ws_request_info_t
    /// The uuid as JSON, to be echoed.
    public let uuid: [UInt8]
    private let document: JSONDocument
    private let arena: GroupArena

    init(_ info: neuron_ws_request_info_t, uuid: [UInt8], document: JSONDocument, arena: GroupArena) {
        self.info = info
        self.uuid = uuid
        self.document = document
        self.arena = arena
    }

    /// Of its document.
    public var byteCount: Int { info.json_length }

    /// The document's bytes, valid during the call.
    public func withDocument<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withExtendedLifetime(self) {
            body(UnsafeRawBufferPointer(start: info.json, count: info.json_length))
        }
    }
}
