// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Why a proxy opened no way to the server.
public enum ProxyError: Error, Equatable, Sendable {
    /// What answers is no HTTP proxy, or its answer is malformed.
    case malformed(HandshakeError)
    /// Any status but 2xx and 407.
    case refused(status: Int, reason: ForeignText, retryAfterSeconds: Int?)
    /// 407, with the value of Proxy-Authenticate: who has credentials tries again.
    case authenticationRequired(String)
    /// It asks for user and password, and the setting has none.
    case credentialsMissing
    /// User or password are wrong.
    case credentialsRefused
    /// It asks for authentication of kinds that are not spoken, by name.
    case unknownAuthentication(ForeignText)
    /// SOCKS5: it takes neither nobody nor user and password.
    case noCommonMethod
    /// SOCKS5: what came is none.
    case notSOCKS(first: UInt8)
    /// SOCKS5: the request failed with this reply (RFC 1928 §6).
    case socksReply(UInt8)

    /// With "…" for each of our secrets that the proxy repeats.
    func masked(by mask: SecretMask) -> ProxyError {
        switch self {
        case .malformed(let error): .malformed(error.masked(by: mask))
        case .refused(let status, let reason, let seconds):
            .refused(status: status, reason: reason.masked(by: mask), retryAfterSeconds: seconds)
        case .unknownAuthentication(let names): .unknownAuthentication(names.masked(by: mask))
        case .authenticationRequired, .credentialsMissing, .credentialsRefused, .noCommonMethod, .notSOCKS,
            .socksReply:
            self
        }
    }

    /// HTTP's status, 0: there was none.
    public var httpStatus: Int {
        switch self {
        case .refused(let status, _, _): status
        case .authenticationRequired, .unknownAuthentication: 407
        default: 0
        }
    }

    /// What it did, as the end of a sentence that begins with the proxy, and what to do about it.
    var text: String {
        switch self {
        case .malformed(.notHTTP):
            "does not answer in HTTP. Check its port, and whether it is a SOCKS proxy, or speaks TLS (https://)."
        case .malformed(let error): "gave an answer that cannot be read: \(HandshakeText.clause(error.text))."
        case .refused(let status, let reason, _):
            "answered CONNECT with HTTP status \(status)\(Self.shown(reason)). \(Self.advice(status))"
        case .authenticationRequired, .credentialsMissing:
            "asks for a user and a password, and there is none: write them into the setting proxy, "
                + "before the host, as user:password@."
        case .credentialsRefused: "does not take the user and password of the setting proxy."
        case .unknownAuthentication(let names):
            (names.isEmpty
                ? "asks for an authentication and does not say of which kind (Proxy-Authenticate); "
                : "asks for an authentication that is not spoken (\(names.shown())); ")
                + "Basic, and Digest with MD5 or SHA-256 and qop auth, are. "
                + "Let it take one of these, or this host without authentication."
        case .noCommonMethod:
            "wants neither a user with a password nor a client without (SOCKS5 methods): see its settings."
        case .notSOCKS(let first):
            first == UInt8(ascii: "H")
                ? "does not speak SOCKS5 but, it seems, HTTP: write http:// for socks5h://."
                : "does not answer as SOCKS5 does (byte \(first)). Check its port and kind."
        case .socksReply(let reply): "answered: \(Self.meaning(reply))."
        }
    }

    private static func shown(_ reason: ForeignText) -> String { reason.isEmpty ? "" : " (\(reason.shown()))" }

    private static func advice(_ status: Int) -> String {
        switch status {
        case 400, 405, 501: "Is it a proxy, and does it allow CONNECT?"
        // tinyproxy says so of a wrong password, where RFC 9110 §15.5.8 has 407.
        case 401: "It does not take the user and password of the setting proxy, or there are none."
        case 403: "Its rules forbid this server or port: let it allow CONNECT to it."
        case 404, 500, 502, 503, 504:
            "It could not reach the server: check the URL's host and port, and the proxy's way."
        case 429: "It has had too many requests: the node tries again by itself."
        default: "See the proxy's log."
        }
    }

    /// RFC 1928 §6.
    private static func meaning(_ reply: UInt8) -> String {
        switch reply {
        case 1: "general failure; its log says more"
        case 2: "its rules do not allow a connection to this server"
        case 3: "the server's network is unreachable for it"
        case 4: "the server's host is unreachable for it: check the name, and whether the proxy can look it up"
        case 5: "the server refused the connection: check its port, and whether it runs"
        case 6: "the time to live expired on the way to the server"
        case 7: "it does not know the command CONNECT"
        case 8: "it does not support this kind of address: a name, IPv4 or IPv6"
        default: "reply \(reply), which RFC 1928 does not know"
        }
    }
}
