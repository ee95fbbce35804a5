// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A proxy that opens a way to the server: by HTTP CONNECT (RFC 9110 §9.3.6), over TLS or not, or by SOCKS5 (RFC 1928).
/// The server's name is looked up by the proxy.
public struct Proxy: Equatable, Sendable {
    public enum Kind: Equatable, Sendable { case http, https, socks5 }

    public let kind: Kind
    /// A host name in ASCII or an IP address without brackets.
    public let host: String
    public let port: UInt16
    /// Nil: none.
    public let username: SecretBytes?
    public let password: SecretBytes?

    public init(kind: Kind, host: String, port: UInt16, username: SecretBytes? = nil, password: SecretBytes? = nil) {
        self.kind = kind
        self.host = host
        self.port = port
        self.username = username
        self.password = password
    }

    /// As it may be shown: without user and password.
    public var shown: String { scheme + (host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host) + ":\(port)" }

    private var scheme: String {
        switch kind {
        case .http: "http://"
        case .https: "https://"
        case .socks5: "socks5h://"
        }
    }

    /// The form that is taken.
    static let takes = "http://[user:password@]host:port, https://… or socks5h://…"

    /// Each of RFC 1929's texts, bytes.
    static let socksTextBytesMax = 255

    /// Reads `http://[user:password@]host[:port]`, `https://…` or `socks5h://…`.
    /// - Parameters:
    ///   - names: for a proxy's name beyond ASCII.
    ///   - isLenient: as environment variables have it: a text without a scheme means http, `socks5` and `socks` mean
    ///     `socks5h`.
    /// - Returns: what is wrong, as the end of a sentence; nothing of the text stands in it.
    static func parse(
        _ text: SecretBytes, _ names: (any HostNames)? = nil, isLenient: Bool = false
    ) -> Result<Proxy, ProxyTextError> {
        text.withBytes { bytes -> Result<Proxy, ProxyTextError> in
            do throws(ProxyTextError) {
                return .success(try parse(bytes[...], names, isLenient: isLenient))
            } catch { return .failure(error) }
        }
    }

