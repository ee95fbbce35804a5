// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import NodeCore
import WebSocketCore

/// One TLS connection as bytes in, bytes out: it never sees a descriptor. Loop-bound.
///
/// Ciphertext comes in by `feed`, which lends the loop's receive buffer until the next `feed`, and goes out by
/// `output`. Plaintext counts as sent when the record that carries it was sent to its last byte.
final class TLSSession {
    /// The largest plaintext of a record (RFC 8446 section 5.1).
    private static let recordBytesMax = 16_384
    /// More than header, explicit nonce, tag, padding and content type of any cipher take.
    private static let recordOverheadMax = 512
    /// Messages of TLS itself (KeyUpdates, tickets, alerts) that one turn deals with: each takes up to 30 microseconds.
    static let messagesPerTurn = 64
    /// With less room than this it is not worth calling the owner for more.
    static let outputRoomWorthTelling = 64 * 1024

    private let context: TLSContext
    private let ssl: OpaquePointer
    private let whom: TLSPeer
    private var peer: String { whom.text }
    /// To go on with, next time, once the peer is confirmed; of several the newest.
    private var ticket: TLSTicket?
    private var isConfirmed = false
    private var isHandshaking = true
    private var certificateRequested = false
    private var renegotiationRefused = false
    private var firstByte: UInt8?
    private var verificationFailure: TLSVerificationFailure?
    private var refusedGroupBits: Int32?
    /// The name or address that the certificate must bear, as it stands in one.
    let nameAskedFor: String
    let isAddressAskedFor: Bool
    /// The certificate bears it as its common name alone (setting tls-allow-cn).
    var isKnownByCommonName = false
    private(set) var facts: TLSFacts?
    /// A write that OpenSSL refused; nothing can be written after it.
    private(set) var failure: TransportError?

    private var incoming: UnsafePointer<UInt8>?
    private var incomingCount = 0
    /// OpenSSL asked for more than was lent.
    private var wasStarved = false
    private let outgoing: TLSOutput
    /// OpenSSL encrypts data of ours; all else that it writes is an answer to the peer.
    private var isWritingData = false

    private init(_ context: TLSContext, _ ssl: OpaquePointer, _ peer: TLSPeer, pool: BufferPool) {
        self.context = context
        self.ssl = ssl
        whom = peer
        isAddressAskedFor = SocketAddress(literal: peer.certificateName, port: 0) != nil
        nameAskedFor = peer.certificateName(isAddress: isAddressAskedFor)
        outgoing = TLSOutput(pool: pool)
    }

    deinit {
        SSL_free(ssl)
    }

    static func make(
        _ context: TLSContext, _ peer: TLSPeer, pool: BufferPool
    ) -> Result<TLSSession, TransportError> {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let ssl = SSL_new(context.pointer) else { return .failure(internalError(peer.text)) }
        // From here on the session frees what was made.
        let session = TLSSession(context, ssl, peer, pool: pool)
        guard let bio = TLSBIO.make(for: session) else { return .failure(internalError(peer.text)) }
        SSL_set_bio(ssl, bio, bio)
        guard SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(session).toOpaque()) == 1, session.setNames()
        else { return .failure(internalError(peer.text)) }
        session.setTime()
        if !peer.showsCertificate { SSL_certs_clear(ssl) }
        if let ticket = context.tickets.take(for: peer, atSeconds: session.checkSeconds) {
            // One that is refused is no loss: the handshake is a whole one then.
            SSL_set_session(ssl, ticket.pointer)
        }
        SSL_set_connect_state(ssl)
        return .success(session)
    }

    private static func internalError(_ peer: String) -> TransportError {
        TransportError(.tlsInternal, "TLS for \(peer) cannot be set up: \(TLSErrors.lastText())")
    }

    private func setNames() -> Bool {
        // RFC 6066 section 3: no IP addresses in SNI.
        if SocketAddress(literal: whom.name, port: 0) == nil,
            neuron_ws_SSL_set_tlsext_host_name(ssl, TLSPeer.bare(whom.name, isAddress: false)) != 1
        {
            return false
        }
        if isAddressAskedFor { return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), nameAskedFor) == 1 }
        SSL_set_hostflags(ssl, TLSContext.hostFlags(allowsCommonName: allowsCommonName))
        return SSL_set1_host(ssl, nameAskedFor) == 1
    }

    /// As of when certificates are checked, Unix time: now, or the setting tls-time-floor where the clock is before it.
    private var checkSeconds: Int64 { timeFloor ?? Clock.wallMilliseconds / 1000 }

    private var timeFloor: Int64? { context.timeFloor.flatMap { Clock.wallMilliseconds / 1000 < $0 ? $0 : nil } }

    private func setTime() {
        guard let floor = timeFloor else { return }
        X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), time_t(clamping: floor))
    }
}

@available(*, unavailable)
extension TLSSession: Sendable {}

// MARK: Bytes in

