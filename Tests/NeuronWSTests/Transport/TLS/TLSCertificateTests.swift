// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import NodeCore
import Testing
import WebSocketCore

@testable import NeuronWS

/// Certificates whose names would forge a log line, hide one, or turn its words around.
@Suite struct TLSCertificateTests {
    /// A line break, an escape sequence, a mark of direction, NUL.
    private static let odd = "a\nERROR: b\u{1B}[2Jc\u{202E}d\u{0}e"
    private static let oddShown = #"a\u{a}ERROR: b\u{1b}[2Jc\u{202e}d\u{0}e"#
    private static let oddAuthority = "CA\n\u{1B}[1m\u{2066}"

    /// A subject alternative name of these DNS names, whatever stands in them.
    private func alternativeNames(_ names: [String]) -> (Int32, String) {
        let entries: [UInt8] = names.flatMap { [0x82 as UInt8] + der(Array($0.utf8)) }
        let bytes: [UInt8] = [0x30] + der(entries)
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return (NID_subject_alt_name, "DER:" + digits)
    }

    /// Length and content (X.690 §8.1).
    private func der(_ content: [UInt8]) -> [UInt8] {
        let count = content.count
        return (count < 0x80 ? [UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(count & 0xFF)]) + content
    }

    private func server(_ alternative: [String]) throws -> (ServerTLS, CertificateAuthority) {
        let authority = try CertificateAuthority.make(commonName: Self.oddAuthority)
        let identity = try CertificateForge.issue(
            by: authority, commonName: "plant\n\u{1B}[2K\u{200F}", extensions: [alternativeNames(alternative)])
        return (try ServerTLS(identity), authority)
    }

    private func isOneLine(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7F && !(0x200B...0x200F ~= $0.value) && !(0x2028...0x202E ~= $0.value)
                && !(0x2060...0x206F ~= $0.value)
        }
    }

    @Test func spellsOutOddNamesInTheErrorOfAWrongName() throws {
        let (server, authority) = try server([Self.odd, "*.odd\r\n"])
        let error = try #require(
            try StreamSecurityTests().end(server, client: Plant.trusting(authority.certificatePEM)).error)
        #expect(error.kind == .tlsWrongName)
        #expect(isOneLine(error.detail))
        #expect(error.detail.contains(#"(CN=plant\u{a}\u{1b}[2K\u{200f})"#))
        #expect(error.detail.contains("but for \(Self.oddShown), "))
    }

    @Test func spellsOutOddNamesInTheErrorOfAnUnknownAuthority() throws {
        let (server, _) = try server(["localhost"])
        let error = try #require(try StreamSecurityTests().end(server, client: Plant.client()).error)
        #expect(error.kind == .tlsUnknownAuthority)
        #expect(isOneLine(error.detail))
        #expect(error.detail.contains(#"issued by CN=CA\u{a}\u{1b}[1m\u{2066}, "#))
    }

    @Test func givesAnOddSubjectOnlySpelledOut() throws {
        let (server, _) = try server(["localhost"])
        let unverified = try Plant.client { $0.verify = false }
        let facts = try #require(try StreamSecurityTests().end(server, client: unverified).facts?.tls)
        #expect(facts.peerSubject.shown() == #"CN=plant\u{a}\u{1b}[2K\u{200f}"#)
        let pinned = try Plant.client {
            $0.verify = false
            $0.pins = [[UInt8](repeating: 0, count: 32)]
        }
        let error = try #require(try StreamSecurityTests().end(server, client: pinned).error)
        #expect(isOneLine(error.detail))
    }

    @Test func tellsOnlySoMuchOfLongNamesAndOfMany() throws {
        let names = ["h" + String(repeating: "x", count: 4000)] + (0..<100).map { "host-\($0).example" }
        let (server, authority) = try server(names)
        let error = try #require(
            try StreamSecurityTests().end(server, client: Plant.trusting(authority.certificatePEM)).error)
        #expect(error.kind == .tlsWrongName)
        #expect(error.detail.contains("xxx…, host-0.example"))
        #expect(error.detail.utf8.count < 1024)
    }
}
