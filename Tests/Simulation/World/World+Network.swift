// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// The network and the server: what they do of themselves.
extension World {
    /// An attempt as this seed draws it.
    func makeLink(_ urlIndex: Int) -> SimulatedLink? {
        let scheme = isSecure ? "wss" : "ws"
        guard let url = elsewhere ?? (try? WebSocketURL.parse("\(scheme)://plant/\(urlIndex)")) else { return nil }
        let options = Connection.Options(
            limits: EndpointLimits(
                maxMessageBytes: Self.receivedBytesMax, maxFrameBytes: Self.receivedBytesMax),
            compression: compression, fragmentBytesMax: fragmentBytesMax)
        var barrier: Barrier?
        if level != .NEURON_WS_LEVEL_PEER_PARSED { backlog.setLevel(level) }
        if level == .NEURON_WS_LEVEL_PEER_PARSED {
            let isDegraded = echoWatch.isDegraded
            barrier = Barrier(epoch: random.next(), patience: 3_000_000_000, isDegraded: isDegraded)
            backlog.setLevel(isDegraded ? .NEURON_WS_LEVEL_WRITTEN : .NEURON_WS_LEVEL_PEER_PARSED)
        }
        let key = (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let tunnel = proxy.map { proxy in
            Tunnel(
                proxy, authorization: proxyAuthentication.authorization(for: proxy, url, clientNonce: key))
        }
        let request = HandshakeRequest(url: url, key: key, deflate: compression?.offer)
        let connection = Connection(request, options, barrier: barrier, tunnel: tunnel)
        let compresses = compression != nil && random.chance(70)
        var welcome = SimulatedServer.Welcome.accepts(compresses: compresses)
        var retryAfter: UInt64 = 0
        if random.chance(faults) {
            switch random.below(6) {
            case 0: welcome = .saysNothing
            case 1:
                retryAfter = random.pick([0, 1, 7])
                welcome = .answers("HTTP/1.1 503 No\r\nRetry-After: \(retryAfter)\r\n\r\n")
            case 2: welcome = .answers("SSH-2.0-not a web server\r\n\r\n")
            case 3: welcome = .answers("HTTP/1.1 \(random.pick([401, 403])) No\r\n\r\n")
            case 4:
                // Further on, in a circle, to where it may not lead.
                let others = ["\(scheme)://other/\(random.below(3))", "/\(urlIndex)", "ws://plant/x", "ftp://a"]
                let place = random.pick(others)
                welcome = .answers("HTTP/1.1 \(random.pick([301, 307, 308])) There\r\nLocation: \(place)\r\n\r\n")
            default: welcome = .failsTLS
            }
        }
        var server = SimulatedServer(welcome)
        server.retryAfter = retryAfter &* 1_000_000_000
        if isPoisoned { (server.messageBytesMax, server.refusalCode) = (20_000, others.pick(refusalCodes)) }
        server.isDeaf = random.chance(faults / 3)
        server.answersNewestAlone = random.chance(30)
        server.answersHeartbeats = !random.chance(faults)
        server.endsTCP = !random.chance(faults / 2)
        return SimulatedLink(
            connection, server,
            Observer(
                firstID: backlog.openID, newestEver: isNumbered ? newestEver : 0, acknowledged: acknowledged,
                compresses: compresses),
            dial: SimulatedDial(&random, faults: faults, now: now), urlIndex: urlIndex, attemptBegan: attemptBegan,
            proxy: proxy.map { SimulatedProxy($0, challenge: challenge, &random, faults: faults) },
            bufferBytes: bufferBytes, pipeBytes: random.pick([200, 5000, 1 << 20]))
    }

    func refused(_ error: NegotiationError, _ link: SimulatedLink) {
        switch link.connection.verdict(on: error, &redirects, &proxyAuthentication, mask: .none) {
        case .again: perform(machine.redialed())
        case .follow(let url, _, _):
            if redirects.count > redirectsMax { fail("redirect \(redirects.count) of \(redirectsMax) is followed") }
            elsewhere = url
            perform(machine.redialed())
        case .failed(let ending):
            if case .proxy = error {} else { link.retryAfter = link.server.retryAfter }
            ended(ending)
        }
    }

    /// Bytes move, as many as the seed draws.
    func networkCarries() {
        guard let link else { return }
        guard link.openedAt != nil else { return attemptGoesOn(link) }
        if link.awaitsTLS {
            link.awaitsTLS = false
            if link.server.welcome == .failsTLS { return failTLS() }
            perform(machine.streamConnected())
            return
        }
        if link.isReset { return streamEnded(link, isReset: true) }
        if link.isDead { return }
        if now >= link.stallsUntil {
            if link.up.waiting > 0 {
                link.lastLife = now
                link.acknowledgedAt = now
                // What stands behind the barrier's Ping tells nothing of it.
                if link.up.accepted &- UInt64(link.up.waiting) < link.barrierEnd { link.lastRead = now }
            }
            link.up.read(countMax: random.pick([1, 20, 300, 70_000])) { bytes in
                let rest = link.proxy?.received(bytes) ?? bytes
                link.server.received(rest)
                return (bytes.count, ())
            }
            if link.up.hasEnded, link.up.waiting == 0 { link.server.clientEnded() }
        }
        link.down.write(link.proxy?.takeOutput() ?? [])
        link.down.write(link.server.takeOutput())
        if link.server.hasEnded || link.proxy?.hasEnded == true { link.down.hasEnded = true }
        // The server's end may be among what it read.
        let count = random.pick([1, 5, 100, 70_000])
        if link.down.waiting > 0 {
            (link.lastLife, link.lastHeard) = (now, now)
            link.down.read(countMax: count) { (received($0), ()) }
        } else if link.down.hasEnded {
            streamEnded(link, isReset: false)
        }
    }

    private func attemptGoesOn(_ link: SimulatedLink) {
        switch link.dial.goOn(now: now) {
        case .pending(let fault): if let fault { fail(fault) }
        case .connected:
            link.openedAt = now
            // To an https:// proxy, or to the server itself: TLS is the transport's.
            let isTLSFirst = proxy.map { $0.kind == .https } ?? isSecure
            if isTLSFirst { machine.streamEntered(.NEURON_WS_PHASE_SECURING) }
            if isTLSFirst, link.server.welcome == .failsTLS { return failTLS() }
            tell("the transport is open")
            perform(machine.streamConnected(link.connection.phase))
        case .lost:
            ended(Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "connection refused"))
        case .nameless:
            ended(Ending(reason: .NEURON_WS_REASON_DNS, text: "there is no such name"))
        }
    }

