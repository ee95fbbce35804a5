// SPDX-License-Identifier: Apache-2.0
/// A `ws://` or `wss://` URL (RFC 6455 §3), taken apart; or `ws+unix://`, a socket of this host's file system, which
/// stands in no RFC.
public struct WebSocketURL: Equatable, Sendable {
    /// The longest URL, in bytes.
    public static let maxURLBytes = 8192
    /// The longest path of a socket, in bytes (sun_path of unix(7), without its NUL).
    public static let maxUnixPathBytes = 107

    /// True for `wss`.
    public let isSecure: Bool
    /// A name or an address in lower case; an IPv6 address without brackets, with its zone if it has one
    /// (`fe80::1%eth0`).
    public let host: String
    /// 1 to 65535; 80 or 443 if the URL names none (RFC 6455 §3).
    public let port: UInt16
    /// Path and query as they stand in the URL, `/` if the path is empty (RFC 6455 §3, "resource name").
    public let resource: String
    public let isIPv6Literal: Bool
    /// The socket's path; nil: the host is to be connected to. The host is `localhost` then.
    public private(set) var unixPath: String?
    /// The host as the URL has it, where that is beyond ASCII; to be shown and for nothing else. Two URLs that differ
    /// in it alone are one.
    public private(set) var writtenHost: String?

    /// The value of the Host header field: an IPv6 address in brackets and without zone (RFC 6874 §3), the port only
    /// if it is not the scheme's own (RFC 6455 §4.1).
    public var hostHeader: String {
        guard isIPv6Literal else { return withPort(host) }
        let address = Array(host.utf8).prefix { $0 != UInt8(ascii: "%") }
        return withPort("[" + String(decoding: address, as: UTF8.self) + "]")
    }

    /// The same for people: the host as it was written, with its zone.
    public var shownAuthority: String { withPort(writtenHost ?? urlHost) }