extension TLSSession {
    /// Lends ciphertext: the bytes must stay until they are replaced by the next call, with an empty buffer at last.
    func feed(_ bytes: UnsafeRawBufferPointer) {
        incoming = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        incomingCount = bytes.count
        if firstByte == nil { firstByte = bytes.first }
    }

    /// What was lent and not yet decrypted.
    var unreadBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: incoming, count: incomingCount) }

    func handshake() -> TLSHandshakeProgress {
        ERR_clear_error()
        var status: Int32
        repeat {
            wasStarved = false
            status = SSL_do_handshake(ssl)
        } while status != 1 && SSL_get_error(ssl, status) == SSL_ERROR_WANT_READ && !wasStarved
        if status == 1 {
            isHandshaking = false
            return finishHandshake()
        }
        switch SSL_get_error(ssl, status) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        default: return .failed(takeError())
        }
    }

    /// Decrypts as much as fits.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSReadResult {
        ERR_clear_error()
        var filled = 0
        var messages = 0
        // A record that does not fit would be cut; that is allowed, but costs another call.
        while filled < buffer.count {
            var count = 0
            wasStarved = false
            let status = SSL_read_ex(ssl, buffer.baseAddress! + filled, buffer.count - filled, &count)
            if status == 1 {
                filled += count
                continue
            }
            switch SSL_get_error(ssl, status) {
            case SSL_ERROR_WANT_READ where !wasStarved:
                messages += 1
                if messages >= Self.messagesPerTurn { return TLSReadResult(count: filled, end: .turnOver) }
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
                // With a message of TLS's own, a ticket, OpenSSL takes a send buffer as well, 16 KB, and keeps it
                // until something is sent.
                if messages > 0 { SSL_free_buffers(ssl) }
                let end = outgoing.isFloodedWithAnswers ? TLSReadResult.End.failed(floodedError()) : .needsMore
                return TLSReadResult(count: filled, end: end)
            case SSL_ERROR_ZERO_RETURN: return TLSReadResult(count: filled, end: .closed)
            default: return TLSReadResult(count: filled, end: .failed(takeError()))
            }
        }
        return TLSReadResult(count: filled, end: .bufferFull)
    }

    private func floodedError() -> TransportError {
        TransportError(
            .tlsProtocol,
            "\(peer) made TLS answer again and again and did not read the answers: more than "
                + "\(TLSOutput.answerBytesMax / 1024) KiB of them wait. No sound server does that")
    }

    /// The peer sent FIN, and no close_notify before it.
    func endOfStream(isHandshaking: Bool) -> TransportError {
        guard isHandshaking else {
            return TransportError(
                .tlsTruncated, "\(peer) ended the connection without TLS's close_notify: it broke off, or was cut off")
        }
        if certificateRequested {
            return TransportError(
                .tlsClientCertificateRequired,
                "\(peer) asked for a client certificate and closed when there was none: set cert and key")
        }
        if firstByte == nil {
            return TransportError(
                .endOfStream,
                "\(peer) closed the connection at the start of the TLS handshake: does it speak TLS on this port? "
                    + "If not, use ws://; if so, look at tls-min-version and tls-server-name")
        }
        return TransportError(
            .endOfStream, "\(peer) closed the connection in the middle of the TLS handshake: the server's log says why")
    }

    private func finishHandshake() -> TLSHandshakeProgress {
        guard let certificate = SSL_get0_peer_certificate(ssl) else {
            return .failed(TransportError(.tlsProtocol, "\(peer) has no certificate"))
        }
        var protocolStart: UnsafePointer<UInt8>?
        var protocolCount: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &protocolStart, &protocolCount)
        let alpn = UnsafeBufferPointer(start: protocolStart, count: Int(protocolCount))
        let facts = TLSFacts(
            version: String(cString: SSL_get_version(ssl)),
            cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "?",
            alpn: alpn.isEmpty ? nil : ForeignText(alpn),
            peerSubject: TLSCertificate.subject(certificate),
            peerNotAfterSeconds: TLSCertificate.notAfterSeconds(certificate),
            peerIssuer: TLSCertificate.issuer(certificate),
            chainLength: UInt32(max(0, neuron_ws_sk_X509_num(SSL_get_peer_cert_chain(ssl)))),
            peerKeySHA256: TLSCertificate.keySHA256(certificate), isVerified: context.verifies,
            isKnownByCommonName: isKnownByCommonName, isResumed: SSL_session_reused(ssl) == 1)
        if !whom.isProxy, !context.pins.isEmpty, !context.pins.contains(facts.peerKeySHA256) {
            return .failed(
                TransportError(
                    .tlsVerification,
                    "the certificate of \(peer) (\(facts.peerSubject.shown())) has none of the public keys in "
                        + "tls-pins: its key is sha256/\(Base64.encode(facts.peerKeySHA256)). The server has a new "
                        + "key, or somebody sits in between: ask who runs it before you pin this one"))
        }
        // RFC 5077: before TLS 1.3 the same ticket may be used again, and a new one need not come.
        if facts.isResumed, SSL_version(ssl) < TLS1_3_VERSION { keep(SSL_get1_session(ssl)) }
        self.facts = facts
        return .done
    }

    private func takeError() -> TransportError {
        if outgoing.isOutOfMemory { return .noMemory("what TLS has to send", peer) }
        return TLSErrors.take(
            TLSFailureFacts(
                peer: peer, isProxy: whom.isProxy,
                timeFloor: timeFloor.map { WallTime.text(milliseconds: $0 &* 1000) },
                serverName: whom.certificateName, isVerifyName: whom.verifyName != nil,
                isHandshaking: isHandshaking, hasCertificate: context.hasCertificate, unmetWish: unmetWish,
                firstByte: firstByte, verification: verificationFailure, refusedGroupBits: refusedGroupBits))
    }
}

