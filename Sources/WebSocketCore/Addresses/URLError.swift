// SPDX-License-Identifier: Apache-2.0
/// What is wrong with a WebSocket URL. The sentences repeat nothing of the URL but its scheme, because any other part
/// may hold a password or an API key.
public enum URLError: Error, Equatable, Sendable {
    case tooLong
    case forbiddenCharacter
    case notASCII
    case missingScheme
    case httpScheme
    case httpsScheme
    case otherScheme
    case userinfo
    case emptyHost
    case hostTooLong
    case invalidHost
    case invalidIPv6
    case invalidPort
    case fragment
    case invalidUnixPath
    case secureUnix
    /// Beyond ASCII, and not to be turned into it.
    case host(HostNameFault)

    public var text: String {
        switch self {
        case .tooLong:
            return "The URL has more than 8192 bytes."
        case .forbiddenCharacter:
            return "The URL holds a space or a control character; write it percent-encoded, or take it out."
        case .notASCII:
            return "The URL holds characters beyond ASCII behind its host; write them percent-encoded."
        case .missingScheme:
            return "The URL has no scheme; it has to begin with ws:// or wss://."
        case .httpScheme:
            return "The URL begins with http://; a WebSocket URL begins with ws:// (or wss:// for TLS)."
        case .httpsScheme:
            return "The URL begins with https://; a WebSocket URL with TLS begins with wss://."
        case .otherScheme:
            return "The URL has an unknown scheme; it has to begin with ws:// or wss://."
        case .userinfo:
            return "The URL holds a user name or password before an @; give them as username and password instead."
        case .emptyHost:
            return "The URL has no host; expected ws://host[:port][/path]."
        case .hostTooLong:
            return "The URL's host name has more than 253 characters."
        case .invalidHost:
            return "The URL's host holds a character that a host name cannot have; expected letters, digits, '.', "
                + "'-' and '_', or an IPv6 address in brackets."
        case .invalidIPv6:
            return "The URL's host is not an IPv6 address in brackets; expected one like [2001:db8::1], or with a "
                + "zone, behind %25, [fe80::1%25eth0]."
        case .invalidPort:
            return "The URL's port is not a number from 1 to 65535."
        case .invalidUnixPath:
            return "The URL's socket is not an absolute path of at most 107 bytes without ? and #; expected one like "
                + "ws+unix:///run/server.sock, or with the request's path behind a colon, "
                + "ws+unix:///run/server.sock:/data."
        case .secureUnix:
            return "The URL begins with wss+unix://; a socket of the file system is spoken to without TLS, for nothing "
                + "of it leaves this host: use ws+unix://."
        case .fragment:
            return "The URL holds a #, which WebSocket URLs must not have; write it as %23 if it belongs to the path."
        case .host(let fault):
            return "The URL's host " + fault.text
        }
    }
}

extension URLError: CaseIterable {
    public static var allCases: [URLError] {
        [
            .tooLong, .forbiddenCharacter, .notASCII, .missingScheme, .httpScheme, .httpsScheme, .otherScheme,
            .userinfo, .emptyHost, .hostTooLong, .invalidHost, .invalidIPv6, .invalidPort, .fragment, .invalidUnixPath,
            .secureUnix,
        ] + HostNameFault.allCases.map { .host($0) }
    }
}
