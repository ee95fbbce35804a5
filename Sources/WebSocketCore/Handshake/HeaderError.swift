// SPDX-License-Identifier: Apache-2.0
/// Why a header field of the user's own cannot be sent with the opening handshake. The sentences do not repeat the
/// value, which may be a secret.
public enum HeaderError: Error, Equatable, Sendable, CaseIterable {
    case emptyName
    case invalidName
    case reservedName
    case extensionsName
    case subprotocolName
    case proxyAuthorizationName
    case invalidValue
    case invalidHost
    case tooLong
    case invalidSubprotocol
    case duplicateSubprotocol

    public var text: String {
        switch self {
        case .emptyName: return "The header has no name."
        case .invalidName:
            return "The header's name holds a character that is not allowed there; expected letters, digits and '-'."
        case .reservedName:
            return "The header belongs to the handshake itself and cannot be set: Upgrade, Connection, "
                + "Content-Length, Transfer-Encoding and all that begin with Sec-WebSocket-."
        case .extensionsName:
            return "The header Sec-WebSocket-Extensions belongs to the handshake itself: the setting compression "
                + "offers permessage-deflate, which is the only extension that is spoken here."
        case .subprotocolName:
            return "The header Sec-WebSocket-Protocol belongs to the handshake itself: the setting subprotocols offers "
                + "subprotocols."
        case .proxyAuthorizationName:
            return "The header Proxy-Authorization is for a proxy, and the opening handshake goes to the server: write "
                + "user and password into the setting proxy."
        case .invalidValue:
            return "The header's value holds a line break or another control character."
        case .invalidHost:
            return "The header Host takes a host's name or address and perhaps a port, nothing else; a name beyond "
                + "ASCII in its xn-- form."
        case .tooLong:
            return "The header is longer than 8192 bytes."
        case .invalidSubprotocol:
            return "The subprotocol's name is empty or holds a space, a comma or another character that is not "
                + "allowed there."
        case .duplicateSubprotocol:
            return "A subprotocol is named twice."
        }
    }
}
