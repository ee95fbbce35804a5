// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

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

    /// Nil: a custom operation.
    func allows(_ operation: StandardOperation?) -> Bool {
        switch self {
        case .none: false
        case .read: operation?.isRead == true
        case .all: true
        }
    }

    /// For the server: why it is refused.
    func reason(_ kind: neuron_ws_request_kind_t) -> String {
        let asked =
            switch kind {
            case .NEURON_WS_REQUEST_READ: "reads"
            case .NEURON_WS_REQUEST_WRITE: "writes"
            case .NEURON_WS_REQUEST_OPERATION: "this operation"
            default: "actions"
            }
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
    /// Who the gateway is to OpenGate; nil: operations are none for this node.
    public var openGate: OpenGateIdentity?
    /// Requests of the gateway's own kind have somebody to take them; else they are messages like any other.
    public var takesRequests: Bool
    /// What the server was told, and no text about its requests tells again.
    public var mask: SecretMask

    public init(
        policy: RequestPolicy, memoryBytesMax: Int, memoryBytesLeft: Int, openGate: OpenGateIdentity? = nil,
        takesRequests: Bool = true, mask: SecretMask = .none
    ) {
        self.mask = mask
        self.openGate = openGate
        self.takesRequests = takesRequests
        self.policy = policy
        self.memoryBytesMax = memoryBytesMax
        self.memoryBytesLeft = memoryBytesLeft
    }
}
