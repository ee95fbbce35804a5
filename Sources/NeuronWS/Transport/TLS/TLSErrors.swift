// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import NodeCore
import WebSocketCore

/// OpenSSL's errors as transport errors.
enum TLSErrors {
    /// The text of the queue's last error, "unknown error" if it is empty. Leaves the queue as it is.
    static func lastText() -> String {
        text(ERR_peek_last_error())
    }

    /// Whether the queue tells of memory that was not there. Leaves the queue as it is.
    static var areOfMemory: Bool {
        // The cause is the first; where it was passed on by old code it may be the last.
        [ERR_peek_error(), ERR_peek_last_error()].contains { ERR_GET_REASON($0) == neuron_ws_ERR_R_MALLOC_FAILURE() }
    }

    private static func text(_ code: UInt) -> String {
        guard let reason = ERR_reason_error_string(code) else { return "unknown error" }
        return String(cString: reason)
    }

    /// A handshake, a read or a write failed. Empties the thread's error queue.
    static func take(_ facts: TLSFailureFacts) -> TransportError {
        // The first error is the cause; later ones say where it was passed on.
        let code = ERR_peek_error()
        let error = error(code, facts)
        ERR_clear_error()
        return error
    }

    private static func error(_ code: UInt, _ facts: TLSFailureFacts) -> TransportError {
        if let failure = facts.verification { return verification(failure, facts) }
        if let bits = facts.refusedGroupBits {
            return TransportError(
                .tlsProtocol,
                "\(facts.peer) exchanges keys with a Diffie-Hellman group of \(bits) bits, at most "
                    + "\(TLSContext.groupBitsMax) are taken here: let it use ECDHE or a smaller group")
        }
        // Each of OpenSSL's libraries counts its reasons for itself.
        let reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0
        // The peer's alerts are reasons above 1000 (SSL_AD_REASON_OFFSET).
        if reason > 1000, reason < 1256 { return alert(reason - 1000, facts) }
        if facts.isHandshaking, let first = facts.firstByte, !isTLSRecord(first) { return notTLS(facts) }
        switch reason {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST:
            return facts.isHandshaking
                ? notTLS(facts) : TransportError(.tlsProtocol, "\(facts.peer) broke TLS: \(text(code))")
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_PROTOCOLS_AVAILABLE:
            return TransportError(
                .tlsProtocol,
                "\(facts.peer) speaks only TLS versions that are not allowed here (\(text(code))): "
                    + "update the server, or look at tls-min-version")
        default:
            let what = facts.isHandshaking ? "the TLS handshake with \(facts.peer) failed" : "\(facts.peer) broke TLS"
            return TransportError(.tlsProtocol, "\(what): \(text(code))")
        }
    }

    /// RFC 8446 section 5.1: the content types are 20 to 23, and 24 of RFC 6520.
    private static func isTLSRecord(_ byte: UInt8) -> Bool {
        (20...24).contains(byte)
    }

    private static func notTLS(_ facts: TLSFailureFacts) -> TransportError {
        let (plain, secure) = facts.isProxy ? ("http://", "https://") : ("ws://", "wss://")
        return TransportError(
            .tlsNotTLS,
            "what answers on \(facts.peer) does not speak TLS: use \(plain) in place of \(secure), or another port")
    }

    // MARK: Alerts (RFC 8446 section 6)

    private static func alert(_ number: Int32, _ facts: TLSFailureFacts) -> TransportError {
        let start = "\(facts.peer) ended TLS with the alert \"\(alertName(number))\" (\(number))"
        if facts.unmetWish == .renegotiation, !facts.isHandshaking {
            return TransportError(.tlsClientCertificateRequired, "\(start). \(UnmetWish.renegotiation.text)")
        }
        switch number {
        case SSL_AD_CERTIFICATE_REQUIRED:
            return TransportError(
                .tlsClientCertificateRequired, start + ": the server wants a client certificate, set cert and key")
        case SSL_AD_HANDSHAKE_FAILURE, SSL_AD_BAD_CERTIFICATE, SSL_AD_NO_CERTIFICATE:
            // TLS 1.2 has no alert of its own for a missing certificate.
            if facts.unmetWish == .clientCertificate {
                return TransportError(
                    .tlsClientCertificateRequired,
                    start + ": the server asked for a client certificate, set cert and key")
            }
            if facts.hasCertificate && number != SSL_AD_HANDSHAKE_FAILURE { return rejected(start) }
            return TransportError(
                .tlsProtocol,
                start + ": nothing in common; look at tls-ciphers, tls-min-version and tls-server-name")
        case SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
            SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED:
            return facts.hasCertificate ? rejected(start) : TransportError(.tlsProtocol, start)
        case SSL_AD_PROTOCOL_VERSION:
            return TransportError(.tlsProtocol, start + ": no TLS version in common, look at tls-min-version")
        case SSL_AD_UNRECOGNIZED_NAME:
            return TransportError(
                .tlsProtocol, start + ": the server does not know the name it was asked for, look at tls-server-name")
        case SSL_AD_NO_APPLICATION_PROTOCOL:
            return TransportError(.tlsProtocol, start + ": no application protocol in common, look at tls-alpn")
        default:
            return TransportError(.tlsProtocol, start)
        }
    }

