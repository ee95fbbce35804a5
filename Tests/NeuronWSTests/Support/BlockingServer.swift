// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL
import Testing

@testable import NeuronWS

/// One accepted connection with blocking calls, plain or over TLS.
final class ServerConnection: @unchecked Sendable {
    let descriptor: Int32
    private var ssl: OpaquePointer?
    /// Below that, in TLS within TLS. It goes with it.
    private var outer: OpaquePointer?
    private let lock = Lock()
    private var isEnded = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// False: the handshake failed. The second time: TLS within the first one.
    func secure(_ context: ServerTLS) -> Bool {
        let ssl = SSL_new(context.pointer)
        if let outer = self.ssl {
            self.outer = outer
            let bio = BIO_new(BIO_f_ssl())
            // BIO_set_ssl is a macro: 109 is BIO_C_SET_SSL, 1 is BIO_CLOSE.
            BIO_ctrl(bio, 109, 1, UnsafeMutableRawPointer(outer))
            SSL_set_bio(ssl, bio, bio)
        } else {
            SSL_set_fd(ssl, descriptor)
        }
        self.ssl = ssl
        let status = SSL_accept(ssl)
        ERR_clear_error()
        return status == 1
    }

    /// Empty: the end.
    func read(_ bytesMax: Int = 65_536) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bytesMax) { space, count in
            if let ssl {
                count = Int(max(0, SSL_read(ssl, space.baseAddress, Int32(bytesMax))))
                ERR_clear_error()
            } else {
                count = max(0, recv(descriptor, space.baseAddress, bytesMax, 0))
            }
        }
    }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { space -> Int in
                let start = space.baseAddress! + sent
                if let ssl { return Int(SSL_write(ssl, start, Int32(bytes.count - sent))) }
                return send(descriptor, start, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 {
                ERR_clear_error()
                return false
            }
            sent += count
        }
        return true
    }

    func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// close_notify, without waiting for the peer's.
    func shutDownTLS() {
        if let ssl { SSL_shutdown(ssl) }
    }

    /// Takes what is left of the client's, TLS or not, so that the end is no reset.
    func discard() {
        var space = [UInt8](repeating: 0, count: 4096)
        while recv(descriptor, &space, space.count, 0) > 0 {}
    }

    /// The same of the layer below, or of the only one.
    func shutDownOuterTLS() {
        if let ssl = outer ?? ssl { SSL_shutdown(ssl) }
    }

    func shutDownWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends with RST in place of FIN.
    func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Lets the client's kernel run full soon.
    func shrinkReceiveBuffer() {
        var bytes: Int32 = 2048
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// A HelloRequest (TLS 1.2), whose answer is not waited for. False: the client is gone.
    func requestRenegotiation() -> Bool {
        guard let ssl, SSL_renegotiate(ssl) == 1 else { return false }
        defer { ERR_clear_error() }
        return SSL_do_handshake(ssl) == 1
    }

    /// A KeyUpdate (TLS 1.3) that asks for another. False: the client is gone.
    func requestKeyUpdate() -> Bool { updateKey(asksForAnswer: true) }

    func updateKey(asksForAnswer: Bool) -> Bool {
        let kind = asksForAnswer ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED
        guard let ssl, SSL_key_update(ssl, kind) == 1 else { return false }
        defer { ERR_clear_error() }
        return SSL_do_handshake(ssl) == 1
    }

    /// Post-handshake authentication (TLS 1.3). False: the client does not offer it, or is gone.
    func requestClientCertificate() -> Bool {
        guard let ssl else { return false }
        defer { ERR_clear_error() }
        SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        return SSL_verify_client_post_handshake(ssl) == 1 && SSL_do_handshake(ssl) == 1
    }

    var clientSubject: String? {
        ssl.flatMap { SSL_get0_peer_certificate($0) }.map { TLSCertificate.subject($0).shown() }
    }

    /// Whatever call waits for the client returns.
    fileprivate func abort() {
        lock.withLock { if !isEnded { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    fileprivate func end() {
        lock.withLock { isEnded = true }
        if let ssl { SSL_free(ssl) }
        close(descriptor)
    }
}

/// A server's certificate and key, and whom it lets in.
final class ServerTLS: @unchecked Sendable {
    let pointer: OpaquePointer

    /// `clientCA`: only clients with a certificate of that authority are let in.
    init(
        _ identity: (certificatePEM: String, keyPEM: String), chainPEM: String? = nil, clientCA: String? = nil,
        maximumVersion: Int32 = TLS1_3_VERSION, alpn: Bool = false
    ) throws {
        pointer = try #require(SSL_CTX_new(TLS_server_method()))
        let certificate = try #require(Self.certificate(identity.certificatePEM))
        SSL_CTX_use_certificate(pointer, certificate)
        X509_free(certificate)
        if let chainPEM {
            let link = try #require(Self.certificate(chainPEM))
            _ = neuron_ws_SSL_CTX_add1_chain_cert(pointer, link)
            X509_free(link)
        }
        let bio = Self.memory(identity.keyPEM)
        let key = try #require(PEM_read_bio_PrivateKey(bio, nil, nil, nil))
        BIO_free(bio)
        try #require(SSL_CTX_use_PrivateKey(pointer, key) == 1)
        EVP_PKEY_free(key)
        _ = neuron_ws_SSL_CTX_set_max_proto_version(pointer, maximumVersion)
        if let clientCA {
            let authority = try #require(Self.certificate(clientCA))
            X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority)
            X509_free(authority)
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        if alpn {
            // Takes the client's first protocol, whatever it is.
            let take: SSL_CTX_alpn_select_cb_func = { _, out, outCount, offered, count, _ in
                guard let offered, count > 0 else { return SSL_TLSEXT_ERR_NOACK }
                out?.pointee = offered + 1
                outCount?.pointee = offered[0]
                return SSL_TLSEXT_ERR_OK
            }
            SSL_CTX_set_alpn_select_cb(pointer, take, nil)
        }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    func trustClients(of authorityPEM: String) {
        let authority = Self.certificate(authorityPEM)
        X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority)
        X509_free(authority)
    }

    /// What a server answers to these bytes of a client, as ciphertext.
    func answer(to clientHello: [UInt8]) -> [UInt8] {
        let ssl = SSL_new(pointer)
        defer { SSL_free(ssl) }
        let input = BIO_new(BIO_s_mem())
        let output = BIO_new(BIO_s_mem())
        SSL_set_bio(ssl, input, output)
        BIO_write(input, clientHello, Int32(clientHello.count))
        SSL_accept(ssl)
        ERR_clear_error()
        let length = BIO_ctrl_pending(output)
        return [UInt8](unsafeUninitializedCapacity: length) { space, count in
            count = Int(max(0, BIO_read(output, space.baseAddress, Int32(length))))
        }
    }

    private static func memory(_ text: String) -> OpaquePointer? {
        let bio = BIO_new(BIO_s_mem())
        _ = text.withCString { BIO_puts(bio, $0) }
        return bio
    }

    private static func certificate(_ pem: String) -> OpaquePointer? {
        let bio = memory(pem)
        defer { BIO_free(bio) }
        return PEM_read_bio_X509(bio, nil, nil, nil)
    }
}

/// A server on loopback with a thread per connection.
final class BlockingServer: @unchecked Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let handler: (ServerConnection) -> Void
    private var acceptor: NeuronWS.Thread?
    private let lock = Lock()
    private var threads: [NeuronWS.Thread] = []
    private var connections: [ServerConnection] = []

    /// `port` 0: a free one.
    init(
        address: String = "127.0.0.1", port wanted: UInt16 = 0, backlog: Int32 = 64,
        _ handler: @escaping (ServerConnection) -> Void
    ) throws {
        let local = try #require(SocketAddress(literal: address, port: wanted))
        descriptor = socket(local.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        do throws(SystemError) {
            try Syscalls.bind(descriptor, local)
            guard listen(descriptor, backlog) == 0 else { throw SystemError(number: EADDRINUSE, call: "listen") }
        } catch {
            close(descriptor)
            throw error
        }
        port = try #require(Syscalls.localAddress(descriptor)).port
        self.handler = handler
        acceptor = try spawn { [unowned self] in self.run() }
    }

    private func run() {
        while true {
            let accepted = accept4(descriptor, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
            if accepted < 0 { return }
            let connection = ServerConnection(accepted)
            let handler = handler
            let thread = try? spawn {
                handler(connection)
                connection.end()
            }
            guard let thread else { continue }
            lock.withLock {
                threads.append(thread)
                connections.append(connection)
            }
        }
    }

    /// Accepts nobody any more and waits for all connections to end.
    /// - Parameter abortsConnections: for a client that is gone with a window of nothing: its kernel's FIN waits behind
    ///   data that nobody reads, for minutes.
    func stop(abortsConnections: Bool = false) {
        shutdown(descriptor, Int32(SHUT_RDWR))
        acceptor?.join()
        if abortsConnections { for connection in lock.withLock({ connections }) { connection.abort() } }
        for thread in lock.withLock({ threads }) { thread.join() }
        close(descriptor)
    }
}
