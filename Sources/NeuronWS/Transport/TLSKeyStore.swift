import COpenSSL
import WebSocketCore

/// Private keys that never leave where they are: a token (`pkcs11:`, RFC 7512) or a TPM (`handle:`), by a provider of
/// OpenSSL's that the host's openssl.cnf activates. Each handshake then asks the token for a signature, on the loop's
/// thread.
enum TLSKeyStore {
    private static let schemes = ["pkcs11:", "handle:"]

    /// The setting `key` is a URI, not the key itself.
    static func isURI(_ text: SecretBytes) -> Bool {
        text.withBytes { bytes in schemes.contains { bytes.starts(with: $0.utf8) } }
    }

    /// The caller frees it. Never asks on a terminal for a PIN.
    static func privateKey(_ uri: SecretBytes, pin: SecretBytes?) throws(TLSConfigurationError) -> OpaquePointer {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var request = TLSPEM.PasswordRequest(password: pin)
        guard let method = UI_UTIL_wrap_read_pem_callback(TLSPEM.answer, 0) else { throw failed("no memory") }
        defer { UI_destroy_method(method) }
        let key: OpaquePointer? = terminated(uri) { text in
            withUnsafeMutablePointer(to: &request) { asked in
                guard let store = OSSL_STORE_open(text, method, asked, nil, nil) else { return nil }
                defer { OSSL_STORE_close(store) }
                return firstKey(store)
            }
        }
        if let key { return key }
        if request.wasAsked {
            let isMissing = pin == nil
            throw TLSConfigurationError(
                key: "keypass",
                detail: isMissing
                    ? "is missing: the token that key names asks for its PIN"
                    : "is wrong, or the token that key names is locked: \(TLSErrors.lastText())")
        }
        throw failed(TLSErrors.lastText())
    }

    private static func firstKey(_ store: OpaquePointer) -> OpaquePointer? {
        // Certificates and public keys of the same name may come first.
        _ = OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY)
        while OSSL_STORE_eof(store) == 0 {
            guard let info = OSSL_STORE_load(store) else {
                if OSSL_STORE_error(store) != 0 { return nil }
                continue
            }
            defer { OSSL_STORE_INFO_free(info) }
            if OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY { return OSSL_STORE_INFO_get1_PKEY(info) }
        }
        return nil
    }

    private static func terminated(
        _ text: SecretBytes, _ body: (UnsafePointer<CChar>) -> OpaquePointer?
    ) -> OpaquePointer? {
        let copy = SecretBytes(capacity: text.count + 1) { room in
            text.withBytes { room.copyMemory(from: $0) }
            room[text.count] = 0
            return text.count + 1
        }
        return copy?.withBytes { bytes in bytes.bindMemory(to: CChar.self).baseAddress.flatMap(body) }
    }

    private static func failed(_ text: String) -> TLSConfigurationError {
        TLSConfigurationError(
            key: "key",
            detail: "names a key that OpenSSL does not find (\(text)): it takes a provider for it, which openssl.cnf "
                + "activates (pkcs11: pkcs11-provider, handle: tpm2-openssl), and a token that holds it")
    }
}
