/// The names that a certificate bears, and what to say when none of them is the one that was asked for. Names from the
/// subject alternative name alone count (RFC 9110 §4.3.4, RFC 6125 §6.4.4); the common name does only if the setting
/// tls-allow-cn says so and there is no subject alternative name.
struct TLSNames: Equatable {
    var dns: [String] = []
    var addresses: [String] = []
    /// All of them in the certificate's order: URIs, mail addresses and others too, which name no server.
    var all: [String] = []
    var commonName: String?
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
    func mismatch(_ serverName: String, isAddress: Bool) -> String {
        let wanted = Self.lowercased(serverName)
        if isAddress, dns.contains(where: { Self.lowercased($0) == wanted }) {
            return "has \(serverName) as a DNS name, which does not count for an IP address: let it be issued with "
                + "IP:\(serverName) as a subject alternative name" + otherNames(but: wanted)
        }
        if let commonName, Self.lowercased(commonName) == wanted || !isAddress && Self.covers(commonName, wanted) {
            if hasAlternativeNames {
                return "has \(commonName) as its common name alone, which does not count beside its subject "
                    + "alternative names (\(text)): let it be issued with the name among them"
                    + otherNames(but: wanted)
            }
            return "has \(commonName) as its common name alone, which no longer counts: let it be issued with that as "
                + "a subject alternative name, or set tls-allow-cn to true"
        }
        let start = "is not for \(serverName) but for \(text): "
        let mend = "use such a name in url, or set tls-server-name"
        if dns.isEmpty && addresses.isEmpty {
            return start
                + "let it be issued with \(isAddress ? "IP" : "DNS"):\(serverName) as a subject alternative name"
        }
        if !isAddress, let wildcard = dns.first(where: { Self.nearlyCovers($0, wanted) }) {
            return start + mend + "; the * of \(wildcard) stands for one whole label, no more and no less"
        }
        if let odd = dns.first(where: { $0.utf8.contains(UInt8(ascii: ":")) || $0.utf8.contains(UInt8(ascii: "/")) }) {
            return start + mend + "; \(odd) is no host's name, it takes one without scheme and port"
        }
        return start + mend
    }

    private func otherNames(but wanted: String) -> String {
        guard let other = (dns + addresses).first(where: { Self.lowercased($0) != wanted && !$0.hasPrefix("*") }) else {
            return ""
        }
        return ", or set tls-server-name to \(other)"
    }

    /// `*.plant.example` covers `a.plant.example` (RFC 6125 §6.4.3).
    static func covers(_ pattern: String, _ name: String) -> Bool {
        let pattern = lowercased(pattern)
        if pattern == name { return true }
        guard pattern.hasPrefix("*."), let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return false }
        return name[dot...] == pattern.dropFirst()
    }

    /// A wildcard that looks as if it were meant: for the domain itself, for more labels, or for part of one.
    private static func nearlyCovers(_ pattern: String, _ name: String) -> Bool {
        let pattern = lowercased(pattern)
        guard let star = pattern.utf8.firstIndex(of: UInt8(ascii: "*")),
            let dot = pattern[star...].utf8.firstIndex(of: UInt8(ascii: "."))
        else { return false }
        let domain = String(pattern[dot...])
        return name.hasSuffix(domain) || name == String(domain.dropFirst())
    }

    private static func lowercased(_ name: String) -> String {
        var bytes = name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
