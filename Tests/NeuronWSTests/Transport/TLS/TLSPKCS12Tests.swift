// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import LoopbackServer
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct TLSPKCS12Tests {
    private let identity = try! Plant.authority.issue(names: ["plant.example"])

    /// A file with certificate and key, or one of them.
    private func file(password: String?, holdsCertificate: Bool = true, holdsKey: Bool = true) throws -> SecretBytes {
        let key = try TLSPEM.privateKey(SecretBytes(identity.keyPEM), password: nil)
        defer { EVP_PKEY_free(key) }
        var made: OpaquePointer?
        try TLSPEM.forEachCertificate(SecretBytes(identity.certificatePEM), key: "cert") { certificate in
            made = PKCS12_create(
                password, "gateway", holdsKey ? key : nil, holdsCertificate ? certificate : nil, nil, 0, 0, 0, 0, 0)
        }
        let container = try #require(made)
        defer { PKCS12_free(container) }
        var start: UnsafeMutablePointer<UInt8>?
        let length = Int(i2d_PKCS12(container, &start))
        defer { CRYPTO_free(start, "", 0) }
        return SecretBytes(UnsafeRawBufferPointer(start: start, count: length))
    }

    private func refusal(_ file: SecretBytes, _ password: SecretBytes?) -> String? {
        do throws(TLSConfigurationError) {
            _ = try TLSPKCS12.open(file, password: password)
            return nil
        } catch { return "\(error.key) \(error.detail)" }
    }

    @Test(arguments: ["secret", ""])
    func certificateAndKeyComeOutAsPEM(password: String) throws {
        let opened = try TLSPKCS12.open(file(password: password), password: SecretBytes(password))
        #expect(String(decoding: opened.certificates.bytes, as: UTF8.self) == identity.certificatePEM)
        let key = try TLSPEM.privateKey(opened.key, password: nil)
        defer { EVP_PKEY_free(key) }
        let same = try TLSPEM.privateKey(SecretBytes(identity.keyPEM), password: nil)
        defer { EVP_PKEY_free(same) }
        #expect(EVP_PKEY_eq(key, same) == 1)
    }

    @Test func aPasswordThatIsMissingOrWrongIsTold() throws {
        let file = try file(password: "secret")
        #expect(refusal(file, nil) == "keypass is missing: cert is PKCS #12 with a password")
        #expect(refusal(file, "wrong") == "keypass is wrong: cert cannot be opened with it")
        #expect(ERR_peek_error() == 0)
    }

    @Test func whatIsMissingInItIsTold() throws {
        let keyless = try file(password: "secret", holdsKey: false)
        #expect(refusal(keyless, "secret") == "cert is PKCS #12 that holds no key")
        let nameless = try file(password: "secret", holdsCertificate: false)
        #expect(refusal(nameless, "secret") == "cert is PKCS #12 that holds no certificate")
    }

    @Test func aFileCutAnywhereIsRefused() throws {
        let whole = try file(password: "secret").bytes
        for length in stride(from: 0, to: whole.count, by: 97) {
            let cut = whole[..<length].withUnsafeBytes { SecretBytes($0) }
            #expect(refusal(cut, "secret")?.hasPrefix("cert is damaged PKCS #12: ") == true, "\(length)")
        }
    }
}
