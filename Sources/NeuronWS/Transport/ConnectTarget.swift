// SPDX-License-Identifier: Apache-2.0
import NodeCore
import WebSocketCore

/// Where a stream goes and how.
struct ConnectTarget: Equatable, Sendable {
    /// A host name in ASCII or an IP address without brackets.
    var host: String
    /// The same as somebody wrote it, where that is beyond ASCII; to be shown.
    var writtenHost: String?
    var port: UInt16
    /// A socket of the file system, in place of host and port.
    var unixPath: String?
    /// True: TLS from the first byte on.
    var isSecure = false
    /// The name that is sent as SNI and that the certificate must bear, if it is not the host's.
    var serverName: String?
    /// The name that the certificate must bear, if it is not that one.
    var verifyName: String?
    /// False: our certificate is not for this one.
    var showsCertificate = true
    /// It leads to a proxy: what is asked of the server's certificate is not asked of this one's.
    var isProxy = false
    /// Whom the proxy leads to, once it has opened the way; nil: it has not, or there is none.
    var server: String?
    var ipVersion = IPVersion.any
    /// A network interface's name (SO_BINDTODEVICE); needs a right before Linux 5.7.
    var bindInterface: String?
    /// A local IP address to come from. Addresses of the other family are not tried.
    var sourceAddress: String?
    /// TCP_NODELAY.
    var noDelay = true
    /// TCP_USER_TIMEOUT: how long sent data may stay without acknowledgement, 0: the system's default.
    var userTimeoutMilliseconds = 0
    /// SO_RCVBUF and SO_SNDBUF, 0: the system's own adjustment, which is better on all but the smallest devices.
    var receiveBufferBytes = 0
    var sendBufferBytes = 0

    /// The addresses to be tried last.
    var memory = AddressMemory()
    /// How long an address may be silent before it is begun anew.
    var repeatNanoseconds = AddressRace.repeatNanoseconds

    init(host: String, port: UInt16, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// Host and port as in a URL, or the socket's path.
    var text: String {
        if let unixPath { return unixPath }
        return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(writtenHost ?? host):\(port)"
    }

    /// The name for who looks into the hosts file or asks a name server, which know the form in ASCII.
    var nameText: String { writtenHost.map { "\($0) (\(host))" } ?? host }

    /// Who may have ended a connection without a word, in an error's text.
    var whoResets: String { server != nil ? "it, the server" : isProxy ? "the proxy" : "the server" }

    /// Who is at the other end of the stream, for the text of an error.
    var peerText: String { server.map { "the proxy \(text), on the way to \($0)," } ?? text }
}

/// What a stream does before it is connected.
enum StreamPhase: Equatable, Sendable {
    /// Asking for the addresses of a name. Left out for IP addresses.
    case resolving
    case connecting
    /// The TLS handshake.
    case securing
}

/// What a connected stream has found.
struct StreamFacts: Equatable, Sendable {
    /// For example `192.168.0.7:443`.
    var peerAddress: String
    var localAddress: String
    /// Nil: no TLS.
    var tls: TLSFacts?
}

/// What the TLS handshake agreed on.
struct TLSFacts: Equatable, Sendable {
    /// For example `TLSv1.3`.
    var version: String
    /// For example `TLS_AES_256_GCM_SHA384`.
    var cipher: String
    /// The application protocol (RFC 7301), nil if none was agreed on.
    var alpn: ForeignText?
    /// The subject of the peer's certificate, for example `CN=plant.example,O=Plant`.
    var peerSubject: ForeignText
    /// When that certificate ends, Unix time in seconds; 0: the date cannot be read.
    var peerNotAfterSeconds: Int64
    /// Who issued that certificate.
    var peerIssuer: ForeignText
    /// How many certificates the peer sent, its own included.
    var chainLength: UInt32
    /// SHA-256 of the peer's public key (SubjectPublicKeyInfo), as pins have it (RFC 7469 section 2.4).
    var peerKeySHA256: [UInt8]
    /// False: verification was switched off.
    var isVerified: Bool
    /// The certificate bears the server's name as its common name alone (setting tls-allow-cn).
    var isKnownByCommonName = false
    /// An earlier session went on (RFC 8446 section 2.2): the certificate is the one that was checked then.
    var isResumed = false
}

/// Whom a TLS handshake is with.
struct TLSPeer: Equatable, Sendable {
    /// The name or IP address that it is asked for.
    var name: String
    /// The name or IP address that its certificate must bear; nil: the same.
    var verifyName: String?
    /// What error texts call it: host and port.
    var text: String
    /// Not the server, but what leads to it: pins are not meant for it.
    var isProxy = false
    /// False: our certificate is not for this one.
    var showsCertificate = true

    var certificateName: String { verifyName ?? name }

    /// The same as a certificate has it.
    func certificateName(isAddress: Bool) -> String { Self.bare(certificateName, isAddress: isAddress) }

    /// Without the zone, no part of a certificate's address; a name with a dot at its end is the same name, but
    /// certificates have none.
    static func bare(_ name: String, isAddress: Bool) -> String {
        let bytes = Array(name.utf8)
        if isAddress { return String(decoding: bytes.prefix { $0 != UInt8(ascii: "%") }, as: UTF8.self) }
        return bytes.last == UInt8(ascii: ".") ? String(decoding: bytes.dropLast(), as: UTF8.self) : name
    }
}

/// Who holds a stream. All calls come on the loop's thread; inside each of them the owner may write to the stream and
/// close it.
protocol StreamOwner: AnyObject {
    func streamEntered(_ phase: StreamPhase)
    /// The stream can be written to and will be read from. Comes a second time after `startTLS`.
    func streamConnected(_ facts: StreamFacts)
    /// Bytes of the peer, valid during the call only. The owner says how many it has taken. If that is not all, the
    /// rest is kept and nothing more is read, until the owner calls `resume`, and gets the rest first.
    func streamReceived(_ bytes: UnsafeRawBufferPointer) -> Int
    /// There is room again after `write` took less than it was given, or TLS output has drained.
    func streamWritable()
    /// The end, told once and never after `close`. Nil: the peer ended the stream in an orderly way.
    func streamClosed(_ error: TransportError?)
}
