// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct TLSNamesTests {
    private func names(
        _ dns: [String] = [], addresses: [String] = [], others: [String] = [], commonName: String? = nil
    ) -> TLSNames {
        let all = dns + addresses + others
        return TLSNames(
            dns: dns.map { ForeignText($0) }, addresses: addresses, all: all,
            commonName: commonName.map { ForeignText($0) }, hasAlternativeNames: !all.isEmpty)
    }

    private func told(_ names: TLSNames, _ serverName: String, isAddress: Bool = false) -> String {
        names.mismatch(serverName, isAddress: isAddress)
    }

    @Test func tellsTheNamesThatItBears() {
        let these = names(["a.example"], addresses: ["192.0.2.1"])
        #expect(
            told(these, "b.example")
                == "is not for b.example but for a.example, 192.0.2.1: use such a name in url, or set tls-server-name")
    }

    @Test func speaksOfTheSettingThatTheNameComesFrom() {
        let these = names(["a.example"], addresses: ["192.0.2.1"], commonName: "b.example")
        #expect(
            these.mismatch("c.example", isAddress: false, isVerifyName: true)
                == "is not for c.example but for a.example, 192.0.2.1: set tls-verify-name to such a name")
        let told = these.mismatch("b.example", isAddress: false, isVerifyName: true)
        #expect(told.hasSuffix(", or set tls-verify-name to a.example") && !told.contains("tls-server-name"))
    }

    @Test func tellsAnAddressThatIsADNSName() {
        let alone = names(["::1"])
        #expect(
            told(alone, "::1", isAddress: true)
                == "has ::1 as a DNS name, which does not count for an IP address: let it be issued with IP:::1 as a "
                + "subject alternative name")
    }

    @Test func tellsACertificateWithoutNames() {
        #expect(
            told(names(commonName: "plant"), "a.example")
                == "is not for a.example but for no name at all: let it be issued with DNS:a.example as a subject "
                + "alternative name")
        let odd = names(others: ["URI wss://a.example"])
        #expect(told(odd, "a.example").hasPrefix("is not for a.example but for URI wss://a.example: let it be issued"))
    }

    @Test func tellsACommonName() {
        #expect(told(names(commonName: "A.example"), "a.example").contains("or set tls-allow-cn to true"))
        #expect(told(names(commonName: "*.example"), "a.example").contains("or set tls-allow-cn to true"))
        #expect(told(names(commonName: "192.0.2.1"), "192.0.2.1", isAddress: true).contains("tls-allow-cn"))
        let beside = names(addresses: ["192.0.2.1"], commonName: "a.example")
        #expect(told(beside, "a.example").contains("does not count beside its subject alternative names (192.0.2.1)"))
        #expect(!told(beside, "a.example").contains("tls-allow-cn"))
    }

    @Test(arguments: ["plant.example", "a.b.plant.example"])
    func tellsAWildcardThatDoesNotReach(name: String) {
        let these = names(["*.plant.example"])
        #expect(
            told(these, name).hasSuffix("; the * of *.plant.example stands for one whole label, no more and no less"))
    }

    @Test func tellsAPartialWildcard() {
        let these = names(["line-*.plant.example"])
        #expect(told(these, "line-1.plant.example").contains("stands for one whole label"))
        #expect(!told(these, "line-1.other.example").contains("stands for one whole label"))
    }

    @Test func tellsANameWithAPort() {
        let these = names(["a.example:443"])
        #expect(
            told(these, "a.example").hasSuffix(
                "; a.example:443 is no host's name, it takes one without scheme and port"))
    }

    @Test func showsNoMoreThanAFew() {
        let these = names((0..<20).map { "n\($0).example" })
        #expect(these.text.hasSuffix("n7.example, …"))
    }
}
