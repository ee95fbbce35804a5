// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import WebSocketCore

/// Certificates and keys out of PEM text, each failure with a sentence of its own.
enum TLSPEM {
    /// At least one certificate; the caller frees them.
    static func certificates(_ pem: [UInt8], key: String) throws(TLSConfigurationError) -> [OpaquePointer] {
        if pem.isEmpty { throw TLSConfigurationError(key: key, detail: "is empty") }
        guard let bio = memory(pem) else {
            throw TLSConfigurationError(key: key, detail: "cannot be read: \(TLSErrors.lastText())")
        }
        defer { BIO_free(bio) }
        // TRUSTED CERTIFICATE too, what `openssl x509 -trustout` writes: what it may be trusted for is kept.
        let list = try all(key: key, "certificate", free: { X509_free($0) }) {
            PEM_read_bio_X509_AUX(bio, nil, neverAsk, nil)
        }
        if list.isEmpty { throw TLSConfigurationError(key: key, detail: PEMContent.told(pem, wanted: .certificate)) }
        return list
    }

    /// The revocation lists beside the certificates; the caller frees them.
    static func revocationLists(_ pem: [UInt8], key: String) throws(TLSConfigurationError) -> [OpaquePointer] {
        guard PEMSource.contains(pem, "BEGIN X509 CRL"), let bio = memory(pem) else { return [] }
        defer { BIO_free(bio) }
        return try all(key: key, "revocation list", free: { X509_CRL_free($0) }) {
            PEM_read_bio_X509_CRL(bio, nil, neverAsk, nil)
        }
    }

    private static func all(
        key: String, _ what: String, free: (OpaquePointer) -> Void, read: () -> OpaquePointer?
    ) throws(TLSConfigurationError) -> [OpaquePointer] {
        var list: [OpaquePointer] = []
        ERR_clear_error()
        while let next = read() { list.append(next) }
        // The end of the text is an error to OpenSSL too; only another one means something damaged.
        let error = ERR_peek_last_error()
        let isAtEnd = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE
        let text = TLSErrors.lastText()
        ERR_clear_error()
        if isAtEnd { return list }
        for item in list { free(item) }
        throw TLSConfigurationError(
            key: key, detail: "is damaged: \(what) number \(list.count + 1) cannot be read (\(text))")
    }

    /// The caller frees it. Never asks on a terminal for a password.
    static func privateKey(_ pem: SecretBytes, password: SecretBytes?) throws(TLSConfigurationError) -> OpaquePointer {
        if pem.isEmpty { throw TLSConfigurationError(key: "key", detail: "is empty") }
        if let key = TLSPrivateKey.read(pem, password: password) { return key }
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
        let isUnsupported = ERR_GET_REASON(ERR_peek_error()) == ERR_R_UNSUPPORTED
        ERR_clear_error()
        if let key { return key }
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

    /// A BIO that holds a copy of the text.
    private static func memory(_ pem: [UInt8]) -> OpaquePointer? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        guard BIO_write(bio, pem, Int32(clamping: pem.count)) == Int32(clamping: pem.count) else {
            BIO_free(bio)
            return nil
        }
        return bio
    }
}
