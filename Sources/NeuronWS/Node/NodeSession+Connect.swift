import CNeuronWS
import NodeCore
import WebSocketCore

/// What `before_connect` may change for one attempt.
final class Attempt {
    var url: WebSocketURL?
    /// nil: taken away.
    var headers: [(name: String, value: String?)] = []
    var token: String?

    /// Headers that one attempt can set at most.
    static let headersMax = 64
}

extension NodeSession {
    /// Asks the host, then opens a stream.
    func connect(urlIndex: Int) {
        status.urlIndex = urlIndex
        status.clearConnection()
        httpStatus = 0
        status.url = configuration.shownURL(urlIndex)
        status.target = configuration.target(url: configuration.url(urlIndex)).text
        let isTraced = node.lock.withLock {
            node.counters.connectionAttempts &+= 1
            return node.isTraced
        }
        trace = isTraced ? ConnectionTrace() : nil
        publish()
        if isEnded { return }
        let attempt = Attempt()
        guard askHost(attempt) else { return }
        let url = attempt.url ?? configuration.url(urlIndex)
        if attempt.url != nil {
            status.url = SettingsURL.redacted(url)
            status.target = configuration.target(url: url).text
        }
        if url.isSecure, configuration.isVerifyOff {
            node.log(
                .NEURON_WS_LOG_WARN, .verifyOff,
                "\(status.url): the server's certificate is not checked (setting tls-verify is false).")
            if isEnded { return }
        }
        if url.isSecure, configuration.allowsCommonName {
            node.log(
                .NEURON_WS_LOG_WARN,
                "\(status.url): the server's name may be its certificate's common name (setting tls-allow-cn is true).")
            if isEnded { return }
        }
        node.log(.NEURON_WS_LOG_DEBUG, "Connecting to \(status.url), attempt \(machine.attempts).")
        if isEnded { return }
        do throws(Ending) {
            let request = try configuration.handshakeRequest(url: url, attempt: attempt)
            protocolState = .handshaking(request, HandshakeResponseParser())
            let tls = url.isSecure ? try configuration.tlsContext() : nil
            var target = configuration.target(url: url)
            target.memory = addressMemory
            stream = Stream.connect(to: target, tls: tls, loop: loop, owner: self)
        } catch {
            failed(error)
        }
    }

    /// False: the session ended, or the host does not want this attempt.
    private func askHost(_ attempt: Attempt) -> Bool {
        guard node.host.host.before_connect != nil else { return true }
        var handle = neuron_ws_attempt_t()
        handle.opaque = Unmanaged.passUnretained(attempt).toOpaque()
        let verdict = withUnsafeMutablePointer(to: &handle) { node.host.beforeConnect(node.handle, $0) }
        if isEnded { return false }
        if verdict == .NEURON_WS_OK { return true }
        failed(
            Ending(
                reason: .NEURON_WS_REASON_REFUSED_BY_HOST,
                text: "The host did not let this attempt go on (before_connect)."))
        return false
    }

    func failed(_ ending: Ending) {
        perform(machine.failed(ending, now: Clock.monotonicNanoseconds, random: Random.next()))
    }

    func sendHandshake() {
        guard case .handshaking(let request, _) = protocolState else { return }
        let bytes = request.encoded()
        guard bytes.count <= loop.outputBuffers.bufferBytes else {
            // The settings' own parts are limited to less: only `before_connect` can bring this about.
            let text =
                "The opening handshake has \(bytes.count) bytes, at most \(loop.outputBuffers.bufferBytes) are sent: "
                + "the host set too many or too long headers (before_connect)."
            failed(Ending(reason: .NEURON_WS_REASON_REFUSED_BY_HOST, text: text))
            return
        }
        let buffer = takeSendBuffer()
        bytes.withUnsafeBytes { if let base = $0.baseAddress { buffer.copyMemory(from: base, byteCount: $0.count) } }
        sendEnd = bytes.count
        pump()
    }

    func takeSendBuffer() -> UnsafeMutableRawPointer {
        if let sendBuffer { return sendBuffer }
        let buffer = loop.outputBuffers.take()
        sendBuffer = buffer
        return buffer
    }

    func opened() {
        status.openSince = Clock.monotonicNanoseconds
        status.httpStatus = httpStatus
        var security = status.isTLS ? " over \(status.tlsVersion)" : ""
        if status.isKnownByCommonName { security += ", whose certificate bears its common name alone (tls-allow-cn)" }
        status.connected = "Connected to \(status.peerAddress)\(security)."
        if let stream { addressMemory.succeeded(stream.peerAddress) }
        if node.refusals.quiet > 0 {
            let end = Clock.monotonicNanoseconds &+ node.refusals.quiet
            quietTimer = loop.schedule(at: end, self, token: Self.quietTimerToken)
        }
        node.lock.withLock { node.counters.connectionsOpened &+= 1 }
        let line = linkLog.opened(
            to: "\(status.peerAddress)\(security)", messages: linkMessages(), now: Clock.monotonicNanoseconds)
        if let line {
            node.log(.NEURON_WS_LOG_NOTICE, "\(status.url): \(line)")
        }
    }
}

