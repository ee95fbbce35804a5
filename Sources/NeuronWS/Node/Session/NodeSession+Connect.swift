// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// Asks the host, then opens a stream.
    func connect(urlIndex: Int) {
        status.urlIndex = urlIndex
        status.peer = PeerFacts()
        status.url = configuration.shownURL(urlIndex)
        status.target = configuration.target(url: configuration.url(urlIndex)).text
        node.lock.withLock { node.counters.connectionAttempts &+= 1 }
        proxyAuthentication.attemptBegan()
        publish()
        if isEnded { return }
        let attempt = Attempt(urlIndex: urlIndex, redirectsMax: configuration.settings.redirectsMax)
        guard askHost(attempt) else { return }
        var url = configuration.url(urlIndex)
        if let given = attempt.url {
            (url, status.url) = configuration.placed(given)
            status.target = configuration.target(url: url).text
        }
        if url.isSecure, configuration.isVerifyOff {
            node.log(
                .NEURON_WS_LOG_WARN, .verifyOff,
                "\(status.urlInLog): the server's certificate is not checked (setting tls-verify is false).")
        }
        if url.isSecure, configuration.settings.tlsKeyLog != nil {
            node.log(
                .NEURON_WS_LOG_WARN, .keyLog,
                "\(status.urlInLog): the connection's secrets are written to a file (setting tls-keylog).")
        }
        if url.isSecure, configuration.allowsCommonName {
            node.log(
                .NEURON_WS_LOG_WARN, .commonName,
                "\(status.urlInLog): the server's name may be its certificate's common name "
                    + "(setting tls-allow-cn is true).")
        }
        node.log(
            .NEURON_WS_LOG_DEBUG, .NEURON_WS_CATEGORY_CONNECTION,
            "Connecting to \(status.urlInLog), attempt \(machine.attempts).")
        if isEnded { return }
        dial(attempt)
    }

    /// Opens a stream for this attempt: to the server, or to a proxy.
    private func dial(_ attempt: Attempt) {
        let url = attempt.url ?? configuration.url(attempt.urlIndex)
        do throws(Ending) {
            let request = try configuration.handshakeRequest(url: url, attempt: attempt)
            // Where a redirect leads another asks than who redirects.
            let virtualHost = request.headers.first { Attempt.isSame($0.name, "Host") }?.value
            backlog.server = node.lock.withLock { node.serverNumbers.number(of: url, virtualHost: virtualHost) }
            let proxy = try configuration.proxy(for: url)
            let tls = url.isSecure || proxy?.kind == .https ? try tlsContext() : nil
            var target = configuration.target(url: url, proxy: proxy)
            target.memory = addressMemory
            target.showsCertificate = !attempt.dropsCredentials
            status.peer.proxy = proxy?.shown ?? ""
            if let proxy {
                status.target = "\(configuration.target(url: url).text) by the proxy \(proxy.shown)"
            }
            let tunnel = tunnel(url, proxy)
            let connection = Connection(
                request, configuration.connectionOptions, barrier: makeBarrier(), tunnel: tunnel)
            let link = Link(connection, attempt, tls)
            let own = configuration.mask(request, proxy, tunnel?.authorization)
            link.mask = node.lock.withLock { node.formerSecrets.added(to: own) }
            link.lasting = configuration.mask(request, proxy, tunnel?.authorization, lasts: true)
            beginTrace(link)
            self.link = link
            link.stream = Stream.connect(to: target, tls: tls, loop: loop, owner: self)
        } catch {
            failed(error)
        }
    }

    private func tlsContext() throws(Ending) -> TLSContext {
        try configuration.tlsContext { level, text in node.log(level, .NEURON_WS_CATEGORY_TLS, text) }
    }

    private func tunnel(_ url: WebSocketURL, _ proxy: Proxy?) -> Tunnel? {
        guard let proxy else { return nil }
        if proxy.kind == .socks5 { return Tunnel(proxy) }
        let nonce = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            Random.fill(UnsafeMutableRawBufferPointer(buffer))
            count = 16
        }
        let authorization = proxyAuthentication.authorization(for: proxy, url, clientNonce: nonce)
        return Tunnel(proxy, authorization: authorization, userAgent: configuration.userAgent)
    }

    /// The same attempt on a new stream.
    func redial() {
        guard let attempt = link?.attempt else { return }
        dropStream()
        if !isEnded { dial(attempt) }
    }

    /// The proxy has opened the way: TLS begins, or the opening handshake.
    func tunnelOpened(_ link: Link, startsTLS: Bool) {
        // What comes now is another conversation.
        beginTrace(link)
        let url = link.connection.url
        link.stream?.target.server = configuration.target(url: url).text
        guard startsTLS, let tls = link.tls else { return perform(machine.streamConnected()) }
        var peer = configuration.tlsPeer(url)
        peer.showsCertificate = !link.attempt.dropsCredentials
        link.stream?.startTLS(tls, peer)
    }

    /// What came of the negotiation is no connection.
    func negotiationFailed(_ error: NegotiationError, _ link: Link) {
        let verdict = link.connection.verdict(
            on: error, &link.attempt.redirects, &proxyAuthentication, mask: link.mask,
            unmetWish: link.stream?.unmetWish)
        switch verdict {
        case .again: perform(machine.redialed())
        case .follow(let url, let keepsCredentials, let code): follow(url, keepsCredentials, code, link)
        case .failed(let ending): failed(ending)
        }
    }

    /// So long is waited for the text of a refusal that says that it has one, 500 ms.
    private static let refusalTextNanoseconds: UInt64 = 500_000_000

    /// The head of a refusal has come, and not its text.
    func awaitText(_ link: Link) {
        guard link.connection.awaitsText, !timers[.refusal].isSet else { return }
        timers[.refusal].set(at: Clock.monotonicNanoseconds &+ Self.refusalTextNanoseconds, loop, self)
    }

    /// Nothing more comes of that text, or is waited for. - Returns: whether that ended the attempt.
    @discardableResult
    func endRefusal() -> Bool {
        guard let link, let error = link.connection.takeRefusal() else { return false }
        negotiationFailed(error, link)
        return true
    }

    /// The server says that it is elsewhere.
    private func follow(_ url: WebSocketURL, _ keepsCredentials: Bool, _ code: Int, _ link: Link) {
        let attempt = link.attempt
        let from = status.urlInLog
        attempt.redirected(to: url, keepsCredentials: keepsCredentials && !attempt.dropsCredentials)
        // What the server was told it may have put into the new address.
        status.redirected(to: ForeignText(url.redacted).masked(by: link.mask))
        status.target = configuration.target(url: url).text
        let rest = attempt.dropsCredentials ? ", without credentials, which are for another host" : ""
        node.log(
            .NEURON_WS_LOG_INFO, .redirect,
            "\(from): the server redirects to \(status.urlInLog) (HTTP status \(code)); followed\(rest).")
        perform(machine.redialed())
    }

    /// False: the session ended, or the host does not want this attempt.
    private func askHost(_ attempt: Attempt) -> Bool {
        guard node.host.host.before_connect != nil else { return true }
        var handle = neuron_ws_attempt_t()
        handle.opaque = Unmanaged.passUnretained(attempt).toOpaque()
        let verdict = withUnsafeMutablePointer(to: &handle) { node.host.beforeConnect(node.handle, $0) }
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

    func negotiate() {
        guard let link else { return }
        guard link.connection.negotiationBytes <= loop.outputBuffers.bufferBytes else {
            // The settings' own parts are limited to less: only `before_connect` can bring this about.
            let text =
                "The opening handshake has \(link.connection.negotiationBytes) bytes, at most "
                + "\(loop.outputBuffers.bufferBytes) are sent: the host set too many or too long headers "
                + "(before_connect)."
            failed(Ending(reason: .NEURON_WS_REASON_REFUSED_BY_HOST, text: text))
            return
        }
        if let told = exchange(&link.lasting, with: nil) { node.lock.withLock { node.formerSecrets.note(told) } }
        link.connection.transportOpened()
        pump()
    }

    func opened() {
        link?.openSince = Clock.monotonicNanoseconds
        run.failures = ServerFailures()
        link?.stream?.confirmSecurity()
        status.httpStatus = Int32(clamping: link?.connection.httpStatus ?? 0)
        let peer = status.peer
        var security = peer.isTLS ? " over \(peer.tlsVersion)" : ""
        if peer.isKnownByCommonName { security += ", whose certificate bears its common name alone (tls-allow-cn)" }
        if peer.isResumed { security += ", an earlier session resumed" }
        status.connected = "Connected to \(peer.address)\(security)."
        if let stream = link?.stream { addressMemory.succeeded(stream.peerAddress) }
        if backlog.refusals.quiet > 0 {
            let end = Clock.monotonicNanoseconds &+ backlog.refusals.quiet
            timers[.quiet].set(at: end, loop, self)
        }
        goLive()
        let number = node.lock.withLock {
            node.counters.connectionsOpened &+= 1
            node.connectedServer = backlog.server
            return node.counters.connectionsOpened
        }
        if let link {
            link.asker = Asker(
                server: backlog.server, connection: number, url: status.urlInLog, address: peer.address,
                mask: link.mask)
        }
        if let link { beginHeartbeats(link) }
        node.requests.connectionOpened()
        let line = linkLog.opened(
            to: "\(peer.address)\(security)", messages: linkMessages(), now: Clock.monotonicNanoseconds)
        if let line {
            node.log(.NEURON_WS_LOG_NOTICE, .NEURON_WS_CATEGORY_CONNECTION, "\(status.urlInLog): \(line)")
        }
    }
}
