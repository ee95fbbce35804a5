// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL

/// Why a certificate or a key could not be made. The text is OpenSSL's own.
public struct CertificateError: Error {
    public let message: String
}

/// A certificate authority made on the spot, for demonstrations and tests: nothing it issues is meant to be trusted
/// by anybody else. Keys are P-256, signatures ECDSA with SHA-256.
public struct CertificateAuthority: Sendable {
    public let certificatePEM: String
    public let keyPEM: String

    public init(certificatePEM: String, keyPEM: String) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }

    /// A new root authority, valid from an hour ago for ten years.
    public static func make(commonName: String) throws(CertificateError) -> CertificateAuthority {
        let key = try generateKey()
        defer { EVP_PKEY_free(key) }
        let profile = CertificateProfile(
            commonName: commonName, names: [], notBeforeSeconds: -3600, notAfterSeconds: 10 * 365 * 86_400,
            role: .authority)
        let certificate = try sign(profile, key: key, issuer: nil, issuerKey: key)
        defer { X509_free(certificate) }
        return CertificateAuthority(certificatePEM: try certificateText(certificate), keyPEM: try keyText(key))
    }

    /// An authority below this one. Its chain is its certificate followed by this one's.
    public func makeIntermediate(commonName: String) throws(CertificateError) -> CertificateAuthority {
        let profile = CertificateProfile(
            commonName: commonName, names: [], notBeforeSeconds: -3600, notAfterSeconds: 365 * 86_400,
            role: .authority)
        let issued = try issue(profile)
        return CertificateAuthority(certificatePEM: issued.certificatePEM, keyPEM: issued.keyPEM)
    }

    /// A certificate for `names` (host names and IP addresses; the first is the common name as well) with its key.
    /// The validity is given in seconds from now and may lie in the past or in the future.
    public func issue(
        names: [String], notBeforeSeconds: Int = -3600, notAfterSeconds: Int = 86_400, isClient: Bool = false
    ) throws(CertificateError) -> (certificatePEM: String, keyPEM: String) {
        try issue(
            CertificateProfile(
                commonName: names.first ?? "nobody", names: names, notBeforeSeconds: notBeforeSeconds,
                notAfterSeconds: notAfterSeconds, role: isClient ? .client : .server))
    }

    /// A server certificate that signs itself: no authority stands behind it.
    public static func selfSigned(names: [String]) throws(CertificateError) -> (certificatePEM: String, keyPEM: String)
    {
        let key = try generateKey()
        defer { EVP_PKEY_free(key) }
        let profile = CertificateProfile(
            commonName: names.first ?? "nobody", names: names, notBeforeSeconds: -3600, notAfterSeconds: 86_400,
            role: .server)
        let certificate = try sign(profile, key: key, issuer: nil, issuerKey: key)
        defer { X509_free(certificate) }
        return (try certificateText(certificate), try keyText(key))
    }

    /// The key as an encrypted PKCS #8 PEM (AES-256-CBC).
    public static func encrypt(keyPEM: String, password: String) throws(CertificateError) -> String {
        let key = try readKey(keyPEM)
        defer { EVP_PKEY_free(key) }
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        var secret = Array(password.utf8CString)
        let length = Int32(secret.count - 1)
        let written = secret.withUnsafeMutableBufferPointer { bytes in
            PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), bytes.baseAddress, length, nil, nil)
        }
        guard written == 1 else { throw lastError("the key cannot be encrypted") }
        return text(of: bio)
    }

    private func issue(
        _ profile: CertificateProfile
    ) throws(CertificateError) -> (certificatePEM: String, keyPEM: String) {
        let key = try Self.generateKey()
        defer { EVP_PKEY_free(key) }
        let issuerKey = try Self.readKey(keyPEM)
        defer { EVP_PKEY_free(issuerKey) }
        let issuer = try Self.readCertificate(certificatePEM)
        defer { X509_free(issuer) }
        let certificate = try Self.sign(profile, key: key, issuer: issuer, issuerKey: issuerKey)
        defer { X509_free(certificate) }
        return (try Self.certificateText(certificate), try Self.keyText(key))
    }
}

/// What a certificate says.
private struct CertificateProfile {
    enum Role { case authority, server, client }

    var commonName: String
    var names: [String]
    var notBeforeSeconds: Int
    var notAfterSeconds: Int
    var role: Role

    /// The subject alternative names in OpenSSL's notation, for example `DNS:localhost,IP:127.0.0.1`.
    var alternativeNames: String {
        var list = ""
        for name in names {
            if !list.isEmpty { list += "," }
            list += (Self.isAddress(name) ? "IP:" : "DNS:") + name
        }
        return list
    }