extension NodeSession: StreamOwner {
    func streamEntered(_ phase: StreamPhase) {
        if isEnded { return }
        switch phase {
        case .resolving: machine.streamEntered(.NEURON_WS_PHASE_RESOLVING)
        case .connecting: machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        case .securing: machine.streamEntered(.NEURON_WS_PHASE_SECURING)
        }
        publish()
    }

    func streamConnected(_ facts: StreamFacts) {
        if isEnded { return }
        status.peerAddress = facts.peerAddress
        if let tls = facts.tls {
            status.isTLS = true
            status.isVerified = tls.isVerified
            status.tlsVersion = tls.version
            status.tlsCipher = tls.cipher
            status.tlsPeer = tls.peerSubject
            status.tlsIssuer = tls.peerIssuer
            status.tlsNotAfter = tls.peerNotAfterSeconds
            status.tlsChainLength = tls.chainLength
            status.isKnownByCommonName = tls.isKnownByCommonName
        }
        perform(machine.streamConnected())
    }

    func streamWritable() {
        if isEnded { return }
        pump()
    }

    func streamClosed(_ error: TransportError?) {
        if isEnded { return }
        let isHandshaking = if case .handshaking = protocolState { true } else { false }
        let isSilent = error == nil || error?.kind == .endOfStream || error?.kind == .tlsTruncated
        let isReset = error?.kind == .reset || error?.kind == .brokenPipe
        if isHandshaking, isSilent || isReset && stream?.unmetWish != nil {
            failed(Ending.endOfStream(in: machine.phase, isTLS: status.isTLS, unmetWish: stream?.unmetWish))
            return
        }
        // A server that is stopped seldom sends TLS its close_notify: the end is what counts.
        if let error, error.kind != .endOfStream, error.kind != .tlsTruncated {
            failed(Ending.transport(error))
        } else {
            failed(Ending.endOfStream)
        }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) -> Int {
        if isEnded { return bytes.count }
        let newBytes = UInt64(bytes.count - min(waitingBytes, bytes.count))
        node.lock.withLock { node.counters.wireBytesReceived &+= newBytes }
        mayFrameReplies = isAllSent
        machine.bytesReceived(now: loop.nowNanoseconds)
        if trace != nil {
            tellTrace(received: UnsafeRawBufferPointer(rebasing: bytes.suffix(Int(newBytes))))
            if isEnded { return bytes.count }
        }
        let taken = take(bytes)
        waitingBytes = bytes.count - taken
        return taken
    }

    /// - Returns: how many bytes are done with.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        let round = self.round
        // Requests of an earlier connection may still be under way.
        guard continueArriving(), hasTurn() else { return 0 }
        guard !isEnded, round == self.round else { return bytes.count }
        var offset = 0
        var justOpened = false
        if case .handshaking(let request, var parser) = protocolState {
            guard handshakeReceived(request, &parser, bytes, &offset) else { return bytes.count }
            justOpened = true
        }
        let taken = receive(bytes, from: offset)
        // Only now: a Close that came with the answer is known before a message is lost to it.
        if justOpened, !isEnded { pump() }
        return taken
    }

    /// What has become of the offer to compress; nil: there was none, or the server declined it.
    private func agreed(on deflate: DeflateParameters?) {
        inflater = nil
        node.outbox.deflater = nil
        status.extensions = deflate?.text ?? ""
        guard let deflate, let options = configuration.settings.compression else { return }
        inflater = Inflater(agreed: deflate, messageBytesMax: configuration.settings.messageBytesMax)
        node.outbox.deflater = Deflater.make(agreed: deflate, options: options)
    }

    /// False: there is nothing more to be done with these bytes.
    private func handshakeReceived(
        _ request: HandshakeRequest, _ parser: inout HandshakeResponseParser, _ bytes: UnsafeRawBufferPointer,
        _ offset: inout Int
    ) -> Bool {
        do throws(HandshakeError) {
            let response = try parser.bytesReceived(bytes.bytes, from: &offset)
            protocolState = .handshaking(request, parser)
            guard let response else { return false }
            httpStatus = Int32(clamping: response.status)
            let negotiated = try response.verified(
                against: request, wallSeconds: Clock.wallMilliseconds / 1000)
            status.subprotocol = negotiated.subprotocol ?? ""
            agreed(on: negotiated.deflate)
        } catch {
            failed(Ending.handshakeFailed(error, unmetWish: stream?.unmetWish))
            return false
        }
        protocolState = .open(
            WebSocketEndpoint(role: .client, limits: configuration.endpointLimits, allowsRSV1: inflater != nil))
        let round = self.round
        perform(machine.handshakeCompleted(now: Clock.monotonicNanoseconds))
        return !isEnded && round == self.round && stream != nil
    }
}
