import CNeuronWS
import NodeCore
import WebSocketCore

/// What the stream reports.
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
        guard !isEnded, let link else { return }
        status.peerAddress = facts.peerAddress
        // TLS to a proxy is none to the server.
        if let tls = facts.tls, link.connection.url.isSecure, !link.connection.isBeforeTunnel {
            status.isTLS = true
            status.isVerified = tls.isVerified
            status.tlsVersion = tls.version
            status.tlsCipher = tls.cipher
            status.tlsPeer = tls.peerSubject.shown()
            status.tlsIssuer = tls.peerIssuer.shown()
            status.tlsNotAfter = tls.peerNotAfterSeconds
            status.tlsChainLength = tls.chainLength
            status.isKnownByCommonName = tls.isKnownByCommonName
        }
        perform(machine.streamConnected(link.connection.phase))
    }

    func streamWritable() {
        if isEnded { return }
        pump()
    }

    func streamClosed(_ error: TransportError?) {
        if isEnded { return }
        let isHandshaking = link?.connection.isNegotiating ?? false
        let unmetWish = link?.stream?.unmetWish
        let isSilent = error == nil || error?.kind == .endOfStream || error?.kind == .tlsTruncated
        let isReset = error?.kind == .reset || error?.kind == .brokenPipe
        if let link, link.connection.isBeforeTunnel, let proxy = link.connection.proxy {
            if !isSilent, let error { return failed(Ending.transport(error).onTheWay(to: proxy)) }
            return failed(Ending.endOfStream(before: proxy, in: machine.phase))
        }
        if isHandshaking, isSilent || isReset && unmetWish != nil {
            failed(Ending.endOfStream(in: machine.phase, isTLS: status.isTLS, unmetWish: unmetWish))
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
        guard !isEnded, let link else { return bytes.count }
        let newBytes = UInt64(bytes.count - min(link.waitingBytes, bytes.count))
        node.lock.withLock { node.counters.wireBytesReceived &+= newBytes }
        link.connection.repliesGoFirst = isAllSent
        machine.bytesReceived(now: loop.nowNanoseconds)
        if link.trace != nil {
            tellTrace(link, received: UnsafeRawBufferPointer(rebasing: bytes.suffix(Int(newBytes))))
            guard isCurrent(link) else { return bytes.count }
        }
        // What came of an earlier connection may still be under way.
        guard continueArriving(), hasTurn() else {
            link.waitingBytes = bytes.count
            return 0
        }
        guard isCurrent(link) else { return bytes.count }
        let taken = receive(link, bytes)
        link.waitingBytes = bytes.count - taken
        return taken
    }
}
