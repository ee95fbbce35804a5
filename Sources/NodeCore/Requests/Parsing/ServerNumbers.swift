// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Small numbers for the servers of a node, which answers carry as whom they go to. Not locked.
///
/// A server is a URL without its query, in which a token may change, and the header Host, by which one address serves
/// several (RFC 9110 §7.2). Its number comes from a hash of that, so that an
/// answer that lay on disk through a restart still finds its server; within a life no two that are known have the same.
///
/// Invariants: there are `countMax` at most; no number is 0.
public struct ServerNumbers: Sendable {
    /// Those that came longest ago are forgotten beyond that: a host may name another URL for each attempt.
    public static let countMax = 256

    private var known: [(hash: UInt64, number: UInt16)] = []

    public init() {}

    /// - Parameter virtualHost: the header Host, where it is not the URL's own.
    public mutating func number(of url: WebSocketURL, virtualHost: SecretBytes? = nil) -> UInt16 {
        let hash = Self.hash(of: url, virtualHost)
        if let place = known.firstIndex(where: { $0.hash == hash }) {
            let found = known.remove(at: place)
            known.append(found)
            return found.number
        }
        var number = UInt16(truncatingIfNeeded: hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48)
        while number == 0 || known.contains(where: { $0.number == number }) { number &+= 1 }
        if known.count == Self.countMax { known.removeFirst() }
        known.append((hash, number))
        return number
    }

    /// What answers the server cannot be told now: another one is connected. 0: none is, or nobody knows.
    public static func isAnother(_ connected: UInt16, than server: UInt16) -> Bool {
        connected > 0 && server > 0 && connected != server
    }

    /// FNV-1a: the same in each process, on each machine.
    private static func hash(of url: WebSocketURL, _ virtualHost: SecretBytes?) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        add(url.isSecure ? 1 : 0)
        for byte in (url.unixPath ?? url.host).utf8 { add(byte) }
        add(0)
        add(UInt8(url.port >> 8))
        add(UInt8(truncatingIfNeeded: url.port))
        for byte in url.resource.utf8 {
            if byte == UInt8(ascii: "?") { break }
            add(byte)
        }
        if let virtualHost {
            add(0)
            virtualHost.withBytes { for byte in $0 { add(byte) } }
        }
        return hash
    }
}