    private static func parse(
        _ text: Slice<UnsafeRawBufferPointer>, _ names: (any HostNames)?, isLenient: Bool
    ) throws(ProxyTextError) -> Proxy {
        let (kind, rest) = try scheme(text, isLenient: isLenient)
        var authority = rest
        if let slash = authority.firstIndex(of: UInt8(ascii: "/")) {
            guard slash == authority.index(before: authority.endIndex) else {
                throw ProxyTextError("has a path, which a proxy has not; it takes \(takes)")
            }
            authority = authority[..<slash]
        }
        var credentials: (user: SecretBytes, password: SecretBytes)?
        // A password may hold an @ of its own; a host does not.
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            credentials = try Self.credentials(authority[..<at], kind)
            authority = authority[authority.index(after: at)...]
        }
        // As the server's: names, addresses in brackets, ports. What may be secret is no part of it.
        let standard = kind == .socks5 ? ":1080" : ""
        let shown = String(decoding: authority, as: UTF8.self)
        let hasPort = shown.utf8.last.map { $0 != UInt8(ascii: "]") } == true && authority.contains(UInt8(ascii: ":"))
        if shown.isEmpty || shown.utf8.first == UInt8(ascii: ":") {
            throw ProxyTextError("has no host; it takes \(takes)")
        }
        let url: WebSocketURL
        do throws(URLError) {
            let port = hasPort ? "" : standard
            url = try WebSocketURL.parse((kind == .https ? "wss://" : "ws://") + shown + port, names)
        } catch {
            throw ProxyTextError("cannot be used: \(HandshakeText.clause(error.text))")
        }
        guard url.resource == "/" else {
            throw ProxyTextError("has a query, which a proxy has not; it takes \(takes)")
        }
        return Proxy(
            kind: kind, host: url.host, port: url.port, username: credentials?.user, password: credentials?.password)
    }

    private static func scheme(
        _ text: Slice<UnsafeRawBufferPointer>, isLenient: Bool
    ) throws(ProxyTextError) -> (Kind, Slice<UnsafeRawBufferPointer>) {
        func rest(_ scheme: StaticString) -> Slice<UnsafeRawBufferPointer>? {
            let count = scheme.utf8CodeUnitCount
            guard text.count >= count else { return nil }
            for (index, byte) in text.prefix(count).enumerated() {
                if ASCII.lowercased(byte) != ASCII.lowercased(scheme.utf8Start[index]) { return nil }
            }
            return text.dropFirst(count)
        }
        if let rest = rest("http://") { return (.http, rest) }
        if let rest = rest("https://") { return (.https, rest) }
        if let rest = rest("socks5h://") { return (.socks5, rest) }
        if let rest = rest("socks5://") ?? rest("socks://") {
            if isLenient { return (.socks5, rest) }
            throw ProxyTextError(
                "begins with a scheme that looks names up on this host; write socks5h://, the proxy looks them up")
        }
        if rest("socks4://") != nil || rest("socks4a://") != nil {
            throw ProxyTextError("is of SOCKS version 4, which is not spoken; it takes \(takes)")
        }
        let hasScheme = text.indices.contains { text[$0...].starts(with: "://".utf8) }
        if isLenient, !hasScheme { return (.http, text) }
        throw ProxyTextError("is no proxy: it takes none, env, \(takes)")
    }

    /// `user` or `user:password`, percent-encoded where need be (RFC 3986 §3.2.1).
    private static func credentials(
        _ text: Slice<UnsafeRawBufferPointer>, _ kind: Kind
    ) throws(ProxyTextError) -> (user: SecretBytes, password: SecretBytes) {
        let colon = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        guard let user = decoded(text[..<colon]), let password = decoded(text[colon...].dropFirst()) else {
            throw ProxyTextError("holds a % that is not followed by two hexadecimal digits; write % itself as %25")
        }
        guard !user.isEmpty else { throw ProxyTextError("has an @ and no user before it") }
        for part in [user, password] {
            if part.withBytes({ $0.contains { $0 < 0x20 || $0 == 0x7F } }) {
                throw ProxyTextError("holds a control character in user or password")
            }
            if kind == .socks5, part.count > socksTextBytesMax {
                throw ProxyTextError("has a user or a password of more than 255 bytes, which SOCKS5 does not carry")
            }
        }
        // RFC 7617 §2, RFC 7616 §3.4.
        if kind != .socks5, user.withBytes({ $0.contains(UInt8(ascii: ":")) }) {
            throw ProxyTextError("has a user with a colon in it, which HTTP authentication forbids")
        }
        return (user, password)
    }

    /// Nil: a % that stands for nothing.
    private static func decoded(_ text: Slice<UnsafeRawBufferPointer>) -> SecretBytes? {
        SecretBytes(capacity: text.count) { room in
            var count = 0
            var index = text.startIndex
            while index < text.endIndex {
                var byte = text[index]
                index += 1
                if byte == UInt8(ascii: "%") {
                    guard index + 2 <= text.endIndex, let high = ASCII.hexDigit(text[index]),
                        let low = ASCII.hexDigit(text[index + 1])
                    else { return nil }
                    byte = high << 4 | low
                    index += 2
                }
                room[count] = byte
                count += 1
            }
            return count
        }
    }
}

/// What is wrong with a proxy's text, as the end of a sentence that begins with where it stands.
struct ProxyTextError: Error, Equatable {
    let text: String

    init(_ text: String) { self.text = text }
}

/// The way through a proxy, as one connection takes it.
public struct Tunnel: Sendable {
    public let proxy: Proxy
    /// The value of Proxy-Authorization; nil: none is sent.
    public let authorization: SecretBytes?
    let userAgent: String?

    public init(_ proxy: Proxy, authorization: SecretBytes? = nil, userAgent: String? = nil) {
        self.proxy = proxy
        self.authorization = authorization
        self.userAgent = userAgent
    }
}
