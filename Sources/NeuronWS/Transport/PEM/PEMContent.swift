// SPDX-License-Identifier: Apache-2.0
/// What lies in a PEM or DER text that should hold something else, and how to get from one to the other. By the labels
/// of BEGIN lines and the first bytes of DER only: they are no secret.
enum PEMContent {
    enum Wanted {
        case certificate, privateKey

        var text: String {
            self == .certificate ? "a certificate" : "a private key"
        }
    }

    private struct Kind {
        let label: String
        let name: String
        /// What to do where a certificate, or a private key, is wanted.
        let forCertificate: String
        let forKey: String
    }

    private static let takeCertificate = ": set the certificate itself"
    private static let takeKey = ": set the private key itself"

    /// The more particular label first.
    private static let kinds: [Kind] = [
        Kind(
            label: "BEGIN OPENSSH PRIVATE KEY", name: "a key in OpenSSH's format", forCertificate: takeCertificate,
            forKey: ": convert a copy of it with ssh-keygen -p -m PKCS8 -f FILE"),
        Kind(label: "PRIVATE KEY-----", name: "a private key", forCertificate: "", forKey: ""),
        Kind(
            label: "BEGIN CERTIFICATE REQUEST", name: "a certificate request",
            forCertificate: ": set the certificate that the authority made of it", forKey: takeKey),
        Kind(
            label: "BEGIN NEW CERTIFICATE REQUEST", name: "a certificate request",
            forCertificate: ": set the certificate that the authority made of it", forKey: takeKey),
        Kind(
            label: "PUBLIC KEY-----", name: "a public key", forCertificate: takeCertificate,
            forKey: ": set the private key that belongs to it"),
        Kind(label: "BEGIN CERTIFICATE-", name: "a certificate", forCertificate: "", forKey: ""),
        Kind(label: "BEGIN X509 CERTIFICATE", name: "a certificate", forCertificate: "", forKey: ""),
        Kind(label: "BEGIN TRUSTED CERTIFICATE", name: "a certificate", forCertificate: "", forKey: ""),
        Kind(
            label: "BEGIN X509 CRL", name: "a revocation list",
            forCertificate: ": set it together with its authority's certificate, as ca", forKey: takeKey),
        Kind(
            label: "BEGIN PKCS7", name: "PKCS #7",
            forCertificate: ": take the certificates out with openssl pkcs7 -print_certs -in FILE", forKey: takeKey),
        Kind(
            label: "BEGIN CMS", name: "CMS",
            forCertificate: ": take the certificates out with openssl pkcs7 -print_certs -in FILE", forKey: takeKey),
        Kind(
            label: "BEGIN PKCS12", name: "PKCS #12",
            forCertificate: ": take the certificates out with openssl pkcs12 -nokeys -in FILE",
            forKey: ": take the key out with openssl pkcs12 -nocerts -in FILE"),
        Kind(
            label: "BEGIN EC PARAMETERS", name: "the parameters of a curve", forCertificate: takeCertificate,
            forKey: ": the part -----BEGIN EC PRIVATE KEY----- is missing"),
        Kind(
            label: "PARAMETERS-----", name: "the parameters of a key exchange", forCertificate: takeCertificate,
            forKey: takeKey),
        Kind(label: "BEGIN SSL SESSION", name: "a TLS session", forCertificate: takeCertificate, forKey: takeKey),
        Kind(label: "BEGIN PGP", name: "a key of PGP", forCertificate: takeCertificate, forKey: takeKey),
        Kind(
            label: "BEGIN SSH2", name: "a public key in SSH's format", forCertificate: takeCertificate,
            forKey: takeKey),
    ]

    /// Goes on from the setting's name: "holds a public key, not a certificate: …".
    static func told<Bytes: RandomAccessCollection>(_ pem: Bytes, wanted: Wanted) -> String
    where Bytes.Element == UInt8, Bytes.Index == Int {
        for kind in kinds where PEMSource.contains(pem, kind.label) {
            return "holds \(kind.name), not \(wanted.text)"
                + (wanted == .certificate ? kind.forCertificate : kind.forKey)
        }
        if PEMSource.contains(pem, "-----BEGIN ") { return "holds PEM of a kind that is not \(wanted.text)" }
        return other(Array(pem.prefix(12))) ?? "is not PEM: there is no line -----BEGIN (\(pem.count) bytes)"
    }

    /// Content that is no PEM, by its first bytes, and what makes PEM of it; nil: unknown.
    static func other(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) || hasZeros(bytes) {
            return "holds UTF-16 text: save it as UTF-8 or plain ASCII"
        }
        if bytes.starts(with: [0xfe, 0xed, 0xfe, 0xed]) {
            return "holds a Java key store: convert it with keytool -importkeystore -deststoretype PKCS12, then with "
                + "openssl pkcs12"
        }
        if bytes.starts(with: Array("ssh-".utf8)) || bytes.starts(with: Array("ecdsa-sha2-".utf8)) {
            return "holds a public key in SSH's format"
        }
        guard bytes.first == 0x30 else { return nil }
        return "holds DER (binary) of \(derKind(bytes)), and it takes PEM: convert it with \(derCommand(bytes))"
    }

    static func isPKCS12(_ bytes: [UInt8]) -> Bool { bytes.first == 0x30 && der(bytes) == .pkcs12 }

    /// UTF-16 without a byte order mark.
    private static func hasZeros(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[0] == 0) == (bytes[2] == 0)
            && (bytes[1] == 0) == (bytes[3] == 0)
    }

    private enum DER { case certificate, pkcs12, pkcs7, key }

    private static func der(_ bytes: [UInt8]) -> DER {
        let body = content(bytes[...])
        switch body.first {
        case 0x02:
            // PKCS #12 is version 3 (RFC 7292 §4); private keys are of version 0 or 1.
            return body.starts(with: [0x02, 0x01, 0x03]) ? .pkcs12 : .key
        case 0x06: return .pkcs7
        case 0x30:
            // EncryptedPrivateKeyInfo begins with an algorithm (RFC 5958 §3), a certificate with another sequence's
            // version or number.
            return content(body).first == 0x06 ? .key : .certificate
        default: return .certificate
        }
    }

    private static func derKind(_ bytes: [UInt8]) -> String {
        switch der(bytes) {
        case .certificate: "a certificate"
        case .pkcs12: "PKCS #12"
        case .pkcs7: "PKCS #7"
        case .key: "a key"
        }
    }

    private static func derCommand(_ bytes: [UInt8]) -> String {
        switch der(bytes) {
        case .certificate: "openssl x509 -inform der -in FILE -out FILE.pem"
        case .pkcs12: "openssl pkcs12 -nodes -in FILE -out FILE.pem"
        case .pkcs7: "openssl pkcs7 -inform der -print_certs -in FILE -out FILE.pem"
        case .key: "openssl pkey -inform der -in FILE -out FILE.pem"
        }
    }

    /// What lies in a DER value (X.690 §8.1), behind its tag and length; empty if there is nothing.
    private static func content(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard bytes.count >= 2 else { return [] }
        let length = bytes[bytes.startIndex + 1]
        let skipped = length < 0x80 ? 2 : 2 + Int(length & 0x7f)
        return bytes.dropFirst(skipped)
    }
}
