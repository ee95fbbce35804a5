// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Testing
import WebSocketCore

@testable import NeuronWS

@Suite struct TLSPrivateKeyTests {
    enum Kind: String, CaseIterable {
        case rsa = "RSA"
        case p256 = "P-256"
        case p521 = "P-521"
        case ed25519 = "ED25519"
        case ed448 = "ED448"
    }

    enum Form: CaseIterable { case pkcs8, encryptedPKCS8, traditional, encryptedTraditional }

    /// The caller frees it.
    private func make(_ kind: Kind) throws -> OpaquePointer {
        let isElliptic = kind == .p256 || kind == .p521
        let context = EVP_PKEY_CTX_new_from_name(nil, isElliptic ? "EC" : kind.rawValue, nil)
        defer { EVP_PKEY_CTX_free(context) }
        try #require(EVP_PKEY_keygen_init(context) == 1)
        if isElliptic { try #require(EVP_PKEY_CTX_set_group_name(context, kind.rawValue) == 1) }
        var key: OpaquePointer?
        try #require(EVP_PKEY_generate(context, &key) == 1)
        return try #require(key)
    }

    private func text(_ key: OpaquePointer, _ form: Form) -> SecretBytes {
        let cipher = form == .encryptedPKCS8 || form == .encryptedTraditional ? EVP_aes_128_cbc() : nil
        var password = Array("secret".utf8)
        let count = Int32(cipher == nil ? 0 : password.count)
        let text = CertificateForge.text { bio in
            form == .traditional || form == .encryptedTraditional
                ? PEM_write_bio_PrivateKey_traditional(bio, key, cipher, &password, count, nil, nil)
                : PEM_write_bio_PrivateKey(bio, key, cipher, &password, count, nil, nil)
        }
        return SecretBytes(text)
    }

    @Test(arguments: Kind.allCases, Form.allCases)
    func readsWhatOpenSSLWritesWithoutItsReader(kind: Kind, form: Form) throws {
        // Only these have a form of their own from before PKCS #8.
        let isTraditional = form == .traditional || form == .encryptedTraditional
        if isTraditional, kind == .ed25519 || kind == .ed448 { return }
        let key = try make(kind)
        defer { EVP_PKEY_free(key) }
        let pem = text(key, form)
        try #require(!pem.isEmpty)
        let normalized = try pem.withBytes { try PEMText.normalized($0) }
        let read = try #require(try TLSPrivateKey.read(normalized, password: "secret"))
        defer { EVP_PKEY_free(read) }
        #expect(EVP_PKEY_eq(key, read) == 1)
        // Its private half too: what it signs, the first one takes for its own.
        let signature = try #require(sign(read))
        #expect(verifies(signature, key))
    }

    @Test func leavesAWrongPasswordToOpenSSL() throws {
        let key = try make(.p256)
        defer { EVP_PKEY_free(key) }
        for form in [Form.encryptedPKCS8, .encryptedTraditional] {
            for password in [nil, "wrong", ""] as [SecretBytes?] {
                #expect(try TLSPrivateKey.read(text(key, form), password: password) == nil)
            }
        }
        #expect(ERR_peek_error() == 0)
    }

    @Test func survivesEveryDamage() throws {
        let key = try make(.p256)
        defer { EVP_PKEY_free(key) }
        for form in Form.allCases {
            let pem = text(key, form).bytes
            for end in 0..<pem.count { check(Array(pem[..<end])) }
            for place in pem.indices {
                var damaged = pem
                damaged[place] ^= 0x15
                check(damaged)
            }
        }
    }

    private func check(_ pem: [UInt8]) {
        let bytes = pem.withUnsafeBytes { SecretBytes($0) }
        if let key = try? TLSPrivateKey.read(bytes, password: "secret") { EVP_PKEY_free(key) }
    }

    private let message = Array("message".utf8)

    private func sign(_ key: OpaquePointer) -> [UInt8]? {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, digest(key), nil, key) == 1 else { return nil }
        var count = 1024
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { return nil }
        return Array(signature.prefix(count))
    }

    private func verifies(_ signature: [UInt8], _ key: OpaquePointer) -> Bool {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, digest(key), nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// Edwards curves bring their own.
    private func digest(_ key: OpaquePointer) -> OpaquePointer? {
        let type = EVP_PKEY_get_base_id(key)
        return type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448 ? nil : EVP_sha256()
    }
}
