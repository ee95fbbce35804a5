// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import WebSocketCore

/// Certificates and keys out of PEM text, each failure with a sentence of its own.
enum TLSPEM {
    /// Shows each certificate, of which there is at least one, and frees it.
    static func forEachCertificate(
        _ pem: SecretBytes, key: String, _ body: (OpaquePointer) throws(TLSConfigurationError) -> Void
    ) throws(TLSConfigurationError) {
        if pem.isEmpty { throw TLSConfigurationError(key: key, detail: "is empty") }
        // TRUSTED CERTIFICATE too, what `openssl x509 -trustout` writes: what it may be trusted for is kept.
        let count = try forEach(
            in: pem, key: key, "certificate", read: { PEM_read_bio_X509_AUX($0, nil, neverAsk, nil) },
            free: { X509_free($0) }, body)
        if count > 0 { return }
        let told = pem.withBytes { PEMContent.told($0, wanted: .certificate) }
        throw TLSConfigurationError(key: key, detail: told)
    }

    /// Shows the revocation lists beside the certificates, and frees them.
    static func forEachRevocationList(
        _ pem: SecretBytes, key: String, _ body: (OpaquePointer) throws(TLSConfigurationError) -> Void
    ) throws(TLSConfigurationError) {
        guard pem.withBytes({ PEMSource.contains($0, "BEGIN X509 CRL") }) else { return }
        _ = try forEach(
            in: pem, key: key, "revocation list", read: { PEM_read_bio_X509_CRL($0, nil, neverAsk, nil) },
            free: { X509_CRL_free($0) }, body)
    }

    /// - Returns: how many there were.
    private static func forEach(
        in pem: SecretBytes, key: String, _ what: String, read: (OpaquePointer) -> OpaquePointer?,
        free: (OpaquePointer) -> Void, _ body: (OpaquePointer) throws(TLSConfigurationError) -> Void
    ) throws(TLSConfigurationError) -> Int {
        try pem.withBytes { text throws(TLSConfigurationError) in
            ERR_clear_error()
            guard let bio = BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count)) else {
                if TLSErrors.areOfMemory { throw .noMemory(key) }
                throw TLSConfigurationError(key: key, detail: "cannot be read: \(TLSErrors.lastText())")
            }
            defer { BIO_free(bio) }
            var count = 0
            while let next = read(bio) {
                defer { free(next) }
                count += 1
                try body(next)
                ERR_clear_error()
            }
            // The end of the text is an error to OpenSSL too; only another one means something damaged.
            let error = ERR_peek_last_error()
            let isAtEnd = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE
            let isOutOfMemory = TLSErrors.areOfMemory
            let errorText = TLSErrors.lastText()
            ERR_clear_error()
            if isOutOfMemory { throw .noMemory(key) }
            if isAtEnd { return count }
            throw TLSConfigurationError(
                key: key, detail: "is damaged: \(what) number \(count + 1) cannot be read (\(errorText))")
        }
    }

    /// The caller frees it. Never asks on a terminal for a password.
    static func privateKey(_ pem: SecretBytes, password: SecretBytes?) throws(TLSConfigurationError) -> OpaquePointer {
        if pem.isEmpty { throw TLSConfigurationError(key: "key", detail: "is empty") }
        do throws(OutOfMemory) {
            if let key = try TLSPrivateKey.read(pem, password: password) { return key }
        } catch { throw .noMemory("key") }
        return try pem.withBytes { text throws(TLSConfigurationError) in try privateKey(text, password) }
    }

    /// By OpenSSL's own reader, which knows every kind and says what is wrong.
    private static func privateKey(
        _ pem: UnsafeRawBufferPointer, _ password: SecretBytes?
    ) throws(TLSConfigurationError) -> OpaquePointer {
        guard let bio = BIO_new_mem_buf(pem.baseAddress, Int32(clamping: pem.count)) else {
            throw TLSConfigurationError(key: "key", detail: "cannot be read: \(TLSErrors.lastText())")
        }
        defer { BIO_free(bio) }
        var request = PasswordRequest(password: password)
        ERR_clear_error()
        let key = withUnsafeMutablePointer(to: &request) { PEM_read_bio_PrivateKey(bio, nil, answer, $0) }
        let text = TLSErrors.lastText()
        // One wrong password in 256 leaves rubbish that ends like a key; the decoder's word for that is the same.
        let cause = ERR_peek_error()
        let isUnsupported = ERR_GET_LIB(cause) == ERR_LIB_EVP && ERR_GET_REASON(cause) == ERR_R_UNSUPPORTED
        let isOutOfMemory = TLSErrors.areOfMemory
        ERR_clear_error()
        if let key { return key }
        if isOutOfMemory { throw .noMemory("key") }
        if request.wasAsked, isUnsupported {
            throw TLSConfigurationError(
                key: "key",
                detail: "is encrypted in a way that this OpenSSL does not know (\(text)): encrypt it anew "
                    + "with openssl pkcs8 -topk8 -v2 aes256, in an OpenSSL that still does")
        }
        if request.wasAsked {
            guard password != nil else {
                throw TLSConfigurationError(key: "keypass", detail: "is missing: key is encrypted")
            }
            throw TLSConfigurationError(key: "keypass", detail: "is wrong: key cannot be decrypted with it")
        }
        let isForeign = PEMSource.contains(pem, "BEGIN OPENSSH")
        if isForeign || !PEMSource.contains(pem, "PRIVATE KEY-----") {
            throw TLSConfigurationError(key: "key", detail: PEMContent.told(pem, wanted: .privateKey))
        }
        throw TLSConfigurationError(key: "key", detail: "is damaged: it cannot be read (\(text))")
    }

    typealias PasswordCallback =
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
        ) -> Int32

    struct PasswordRequest {
        let password: SecretBytes?
        var wasAsked = false
    }

    /// OpenSSL asks on the terminal when it has no callback.
    private static let neverAsk: PasswordCallback = { _, _, _, _ in -1 }

    static let answer: PasswordCallback = { space, size, _, context in
        guard let space, let request = context?.assumingMemoryBound(to: PasswordRequest.self) else { return -1 }
        request.pointee.wasAsked = true
        guard let password = request.pointee.password, password.count <= Int(size) else { return -1 }
        password.withBytes { UnsafeMutableRawPointer(space).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        return Int32(password.count)
    }
}
