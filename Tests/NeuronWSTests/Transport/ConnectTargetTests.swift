// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct ConnectTargetTests {
    @Test(arguments: [
        ("plant.example", "plant.example:443"), ("192.0.2.7", "192.0.2.7:443"), ("fd00::1", "[fd00::1]:443"),
        ("fe80::1%eth0", "[fe80::1%eth0]:443"),
    ])
    func itIsShownAsInAURL(host: String, text: String) {
        #expect(ConnectTarget(host: host, port: 443).text == text)
    }

    @Test func aSocketOfTheFileSystemIsShownByItsPath() {
        var target = ConnectTarget(host: "localhost", port: 80)
        target.unixPath = "/run/server.sock"
        #expect(target.text == "/run/server.sock")
    }

    @Test func aCertificateMustBearTheNameThatWasAskedForUnlessAnotherIsSet() {
        var peer = TLSPeer(name: "plant.example", text: "plant.example:443")
        #expect(peer.certificateName == "plant.example")
        peer.verifyName = "other.example"
        #expect(peer.certificateName == "other.example" && peer.showsCertificate && !peer.isProxy)
    }
}
