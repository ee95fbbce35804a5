// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct PEMContentTests {
    private func told(_ label: String, _ wanted: PEMContent.Wanted) -> String {
        PEMContent.told(Array("-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n".utf8), wanted: wanted)
    }

    @Test(arguments: [
        ("OPENSSH PRIVATE KEY", "holds a key in OpenSSH's format, not a certificate: "),
        ("PRIVATE KEY", "holds a private key, not a certificate"),
        ("ENCRYPTED PRIVATE KEY", "holds a private key, not a certificate"),
        ("CERTIFICATE REQUEST", "holds a certificate request, not a certificate: set the certificate that"),
        ("NEW CERTIFICATE REQUEST", "holds a certificate request, not a certificate: set the certificate that"),
        ("PUBLIC KEY", "holds a public key, not a certificate: "),
        ("RSA PUBLIC KEY", "holds a public key, not a certificate: "),
        ("X509 CRL", "holds a revocation list, not a certificate: set it together with its authority's"),
        ("PKCS7", "holds PKCS #7, not a certificate: take the certificates out with openssl pkcs7 -print_certs"),
        ("CMS", "holds CMS, not a certificate: "),
        ("EC PARAMETERS", "holds the parameters of a curve, not a certificate: "),
        ("DH PARAMETERS", "holds the parameters of a key exchange, not a certificate: "),
        ("PGP PUBLIC KEY BLOCK", "holds a key of PGP, not a certificate: "),
        ("NONSENSE", "holds PEM of a kind that is not a certificate"),
    ])
    func tellsWhatIsNoCertificate(label: String, text: String) {
        #expect(told(label, .certificate).hasPrefix(text))
    }

    @Test(arguments: [
        (
            "OPENSSH PRIVATE KEY",
            "holds a key in OpenSSH's format, not a private key: convert a copy of it with ssh-keygen"
        ),
        ("CERTIFICATE", "holds a certificate, not a private key"),
        ("TRUSTED CERTIFICATE", "holds a certificate, not a private key"),
        ("CERTIFICATE REQUEST", "holds a certificate request, not a private key: "),
        ("PUBLIC KEY", "holds a public key, not a private key: set the private key that belongs to it"),
        ("EC PARAMETERS", "holds the parameters of a curve, not a private key: the part -----BEGIN EC PRIVATE KEY"),
        ("DH PARAMETERS", "holds the parameters of a key exchange, not a private key: "),
    ])
    func tellsWhatIsNoPrivateKey(label: String, text: String) {
        #expect(told(label, .privateKey).hasPrefix(text))
    }

    @Test(
        arguments: [
            (
                [0x30, 0x82, 0x01, 0x00, 0x30, 0x81, 0xf0, 0xa0, 0x03], "DER (binary) of a certificate",
                "openssl x509 -inform der"
            ),
            ([0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x03, 0x30], "DER (binary) of PKCS #12", "openssl pkcs12 -nodes"),
            ([0x30, 0x82, 0x01, 0x00, 0x06, 0x09, 0x2a, 0x86], "DER (binary) of PKCS #7", "openssl pkcs7 -inform der"),
            ([0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30], "DER (binary) of a key", "openssl pkey -inform der"),
            ([0x30, 0x82, 0x01, 0x00, 0x30, 0x40, 0x06, 0x09], "DER (binary) of a key", "openssl pkey -inform der"),
            ([0xff, 0xfe, 0x2d, 0x00], "UTF-16 text", "save it as UTF-8"),
            ([0x2d, 0x00, 0x2d, 0x00], "UTF-16 text", "save it as UTF-8"),
            ([0x00, 0x2d, 0x00, 0x2d], "UTF-16 text", "save it as UTF-8"),
            ([0xfe, 0xed, 0xfe, 0xed], "a Java key store", "keytool"),
        ] as [([UInt8], String, String)])
    func tellsOtherContent(bytes: [UInt8], kind: String, advice: String) {
        let text = PEMContent.other(bytes)
        #expect(text?.hasPrefix("holds " + kind) == true)
        #expect(text?.contains(advice) == true)
    }

    @Test func saysNothingOfTheUnknown() {
        #expect(PEMContent.other(Array("hello".utf8)) == nil)
        #expect(PEMContent.other([]) == nil)
        #expect(PEMContent.other([0x30]) != nil)
        #expect(PEMContent.other([0x30, 0x84, 0xff]) != nil)
    }
}
