// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct NoProxyListTests {
    private func contains(_ members: [String], _ host: String, _ port: UInt16 = 443) -> Bool {
        let (list, bad) = NoProxyList.parse(members)
        #expect(bad.isEmpty)
        return list.contains(host: host, port: port)
    }

    @Test func aNameMeansAllBelowItToo() {
        #expect(contains(["plant.example"], "plant.example"))
        #expect(contains(["plant.example"], "PLANT.example."))
        #expect(contains(["Plant.Example."], "a.b.plant.example"))
        #expect(!contains(["plant.example"], "otherplant.example"))
        #expect(!contains(["plant.example"], "plant.example.org"))
    }

    @Test(arguments: [".plant.example", "*.plant.example"]) func aSuffixMeansThoseBelowItAlone(member: String) {
        #expect(contains([member], "a.plant.example"))
        #expect(!contains([member], "plant.example"))
        #expect(!contains([member], "aplant.example"))
    }

    @Test func aStarMeansAll() {
        #expect(contains(["*"], "plant.example") && contains(["*"], "10.0.0.1") && contains(["*"], "::1"))
        #expect(contains(["*:443"], "plant.example") && !contains(["*:443"], "plant.example", 80))
    }

    @Test func addressesAndNetworks() {
        #expect(contains(["10.0.0.1"], "10.0.0.1") && !contains(["10.0.0.1"], "10.0.0.2"))
        #expect(contains(["10.0.0.0/8"], "10.200.3.4") && !contains(["10.0.0.0/8"], "11.0.0.1"))
        #expect(contains(["192.168.4.0/22"], "192.168.7.255") && !contains(["192.168.4.0/22"], "192.168.8.0"))
        #expect(contains(["0.0.0.0/0"], "1.2.3.4") && !contains(["0.0.0.0/0"], "::1"))
        #expect(contains(["::1"], "0:0:0:0:0:0:0:1") && contains(["[::1]:443"], "::1"))
        #expect(contains(["fd00::/8"], "fd12:3456::1") && !contains(["fd00::/8"], "fe80::1"))
        #expect(contains(["fe80::/10"], "fe80::1%eth0"))
        #expect(contains(["::ffff:10.0.0.1"], "::ffff:a00:1"))
        #expect(!contains(["0.0.0.1"], "a.0.0.0.1"), "an address has nothing below it")
    }

    @Test func portsAreHeldToo() {
        #expect(contains(["plant.example:8443"], "plant.example", 8443))
        #expect(!contains(["plant.example:8443"], "plant.example", 443))
        #expect(!contains(["[::1]:8443"], "::1", 443))
        #expect(contains(["10.0.0.0/8:80"], "10.1.1.1", 80))
    }

    /// By their ASCII forms; one that has none here could never be met, and that is said.
    @Test func internationalNamesAreComparedByTheirASCIIForm() {
        #expect(contains(["xn--bcher-kva.example"], "a.xn--bcher-kva.example"))
        let list = NoProxyList.parse([".fabrik-münchen.example"], KnownNames()).list
        #expect(list.contains(host: "a." + KnownNames.ascii, port: 443))
        #expect(NoProxyList.parse(["bücher.example"]).badMembers == [0])
    }

    @Test(arguments: [
        "", ".", "*.", "10.0.0.0/33", "::/129", "10.0.0.0/x", "plant.example:0", "a b", "http://x",
        "[::1", ":80", "10.0.0.1/8/8", "plant/8",
    ])
    func whatIsNoServerIsNamed(member: String) {
        #expect(NoProxyList.parse(["good", member]).badMembers == [1])
    }

    @Test func nothingContainsNothing() { #expect(!contains([], "plant.example")) }
}
