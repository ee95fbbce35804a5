// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// How we show a proxy who we are, from one connection to the next: nothing before it asks, then the best that it asks
/// for: Digest with SHA-256, Digest with MD5 (RFC 7616), Basic (RFC 7617). What it asked for last is answered at once
/// from then on.
///
/// It is always answered on a new connection: proxies end the old one, or send pages behind their 407.
///
/// It asks for a new connection at most `askedMax` times in an attempt.
public struct ProxyAuthentication: Sendable {
    /// What a 407 comes to.
    public enum Verdict: Equatable, Sendable {
        /// Connect anew, at once.
        case again
        case failed(ProxyError)
    }

    /// So many challenges are answered before one of them has led to something.
    static let askedMax = 3

    private enum Method: Equatable {
        case basic
        case digest(DigestChallenge)
    }

    /// For whom that was.
    private var proxy: Proxy?
    private var method: Method?
    /// How often this nonce has been used.
    private var uses: UInt32 = 0
    private var hasAnswered = false
    private var asked = 0
    private let hashes: any HashFunctions

    public init(_ hashes: any HashFunctions) { self.hashes = hashes }

    /// What a request to this server is addressed to, and what Digest calls its URI: always with the port.
    static func target(of url: WebSocketURL) -> String {
        (url.isIPv6Literal ? "[\(url.host)]" : url.host) + ":\(url.port)"
    }

    /// The value of Proxy-Authorization for the next request; nil: none.
    /// - Parameter clientNonce: random, fresh for each call.
    public mutating func authorization(for proxy: Proxy, _ url: WebSocketURL, clientNonce: [UInt8]) -> SecretBytes? {
        if proxy != self.proxy { self = ProxyAuthentication(hashes) }
        self.proxy = proxy
        hasAnswered = false
        guard let username = proxy.username, let method else { return nil }
        hasAnswered = true
        switch method {
        case .basic:
            let pair = SecretBytes.joined(SecretBytes.joined(username, ":"), proxy.password ?? "")
            return SecretBytes.joined("Basic ", Base64.encode(pair))
        case .digest(let challenge):
            uses &+= 1
            return challenge.answer(
                username, proxy.password ?? "", target: Self.target(of: url), clientNonce: clientNonce,
                uses: uses, hashes)
        }
    }

    /// The proxy has answered 407 with this Proxy-Authenticate.
    public mutating func challenged(_ field: String) -> Verdict {
        guard proxy?.username != nil else { return .failed(.credentialsMissing) }
        let challenges = ProxyChallenge.parse(field)
        let digests = challenges.compactMap { DigestChallenge($0) }.filter { hashes.has($0.hash) }
        let best = digests.first { $0.hash == .sha256 } ?? digests.first
        let isStale = best?.isStale == true
        asked += 1
        // An answer of this attempt was not taken: only a nonce that is too old is worth another. What was remembered
        // from an earlier attempt may just be outdated.
        guard !hasAnswered || isStale || asked == 1, asked <= Self.askedMax else {
            method = nil
            return .failed(.credentialsRefused)
        }
        uses = 0
        if let best {
            method = .digest(best)
        } else if challenges.contains(where: { $0.scheme == "basic" }) {
            method = .basic
        } else {
            method = nil
            var names = ""
            for challenge in challenges { names += (names.isEmpty ? "" : ", ") + challenge.scheme }
            return .failed(.unknownAuthentication(ForeignText(names)))
        }
        return .again
    }

    /// Another attempt: it may be asked as often again.
    public mutating func attemptBegan() { asked = 0 }
}