// MARK: Bytes out

extension TLSSession {
    /// Encrypts into the output buffer as much as it has room for, whole records at a time; the bytes taken.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard failure == nil, let start = bytes.baseAddress else { return 0 }
        ERR_clear_error()
        var taken = 0
        while taken < bytes.count {
            let count = min(bytes.count - taken, Self.recordBytesMax)
            if outgoing.room < count + Self.recordOverheadMax { break }
            var written = 0
            isWritingData = true
            let status = SSL_write_ex(ssl, start + taken, count, &written)
            isWritingData = false
            guard status == 1 else {
                failure = takeError()
                break
            }
            taken += written
            outgoing.recordEnded(plaintextBytes: written)
        }
        return taken
    }

    /// Writes close_notify (RFC 8446 section 6.1).
    func finish() {
        ERR_clear_error()
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    var hasOutput: Bool {
        outgoing.count > 0
    }

    /// Ciphertext to be sent; valid until the next call of anything.
    var output: UnsafeRawBufferPointer {
        outgoing.bytes
    }

    var outputRoom: Int {
        outgoing.room
    }

    var plaintextBytesTaken: UInt64 {
        outgoing.plaintextBytesTaken
    }

    var plaintextBytesSent: UInt64 {
        outgoing.plaintextBytesSent
    }

    /// The kernel has taken so many bytes of the output.
    func outputSent(_ count: Int) {
        outgoing.sent(count)
    }

    /// So many bytes of the output are another layer's plaintext now.
    func outputMoved(_ count: Int) {
        outgoing.moved(count)
    }

    /// The kernel has taken the output up to there, wrapped in another layer's.
    func outputSettled(through end: UInt64) {
        outgoing.settled(through: end)
    }

    /// The connection is over: what was not sent never will be.
    func releaseOutput() {
        outgoing.release()
    }
}

// MARK: What OpenSSL calls back

extension TLSSession {
    static func of(_ ssl: OpaquePointer?) -> TLSSession? {
        guard let ssl, let raw = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<TLSSession>.fromOpaque(raw).takeUnretainedValue()
    }

    /// A session that the next connection may go on with; one reference of it is taken over.
    func keep(_ session: OpaquePointer?) {
        guard let session else { return }
        ticket = TLSTicket(session)
        if isConfirmed { storeTicket() }
    }

    /// The peer does what it is wanted for. Before that no session is kept: where a server refuses, the next handshake
    /// has to show again what it asked for.
    func confirm() {
        isConfirmed = true
        storeTicket()
    }

    private func storeTicket() {
        guard let ticket, unmetWish == nil else { return }
        self.ticket = nil
        context.tickets.put(ticket, for: whom)
    }

    func logKeys(_ line: UnsafePointer<CChar>) { context.logKeys(line) }

    func certificateWasRequested() {
        certificateRequested = true
    }

    func renegotiationWasRefused() {
        renegotiationRefused = true
    }

    /// The server wanted to know who we are, and was not told.
    var unmetWish: UnmetWish? {
        if certificateRequested { return .clientCertificate }
        return renegotiationRefused ? .renegotiation : nil
    }

    /// The first failure is the cause.
    func verificationFailed(_ failure: TLSVerificationFailure) {
        if verificationFailure == nil { verificationFailure = failure }
    }

    func refused(groupBits: Int32) {
        refusedGroupBits = groupBits
    }

    var allowsCommonName: Bool { context.allowsCommonName }

    /// Serves OpenSSL from the bytes that were lent; how many it got, 0: there are none. None either when too many
    /// answers wait, so that one turn's bytes cannot bring about many more.
    func takeIncoming(_ space: UnsafeMutableRawPointer, _ size: Int) -> Int {
        guard let start = incoming, incomingCount > 0, isHandshaking || !outgoing.isFloodedWithAnswers else {
            wasStarved = true
            return 0
        }
        let count = min(size, incomingCount)
        space.copyMemory(from: start, byteCount: count)
        incoming = start + count
        incomingCount -= count
        return count
    }

    /// False: there is no memory for them.
    func appendOutgoing(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        outgoing.append(UnsafeRawBufferPointer(start: bytes, count: count), isAnswer: !isWritingData)
    }
}
