// SPDX-License-Identifier: Apache-2.0
/// The server's side of the opening handshake: reads a client's request from bytes that may be split anywhere
/// (RFC 6455 §4.2). The limits are those of `HandshakeResponseParser`.
public struct ServerHandshake: Sendable {
    private var head = HTTPHead(prefix: "")

    public init() {}

    /// Reads on from `input[offset...]` and advances `offset`, at most to behind the blank line. Not to be called
    /// again once it has returned a request or thrown.
    /// - Returns: the request when it is complete, else nil: more bytes are needed.
    public mutating func bytesReceived(
        _ input: RawSpan, from offset: inout Int
    ) throws(HandshakeError) -> ClientRequest? {
        guard try head.bytesReceived(input, from: &offset) else { return nil }
        // RFC 9112 §3: method, resource and version, one space between them.
        let parts = head.startLine.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(ASCII.isTokenCharacter), !parts[1].isEmpty,
            parts[2].count == 8, parts[2].starts(with: Array("HTTP/1.".utf8)), parts[2].last.map(ASCII.isDigit) == true
        else { throw .malformedStartLine }
        return ClientRequest(
            method: String(decoding: parts[0], as: UTF8.self), resource: String(decoding: parts[1], as: UTF8.self),
            fields: head.fields, isVersion10: parts[2].last == UInt8(ascii: "0"))
    }
}

/// A client's request to open a WebSocket, or any other HTTP request.
public struct ClientRequest: Sendable {
    public let method: String
    /// Path and query.
    public let resource: String
    /// Header fields in the order they came, values without white space around them.
    public let fields: [(name: String, value: String)]
    let isVersion10: Bool

    /// The values of all fields of this name, regardless of case, joined with ", "; nil if there is none.
    public func value(of name: String) -> String? { HTTPHead.value(of: name, in: fields) }

    /// The subprotocols the client offers, in its order of preference.
    public var offeredSubprotocols: [String] { ASCII.listMembers(value(of: "Sec-WebSocket-Protocol") ?? "") }

    /// Checks the request as RFC 6455 §4.2.1 asks of a server.
    /// - Throws: `.invalidRequest` with a sentence; answer with `refusal`.
    public func verify() throws(HandshakeError) {
        // Item 1: a GET of HTTP/1.1 or higher.
        guard ASCII.equals(method, "GET"), !isVersion10 else {
            throw .invalidRequest("A WebSocket is opened with GET and HTTP/1.1.")
        }
        guard value(of: "Host") != nil else { throw .invalidRequest("The request has no Host field.") }
        guard HTTPHead.list(value(of: "Upgrade"), contains: "websocket") else {
            throw .invalidRequest("The request's Upgrade field does not name websocket.")
        }
        guard HTTPHead.list(value(of: "Connection"), contains: "Upgrade") else {
            throw .invalidRequest("The request's Connection field does not name Upgrade.")
        }
        // Item 5: the key is 16 bytes in Base64.
        guard let key = value(of: "Sec-WebSocket-Key"), Base64.decode(key)?.count == HandshakeRequest.keyBytes else {
            throw .invalidRequest("The request's Sec-WebSocket-Key is not 16 bytes in Base64.")
        }
        guard let version = value(of: "Sec-WebSocket-Version"), ASCII.equals(version, "13") else {
            throw .invalidRequest("The request's Sec-WebSocket-Version is not 13.")
        }
    }

    /// The 101 answer (RFC 6455 §4.2.2).
    /// - Parameters:
    ///   - subprotocol: one of `offeredSubprotocols`, or nil.
    ///   - extensions: the value of Sec-WebSocket-Extensions, or nil.
    /// - Throws: what `verify` throws.
    public func accepted(
        subprotocol: String? = nil, extensions: String? = nil, headers: [(name: String, value: String)] = []
    ) throws(HandshakeError) -> [UInt8] {
        try verify()
        var head = HTTPHeadWriter(startLine: "HTTP/1.1 101 Switching Protocols")
        head.field("Upgrade", "websocket")
        head.field("Connection", "Upgrade")
        head.field("Sec-WebSocket-Accept", HandshakeRequest.accept(forKey: value(of: "Sec-WebSocket-Key") ?? ""))
        if let subprotocol { head.field("Sec-WebSocket-Protocol", subprotocol) }
        if let extensions { head.field("Sec-WebSocket-Extensions", extensions) }
        for header in headers { head.field(header.name, header.value) }
        return head.finished().withBytes { Array($0) }
    }

    /// An answer that opens no WebSocket, without a body.
    /// - Parameter status: 200 to 999.
    public static func refusal(
        status: Int, reason: String, headers: [(name: String, value: String)] = []
    ) -> [UInt8] {
        var head = HTTPHeadWriter(startLine: "HTTP/1.1 \(status) \(reason)")
        head.field("Content-Length", "0")
        head.field("Connection", "close")
        for header in headers { head.field(header.name, header.value) }
        return head.finished().withBytes { Array($0) }
    }
}
