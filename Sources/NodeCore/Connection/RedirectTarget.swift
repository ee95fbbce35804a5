// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A Location against the URL that it is the answer for (RFC 9110 §10.2.2, RFC 3986 §5.2).
enum RedirectTarget {
    /// Nil: no WebSocket URL comes of it. http and https mean ws and wss (RFC 6455 §3 has the same ports for them). A
    /// fragment is left out: it is no server's business.
    static func resolve(
        _ location: ForeignText, against url: WebSocketURL, _ names: (any HostNames)? = nil
    ) -> WebSocketURL? {
        func parse(_ text: String) -> WebSocketURL? { try? WebSocketURL.parse(text, names) }

        let text = location.withText { $0.prefix { $0 != UInt8(ascii: "#") } }
        let slash = UInt8(ascii: "/")
        let scheme = url.isSecure ? "wss:" : "ws:"
        let authority = scheme + "//" + self.authority(url)
        if let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            text[..<colon].allSatisfy(ASCII.isAlphanumeric)
        {
            let name = String(decoding: text[..<colon].map(ASCII.lowercased), as: UTF8.self)
            let rest = String(decoding: text[colon...], as: UTF8.self)
            switch name {
            case "ws", "http": return parse("ws" + rest)
            case "wss", "https": return parse("wss" + rest)
            default: return nil
            }
        }
        if text.starts(with: [slash, slash]) { return parse(scheme + String(decoding: text, as: UTF8.self)) }
        let path = Array(url.resource.utf8.prefix { $0 != UInt8(ascii: "?") })
        if text.first == slash { return parse(authority + withoutDots(Array(text))) }
        if text.first == UInt8(ascii: "?") { return parse(authority + String(decoding: path + text, as: UTF8.self)) }
        if text.isEmpty { return parse(authority + String(decoding: path, as: UTF8.self)) }
        let folder = path[...(path.lastIndex(of: slash) ?? 0)]
        return parse(authority + withoutDots(Array(folder) + text))
    }

    private static func authority(_ url: WebSocketURL) -> String {
        guard url.isIPv6Literal else { return "\(url.host):\(url.port)" }
        // A zone stands behind %25 in a URL (RFC 6874 §2).
        let parts = url.host.utf8.split(separator: UInt8(ascii: "%"), maxSplits: 1)
        let host = parts.map { String(decoding: Array($0), as: UTF8.self) }.joined(separator: "%25")
        return "[\(host)]:\(url.port)"
    }

    /// RFC 3986 §5.2.4, of an absolute path with perhaps a query.
    private static func withoutDots(_ text: [UInt8]) -> String {
        let end = text.firstIndex(of: UInt8(ascii: "?")) ?? text.count
        var kept: [ArraySlice<UInt8>] = []
        let segments = text[..<end].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case [0x2E]: if isLast { kept.append([]) }
            case [0x2E, 0x2E]:
                _ = kept.popLast()
                if isLast { kept.append([]) }
            default: kept.append(segment)
            }
        }
        var path: [UInt8] = []
        for segment in kept {
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: segment)
        }
        if path.isEmpty { path = [UInt8(ascii: "/")] }
        return String(decoding: path + text[end...], as: UTF8.self)
    }
}
