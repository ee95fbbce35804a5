import WebSocketCore

/// A challenge of Digest authentication that can be answered (RFC 7616 §3.3).
struct DigestChallenge: Equatable, Sendable {
    enum Hash: Equatable, Sendable { case md5, sha256 }

    let hash: Hash
    /// The hash of user and password is bound to the nonces (`-sess`).
    private let isSession: Bool
    private let realm: String
    private let nonce: String
    private let opaque: String?
    /// False: an old proxy, of RFC 2069.
    private let hasQOP: Bool
    /// The algorithm as it is to be said; nil: the proxy did not.
    private let algorithm: String?
    /// The answer was right, the nonce too old.
    let isStale: Bool

    /// Nil: it is of another scheme, algorithm or quality of protection, or lacks something.
    init?(_ challenge: ProxyChallenge) {
        guard challenge.scheme == "digest", let nonce = challenge.parameter("nonce") else { return nil }
        algorithm = challenge.parameter("algorithm")
        switch Self.lowercased(algorithm ?? "md5") {
        case "md5": (hash, isSession) = (.md5, false)
        case "md5-sess": (hash, isSession) = (.md5, true)
        case "sha-256": (hash, isSession) = (.sha256, false)
        case "sha-256-sess": (hash, isSession) = (.sha256, true)
        default: return nil
        }
        if let offered = challenge.parameter("qop") {
            let members = offered.utf8.split { $0 == UInt8(ascii: ",") || $0 <= 0x20 }
            guard members.contains(where: { Self.lowercased(String(decoding: $0, as: UTF8.self)) == "auth" }) else {
                return nil
            }
            hasQOP = true
        } else {
            hasQOP = false
        }
        self.nonce = nonce
        realm = challenge.parameter("realm") ?? ""
        opaque = challenge.parameter("opaque")
        isStale = Self.lowercased(challenge.parameter("stale") ?? "") == "true"
    }

    /// The value of Proxy-Authorization for a CONNECT to `target` (RFC 7616 §3.4).
    func answer(
        _ username: SecretBytes, _ password: SecretBytes, target: String, clientNonce: [UInt8], uses: UInt32
    ) -> SecretBytes {
        let client = Self.hex(clientNonce)
        let count = Self.hex([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: uses >> $0) })
        let name = SecretBytes.joined(username, SecretBytes(":" + realm + ":"))
        var first = digest(SecretBytes.joined(name, password))
        if isSession { first = digest(SecretBytes(first + ":" + nonce + ":" + client)) }
        let second = digest(SecretBytes("CONNECT:" + target))
        let middle = hasQOP ? nonce + ":" + count + ":" + client + ":auth" : nonce
        let response = digest(SecretBytes(first + ":" + middle + ":" + second))
        var rest = ", realm=\"\(Self.quoted(realm))\", nonce=\"\(Self.quoted(nonce))\", uri=\"\(target)\""
        if let algorithm { rest += ", algorithm=\(Self.token(algorithm))" }
        rest += ", response=\"\(response)\""
        if hasQOP { rest += ", qop=auth, nc=\(count), cnonce=\"\(client)\"" }
        if let opaque { rest += ", opaque=\"\(Self.quoted(opaque))\"" }
        let shown = username.withBytes { Self.quoted(String(decoding: $0, as: UTF8.self)) }
        return SecretBytes("Digest username=\"\(shown)\"" + rest)
    }

    private func digest(_ bytes: SecretBytes) -> String {
        Self.hex(bytes.withBytes { hash == .md5 ? MD5.digest($0) : SHA256.digest($0) })
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes { text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return text
    }

    /// RFC 9110 §5.6.4.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One of the four names that `init` has taken.
    private static func token(_ text: String) -> String {
        String(decoding: text.utf8.prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") }, as: UTF8.self)
    }

    private static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