    private static func isAddress(_ name: String) -> Bool {
        var space = in6_addr()
        return inet_pton(AF_INET, name, &space) == 1 || inet_pton(AF_INET6, name, &space) == 1
    }
}

extension CertificateAuthority {
    private static func generateKey() throws(CertificateError) -> OpaquePointer {
        guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { throw lastError("no key can be made") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_keygen(context, &key) == 1, let key
        else { throw lastError("no key can be made") }
        return key
    }

    /// `issuer` nil: the certificate signs itself.
    private static func sign(
        _ profile: CertificateProfile, key: OpaquePointer, issuer: OpaquePointer?, issuerKey: OpaquePointer
    ) throws(CertificateError) -> OpaquePointer {
        guard let certificate = X509_new() else { throw lastError("no certificate can be made") }
        X509_set_version(certificate, 2)
        var serial: UInt64 = 0
        _ = withUnsafeMutableBytes(of: &serial) { getrandom($0.baseAddress, $0.count, 0) }
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1)
        X509_gmtime_adj(X509_getm_notBefore(certificate), profile.notBeforeSeconds)
        X509_gmtime_adj(X509_getm_notAfter(certificate), profile.notAfterSeconds)
        let subject = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, profile.commonName, -1, -1, 0)
        X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0) } ?? subject)
        X509_set_pubkey(certificate, key)
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer ?? certificate, certificate, nil, nil, 0)
        for (nid, value) in extensions(profile) {
            guard let made = X509V3_EXT_conf_nid(nil, &context, nid, value) else {
                X509_free(certificate)
                throw lastError("the extension \(value) cannot be made")
            }
            X509_add_ext(certificate, made, -1)
            X509_EXTENSION_free(made)
        }
        guard X509_sign(certificate, issuerKey, EVP_sha256()) > 0 else {
            X509_free(certificate)
            throw lastError("the certificate cannot be signed")
        }
        return certificate
    }

    private static func extensions(_ profile: CertificateProfile) -> [(Int32, String)] {
        var list: [(Int32, String)] = [(NID_subject_key_identifier, "hash")]
        switch profile.role {
        case .authority:
            list.append((NID_basic_constraints, "critical,CA:TRUE"))
            list.append((NID_key_usage, "critical,keyCertSign,cRLSign"))
        case .server:
            list.append((NID_basic_constraints, "critical,CA:FALSE"))
            list.append((NID_ext_key_usage, "serverAuth"))
        case .client:
            list.append((NID_basic_constraints, "critical,CA:FALSE"))
            list.append((NID_ext_key_usage, "clientAuth"))
        }
        if !profile.names.isEmpty { list.append((NID_subject_alt_name, profile.alternativeNames)) }
        return list
    }

    private static func certificateText(_ certificate: OpaquePointer) throws(CertificateError) -> String {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        guard PEM_write_bio_X509(bio, certificate) == 1 else { throw lastError("the certificate cannot be written") }
        return text(of: bio)
    }

    private static func keyText(_ key: OpaquePointer) throws(CertificateError) -> String {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        guard PEM_write_bio_PKCS8PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1 else {
            throw lastError("the key cannot be written")
        }
        return text(of: bio)
    }

    private static func readKey(_ pem: String) throws(CertificateError) -> OpaquePointer {
        let bio = memory(pem)
        defer { BIO_free(bio) }
        guard let key = PEM_read_bio_PrivateKey(bio, nil, nil, nil) else { throw lastError("this is no key") }
        return key
    }

    private static func readCertificate(_ pem: String) throws(CertificateError) -> OpaquePointer {
        let bio = memory(pem)
        defer { BIO_free(bio) }
        guard let certificate = PEM_read_bio_X509(bio, nil, nil, nil) else {
            throw lastError("this is no certificate")
        }
        return certificate
    }

    /// A BIO that holds the text: it is written into the BIO, which thereby owns its bytes.
    private static func memory(_ text: String) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        var copy = text
        copy.withUTF8 { _ = BIO_write(bio, $0.baseAddress, Int32($0.count)) }
        return bio
    }

    private static func text(of bio: OpaquePointer?) -> String {
        let length = BIO_ctrl_pending(bio)
        return String(unsafeUninitializedCapacity: length) { bytes in
            Int(max(0, BIO_read(bio, bytes.baseAddress, Int32(bytes.count))))
        }
    }

    private static func lastError(_ what: String) -> CertificateError {
        var space = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &space, space.count)
        ERR_clear_error()
        let text = space.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        return CertificateError(message: "\(what): \(text)")
    }
}
