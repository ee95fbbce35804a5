// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Which addresses of a name are wanted.
public enum IPVersion: Equatable, Sendable { case any, v4, v6 }

/// What the system is asked about a name: those who want the same share one answer. The port is no part of it.
public struct LookupQuestion: Equatable, Sendable {
    public let host: String
    public let version: IPVersion

    public init(host: String, version: IPVersion) {
        self.host = host
        self.version = version
    }

    /// A second question is worth its wait if the first one took less than this, 1 s: then it was not the name servers'
    /// silence that answered it.
    public static let quickNanoseconds: UInt64 = 1_000_000_000

    /// Whether the system is first asked for addresses of those families only of which the host has addresses itself
    /// (AI_ADDRCONFIG): so no name server is asked for IPv6 addresses where there is no IPv6. Loopback addresses do not
    /// count there, nor do IPv4 addresses that a gateway does not have yet, so it would hide what the host reaches all
    /// the same: itself, and what is in its hosts file, for which no name server is asked.
    public func asksConfiguredFamiliesFirst(isInHostsFile: Bool) -> Bool {
        version == .any && !isLocal && !isInHostsFile
    }

    /// Whether all families are asked for after that first question had no answer: other sources of the system may know
    /// the name (mDNS, the host's own name). Not once the name servers' silence has taken the time.
    public static func asksAllFamilies(afterNanoseconds spent: UInt64) -> Bool {
        spent < quickNanoseconds
    }

    /// `localhost` and all below it are the host itself (RFC 6761 §6.3).
    public var isLocal: Bool {
        let local = "localhost".utf8
        let name = ASCII.lowercased(host.utf8).dropLast(isAbsolute ? 1 : 0)
        guard name.count >= local.count, name.suffix(local.count).elementsEqual(local) else { return false }
        return name.count == local.count || name[name.count - local.count - 1] == UInt8(ascii: ".")
    }

    /// It has a dot at its end (RFC 1034 §3.1): no search list is for it, and a hosts file has it without.
    public var isAbsolute: Bool { host.utf8.last == UInt8(ascii: ".") }
}