    private func failTLS() {
        tell("TLS fails")
        ended(Ending(reason: .NEURON_WS_REASON_TLS, text: "the certificate has expired"))
    }

    private func streamEnded(_ link: SimulatedLink, isReset: Bool) {
        tell(isReset ? "reset" : "end of the stream")
        var ending = Ending(
            reason: isReset ? .NEURON_WS_REASON_NETWORK_ERROR : .NEURON_WS_REASON_ABNORMAL, text: "ended")
        ending.isByPeer = true
        ended(ending)
    }

    /// A Pong to a Ping of the connection before this one, to the one of the same number if there is one.
    func answerForTheFormer() {
        guard let link, let newest = link.observer.pings.last(where: { $0.count > 16 }), let other = formerPings.last
        else { return }
        let payload = formerPings.first { $0[8..<16] == newest[8..<16] } ?? other
        link.server.misbehave([0x8A, UInt8(payload.count)] + payload)
    }

    func serverActs() {
        guard let link, link.openedAt != nil, !link.isDead else { return }
        if random.chance(20), level == .NEURON_WS_LEVEL_PEER_PARSED { return answerForTheFormer() }
        if level == .NEURON_WS_LEVEL_APP_ACKED, random.chance(50) { return acknowledge(link) }
        guard random.chance(max(faults, 2)) else {
            // What good servers do.
            switch random.below(24) {
            case 0: link.server.send(String(repeating: "x", count: Self.receivedBytesMax))
            case ..<5: link.server.send("request")
            case ..<10: link.server.send("a message in pieces", pieces: random.within(2...5), pingBetween: true)
            case ..<15: link.server.ping()
            case ..<19: for _ in 0..<random.pick([1, 5]) { link.server.answerLate() }
            // Answers to no heartbeat, and one that is none.
            case 19: link.server.send(Self.heartbeatAnswer(isRight: random.chance(50)))
            default: link.server.send(String(repeating: "long ", count: random.below(5000)))
            }
            return
        }
        switch random.below(10) {
        case 9:
            tell("the server is gone without a word")
            link.isDead = true
        case 0:
            tell("the server stalls")
            link.stallsUntil = now &+ UInt64(random.pick([10, 1000, 40_000])) * 1_000_000
        case 1:
            link.server.send("request")
            let code = UInt16(random.pick([1000, 1001, 1008, 1009, 1011, 1012, 1013]))
            tell("the server closes with \(code)")
            link.server.close(code)
        case 2:
            tell("the server resets")
            link.isReset = true
        case 3:
            tell("the server's end is cut")
            link.down.hasEnded = true
        case 4 where random.chance(50): link.server.answerAgain()
        case 4: link.server.misbehave([0x8A, 3, 1, 2, 3])
        case 5:
            tell("the server misbehaves")
            link.server.misbehave(random.pick([[0x83, 0], [0xE1, 0], [0x81, 1, 0xFF], [0x00, 0], [0x88, 1, 3]]))
        case 6: link.server.send("request")
        case 7:
            tell("the server sends a byte too many")
            link.server.send(String(repeating: "x", count: Self.receivedBytesMax + 1), pieces: random.within(1...3))
        default: link.server.isDeaf = true
        }
    }
}
