// SPDX-License-Identifier: Apache-2.0
import CLinux
import WebSocketCore

/// Why a connection could not be made, or ended against the owner's will.
struct TransportError: Error, Equatable, Sendable {
    enum Kind: UInt8, Sendable, CaseIterable {
        /// The name has no address, or no name server answered.
        case dns
        case connectionRefused
        case networkUnreachable
        case hostUnreachable
        case connectTimeout
        /// ECONNRESET: the peer, or a device in between, ended the connection without a word.
        case reset
        /// EPIPE: the peer had closed when we wrote.
        case brokenPipe
        /// The peer closed where more had to come, during the TLS handshake for example.
        case endOfStream
        /// Any other errno, see `systemErrno`.
        case network

        case tlsUnknownAuthority
        case tlsSelfSigned
        case tlsExpired
        case tlsNotYetValid
        case tlsWrongName
        case tlsRevoked
        /// The certificate is not meant for a server, or a chain breaks a rule of its authority.
        case tlsPurpose
        /// Any other failure of the verification.
        case tlsVerification
        /// No agreement on versions or ciphers, an alert of the peer, a malformed record.
        case tlsProtocol
        /// The server wants a client certificate and none is set.
        case tlsClientCertificateRequired
        /// The server does not accept the client certificate.
        case tlsClientCertificateRejected
        /// What answers does not speak TLS.
        case tlsNotTLS
        /// The stream ended without close_notify: whether all has arrived is unknown (RFC 8446 section 6.1).
        case tlsTruncated
        /// OpenSSL refused to work: no memory, a broken configuration.
        case tlsInternal
    }

    let kind: Kind
    /// The errno behind it, 0 if there is none.
    let systemErrno: Int32
    /// A sentence for people: what failed, with host and port, and what to do about it.
    let detail: String

    init(_ kind: Kind, systemErrno: Int32 = 0, _ detail: String) {
        self.kind = kind
        self.systemErrno = systemErrno
        self.detail = detail
    }

    /// The process has no memory left for `what` of the connection to `peer`: ENOMEM.
    static func noMemory(_ what: String, _ peer: String) -> TransportError {
        TransportError(
            .network, systemErrno: ENOMEM,
            "the connection to \(peer) was given up: there is no memory for \(what). Give the process more")
    }

    /// With "…" for each of our secrets that a certificate's names repeat.
    func masked(by mask: SecretMask) -> TransportError {
        if mask.isEmpty { return self }
        return TransportError(
            kind, systemErrno: systemErrno, ForeignText(detail).masked(by: mask).shown(charactersMax: .max))
    }
}
