// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import Testing

/// Certificates and revocation lists of every odd kind, which `CertificateAuthority` does not issue.
enum CertificateForge {
    typealias Identity = (certificatePEM: String, keyPEM: String)

    /// A certificate by `authority`. `alternativeNames` in OpenSSL's notation, `DNS:a,IP:127.0.0.1`; nil: none.
    static func issue(
        by authority: CertificateAuthority, commonName: String, alternativeNames: String? = nil,
        extensions: [(Int32, String)] = []
    ) throws -> Identity {
        let key = try #require(readKey(try authority.issue(names: ["localhost"]).keyPEM))
        defer { EVP_PKEY_free(key) }
        let issuer = try #require(readCertificate(authority.certificatePEM))
        defer { X509_free(issuer) }
        let issuerKey = try #require(readKey(authority.keyPEM))
        defer { EVP_PKEY_free(issuerKey) }
        let made = try #require(X509_new())
        defer { X509_free(made) }
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), Int.random(in: 1...Int(Int32.max)))
        X509_gmtime_adj(X509_getm_notBefore(made), -3600)
        X509_gmtime_adj(X509_getm_notAfter(made), 86_400)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, commonName, -1, -1, 0)
        X509_set_issuer_name(made, X509_get_subject_name(issuer))
        X509_set_pubkey(made, key)
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer, made, nil, nil, 0)
        var all = extensions
        if let alternativeNames { all.append((NID_subject_alt_name, alternativeNames)) }
        for (number, value) in all {
            let entry = try #require(X509V3_EXT_conf_nid(nil, &context, number, value))
            X509_add_ext(made, entry, -1)
            X509_EXTENSION_free(entry)
        }
        #expect(X509_sign(made, issuerKey, EVP_sha256()) > 0)
        return (
            text { PEM_write_bio_X509($0, made) },
            text { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
        )
    }

    /// An authority below `authority` that may name only what `constraints` say.
    static func makeAuthority(below authority: CertificateAuthority, constraints: String) throws -> CertificateAuthority
    {
        let issued = try issue(
            by: authority, commonName: "Constrained CA",
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_name_constraints, constraints),
            ])
        return CertificateAuthority(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM)
    }

    /// A revocation list of `authority`; the times in seconds from now.
    static func revocationList(
        by authority: CertificateAuthority, revoking: [String] = [], lastUpdate: Int = -3600, nextUpdate: Int = 86_400
    ) throws -> String {
        let issuer = try #require(readCertificate(authority.certificatePEM))
        defer { X509_free(issuer) }
        let issuerKey = try #require(readKey(authority.keyPEM))
        defer { EVP_PKEY_free(issuerKey) }
        let list = try #require(X509_CRL_new())
        defer { X509_CRL_free(list) }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer))
        let times = [lastUpdate, nextUpdate].map { X509_gmtime_adj(nil, $0) }
        defer { for time in times { ASN1_STRING_free(time) } }
        X509_CRL_set1_lastUpdate(list, times[0])
        X509_CRL_set1_nextUpdate(list, times[1])
        for pem in revoking {
            let revoked = try #require(readCertificate(pem))
            defer { X509_free(revoked) }
            let entry = X509_REVOKED_new()
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked))
            X509_REVOKED_set_revocationDate(entry, times[0])
            X509_CRL_add0_revoked(list, entry)
        }
        #expect(X509_CRL_sign(list, issuerKey, EVP_sha256()) > 0)
        return text { PEM_write_bio_X509_CRL($0, list) }
    }

    /// As `openssl x509 -trustout` writes it.
    static func trusted(_ certificatePEM: String) throws -> String {
        let certificate = try #require(readCertificate(certificatePEM))
        defer { X509_free(certificate) }
        X509_alias_set1(certificate, "plant", 5)
        return text { PEM_write_bio_X509_AUX($0, certificate) }
    }

    private static func readKey(_ pem: String) -> OpaquePointer? {
        read(pem) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
    }

    private static func readCertificate(_ pem: String) -> OpaquePointer? {
        read(pem) { PEM_read_bio_X509($0, nil, nil, nil) }
    }

    private static func read(_ pem: String, _ body: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        _ = pem.withCString { BIO_puts(bio, $0) }
        return body(bio)
    }

    static func text(_ write: (OpaquePointer?) -> Int32) -> String {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        #expect(write(bio) == 1)
        let length = BIO_ctrl_pending(bio)
        return String(unsafeUninitializedCapacity: length) {
            Int(max(0, BIO_read(bio, $0.baseAddress, Int32($0.count))))
        }
    }
}
