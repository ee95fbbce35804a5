// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import WebSocketCore

/// The settings of TLS in OpenSSL's form, for any number of connections. Neither sets up nor cleans up anything that
/// OpenSSL shares with others in the process.
final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer
    let verifies: Bool
    let allowsCommonName: Bool
    let hasCertificate: Bool
    let pins: [[UInt8]]
    /// Unix time in seconds; see `TLSSettings`.
    let timeFloor: Int64?
    /// What connections by these settings may go on with.
    let tickets = TLSTickets()
    private let keyLog: String?

    private let cache: TLSContextCache?

    /// Takes a reference of `pointer` over, and gives it back at its end.
    init(_ pointer: OpaquePointer, _ settings: TLSSettings, cache: TLSContextCache? = nil) {
        self.pointer = pointer
        self.cache = cache
        verifies = settings.verify
        allowsCommonName = settings.allowsCommonName
        hasCertificate = settings.certificate != nil
        pins = settings.pins
        timeFloor = settings.timeFloor
        keyLog = settings.keyLog
    }

    deinit {
        SSL_CTX_free(pointer)
        cache?.leave(pointer)
    }

    /// The settings, checked as far as they can be without a server.
    static func make(_ settings: TLSSettings) throws(TLSConfigurationError) -> TLSContext {
        ERR_clear_error()
        // Whatever was looked at and forgiven, no error of ours stays in the thread's queue for others to find.
        defer { ERR_clear_error() }
        guard let pointer = SSL_CTX_new(TLS_client_method()) else {
            throw TLSConfigurationError(key: "tls", detail: "cannot be set up: \(TLSErrors.lastText())")
        }
        let context = TLSContext(pointer, settings)
        context.setModes()
        context.limitGroups()
        do throws(TLSConfigurationError) {
            try context.setProtocol(settings)
            try context.setAuthorities(settings)
            try context.setIdentity(settings)
            try context.setKeyLog()
        } catch {
            if TLSErrors.areOfMemory { throw .noMemory(error.key) }
            throw error
        }
        return context
    }

    private func setModes() {
        // Idle connections give their buffers back.
        neuron_ws_SSL_CTX_set_mode(
            pointer, Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        // A read comes back after each message that is no data (KeyUpdate, ticket), so that they can be counted.
        neuron_ws_SSL_CTX_clear_mode(pointer, Int(SSL_MODE_AUTO_RETRY))
        // RFC 9325 section 3.5: no renegotiation; section 3.3: no compression.
        SSL_CTX_set_options(pointer, neuron_ws_SSL_OP_NO_RENEGOTIATION() | neuron_ws_SSL_OP_NO_COMPRESSION())
        // Not SSL_CTX_set_read_ahead: our BIO reads from memory, where asking twice per record costs nothing, but
        // reading ahead makes OpenSSL move the beginning of each next record.
        SSL_CTX_set_client_cert_cb(pointer) { ssl, _, _ in
            if let session = TLSSession.of(ssl) { session.certificateWasRequested() }
            return 0
        }
        // RFC 8446 section 4.6.2: a server may ask for the certificate when it has seen which path is wanted.
        SSL_CTX_set_post_handshake_auth(pointer, 1)
        // Nothing is kept by OpenSSL itself, which would share it among nodes.
        neuron_ws_SSL_CTX_set_session_cache_mode(
            pointer, Int(SSL_SESS_CACHE_CLIENT) | Int(SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(pointer) { ssl, session in
            guard let owner = TLSSession.of(ssl) else { return 0 }
            owner.keep(session)
            return 1
        }
        SSL_CTX_set_info_callback(pointer) { ssl, place, value in
            guard place == SSL_CB_WRITE_ALERT, value & 0xff == SSL_AD_NO_RENEGOTIATION else { return }
            TLSSession.of(ssl)?.renegotiationWasRefused()
        }
    }

    /// The largest Diffie-Hellman group over integers that is taken, bits. One of 8192 bits takes the loop a fifth of
    /// a second for each handshake, and all nodes with it; none is safer than the elliptic ones that go before.
    static let groupBitsMax: Int32 = 4096

    private typealias SecurityCallback =
        @convention(c) (
            OpaquePointer?, OpaquePointer?, Int32, Int32, Int32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
        ) -> Int32

    /// What OpenSSL asks by itself, from its security level.
    private static let standardSecurity: SecurityCallback? = {
        guard let context = SSL_CTX_new(TLS_client_method()) else { return nil }
        defer { SSL_CTX_free(context) }
        return SSL_CTX_get_security_callback(context)
    }()

    private func limitGroups() {
        SSL_CTX_set_security_callback(pointer) { ssl, context, operation, bits, number, other, extra in
            if operation == neuron_ws_SSL_SECOP_CURVE_SUPPORTED(), number == NID_ffdhe6144 || number == NID_ffdhe8192 {
                return 0
            }
            if operation == neuron_ws_SSL_SECOP_TMP_DH(), let other {
                let groupBits = EVP_PKEY_get_bits(OpaquePointer(other))
                if groupBits > TLSContext.groupBitsMax {
                    TLSSession.of(ssl)?.refused(groupBits: groupBits)
                    return 0
                }
            }
            return TLSContext.standardSecurity?(ssl, context, operation, bits, number, other, extra) ?? 1
        }
    }

    private func setProtocol(_ settings: TLSSettings) throws(TLSConfigurationError) {
        let minimum = settings.minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        guard neuron_ws_SSL_CTX_set_min_proto_version(pointer, minimum) == 1 else {
            throw TLSConfigurationError(
                key: "tls-min-version", detail: "is not supported by this OpenSSL: \(TLSErrors.lastText())")
        }
        if let ciphers = settings.ciphers { try setCiphers(ciphers) }
        if settings.alpn.isEmpty { return }
        var wire: [UInt8] = []
        for name in settings.alpn {
            // RFC 7301 section 3.1: each name has 1 to 255 bytes.
            guard (1...255).contains(name.utf8.count) else {
                throw TLSConfigurationError(key: "tls-alpn", detail: "holds a name that has not 1 to 255 bytes")
            }
            wire.append(UInt8(name.utf8.count))
            wire.append(contentsOf: name.utf8)
        }
        guard wire.count <= 0xffff, SSL_CTX_set_alpn_protos(pointer, wire, UInt32(wire.count)) == 0 else {
            throw TLSConfigurationError(key: "tls-alpn", detail: "is too long")
        }
    }

    private func setCiphers(_ text: String) throws(TLSConfigurationError) {
        var suites = ""
        var list = ""
        let separators: [UInt8] = [UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: " ")]
        for bytes in Array(text.utf8).split(whereSeparator: { separators.contains($0) }) {
            let name = String(decoding: bytes, as: UTF8.self)
            if bytes.starts(with: "TLS_".utf8) {
                suites += (suites.isEmpty ? "" : ":") + name
            } else {
                list += (list.isEmpty ? "" : ":") + name
            }
        }
        if suites.isEmpty && list.isEmpty { throw TLSConfigurationError(key: "tls-ciphers", detail: "is empty") }
        if !suites.isEmpty, SSL_CTX_set_ciphersuites(pointer, suites) != 1 {
            throw TLSConfigurationError(
                key: "tls-ciphers",
                detail: "names a suite of TLS 1.3 that this OpenSSL does not know: \(ForeignText(suites).shown())")
        }
        if !list.isEmpty, SSL_CTX_set_cipher_list(pointer, list) != 1 {
            throw TLSConfigurationError(
                key: "tls-ciphers",
                detail: "holds no cipher that this OpenSSL knows and allows: \(ForeignText(list).shown())")
        }
    }
}

// MARK: Authorities

extension TLSContext {
    private func setAuthorities(_ settings: TLSSettings) throws(TLSConfigurationError) {
        if let ca = settings.ca {
            try addAuthorities(ca)
        } else if settings.verify, SSL_CTX_set_default_verify_paths(pointer) != 1 {
            throw TLSConfigurationError(
                key: "ca", detail: "is not set, and the system's store cannot be used: \(TLSErrors.lastText())")
        }
        guard settings.verify else {
            SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
            return
        }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER) { isFine, storeContext in
            guard let storeContext else { return isFine }
            return TLSSession.verificationStep(isFine != 0, storeContext) ? 1 : 0
        }
    }

    private func addAuthorities(_ pem: SecretBytes) throws(TLSConfigurationError) {
        guard let store = SSL_CTX_get_cert_store(pointer) else { return }
        // An intermediate authority, or the server's own certificate, is an anchor as good as a root.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        try TLSPEM.forEachCertificate(pem, key: "ca") { certificate throws(TLSConfigurationError) in
            if X509_STORE_add_cert(store, certificate) == 1 { return }
            throw TLSConfigurationError(
                key: "ca", detail: "holds a certificate that cannot be used: \(TLSErrors.lastText())")
        }
        try addRevocationLists(pem, store)
    }

    /// RFC 5280 section 6.3. Each certificate of a chain is looked for; see `TLSSession.verificationStep` for those
    /// whose authority has no list here.
    private func addRevocationLists(_ pem: SecretBytes, _ store: OpaquePointer) throws(TLSConfigurationError) {
        try TLSPEM.forEachRevocationList(pem, key: "ca") { list throws(TLSConfigurationError) in
            guard X509_STORE_add_crl(store, list) == 1 else {
                throw TLSConfigurationError(
                    key: "ca", detail: "holds a revocation list that cannot be used: \(TLSErrors.lastText())")
            }
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
        }
    }

    /// What a name in a certificate may look like; RFC 6125 section 6.4.3.
    static func hostFlags(allowsCommonName: Bool = false) -> UInt32 {
        let partial = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        return allowsCommonName ? partial : partial | UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
    }
}

