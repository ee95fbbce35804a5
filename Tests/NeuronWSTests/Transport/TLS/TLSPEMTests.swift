// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct TLSPEMTests {
    private let identity = try! Plant.authority.issue(names: ["plant.example"])

    private func count(_ pem: String) throws(TLSConfigurationError) -> Int {
        var count = 0
        try TLSPEM.forEachCertificate(SecretBytes(pem), key: "ca") { _ in count += 1 }
        return count
    }

    private func refusal(_ pem: String) -> String? {
        do throws(TLSConfigurationError) {
            _ = try count(pem)
            return nil
        } catch { return "\(error.key) \(error.detail)" }
    }

    @Test func eachCertificateIsShownWhateverStandsBetweenThem() throws {
        let two = identity.certificatePEM + "# a comment\n" + Plant.authority.certificatePEM
        #expect(try count(two) == 2)
        #expect(try count(CertificateForge.trusted(identity.certificatePEM)) == 1)
    }

    @Test func whatHoldsNoneIsToldByWhatItHolds() {
        #expect(refusal("") == "ca is empty")
        #expect(refusal(identity.keyPEM) == "ca holds a private key, not a certificate")
        #expect(refusal("nonsense")?.hasPrefix("ca is not PEM") == true)
    }

    @Test func aDamagedOneIsToldByItsNumber() {
        var second = Array(Plant.authority.certificatePEM)
        second[100] = second[100] == "A" ? "B" : "A"
        second[200] = "!"
        let told = refusal(identity.certificatePEM + String(second))
        #expect(told?.hasPrefix("ca is damaged: certificate number 2 cannot be read (") == true)
        #expect(ERR_peek_error() == 0)
    }

    @Test func revocationListsAreShownBesideTheCertificates() throws {
        let list = try CertificateForge.revocationList(by: Plant.authority)
        var count = 0
        try TLSPEM.forEachRevocationList(SecretBytes(Plant.authority.certificatePEM + list), key: "ca") { _ in
            count += 1
        }
        try TLSPEM.forEachRevocationList(SecretBytes(Plant.authority.certificatePEM), key: "ca") { _ in count += 10 }
        #expect(count == 1)
    }

    @Test func aKeyIsReadOrToldOf() throws {
        EVP_PKEY_free(try TLSPEM.privateKey(SecretBytes(identity.keyPEM), password: nil))
        func refusal(_ pem: String, _ password: SecretBytes? = nil) -> String? {
            do throws(TLSConfigurationError) {
                EVP_PKEY_free(try TLSPEM.privateKey(SecretBytes(pem), password: password))
                return nil
            } catch { return "\(error.key) \(error.detail)" }
        }
        #expect(refusal("") == "key is empty")
        #expect(refusal(identity.certificatePEM) == "key holds a certificate, not a private key")
        let encrypted = try CertificateAuthority.encrypt(keyPEM: identity.keyPEM, password: "secret")
        #expect(refusal(encrypted, "secret") == nil)
        #expect(refusal(encrypted) == "keypass is missing: key is encrypted")
        let end = "-----END PRIVATE KEY-----"
        #expect(
            refusal("-----BEGIN PRIVATE KEY-----\nMIGH\n\(end)\n")?.hasPrefix("key is damaged: it cannot be read (")
                == true)
        #expect(ERR_peek_error() == 0)
    }
}
