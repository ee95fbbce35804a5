// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What TLS shall do, with certificates and keys as PEM text.
struct TLSSettings: Equatable, Sendable {
    enum Version: Equatable, Sendable { case tls12, tls13 }

    /// The authorities that are trusted, in place of the system's store. An intermediate authority or the server's own
    /// certificate will do: no chain up to a root is asked for.
    var ca: SecretBytes?
    /// The client's certificate, followed by the chain if the server needs it.
    var certificate: SecretBytes?
    var key: SecretBytes?
    var keyPassword: SecretBytes?
    /// False: any certificate is taken, and whoever sits on the wire can read and change everything.
    var verify = true
    /// A certificate without subject alternative names may bear the server's name as its common name.
    var allowsCommonName = false
    var minimumVersion = Version.tls12
    /// In OpenSSL's notation: names with `TLS_` are suites of TLS 1.3, all else is a cipher list for TLS 1.2.
    var ciphers: String?
    /// Application protocols (RFC 7301) in the order of preference, each of 1–255 bytes.
    var alpn: [String] = []
    /// SHA-256 of public keys (SubjectPublicKeyInfo), one of which the server's certificate must have. Empty: any.
    var pins: [[UInt8]] = []
    /// In place of `key`: the URI of one that a provider of OpenSSL's keeps, and `keyPassword` its PIN.
    var keyURI: SecretBytes?
    /// A file that gets each connection's secrets; nil: none.
    var keyLog: String?
    /// Unix time in seconds: certificates are checked as of then, while the clock is before it.
    var timeFloor: Int64?

    init() {}
}

/// Why TLS cannot be set up: the setting's name and a sentence that goes on from it.
struct TLSConfigurationError: Error, Equatable {
    /// For example `ca` or `keypass`.
    let key: String
    /// For example "holds a private key, not certificates".
    let detail: String
    /// There was no memory to find out.
    var isOutOfMemory = false

    static func noMemory(_ key: String) -> TLSConfigurationError {
        TLSConfigurationError(key: key, detail: "cannot be read: memory is exhausted", isOutOfMemory: true)
    }
}
