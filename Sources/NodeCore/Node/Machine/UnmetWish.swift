// SPDX-License-Identifier: Apache-2.0
/// What a server asked of us in TLS and did not get. Many servers refuse only later, by HTTP or without a word; then
/// this is what to tell.
public enum UnmetWish: Equatable, Sendable {
    /// A client certificate, at the handshake or, with TLS 1.3, after it; none is set.
    case clientCertificate
    /// A second handshake within TLS 1.2, as servers do that want a client certificate for some paths only. It is
    /// always refused (RFC 9325 §3.5).
    case renegotiation

    /// A sentence: what was asked, and what to do.
    public var text: String {
        switch self {
        case .clientCertificate:
            "The server asked for a client certificate in TLS and got none: set cert and key."
        case .renegotiation:
            "The server asked for a second TLS handshake (TLS 1.2 renegotiation), as those do that want a client "
                + "certificate only for some paths; it was refused, because it is unsafe: let the server ask in the "
                + "first handshake, or speak TLS 1.3 with it (tls-min-version 1.3), and set cert and key."
        }
    }
}
