import CNeuronWS

/// What the server may ask of the machines: the setting `allow-requests`. The numbers are the setting's.
public enum RequestPolicy: Int64, Sendable {
    case none = 0
    case read = 1
    /// Writes and actions too.
    case all = 2

    public func allows(_ kind: neuron_ws_request_kind_t) -> Bool {
        switch self {
        case .none: false
        case .read: kind == .NEURON_WS_REQUEST_READ
        case .all: true
        }
    }

    /// For the server: why it is refused.
    func reason(_ kind: neuron_ws_request_kind_t) -> String {
        let asked = kind == .NEURON_WS_REQUEST_READ ? "reads" : kind == .NEURON_WS_REQUEST_WRITE ? "writes" : "actions"
        return "the gateway's settings do not allow \(asked) (setting allow-requests)"
    }
}

/// What a request may be and take; of the present settings, and of what the host holds already.
public struct RequestRules: Sendable {
    public var policy: RequestPolicy
    /// Memory that all requests of the node may take, bytes.
    public var memoryBytesMax: Int
    /// What is left of it.
    public var memoryBytesLeft: Int

    public init(policy: RequestPolicy, memoryBytesMax: Int, memoryBytesLeft: Int) {
        self.policy = policy
        self.memoryBytesMax = memoryBytesMax
        self.memoryBytesLeft = memoryBytesLeft
    }
}
