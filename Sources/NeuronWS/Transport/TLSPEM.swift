import CLinux
import COpenSSL

/// Certificates and keys out of PEM text, each failure with a sentence of its own.
enum TLSPEM {
    /// At least one certificate; the caller frees them.
    static func certificates(_ pem: [UInt8], key: String) throws(TLSConfigurationError) -> [OpaquePointer] {
        if pem.isEmpty { throw TLSConfigurationError(key: key, detail: "is empty") }
        guard let bio = memory(pem) else {
            throw TLSConfigurationError(key: key, detail: "cannot be read: \(TLSErrors.lastText())")
        }
        defer { BIO_free(bio) }
        var list: [OpaquePointer] = []
        ERR_clear_error()
        while let certificate = PEM_read_bio_X509(bio, nil, neverAsk, nil) { list.append(certificate) }
        // The end of the text is an error to OpenSSL too; only another one means a damaged certificate.
        let error = ERR_peek_last_error()
        let isAtEnd = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE
        let text = TLSErrors.lastText()
        ERR_clear_error()
        if !isAtEnd {
            for certificate in list { X509_free(certificate) }
            throw TLSConfigurationError(
                key: key, detail: "is damaged: certificate number \(list.count + 1) cannot be read (\(text))")
        }
        if list.isEmpty { throw TLSConfigurationError(key: key, detail: noneFound("a certificate", in: pem)) }
        return list
    }

    /// The caller frees it. Never asks on a terminal for a password.
    static func privateKey(_ pem: [UInt8], password: String?) throws(TLSConfigurationError) -> OpaquePointer {
        if pem.isEmpty { throw TLSConfigurationError(key: "key", detail: "is empty") }
        guard let bio = memory(pem) else {
            throw TLSConfigurationError(key: "key", detail: "cannot be read: \(TLSErrors.lastText())")
        }
        defer { BIO_free(bio) }
        var request = PasswordRequest(bytes: password.map { Array($0.utf8) })
        ERR_clear_error()
        let key = withUnsafeMutablePointer(to: &request) { PEM_read_bio_PrivateKey(bio, nil, answer, $0) }
        let text = TLSErrors.lastText()
        ERR_clear_error()
        if let key { return key }
        if request.wasAsked {
            guard password != nil else {
                throw TLSConfigurationError(key: "keypass", detail: "is missing: key is encrypted")
            }
            throw TLSConfigurationError(key: "keypass", detail: "is wrong: key cannot be decrypted with it")
        }
        if !hasPrivateKey(pem) {
            throw TLSConfigurationError(key: "key", detail: noneFound("a private key", in: pem))
        }
        throw TLSConfigurationError(key: "key", detail: "is damaged: it cannot be read (\(text))")
    }

    private typealias PasswordCallback =
        @convention(c) (
            UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
        ) -> Int32

    private struct PasswordRequest {
        let bytes: [UInt8]?
        var wasAsked = false
    }

    /// OpenSSL asks on the terminal when it has no callback.
    private static let neverAsk: PasswordCallback = { _, _, _, _ in -1 }

    private static let answer: PasswordCallback = { space, size, _, context in
        guard let space, let request = context?.assumingMemoryBound(to: PasswordRequest.self) else { return -1 }
        request.pointee.wasAsked = true
        guard let bytes = request.pointee.bytes, bytes.count <= Int(size) else { return -1 }
        for index in bytes.indices { space[index] = CChar(bitPattern: bytes[index]) }
        return Int32(bytes.count)
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

    private static func hasPrivateKey(_ pem: [UInt8]) -> Bool {
        PEMSource.contains(pem, "PRIVATE KEY-----")
    }

    /// What lies there instead, by the labels of its BEGIN lines: they are no secret.
    private static func noneFound(_ wanted: String, in pem: [UInt8]) -> String {
        let kinds: [(label: String, name: String)] = [
            ("PRIVATE KEY-----", "a private key"), ("BEGIN CERTIFICATE REQUEST", "a certificate request"),
            ("BEGIN NEW CERTIFICATE REQUEST", "a certificate request"), ("BEGIN PUBLIC KEY", "a public key"),
            ("BEGIN X509 CRL", "a revocation list"), ("BEGIN PKCS7", "PKCS #7"),
            ("BEGIN OPENSSH", "a key in OpenSSH's format"), ("BEGIN EC PARAMETERS", "curve parameters"),
            ("BEGIN CERTIFICATE", "a certificate"), ("BEGIN TRUSTED CERTIFICATE", "a certificate"),
        ]
        for kind in kinds where PEMSource.contains(pem, kind.label) {
            return "holds \(kind.name), not \(wanted)"
        }
        if PEMSource.contains(pem, "-----BEGIN ") { return "holds PEM of a kind that is not \(wanted)" }
        if pem.first == 0x30 { return "holds DER (binary), not PEM: PEM begins with -----BEGIN" }
        return "is not PEM: there is no line -----BEGIN (\(pem.count) bytes)"
    }
}
