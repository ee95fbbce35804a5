// SPDX-License-Identifier: Apache-2.0
/// A hash that Digest authentication may ask for (RFC 7616 §3.2).
public enum DigestHash: Equatable, Sendable {
    /// RFC 1321; only because most proxies that ask for Digest know nothing better.
    case md5
    /// FIPS 180-4.
    case sha256

    public var byteCount: Int { self == .md5 ? 16 : 32 }
}

/// Hash functions. The core has none of its own: who carries its bytes has a TLS library, and hands in that one's.
public protocol HashFunctions: AnyObject, Sendable {
    /// False: this host's library has no such function, or its rules forbid it, as FIPS 140 does MD5.
    func has(_ hash: DigestHash) -> Bool

    /// Writes the hash of `bytes`, which may be secret, over `room`, which has the hash's length. False: it failed.
    func digest(_ hash: DigestHash, _ bytes: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer) -> Bool
}
