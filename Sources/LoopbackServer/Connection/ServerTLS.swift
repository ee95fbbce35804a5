// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The server's side of TLS: certificate, key, and whose clients are let in.
final class ServerTLS: @unchecked Sendable {
    let context: OpaquePointer

    private init(context: OpaquePointer) { self.context = context }

    deinit { SSL_CTX_free(context) }

    static func make(
        certificatePEM: String, keyPEM: String, clientAuthorityPEM: String?
    ) throws(ServerError) -> ServerTLS {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw lastError("no TLS") }
        let tls = ServerTLS(context: context)
        neuron_ws_SSL_CTX_set_mode(
            context, Int(SSL_MODE_ENABLE_PARTIAL_WRITE) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        // Many records per system call.
        SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, nil)
        SSL_CTX_set_default_read_buffer_len(context, 256 * 1024)
        try tls.useCertificate(certificatePEM)
        try tls.useKey(keyPEM)
        if let clientAuthorityPEM { try tls.requireClients(of: clientAuthorityPEM) }
        return tls
    }

    private func useCertificate(_ pem: String) throws(ServerError) {
        let chain = Self.certificates(pem)
        defer {
            for certificate in chain { X509_free(certificate) }
        }
        guard let first = chain.first else { throw Self.lastError("the certificate is no PEM") }
        guard SSL_CTX_use_certificate(context, first) == 1 else { throw Self.lastError("the certificate is no good") }
        for certificate in chain.dropFirst() { _ = neuron_ws_SSL_CTX_add1_chain_cert(context, certificate) }
    }

    private func useKey(_ pem: String) throws(ServerError) {
        let bio = Self.memory(pem)
        defer { BIO_free(bio) }
        guard let key = PEM_read_bio_PrivateKey(bio, nil, nil, nil) else { throw Self.lastError("the key is no PEM") }
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1 else {
            throw Self.lastError("the key does not belong to the certificate")
        }
    }

    private func requireClients(of authorityPEM: String) throws(ServerError) {
        let authorities = Self.certificates(authorityPEM)
        defer {
            for authority in authorities { X509_free(authority) }
        }
        guard !authorities.isEmpty else { throw Self.lastError("the clients' authority is no PEM") }
        for authority in authorities {
            X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority)
            SSL_CTX_add_client_CA(context, authority)
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    private static func certificates(_ pem: String) -> [OpaquePointer] {
        let bio = memory(pem)
        defer { BIO_free(bio) }
        var found: [OpaquePointer] = []
        while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(certificate) }
        if !found.isEmpty { ERR_clear_error() }
        return found
    }

    private static func memory(_ text: String) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        var copy = text
        copy.withUTF8 { _ = BIO_write(bio, $0.baseAddress, Int32(clamping: $0.count)) }
        return bio
    }

    static func lastError(_ what: String) -> ServerError {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return ServerError(message: what) }
        return ServerError(message: "\(what): \(String(cString: reason))")
    }
}
