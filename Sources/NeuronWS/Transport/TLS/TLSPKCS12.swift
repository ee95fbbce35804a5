// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import NodeCore
import WebSocketCore

/// Certificate, chain and key in one file, as Windows and many authorities hand them out (PKCS #12, RFC 7292).
enum TLSPKCS12 {
    /// As PEM: the certificates, ours first, and the key, not encrypted.
    static func open(
        _ der: SecretBytes, password: SecretBytes?
    ) throws(TLSConfigurationError) -> (certificates: SecretBytes, key: SecretBytes) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        let container: OpaquePointer? = der.withBytes { bytes in
            var place = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_PKCS12(nil, &place, bytes.count)
        }
        guard let container else {
            if TLSErrors.areOfMemory { throw .noMemory("cert") }
            throw TLSConfigurationError(key: "cert", detail: "is damaged PKCS #12: \(TLSErrors.lastText())")
        }
        defer { PKCS12_free(container) }
        let opened = try opened(container, password)
        defer {
            EVP_PKEY_free(opened.key)
            X509_free(opened.certificate)
            neuron_ws_sk_X509_pop_free(opened.chain)
        }
        guard let certificate = opened.certificate, let key = opened.key else {
            // OpenSSL takes for ours the certificate that belongs to the key: without a key it is in the chain.
            let lacksKey = opened.key == nil && neuron_ws_sk_X509_num(opened.chain) > 0
            let what = lacksKey || opened.certificate != nil ? "key" : "certificate"
            throw TLSConfigurationError(key: "cert", detail: "is PKCS #12 that holds no \(what)")
        }
        let text = try pkcs8(key)
        return (try pem(certificate, opened.chain), text)
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
        if terminated == nil || TLSErrors.areOfMemory { throw .noMemory("cert") }
        let cause = ERR_peek_error()
        let isUnsupported = ERR_GET_LIB(cause) == ERR_LIB_EVP && ERR_GET_REASON(cause) == ERR_R_UNSUPPORTED
        let reason = ERR_GET_LIB(cause) == ERR_LIB_PKCS12 ? ERR_GET_REASON(cause) : 0
        if reason == PKCS12_R_MAC_ABSENT {
            throw TLSConfigurationError(
                key: "cert",
                detail: "is PKCS #12 without a MAC, which this OpenSSL cannot open: make it anew without -nomac")
        }
        // A newer one tells a wrong password by what the file then decrypts to.
        let isWrongPassword =
            reason == PKCS12_R_MAC_VERIFY_FAILURE || PKCS12_mac_present(container) != 1
        if isWrongPassword, !isUnsupported {
            throw TLSConfigurationError(
                key: "keypass",
                detail: password == nil
                    ? "is missing: cert is PKCS #12 with a password" : "is wrong: cert cannot be opened with it")
        }
        if isUnsupported {
            throw TLSConfigurationError(
                key: "cert",
                detail: "is PKCS #12 encrypted in a way that this OpenSSL does not know (RC2 or 3DES of old): make it "
                    + "anew with openssl pkcs12 -legacy -in FILE | openssl pkcs12 -export -out NEW")
        }
        throw TLSConfigurationError(key: "cert", detail: "is PKCS #12 that cannot be opened: \(TLSErrors.lastText())")
    }

    private static func pem(
        _ certificate: OpaquePointer, _ chain: OpaquePointer?
    ) throws(TLSConfigurationError) -> SecretBytes {
        guard let bio = BIO_new(BIO_s_mem()) else { throw .noMemory("cert") }
        defer { BIO_free(bio) }
        try append(certificate, to: bio)
        for index in 0..<max(0, neuron_ws_sk_X509_num(chain)) {
            if let link = neuron_ws_sk_X509_value(chain, index) { try append(link, to: bio) }
        }
        let length = BIO_ctrl_pending(bio)
        return try filled(capacity: length) { room in
            Int(max(0, BIO_read(bio, room.baseAddress, Int32(clamping: length))))
        }
    }

    private static func append(_ certificate: OpaquePointer, to bio: OpaquePointer) throws(TLSConfigurationError) {
        if PEM_write_bio_X509(bio, certificate) == 1 { return }
        if TLSErrors.areOfMemory { throw .noMemory("cert") }
        throw TLSConfigurationError(key: "cert", detail: "cannot be read: \(TLSErrors.lastText())")
    }

    /// PKCS #8, of which OpenSSL's copy is wiped.
    private static func pkcs8(_ key: OpaquePointer) throws(TLSConfigurationError) -> SecretBytes {
        guard let info = EVP_PKEY2PKCS8(key) else { throw unreadableKey }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        var start: UnsafeMutablePointer<UInt8>?
        let length = Int(i2d_PKCS8_PRIV_KEY_INFO(info, &start))
        guard length > 0, let start else { throw unreadableKey }
        defer { CRYPTO_clear_free(start, length, "", 0) }
        let parts: (begin: StaticString, end: StaticString) = (
            "-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----\n"
        )
        let bodyCount = Base64.encodedCount(length)
        let count = parts.begin.utf8CodeUnitCount + bodyCount + parts.end.utf8CodeUnitCount
        return try filled(capacity: count) { room in
            func put(_ text: StaticString, at place: Int) {
                UnsafeMutableRawBufferPointer(rebasing: room[place...])
                    .copyMemory(from: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
            }
            let bodyStart = parts.begin.utf8CodeUnitCount
            put(parts.begin, at: 0)
            Base64.encode(
                UnsafeRawBufferPointer(start: start, count: length),
                into: UnsafeMutableRawBufferPointer(rebasing: room[bodyStart..<bodyStart + bodyCount]))
            put(parts.end, at: bodyStart + bodyCount)
            return count
        }
    }

    private static var unreadableKey: TLSConfigurationError {
        if TLSErrors.areOfMemory { return .noMemory("cert") }
        return TLSConfigurationError(key: "cert", detail: "is PKCS #12 that holds no key")
    }

    private static func filled(
        capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) throws(TLSConfigurationError) -> SecretBytes {
        do throws(OutOfMemory) {
            return try SecretBytes.make(capacity: capacity, memory: .heap, fill) ?? ""
        } catch { throw .noMemory("cert") }
    }
}
