// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A challenge of Digest authentication that can be answered (RFC 7616 §3.3).
public struct DigestChallenge: Equatable, Sendable {
    let hash: DigestHash
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
            let members = Array(offered.utf8).split { $0 == UInt8(ascii: ",") || $0 <= 0x20 }
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

    /// The value of Proxy-Authorization for a CONNECT to `target` (RFC 7616 §3.4). What is hashed of user and password
    /// is as good as these, and as secret. Nil: `hashes` failed.
    func answer(
        _ username: SecretBytes, _ password: SecretBytes, target: String, clientNonce: [UInt8], uses: UInt32,
        _ hashes: any HashFunctions
    ) -> SecretBytes? {
        let client = Self.hex(clientNonce)
        let count = Self.hex([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: uses >> $0) })
        let name = SecretBytes.joined(username, SecretBytes(":" + realm + ":"))
        guard var first = digest(SecretBytes.joined(name, password), hashes) else { return nil }
        if isSession {
            guard let bound = digest(SecretBytes.joined(first, SecretBytes(":" + nonce + ":" + client)), hashes) else {
                return nil
            }
            first = bound
        }
        guard let second = digest(SecretBytes("CONNECT:" + target), hashes) else { return nil }
        let middle = hasQOP ? nonce + ":" + count + ":" + client + ":auth" : nonce
        let whole = SecretBytes.joined(SecretBytes.joined(first, SecretBytes(":" + middle + ":")), second)
        guard let response = digest(whole, hashes) else { return nil }
        var known = "\", realm=\"\(Self.quoted(realm))\", nonce=\"\(Self.quoted(nonce))\", uri=\"\(target)\""
        if let algorithm { known += ", algorithm=\(Self.token(algorithm))" }
        var rest = "\""
        if hasQOP { rest += ", qop=auth, nc=\(count), cnonce=\"\(client)\"" }
        if let opaque { rest += ", opaque=\"\(Self.quoted(opaque))\"" }
        let start = SecretBytes.joined("Digest username=\"", Self.quoted(username))
        let answer = SecretBytes.joined(SecretBytes(known + ", response=\""), response)
        return SecretBytes.joined(SecretBytes.joined(start, answer), SecretBytes(rest))
    }

    /// What in an answer is good for anything by itself: the response. None: it is no answer of Digest's.
    public static func responses(in answer: SecretBytes) -> [SecretBytes] {
        let start = Array("response=\"".utf8)
        return answer.withBytes { bytes in
            var index = 0
            while index + start.count < bytes.count, !bytes[index...].starts(with: start) { index += 1 }
            let value = bytes[min(index + start.count, bytes.count)...].prefix { $0 != UInt8(ascii: "\"") }
            return value.isEmpty ? [] : [SecretBytes(UnsafeRawBufferPointer(rebasing: value))]
        }
    }

    /// In hexadecimal digits.
    private func digest(_ bytes: SecretBytes, _ hashes: any HashFunctions) -> SecretBytes? {
        let size = hash.byteCount
        return SecretBytes(capacity: 2 * size) { room in
            let raw = UnsafeMutableRawBufferPointer(rebasing: room[size...])
            guard bytes.withBytes({ hashes.digest(hash, $0, into: raw) }) else { return nil }
            // The digits of each byte end before the next byte begins, or where it lay itself.
            for index in 0..<size {
                let byte = room[size + index]
                room[2 * index] = ASCII.hexDigit(of: byte >> 4)
                room[2 * index + 1] = ASCII.hexDigit(of: byte & 15)
            }
            return 2 * size
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [ASCII.hexDigit(of: $0 >> 4), ASCII.hexDigit(of: $0 & 15)] }, as: UTF8.self)
    }

    /// RFC 9110 §5.6.4.
    private static func quoted(_ text: SecretBytes) -> SecretBytes {
        SecretBytes(capacity: 2 * text.count) { room in
            var count = 0
            text.withBytes { bytes in
                for byte in bytes {
                    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                        room[count] = UInt8(ascii: "\\")
                        count += 1
                    }
                    room[count] = byte
                    count += 1
                }
            }
            return count
        } ?? text
    }

    private static func quoted(_ text: String) -> String {
        quoted(SecretBytes(text)).withBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// One of the four names that `init` has taken.
    private static func token(_ text: String) -> String {
        String(decoding: text.utf8.prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") }, as: UTF8.self)
    }

    private static func lowercased(_ text: String) -> String {
        String(decoding: ASCII.lowercased(text.utf8), as: UTF8.self)
    }
}