    /// The host as it stands in a URL: an IPv6 address in brackets, its zone behind `%25` (RFC 6874 §2).
    public var urlHost: String {
        guard isIPv6Literal else { return host }
        let parts = Array(host.utf8).split(separator: UInt8(ascii: "%"), maxSplits: 1)
        return "[" + parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "%25") + "]"
    }

    private func withPort(_ host: String) -> String { port == (isSecure ? 443 : 80) ? host : "\(host):\(port)" }

    public static func == (left: WebSocketURL, right: WebSocketURL) -> Bool {
        left.isSecure == right.isSecure && left.host == right.host && left.port == right.port
            && left.resource == right.resource && left.isIPv6Literal == right.isIPv6Literal
            && left.unixPath == right.unixPath
    }

    /// The same with one more segment behind its path, before its query. `segment` is percent-encoded.
    public func appending(segment: String) -> WebSocketURL {
        let bytes = Array(resource.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        let slash = end > 0 && bytes[end - 1] == UInt8(ascii: "/") ? "" : "/"
        let longer =
            String(decoding: bytes[..<end], as: UTF8.self) + slash + segment
            + String(decoding: bytes[end...], as: UTF8.self)
        return WebSocketURL(
            isSecure: isSecure, host: host, port: port, resource: longer, isIPv6Literal: isIPv6Literal,
            unixPath: unixPath, writtenHost: writtenHost)
    }

    /// Takes a URL apart. Percent-escapes in path and query stay as they are, even wrong ones.
    /// - Parameter names: knows the ASCII forms of hosts beyond ASCII; nil: those are refused.
    public static func parse(_ text: String, _ names: (any HostNames)? = nil) throws(URLError) -> WebSocketURL {
        let bytes = Array(text.utf8)
        guard bytes.count <= maxURLBytes else { throw .tooLong }
        for byte in bytes where byte <= 0x20 || byte == 0x7F { throw .forbiddenCharacter }
        if let start = unixStart(bytes) { return try parseUnix(bytes[start...]) }
        if bytes.prefix(11).map(ASCII.lowercased).elementsEqual("wss+unix://".utf8) { throw .secureUnix }
        let (isSecure, start) = try parseScheme(bytes)
        // RFC 6455 §3: no fragment; a # in the path must be escaped.
        if bytes[start...].contains(UInt8(ascii: "#")) { throw .fragment }
        let end = bytes[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.count
        guard bytes[end...].allSatisfy(ASCII.isASCII) else { throw .notASCII }
        let authority = bytes[start..<end]
        if authority.contains(UInt8(ascii: "@")) { throw .userinfo }
        let (name, portText, isIPv6Literal) = try splitAuthority(authority)
        let host = isIPv6Literal ? name : try HostName.ascii(name, names)
        var resource = String(decoding: bytes[end...], as: UTF8.self)
        if end == bytes.count || bytes[end] == UInt8(ascii: "?") { resource = "/" + resource }
        return WebSocketURL(
            isSecure: isSecure, host: host, port: try parsePort(portText) ?? (isSecure ? 443 : 80),
            resource: resource, isIPv6Literal: isIPv6Literal,
            writtenHost: name.utf8.allSatisfy(ASCII.isASCII) ? nil : name)
    }

    /// Where the socket's path begins; nil: it is another URL.
    private static func unixStart(_ bytes: [UInt8]) -> Int? {
        let scheme = Array("ws+unix://".utf8)
        return bytes.prefix(scheme.count).map(ASCII.lowercased) == scheme ? scheme.count : nil
    }

    /// `/socket`, or `/socket:/path?query`.
    private static func parseUnix(_ rest: ArraySlice<UInt8>) throws(URLError) -> WebSocketURL {
        let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
        let path = rest[..<colon]
        guard path.count > 1, path.count <= maxUnixPathBytes, path.first == UInt8(ascii: "/"),
            path.last != UInt8(ascii: "/"), !path.contains(UInt8(ascii: "?")), !path.contains(UInt8(ascii: "#"))
        else { throw .invalidUnixPath }
        // A path of the file system is whatever bytes; what is asked for there is a URL's.
        let resource = rest[colon...].dropFirst()
        guard resource.allSatisfy(ASCII.isASCII) else { throw .notASCII }
        if resource.contains(UInt8(ascii: "#")) { throw .fragment }
        let start = resource.first == UInt8(ascii: "/") ? "" : "/"
        return WebSocketURL(
            isSecure: false, host: "localhost", port: 80, resource: start + String(decoding: resource, as: UTF8.self),
            isIPv6Literal: false, unixPath: String(decoding: path, as: UTF8.self))
    }

    /// - Returns: whether TLS is asked for, and where the authority begins.
    private static func parseScheme(_ bytes: [UInt8]) throws(URLError) -> (isSecure: Bool, authority: Int) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            bytes[colon...].starts(with: [UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "/")]),
            bytes[..<colon].allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || [0x2B, 0x2D, 0x2E].contains($0) })
        else { throw .missingScheme }
        let scheme = String(decoding: bytes[..<colon], as: UTF8.self)
        if ASCII.equalsIgnoringCase(scheme, "ws") { return (false, colon + 3) }
        if ASCII.equalsIgnoringCase(scheme, "wss") { return (true, colon + 3) }
        if ASCII.equalsIgnoringCase(scheme, "http") { throw .httpScheme }
        if ASCII.equalsIgnoringCase(scheme, "https") { throw .httpsScheme }
        throw .otherScheme
    }

    /// - Returns: the host as it stands, the bytes behind its colon (nil: there is none), whether it is IPv6.
    private static func splitAuthority(
        _ authority: ArraySlice<UInt8>
    ) throws(URLError) -> (host: String, port: ArraySlice<UInt8>?, isIPv6Literal: Bool) {
        let colon = UInt8(ascii: ":")
        if authority.first == UInt8(ascii: "[") {
            guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .invalidIPv6 }
            let host = try parseIPv6(authority[(authority.startIndex + 1)..<bracket])
            let rest = authority[(bracket + 1)...]
            guard rest.isEmpty || rest.first == colon else { throw .invalidIPv6 }
            return (host, rest.isEmpty ? nil : rest.dropFirst(), true)
        }
        if looksLikeIPv6(authority) { throw .invalidIPv6 }
        let end = authority.firstIndex(of: colon) ?? authority.endIndex
        let host = String(decoding: authority[..<end], as: UTF8.self)
        return (host, end == authority.endIndex ? nil : authority[(end + 1)...], false)
    }

    /// The brackets were forgotten: two colons and more, and nothing but digits, up to a zone.
    private static func looksLikeIPv6(_ authority: ArraySlice<UInt8>) -> Bool {
        let address = authority.prefix { $0 != UInt8(ascii: "%") }
        return address.count { $0 == UInt8(ascii: ":") } > 1
            && address.allSatisfy { ASCII.isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }

    /// An address with an optional zone, which stands behind `%25` (RFC 6874 §2).
    private static func parseIPv6(_ text: ArraySlice<UInt8>) throws(URLError) -> String {
        let percent = text.firstIndex(of: UInt8(ascii: "%")) ?? text.endIndex
        let address = text[..<percent]
        guard IPv6Literal.isValid(address) else { throw .invalidIPv6 }
        var host = address.map(ASCII.lowercased)
        if percent < text.endIndex {
            let escaped = text[percent...]
            let zone = escaped.dropFirst(3)
            guard escaped.starts(with: [UInt8(ascii: "%"), UInt8(ascii: "2"), UInt8(ascii: "5")]), !zone.isEmpty,
                zone.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || [0x2D, 0x2E, 0x5F, 0x7E].contains($0) })
            else { throw .invalidIPv6 }
            host.append(UInt8(ascii: "%"))
            host.append(contentsOf: zone)
        }
        return String(decoding: host, as: UTF8.self)
    }

    /// - Returns: nil for no port, or an empty one, which means the scheme's own (RFC 3986 §3.2.3).
    private static func parsePort(_ text: ArraySlice<UInt8>?) throws(URLError) -> UInt16? {
        guard let text, !text.isEmpty else { return nil }
        var value = 0
        for byte in text {
            guard let digit = ASCII.digit(byte) else { throw .invalidPort }
            value = value * 10 + Int(digit)
            guard value <= 65535 else { throw .invalidPort }
        }
        guard value > 0 else { throw .invalidPort }
        return UInt16(value)
    }
}
