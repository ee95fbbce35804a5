import WebSocketCore

/// What a connection speaks: nothing yet, the opening handshake, frames.
enum ProtocolState {
    case none
    case handshaking(HandshakeRequest, HandshakeResponseParser)
    case open(WebSocketEndpoint)
}

/// Where it is kept: in two optionals, because the compiler keeps the case of such an enum in bits that another case
/// leaves unset, which memory checkers take for a fault.
struct ProtocolSlot {
    private struct Handshake {
        let request: HandshakeRequest
        let parser: HandshakeResponseParser
    }

    private var handshake: Handshake?
    private var endpoint: WebSocketEndpoint?

    var state: ProtocolState {
        get {
            if let endpoint { return .open(endpoint) }
            if let handshake { return .handshaking(handshake.request, handshake.parser) }
            return .none
        }
        set {
            endpoint = nil
            handshake = nil
            switch newValue {
            case .none: break
            case .handshaking(let request, let parser): handshake = Handshake(request: request, parser: parser)
            case .open(let new): endpoint = new
            }
        }
    }
}