    static func alertName(_ number: Int32) -> String {
        switch number {
        // OpenSSL 3.0 calls those of TLS 1.3 and ALPN unknown.
        case SSL_AD_MISSING_EXTENSION: "missing extension"
        case SSL_AD_CERTIFICATE_REQUIRED: "certificate required"
        case SSL_AD_NO_APPLICATION_PROTOCOL: "no application protocol"
        default: SSL_alert_desc_string_long(number).map { String(cString: $0) } ?? "unknown"
        }
    }

    private static func rejected(_ start: String) -> TransportError {
        TransportError(
            .tlsClientCertificateRejected,
            start + ": it does not accept the client certificate in cert; check its dates and its authority")
    }

    // MARK: Verification (RFC 5280)

    private static func verification(_ failure: TLSVerificationFailure, _ facts: TLSFailureFacts) -> TransportError {
        let whose =
            failure.depth == 0
            ? "the certificate of \(facts.peer)" : "an authority's certificate in the chain of \(facts.peer)"
        let start = "\(whose) (\(failure.subject.shown()))"
        let byWhom = "issued by \(failure.issuer.shown())"
        switch failure.code {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return TransportError(
                .tlsExpired,
                "\(start) expired at \(failure.notAfter)"
                    + (facts.timeFloor.map { floor in
                        ", before the setting tls-time-floor (\(floor)), as of which it is checked because this host's "
                            + "clock is behind that: renew it, or set an earlier tls-time-floor"
                    } ?? ": renew it, or check this host's clock"))
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return TransportError(
                .tlsNotYetValid,
                "\(start) is valid only from \(failure.notBefore): check this host's clock, which may be wrong")
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let name = facts.serverName
            let isAddress = SocketAddress(literal: name, port: 0) != nil
            let mismatch = failure.names.mismatch(name, isAddress: isAddress, isVerifyName: facts.isVerifyName)
            return TransportError(.tlsWrongName, "\(start) \(mismatch)")
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return TransportError(
                .tlsSelfSigned, "\(start) is signed by itself: if it is the right one, set it as ca")
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return TransportError(
                .tlsUnknownAuthority,
                "\(start), \(byWhom), comes from no authority that is trusted here: "
                    + "set that authority's certificate as ca")
        case X509_V_ERR_CERT_REVOKED:
            return TransportError(.tlsRevoked, "\(start) was revoked by its authority: the server needs a new one")
        case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
            X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, X509_V_ERR_DIFFERENT_CRL_SCOPE,
            X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
            return TransportError(.tlsVerification, "\(start) \(revocation(failure))")
        case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_CA, X509_V_ERR_PATH_LENGTH_EXCEEDED,
            X509_V_ERR_KEYUSAGE_NO_CERTSIGN, X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION,
            X509_V_ERR_CERT_REJECTED:
            return TransportError(
                .tlsPurpose, "\(start) may not be used for a server: \(text(verification: failure.code))")
        default:
            return TransportError(
                .tlsVerification, "\(start), \(byWhom), was not accepted: \(text(verification: failure.code))")
        }
    }

    /// The lists in ca cannot say whether a certificate was revoked.
    private static func revocation(_ failure: TLSVerificationFailure) -> String {
        let issuer = failure.issuer.shown()
        return switch failure.code {
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            "may be revoked: ca holds revocation lists, but none of \(issuer). Add it, or take all of them out"
        case X509_V_ERR_CRL_HAS_EXPIRED:
            "may be revoked: the list of \(issuer) in ca is out of date. Put its present one in, or check this "
                + "host's clock"
        case X509_V_ERR_CRL_NOT_YET_VALID:
            "may be revoked: the list of \(issuer) in ca is not valid yet: check this host's clock"
        default:
            "may be revoked: the list of \(issuer) in ca cannot be used "
                + "(\(text(verification: failure.code))). Put its present one in"
        }
    }

    private static func text(verification code: Int32) -> String {
        guard let text = X509_verify_cert_error_string(Int(code)) else { return "error \(code)" }
        return String(cString: text)
    }
}

/// What is known about a connection when TLS fails on it.
struct TLSFailureFacts {
    /// Host and port.
    let peer: String
    /// It is a proxy.
    let isProxy: Bool
    /// As of when the setting tls-time-floor has certificates checked, in place of this host's clock; nil: that counts.
    let timeFloor: String?
    /// The name that the certificate must bear, and whether the setting tls-verify-name says so.
    let serverName: String
    let isVerifyName: Bool
    let isHandshaking: Bool
    let hasCertificate: Bool
    let unmetWish: UnmetWish?
    /// The first byte that the peer ever sent.
    let firstByte: UInt8?
    let verification: TLSVerificationFailure?
    /// A Diffie-Hellman group that was too large.
    let refusedGroupBits: Int32?
}
