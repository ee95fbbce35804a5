import COpenSSL
import WebSocketCore

/// Certificate, chain and key in one file, as Windows and many authorities hand them out (PKCS #12, RFC 7292).
enum TLSPKCS12 {
    /// As PEM: the certificates, ours first, and the key, not encrypted.
    static func open(
        _ der: SecretBytes, password: SecretBytes?
    ) throws(TLSConfigurationError) -> (certificates: [UInt8], key: SecretBytes) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        let container: OpaquePointer? = der.withBytes { bytes in
            var place = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_PKCS12(nil, &place, bytes.count)
        }
        guard let container else {
            throw TLSConfigurationError(key: "cert", detail: "is damaged PKCS #12: \(TLSErrors.lastText())")
        }
        defer { PKCS12_free(container) }
        let opened = try opened(container, password)
        defer {
            EVP_PKEY_free(opened.key)
            X509_free(opened.certificate)
            neuron_ws_sk_X509_pop_free(opened.chain)
        }
        guard let certificate = opened.certificate, let key = opened.key.flatMap(pkcs8) else {
            let what = opened.certificate == nil ? "certificate" : "key"
            throw TLSConfigurationError(key: "cert", detail: "is PKCS #12 that holds no \(what)")
        }
        var text = try pem(certificate)
        for index in 0..<max(0, neuron_ws_sk_X509_num(opened.chain)) {
            if let link = neuron_ws_sk_X509_value(opened.chain, index) { text += try pem(link) }
        }
        return (text, key)
    }

    private static func opened(
        _ container: OpaquePointer, _ password: SecretBytes?
    ) throws(TLSConfigurationError) -> (key: OpaquePointer?, certificate: OpaquePointer?, chain: OpaquePointer?) {
        var key: OpaquePointer?
        var certificate: OpaquePointer?
        var chain: OpaquePointer?
        let text = password ?? ""
        let terminated = SecretBytes(capacity: text.count + 1) { room in
            text.withBytes { room.copyMemory(from: $0) }
            room[text.count] = 0
            return text.count + 1
        }
        let isRight = terminated?.withBytes { bytes in
            PKCS12_parse(container, bytes.bindMemory(to: CChar.self).baseAddress, &key, &certificate, &chain) == 1
        }
        if isRight == true { return (key, certificate, chain) }
        let reason = ERR_GET_REASON(ERR_peek_error())
        if reason == PKCS12_R_MAC_VERIFY_FAILURE {
            throw TLSConfigurationError(
                key: "keypass",
                detail: password == nil
                    ? "is missing: cert is PKCS #12 with a password" : "is wrong: cert cannot be opened with it")
        }
        if reason == ERR_R_UNSUPPORTED {
            throw TLSConfigurationError(
                key: "cert",
                detail: "is PKCS #12 encrypted in a way that this OpenSSL does not know (RC2 or 3DES of old): make it "
                    + "anew with openssl pkcs12 -legacy -in FILE | openssl pkcs12 -export -out NEW")
        }
        throw TLSConfigurationError(key: "cert", detail: "is PKCS #12 that cannot be opened: \(TLSErrors.lastText())")
    }

    private static func pem(_ certificate: OpaquePointer) throws(TLSConfigurationError) -> [UInt8] {
        guard let bio = BIO_new(BIO_s_mem()) else { throw TLSConfigurationError(key: "cert", detail: "cannot be read") }
        defer { BIO_free(bio) }
        guard PEM_write_bio_X509(bio, certificate) == 1 else {
            throw TLSConfigurationError(key: "cert", detail: "cannot be read: \(TLSErrors.lastText())")
        }
        let length = BIO_ctrl_pending(bio)
        return [UInt8](unsafeUninitializedCapacity: length) { space, count in
            count = Int(max(0, BIO_read(bio, space.baseAddress, Int32(clamping: length))))
        }
    }

    /// PKCS #8, of which OpenSSL's copy is wiped.
    private static func pkcs8(_ key: OpaquePointer) -> SecretBytes? {
        guard let info = EVP_PKEY2PKCS8(key) else { return nil }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        var start: UnsafeMutablePointer<UInt8>?
        let length = Int(i2d_PKCS8_PRIV_KEY_INFO(info, &start))
        guard length > 0, let start else { return nil }
        defer { CRYPTO_clear_free(start, length, "", 0) }
        let body = Base64.encode(SecretBytes(UnsafeRawBufferPointer(start: start, count: length)))
        let opening = SecretBytes.joined("-----BEGIN PRIVATE KEY-----\n", body)
        return SecretBytes.joined(opening, "\n-----END PRIVATE KEY-----\n")
    }
}
