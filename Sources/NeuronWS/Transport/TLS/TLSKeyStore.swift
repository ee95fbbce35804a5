// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import NodeCore
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
        guard let method = UI_UTIL_wrap_read_pem_callback(answer, 0) else { throw failed("no memory") }
        defer { UI_destroy_method(method) }
        let text: SecretBytes?
        do throws(OutOfMemory) { text = try terminated(uri) } catch { throw .noMemory("key") }
        let key: OpaquePointer? = text?.withBytes { bytes in
            withUnsafeMutablePointer(to: &request) { asked in
                let uri = bytes.bindMemory(to: CChar.self).baseAddress
                guard let store = OSSL_STORE_open(uri, method, asked, nil, nil) else { return nil }
                defer { OSSL_STORE_close(store) }
                return firstKey(store)
            }
        }
        if let key { return key }
        if TLSErrors.areOfMemory { throw .noMemory("key") }
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

    /// As `TLSPEM.answer`, but without a PIN it says an empty one: where the asking fails, pkcs11-provider asks again,
    /// on the terminal of the host.
    private static let answer: TLSPEM.PasswordCallback = { space, size, isForWriting, context in
        max(0, TLSPEM.answer(space, size, isForWriting, context))
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

    private static func terminated(_ text: SecretBytes) throws(OutOfMemory) -> SecretBytes? {
        try SecretBytes.make(capacity: text.count + 1, memory: .heap) { room in
            text.withBytes { room.copyMemory(from: $0) }
            room[text.count] = 0
            return text.count + 1
        }
    }

    private static func failed(_ text: String) -> TLSConfigurationError {
        TLSConfigurationError(
            key: "key",
            detail: "names a key that OpenSSL does not find (\(text)): it takes a provider for it, which openssl.cnf "
                + "activates (pkcs11: pkcs11-provider, handle: tpm2-openssl), and a token that holds it")
    }
}
