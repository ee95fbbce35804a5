// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// The names that a certificate bears, and what to say when none of them is the one that was asked for. Names from the
/// subject alternative name alone count (RFC 9110 §4.3.4, RFC 6125 §6.4.4); the common name does only if the setting
/// tls-allow-cn says so and there is no subject alternative name.
struct TLSNames: Equatable {
    var dns: [ForeignText] = []
    var addresses: [String] = []
    /// All of them in the certificate's order: URIs, mail addresses and others too, which name no server. For people.
    var all: [String] = []
    var commonName: ForeignText?
    /// The certificate has a subject alternative name, whatever stands in it.
    var hasAlternativeNames = false

    /// Names told of one certificate; some have hundreds.
    private static let shownMax = 8

    /// What the certificate is for, comma-separated.
    var text: String {
        if all.isEmpty { return "no name at all" }
        let shown = all.prefix(Self.shownMax).joined(separator: ", ")
        return all.count > Self.shownMax ? shown + ", …" : shown
    }

    /// A sentence without its subject: what is so and what to do.
    /// - Parameters:
    ///   - serverName: what was asked for.
    ///   - isAddress: it is an IP address.
    ///   - isVerifyName: it is what the setting tls-verify-name says, beside which tls-server-name has no say.
    func mismatch(_ serverName: String, isAddress: Bool, isVerifyName: Bool = false) -> String {
        let setting = isVerifyName ? "tls-verify-name" : "tls-server-name"
        let wanted = Self.canonical(ForeignText(serverName))
        if isAddress, dns.contains(where: { Self.canonical($0) == wanted }) {
            return "has \(serverName) as a DNS name, which does not count for an IP address: let it be issued with "
                + "IP:\(serverName) as a subject alternative name" + otherNames(but: wanted, setting)
        }
        if let commonName, Self.canonical(commonName) == wanted || !isAddress && Self.covers(commonName, wanted) {
            let shown = TLSCertificate.shown(commonName)
            if hasAlternativeNames {
                return "has \(shown) as its common name alone, which does not count beside its subject "
                    + "alternative names (\(text)): let it be issued with the name among them"
                    + otherNames(but: wanted, setting)
            }
            return "has \(shown) as its common name alone, which no longer counts: let it be issued with that as "
                + "a subject alternative name, or set tls-allow-cn to true"
        }
        let start = "is not for \(serverName) but for \(text): "
        let mend = isVerifyName ? "set \(setting) to such a name" : "use such a name in url, or set \(setting)"
        if dns.isEmpty && addresses.isEmpty {
            return start
                + "let it be issued with \(isAddress ? "IP" : "DNS"):\(serverName) as a subject alternative name"
        }
        if !isAddress, let wildcard = dns.first(where: { Self.nearlyCovers($0, wanted) }) {
            return start + mend
                + "; the * of \(TLSCertificate.shown(wildcard)) stands for one whole label, no more and no less"
        }
        if let odd = dns.first(where: { Self.canonical($0).contains { Self.isNoHost($0) } }) {
            return start + mend
                + "; \(TLSCertificate.shown(odd)) is no host's name, it takes one without scheme and port"
        }
        return start + mend
    }

    private func otherNames(but wanted: [UInt8], _ setting: String) -> String {
        let others = dns + addresses.map { ForeignText($0) }
        let other = others.first {
            let name = Self.canonical($0)
            return name != wanted && name.first != UInt8(ascii: "*")
        }
        return other.map { ", or set \(setting) to \(TLSCertificate.shown($0))" } ?? ""
    }

    private static func isNoHost(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/") }

    /// `*.plant.example` covers `a.plant.example` (RFC 6125 §6.4.3).
    private static func covers(_ pattern: ForeignText, _ name: [UInt8]) -> Bool {
        let pattern = canonical(pattern)
        guard pattern.starts(with: "*.".utf8), let dot = name.firstIndex(of: UInt8(ascii: ".")) else { return false }
        return name[dot...] == pattern.dropFirst()
    }

    /// A wildcard that looks as if it were meant: for the domain itself, for more labels, or for part of one.
    private static func nearlyCovers(_ pattern: ForeignText, _ name: [UInt8]) -> Bool {
        let pattern = canonical(pattern)
        guard let star = pattern.firstIndex(of: UInt8(ascii: "*")),
            let dot = pattern[star...].firstIndex(of: UInt8(ascii: "."))
        else { return false }
        let domain = pattern[dot...]
        return name.suffix(domain.count) == domain || name[...] == domain.dropFirst()
    }

    /// As names are compared: in lower case, without a dot at their end.
    private static func canonical(_ name: ForeignText) -> [UInt8] {
        var bytes = name.lowercasedASCII
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        return bytes
    }
}
