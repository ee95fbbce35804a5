// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import Testing

@testable import NeuronWS

@Suite struct TLSVerificationTests {
    private func end(
        _ identity: CertificateForge.Identity, chainPEM: String? = nil, client: TLSContext,
        serverName: String? = "localhost"
    ) throws -> RecordingOwner {
        try StreamSecurityTests().end(
            ServerTLS(identity, chainPEM: chainPEM), client: client, serverName: serverName)
    }

    private func allowing(_ pem: String = Plant.authority.certificatePEM) throws -> TLSContext {
        try Plant.trusting(pem) { $0.allowsCommonName = true }
    }

    // MARK: Names (RFC 9110 §4.3.4, RFC 6125 §6.4.4)

    @Test func theCommonNameDoesNotCount() throws {
        let identity = try CertificateForge.issue(by: Plant.authority, commonName: "localhost")
        let error = try end(identity, client: Plant.client()).error
        #expect(error?.kind == .tlsWrongName)
        #expect(error?.detail.contains("has localhost as its common name alone") == true)
        #expect(error?.detail.contains("or set tls-allow-cn to true") == true)
    }

    @Test(arguments: [("localhost", "localhost"), ("127.0.0.1", nil)] as [(String, String?)])
    func theCommonNameCountsWhereItIsAllowed(name: String, serverName: String?) throws {
        let identity = try CertificateForge.issue(by: Plant.authority, commonName: name)
        let owner = try end(identity, client: allowing(), serverName: serverName)
        #expect(owner.receivedText == "hello")
        #expect(owner.facts?.tls?.isKnownByCommonName == true)
        let other = try CertificateForge.issue(by: Plant.authority, commonName: "elsewhere")
        #expect(try end(other, client: allowing(), serverName: serverName).error?.kind == .tlsWrongName)
    }

    @Test(arguments: ["IP:192.0.2.1", "URI:wss://localhost", "DNS:other.example"])
    func theCommonNameNeverCountsBesideASubjectAlternativeName(names: String) throws {
        let identity = try CertificateForge.issue(by: Plant.authority, commonName: "localhost", alternativeNames: names)
        for client in [try Plant.client(), try allowing()] {
            let error = try end(identity, client: client).error
            #expect(error?.kind == .tlsWrongName)
            #expect(error?.detail.contains("does not count beside its subject alternative names") == true)
        }
    }

    @Test func theCommonNameNeverCountsUnderNameConstraints() throws {
        let authority = try CertificateForge.makeAuthority(
            below: Plant.authority, constraints: "permitted;DNS:plant.example")
        for (name, serverName) in [("localhost", "localhost"), ("127.0.0.1", nil)] as [(String, String?)] {
            let identity = try CertificateForge.issue(by: authority, commonName: name)
            let owner = try end(
                identity, chainPEM: authority.certificatePEM, client: allowing(), serverName: serverName)
            #expect(owner.error?.kind == .tlsPurpose)
        }
    }

    @Test func aRightNameNeedsNoCommonName() throws {
        let owner = try end(Plant.authority.issue(names: ["localhost"]), client: allowing())
        #expect(owner.receivedText == "hello")
        #expect(owner.facts?.tls?.isKnownByCommonName == false)
    }

    @Test func tellsAnAddressThatStandsAsADNSName() throws {
        let identity = try CertificateForge.issue(
            by: Plant.authority, commonName: "127.0.0.1", alternativeNames: "DNS:127.0.0.1,DNS:line-1.example")
        let error = try end(identity, client: Plant.client(), serverName: nil).error
        #expect(error?.kind == .tlsWrongName)
        #expect(
            error?.detail.contains(
                "has 127.0.0.1 as a DNS name, which does not count for an IP address: let it be issued with "
                    + "IP:127.0.0.1 as a subject alternative name, or set tls-server-name to line-1.example") == true)
    }

    // MARK: Revocation (RFC 5280 §6.3)

    @Test func aRevokedCertificateIsRefused() throws {
        let good = try Plant.authority.issue(names: ["localhost"])
        let bad = try Plant.authority.issue(names: ["localhost"])
        let list = try CertificateForge.revocationList(by: Plant.authority, revoking: [bad.certificatePEM])
        let client = try Plant.trusting(list + Plant.authority.certificatePEM)
        #expect(try end(good, client: client).receivedText == "hello")
        let error = try end(bad, client: client).error
        #expect(error?.kind == .tlsRevoked)
        #expect(error?.detail.contains("was revoked by its authority") == true)
    }

    @Test func aRevokedAuthorityIsRefused() throws {
        let middle = try Plant.authority.makeIntermediate(commonName: "Hall 4 CA")
        let server = try middle.issue(names: ["localhost"])
        let lists = try CertificateForge.revocationList(by: middle)
        let revoked = try CertificateForge.revocationList(by: Plant.authority, revoking: [middle.certificatePEM])
        let fine = try Plant.trusting(Plant.authority.certificatePEM + lists)
        #expect(try end(server, chainPEM: middle.certificatePEM, client: fine).receivedText == "hello")
        let client = try Plant.trusting(Plant.authority.certificatePEM + lists + revoked)
        #expect(try end(server, chainPEM: middle.certificatePEM, client: client).error?.kind == .tlsRevoked)
    }

    @Test func tellsAListThatCannotSay() throws {
        let server = try Plant.authority.issue(names: ["localhost"])
        func detail(_ list: String) throws -> String? {
            let error = try end(server, client: Plant.trusting(Plant.authority.certificatePEM + list)).error
            #expect(error?.kind == .tlsVerification)
            return error?.detail
        }
        let old = try CertificateForge.revocationList(by: Plant.authority, lastUpdate: -7200, nextUpdate: -3600)
        #expect(try detail(old)?.contains("the list of CN=Plant CA in ca is out of date") == true)
        let early = try CertificateForge.revocationList(by: Plant.authority, lastUpdate: 3600, nextUpdate: 7200)
        #expect(try detail(early)?.contains("is not valid yet: check this host's clock") == true)
        let foreign = try CertificateForge.revocationList(by: Plant.stranger)
        #expect(try detail(foreign)?.contains("ca holds revocation lists, but none of CN=Plant CA") == true)
    }

    @Test func aPinnedCertificateNeedsNoList() throws {
        let identity = try CertificateAuthority.selfSigned(names: ["localhost"])
        let list = try CertificateForge.revocationList(by: Plant.authority)
        let client = try Plant.trusting(identity.certificatePEM + list)
        #expect(try end(identity, client: client).receivedText == "hello")
    }

    @Test func takesATrustedCertificateAsCA() throws {
        let pem = try CertificateForge.trusted(Plant.authority.certificatePEM)
        #expect(pem.hasPrefix("-----BEGIN TRUSTED CERTIFICATE-----"))
        let server = try Plant.authority.issue(names: ["localhost"])
        #expect(try end(server, client: Plant.trusting(pem)).receivedText == "hello")
    }
}
