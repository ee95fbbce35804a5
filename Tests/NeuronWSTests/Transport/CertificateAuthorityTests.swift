// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import Testing

@Suite struct CertificateAuthorityTests {
    @Test func issuesACertificateThatItsAuthorityVerifies() throws {
        let authority = try CertificateAuthority.make(commonName: "Plant CA")
        let other = try CertificateAuthority.make(commonName: "Plant CA")
        let issued = try authority.issue(names: ["localhost", "127.0.0.1"])
        #expect(verify(issued.certificatePEM, by: authority.certificatePEM) == X509_V_OK)
        #expect(verify(issued.certificatePEM, by: other.certificatePEM) != X509_V_OK)
    }

    @Test func issuesBelowAnIntermediateAuthority() throws {
        let root = try CertificateAuthority.make(commonName: "Root")
        let middle = try root.makeIntermediate(commonName: "Middle")
        #expect(verify(middle.certificatePEM, by: root.certificatePEM) == X509_V_OK)
        let issued = try middle.issue(names: ["localhost"])
        #expect(verify(issued.certificatePEM, by: root.certificatePEM) != X509_V_OK)
    }

    @Test func issuesExpiredAndFutureCertificates() throws {
        let authority = try CertificateAuthority.make(commonName: "Plant CA")
        let old = try authority.issue(names: ["a"], notBeforeSeconds: -7200, notAfterSeconds: -3600)
        let young = try authority.issue(names: ["a"], notBeforeSeconds: 3600, notAfterSeconds: 7200)
        #expect(verify(old.certificatePEM, by: authority.certificatePEM) == X509_V_ERR_CERT_HAS_EXPIRED)
        #expect(verify(young.certificatePEM, by: authority.certificatePEM) == X509_V_ERR_CERT_NOT_YET_VALID)
    }

    @Test func encryptsAKey() throws {
        let authority = try CertificateAuthority.make(commonName: "Plant CA")
        let issued = try authority.issue(names: ["client"], isClient: true)
        let encrypted = try CertificateAuthority.encrypt(keyPEM: issued.keyPEM, password: "secret")
        #expect(encrypted.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(issued.keyPEM.hasPrefix("-----BEGIN PRIVATE KEY-----"))
    }

    private func verify(_ certificate: String, by authority: String) -> Int32 {
        let store = X509_STORE_new()
        defer { X509_STORE_free(store) }
        let root = read(authority)
        defer { X509_free(root) }
        let leaf = read(certificate)
        defer { X509_free(leaf) }
        X509_STORE_add_cert(store, root)
        let context = X509_STORE_CTX_new()
        defer { X509_STORE_CTX_free(context) }
        X509_STORE_CTX_init(context, store, leaf, nil)
        X509_verify_cert(context)
        return X509_STORE_CTX_get_error(context)
    }

    private func read(_ pem: String) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        _ = pem.withCString { BIO_puts(bio, $0) }
        return PEM_read_bio_X509(bio, nil, nil, nil)
    }
}
