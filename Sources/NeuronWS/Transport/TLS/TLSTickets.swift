// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// One TLS session that another connection may go on with. OpenSSL wipes its secrets when the last reference goes.
final class TLSTicket {
    let pointer: OpaquePointer

    /// Takes a reference over.
    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { SSL_SESSION_free(pointer) }
}

/// The sessions to go on with, the newest of each peer, for as long as the settings stay what they are: whom a session
/// is with was checked by them. Each is used once (RFC 8446 §C.4). Any thread.
final class TLSTickets: @unchecked Sendable {
    /// Servers that a node has, and proxies: more than a few are none's.
    static let countMax = 16

    private let lock = Lock()
    /// The newest last.
    private var entries: [(peer: TLSPeer, ticket: TLSTicket)] = []

    func put(_ ticket: TLSTicket, for peer: TLSPeer) {
        lock.withLock {
            entries.removeAll { $0.peer == peer }
            if entries.count >= Self.countMax { entries.removeFirst() }
            entries.append((peer, ticket))
        }
    }

    /// Nil: there is none, it is too old, or the certificate that it stands for has ended meanwhile: nobody looks at
    /// that when a session goes on.
    func take(for peer: TLSPeer, atSeconds seconds: Int64) -> TLSTicket? {
        let taken: TLSTicket? = lock.withLock {
            guard let index = entries.firstIndex(where: { $0.peer == peer }) else { return nil }
            return entries.remove(at: index).ticket
        }
        guard let taken, SSL_SESSION_is_resumable(taken.pointer) == 1,
            let certificate = SSL_SESSION_get0_peer(taken.pointer)
        else { return nil }
        let end = TLSCertificate.notAfterSeconds(certificate)
        return end > seconds ? taken : nil
    }

    var count: Int { lock.withLock { entries.count } }
}
