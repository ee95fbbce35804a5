// SPDX-License-Identifier: Apache-2.0
import CLinux
import COpenSSL

/// A connection's bytes, over TCP or TLS, without ever blocking.
final class ServerStream {
    enum Outcome {
        case bytes(Int)
        /// Nothing goes now; `poll` tells when it does.
        case notNow
        /// The peer has ended its side.
        case end
        case failed(String)
    }

    let descriptor: Int32
    private var isClosed = false
    private let ssl: OpaquePointer?
    /// What TLS waits for, whichever way we wanted to go ourselves.
    private(set) var waitsForWriting = false

    /// Takes over the descriptor, which must be non-blocking.
    init(descriptor: Int32, tls: ServerTLS?) {
        self.descriptor = descriptor
        ssl = tls.flatMap { SSL_new($0.context) }
        if let ssl {
            SSL_set_fd(ssl, descriptor)
            SSL_set_accept_state(ssl)
        }
    }

    deinit {
        closeDescriptor()
        if let ssl { SSL_free(ssl) }
    }

    /// The end of the connection, on its own thread; nothing else may be called afterwards.
    func closeDescriptor() {
        guard !isClosed else { return }
        isClosed = true
        close(descriptor)
    }

    var isTLS: Bool { ssl != nil }

    /// The subject of the client's certificate, if it showed one.
    var clientCertificate: String? {
        guard let ssl, let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var space = [CChar](repeating: 0, count: 256)
        X509_NAME_oneline(X509_get_subject_name(certificate), &space, Int32(space.count))
        return space.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// TLS's handshake goes on; `.bytes(0)` when it is done.
    func shakeHands() -> Outcome {
        guard let ssl else { return .bytes(0) }
        ERR_clear_error()
        let status = SSL_do_handshake(ssl)
        return status == 1 ? .bytes(0) : outcome(ssl, status)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        guard let ssl else {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            return plain(count, isReading: true)
        }
        var total = 0
        while total < buffer.count {
            var count = 0
            ERR_clear_error()
            let status = SSL_read_ex(ssl, buffer.baseAddress! + total, buffer.count - total, &count)
            guard status == 1 else {
                // What came before is handed over first; the rest shows again at the next call.
                return total > 0 ? .bytes(total) : outcome(ssl, status)
            }
            total += count
        }
        return .bytes(total)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard let ssl else {
            let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
            return plain(send(descriptor, bytes.baseAddress, bytes.count, flags), isReading: false)
        }
        var count = 0
        ERR_clear_error()
        let status = SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
        return status == 1 ? .bytes(count) : outcome(ssl, status)
    }

    /// Whether TLS holds bytes that `poll` does not know of.
    var hasBufferedBytes: Bool { ssl.map { SSL_has_pending($0) == 1 } ?? false }

    /// Ends our side; the peer's may still come.
    func finish() {
        if let ssl { SSL_shutdown(ssl) }
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The next close of the descriptor is an RST.
    func armReset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // TLS must not send its own farewell.
        if let ssl { SSL_set_quiet_shutdown(ssl, 1) }
    }

    private func plain(_ count: Int, isReading: Bool) -> Outcome {
        if count > 0 { return .bytes(count) }
        if count == 0 { return isReading ? .end : .bytes(0) }
        let number = __errno_location().pointee
        if number == EAGAIN || number == EINTR { return .notNow }
        return .failed(String(cString: strerror(number)))
    }

    private func outcome(_ ssl: OpaquePointer, _ status: Int32) -> Outcome {
        waitsForWriting = false
        switch SSL_get_error(ssl, status) {
        case SSL_ERROR_WANT_READ: return .notNow
        case SSL_ERROR_WANT_WRITE:
            waitsForWriting = true
            return .notNow
        case SSL_ERROR_ZERO_RETURN: return .end
        default: return .failed(ServerTLS.lastError("TLS").message)
        }
    }
}
