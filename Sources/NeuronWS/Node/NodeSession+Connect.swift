import CNeuronWS
import NodeCore
import WebSocketCore

/// What `before_connect` may change for one attempt.
final class Attempt {
    var url: WebSocketURL?
    /// nil: taken away.
    var headers: [(name: String, value: SecretBytes?)] = []
    var token: SecretBytes?

    /// Headers that one attempt can set at most.
    static let headersMax = 64
}

extension NodeSession {
    /// Asks the host, then opens a stream.
    func connect(urlIndex: Int) {
        status.urlIndex = urlIndex
        status.clearConnection()
        status.url = configuration.shownURL(urlIndex)
        status.target = configuration.target(url: configuration.url(urlIndex)).text
        let isTraced = node.lock.withLock {
            node.counters.connectionAttempts &+= 1
            return node.isTraced
        }
        publish()
        if isEnded { return }
        let attempt = Attempt()
        guard askHost(attempt) else { return }
        var url = configuration.url(urlIndex)
        if let given = attempt.url {
            (url, status.url) = configuration.placed(given)
            status.target = configuration.target(url: url).text
        }
        if url.isSecure, configuration.isVerifyOff {
            node.log(
                .NEURON_WS_LOG_WARN, .verifyOff,
                "\(status.url): the server's certificate is not checked (setting tls-verify is false).")
        }
        if url.isSecure, configuration.allowsCommonName {
            node.log(
                .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_TLS,
                "\(status.url): the server's name may be its certificate's common name (setting tls-allow-cn is true).")
        }
        node.log(
            .NEURON_WS_LOG_DEBUG, .NEURON_WS_CATEGORY_CONNECTION,
            "Connecting to \(status.url), attempt \(machine.attempts).")
        if isEnded { return }
        do throws(Ending) {
            let request = try configuration.handshakeRequest(url: url, attempt: attempt)
            let tls = url.isSecure ? try configuration.tlsContext() : nil
            var target = configuration.target(url: url)
            target.memory = addressMemory
            var options = configuration.connectionOptions
            options.barrier = makeBarrier()
            let link = Link(Connection(request, options))
            link.mask = configuration.mask(request)
            link.trace = isTraced ? ConnectionTrace() : nil
            self.link = link
            link.stream = Stream.connect(to: target, tls: tls, loop: loop, owner: self)
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
        link.connection.transportOpened()
        pump()
    }

    func opened() {
        link?.openSince = Clock.monotonicNanoseconds
        status.httpStatus = Int32(clamping: link?.connection.httpStatus ?? 0)
        var security = status.isTLS ? " over \(status.tlsVersion)" : ""
        if status.isKnownByCommonName { security += ", whose certificate bears its common name alone (tls-allow-cn)" }
        status.connected = "Connected to \(status.peerAddress)\(security)."
        if let stream = link?.stream { addressMemory.succeeded(stream.peerAddress) }
        if backlog.refusals.quiet > 0 {
            let end = Clock.monotonicNanoseconds &+ backlog.refusals.quiet
            link?.quietTimer = loop.schedule(at: end, self, token: Self.quietTimerToken)
        }
        node.lock.withLock { node.counters.connectionsOpened &+= 1 }
        let line = linkLog.opened(
            to: "\(status.peerAddress)\(security)", messages: linkMessages(), now: Clock.monotonicNanoseconds)
        if let line {
            node.log(.NEURON_WS_LOG_NOTICE, .NEURON_WS_CATEGORY_CONNECTION, "\(status.url): \(line)")
        }
    }
}
