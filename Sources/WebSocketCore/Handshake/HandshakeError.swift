// SPDX-License-Identifier: Apache-2.0
/// Why an opening handshake failed (RFC 6455 §4.1, §4.2). Foreign texts are what the peer sent.
public enum HandshakeError: Error, Equatable, Sendable {
    /// The answer does not begin like HTTP/1.
    case notHTTP
    /// The status line, or the request line, is not one.
    case malformedStartLine
    /// The status line, or the request line, exceeds `HandshakeResponseParser.startLineBytesMax`.
    case startLineTooLong
    /// A field exceeds `HandshakeResponseParser.fieldLineBytesMax`.
    case fieldTooLong
    /// All of it exceeds `HandshakeResponseParser.headBytesMax`.
    case headerTooBig
    /// More than `HandshakeResponseParser.fieldsMax` fields.
    case tooManyFields
    /// A field is not `name: value` without control characters.
    case malformedField
    /// A 101 from an HTTP/1.0 server; the protocol cannot be changed there.
    case httpVersionTooOld
    /// Any status but 101.
    /// - location: where a redirect points to, or nil.
    /// - retryAfterSeconds: the delay that the server asks for; nil without one that can be read.
    case unexpectedStatus(Int, location: ForeignText?, retryAfterSeconds: Int?)
    /// The Upgrade field is missing (nil) or names something else.
    case missingUpgrade(found: ForeignText?)
    /// The Connection field is missing (nil) or lacks `Upgrade`.
    case missingConnection(found: ForeignText?)
    /// The Sec-WebSocket-Accept field is missing (nil) or does not belong to our key.
    case wrongAccept(found: ForeignText?)
    /// A subprotocol that was not offered.
    case unexpectedSubprotocol(ForeignText)
    /// An extension that was not offered.
    case unexpectedExtension(ForeignText)
    /// The Sec-WebSocket-Extensions field does not follow its grammar (RFC 6455 §9.1).
    case malformedExtensions(ForeignText)
    /// The answer to our offer of permessage-deflate makes no sense (RFC 7692 §7.1); what is wrong with it.
    case invalidDeflateAnswer(ForeignText)
    /// In the server role: what is wrong with the client's request (RFC 6455 §4.2.1).
    case invalidRequest(String)

    /// One sentence for a person: what came and what was expected.
    public var text: String {
        switch self {
        case .notHTTP:
            return "The answer is not HTTP; expected HTTP/1.1 101. Is this the port of a WebSocket server, and does "
                + "it take TLS as the URL says?"
        case .malformedStartLine: return "The first line of the HTTP header is malformed."
        case .startLineTooLong: return "The first line of the HTTP header is longer than 1024 bytes."
        case .fieldTooLong: return "A field of the HTTP header is longer than 8192 bytes."
        case .headerTooBig: return "The HTTP header is bigger than 65536 bytes."
        case .tooManyFields: return "The HTTP header has more than 128 fields."
        case .malformedField: return "A field of the HTTP header is malformed; expected \"name: value\"."
        case .httpVersionTooOld: return "The server answered with HTTP/1.0; a WebSocket needs HTTP/1.1."
        case .unexpectedStatus(let status, let location, let retryAfterSeconds):
            var text = "The server answered with HTTP status \(status); expected 101"
            if let location { text += "; it points to " + location.shownAsReference() }
            if let retryAfterSeconds { text += "; it asks to wait \(Self.shown(seconds: retryAfterSeconds))" }
            return text + "."
        case .missingUpgrade(let found):
            return Self.sentence("Upgrade", found, expected: "websocket")
        case .missingConnection(let found):
            return Self.sentence("Connection", found, expected: "Upgrade")
        case .wrongAccept(let found):
            return Self.sentence("Sec-WebSocket-Accept", found, expected: "the value that belongs to the request's key")
        case .unexpectedSubprotocol(let name):
            return "The server chose the subprotocol \"\(name.shown())\", which was not offered."
        case .unexpectedExtension(let name):
            return "The server chose the extension \"\(name.shown())\", which was not offered."
        case .malformedExtensions(let value):
            return "The server's 101 answer has Sec-WebSocket-Extensions: \(value.shown()); that is malformed."
        case .invalidDeflateAnswer(let reason):
            return "The server's answer to the offer of permessage-deflate is wrong: \(reason.shown())."
        case .invalidRequest(let reason): return reason
        }
    }

    /// A delay that a peer asks for, which may be any number.
    public static func shown(seconds: Int) -> String { seconds > 86_400 ? "more than a day" : "\(seconds) s" }

    private static func sentence(_ field: String, _ found: ForeignText?, expected: String) -> String {
        guard let found else { return "The server's 101 answer has no \(field) field; expected \(expected)." }
        return "The server's 101 answer has \(field): \(found.shown()); expected \(expected)."
    }
}
