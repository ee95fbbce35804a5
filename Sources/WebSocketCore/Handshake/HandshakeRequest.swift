// SPDX-License-Identifier: Apache-2.0
/// The client's half of the opening handshake (RFC 6455 §4.1).
public struct HandshakeRequest: Sendable {
    /// What the server appends to the key before hashing (RFC 6455 §1.3).
    static let acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    /// How many random bytes the key is made of (RFC 6455 §4.1).
    public static let keyBytes = 16

    public let url: WebSocketURL
    /// Goes behind the URL's resource in the request, and is nowhere else: a key in the query. Percent-encoded.
    public let secretQuery: SecretBytes?
    /// Sec-WebSocket-Key: the 16 bytes in Base64.
    public let key: String
    /// In the order of preference.
    public let subprotocols: [String]
    public let origin: String?
    public let userAgent: String?
    /// The user's own; checked with `validate(headerName:value:)` beforehand.
    public let headers: [(name: String, value: SecretBytes)]
    /// The value of Sec-WebSocket-Extensions, or nil to offer none.
    public let extensions: String?
    /// The part of `extensions` that offers permessage-deflate, or nil.
    public let deflate: DeflateOffer?

    /// - Parameters:
    ///   - key: 16 bytes of a cryptographic generator, fresh for each connection (RFC 6455 §4.1).
    ///   - extensions: offers beside `deflate`, as they stand in the header.
    public init(
        url: WebSocketURL, secretQuery: SecretBytes? = nil, key: [UInt8], subprotocols: [String] = [],
        origin: String? = nil,
        userAgent: String? = nil, headers: [(name: String, value: SecretBytes)] = [], extensions: String? = nil,
        deflate: DeflateOffer? = nil
    ) {
        precondition(key.count == Self.keyBytes)
        self.url = url
        self.secretQuery = secretQuery
        self.key = Base64.encode(key)
        self.subprotocols = subprotocols
        self.origin = origin
        self.userAgent = userAgent
        self.headers = headers
        self.deflate = deflate
        if let deflate {
            self.extensions = deflate.text + (extensions.map { ", " + $0 } ?? "")
        } else {
            self.extensions = extensions
        }
    }

    /// What Sec-WebSocket-Accept has to be (RFC 6455 §4.2.2).
    public var expectedAccept: String { Self.accept(forKey: key) }

    static func accept(forKey key: String) -> String {
        Base64.encode(SHA1.digest(Array(key.utf8) + Array(acceptGUID.utf8)))
    }

    /// The request as it goes out. A control character that got into a value past all checks is sent as a space, so
    /// that no setting can ever add a line of its own.
    public func encoded() -> SecretBytes {
        var head = HTTPHeadWriter(startLine: "GET " + url.resource, secretQuery ?? "", " HTTP/1.1")
        // RFC 9110 §7.2: once, and first. The user's own names a virtual host behind the URL's address.
        if let host = headers.first(where: { Self.isHost($0.name) }) {
            head.field("Host", host.value)
        } else {
            head.field("Host", url.hostHeader)
        }
        head.field("Upgrade", "websocket")
        head.field("Connection", "Upgrade")
        head.field("Sec-WebSocket-Key", key)
        head.field("Sec-WebSocket-Version", "13")
        // RFC 6455 §4.1: the fields below are optional; a header of the user's own goes before a default.
        if let origin, !hasHeader("Origin") { head.field("Origin", origin) }
        if !subprotocols.isEmpty { head.field("Sec-WebSocket-Protocol", subprotocols.joined(separator: ", ")) }
        if let extensions { head.field("Sec-WebSocket-Extensions", extensions) }
        if let userAgent, !hasHeader("User-Agent") { head.field("User-Agent", userAgent) }
        for header in headers where !Self.isHost(header.name) { head.field(header.name, header.value) }
        return head.finished()
    }

    private static func isHost(_ name: String) -> Bool { ASCII.equalsIgnoringCase(name, "Host") }

    private func hasHeader(_ name: String) -> Bool {
        headers.contains { ASCII.equalsIgnoringCase($0.name, name) }
    }

    /// Checks a header field of the user's own: a token as its name, no control character but tab in its value, and
    /// none of the fields that make up the handshake or would announce a body.
    public static func validate(
        headerName name: String, value: some Collection<UInt8>
    ) throws(HeaderError) {
        guard !name.utf8.isEmpty else { throw .emptyName }
        guard ASCII.isToken(name) else { throw .invalidName }
        guard name.utf8.count + value.count + 2 <= HTTPHead.fieldLineBytesMax else { throw .tooLong }
        let reserved = ["Upgrade", "Connection", "Content-Length", "Transfer-Encoding"]
        if reserved.contains(where: { ASCII.equalsIgnoringCase($0, name) }) { throw .reservedName }
        if ASCII.equalsIgnoringCase(name, "Sec-WebSocket-Extensions") { throw .extensionsName }
        if ASCII.equalsIgnoringCase(name, "Sec-WebSocket-Protocol") { throw .subprotocolName }
        // The server would read the proxy's password.
        if ASCII.equalsIgnoringCase(name, "Proxy-Authorization") { throw .proxyAuthorizationName }
        let start = String(decoding: name.utf8.prefix(14), as: UTF8.self)
        if ASCII.equalsIgnoringCase(start, "Sec-WebSocket-") { throw .reservedName }
        guard value.allSatisfy(ASCII.isFieldValueByte) else { throw .invalidValue }
        if isHost(name), !isHostValue(value) { throw .invalidHost }
    }

    /// RFC 9110 §7.2: a host and perhaps a port, nothing around them. Two hosts, a path or white space in one have
    /// been ways to deceive proxies.
    private static func isHostValue(_ value: some Collection<UInt8>) -> Bool {
        !value.isEmpty
            && value.allSatisfy { byte in
                switch byte {
                case _ where ASCII.isAlphanumeric(byte): true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["),
                    UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }

    /// Checks subprotocol names: tokens, none of them twice (RFC 6455 §4.1, item 10).
    public static func validate(subprotocols: [String]) throws(HeaderError) {
        for (index, name) in subprotocols.enumerated() {
            guard ASCII.isToken(name) else { throw .invalidSubprotocol }
            for earlier in subprotocols[..<index] where ASCII.equals(earlier, name) { throw .duplicateSubprotocol }
        }
    }
}