// MARK: Our own certificate

extension TLSContext {
    private func setIdentity(_ settings: TLSSettings) throws(TLSConfigurationError) {
        guard let certificate = settings.certificate else {
            if settings.key != nil || settings.keyURI != nil {
                throw TLSConfigurationError(key: "cert", detail: "is missing: key is set, and each needs the other")
            }
            return
        }
        // The first of them is ours, the others are the chain.
        var isFirst = true
        try TLSPEM.forEachCertificate(certificate, key: "cert") { link throws(TLSConfigurationError) in
            defer { isFirst = false }
            if isFirst { return try setIdentity(link, settings) }
            if neuron_ws_SSL_CTX_add1_chain_cert(pointer, link) == 1 { return }
            throw TLSConfigurationError(key: "cert", detail: "has a chain that cannot be used: \(TLSErrors.lastText())")
        }
    }

    private func setIdentity(_ own: OpaquePointer, _ settings: TLSSettings) throws(TLSConfigurationError) {
        let privateKey: OpaquePointer
        if let uri = settings.keyURI {
            privateKey = try TLSKeyStore.privateKey(uri, pin: settings.keyPassword)
        } else if let key = settings.key {
            privateKey = try TLSPEM.privateKey(key, password: settings.keyPassword)
        } else {
            throw TLSConfigurationError(key: "key", detail: "is missing: cert is set, and each needs the other")
        }
        defer { EVP_PKEY_free(privateKey) }
        // OpenSSL would report the same, but only after it had dropped one of the two.
        guard X509_check_private_key(own, privateKey) == 1 else {
            throw TLSConfigurationError(
                key: "key", detail: "does not belong to cert, whose subject is \(TLSCertificate.subject(own).shown())")
        }
        guard SSL_CTX_use_certificate(pointer, own) == 1 else {
            throw TLSConfigurationError(key: "cert", detail: "cannot be used: \(TLSErrors.lastText())")
        }
        guard SSL_CTX_use_PrivateKey(pointer, privateKey) == 1 else {
            throw TLSConfigurationError(key: "key", detail: "cannot be used: \(TLSErrors.lastText())")
        }
    }
}

// MARK: The key log

extension TLSContext {
    private func setKeyLog() throws(TLSConfigurationError) {
        guard let keyLog else { return }
        do throws(SystemError) {
            // Whether it can be written is better said now.
            try Syscalls.append(UnsafeRawBufferPointer(start: nil, count: 0), to: keyLog)
        } catch {
            throw TLSConfigurationError(
                key: "tls-keylog",
                detail: "names the file \(ForeignText(keyLog).shown(charactersMax: 255)), which cannot be written: "
                    + "\(error.text)")
        }
        SSL_CTX_set_keylog_callback(pointer) { ssl, line in
            if let line { TLSSession.of(ssl)?.logKeys(line) }
        }
    }

    /// A line of the key log, without its end. Where the file can no longer be written the connection goes on.
    func logKeys(_ line: UnsafePointer<CChar>) {
        guard let keyLog else { return }
        let text = UnsafeRawBufferPointer(start: line, count: strlen(line))
        let whole = SecretBytes.joined(SecretBytes(text), "\n")
        whole.withBytes { bytes in
            do throws(SystemError) { try Syscalls.append(bytes, to: keyLog) } catch {}
        }
    }
}
