// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What the stream reports.
extension NodeSession: StreamOwner {
    func streamEntered(_ phase: StreamPhase) {
        switch phase {
        case .resolving: machine.streamEntered(.NEURON_WS_PHASE_RESOLVING)
        case .connecting: machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        case .securing: machine.streamEntered(.NEURON_WS_PHASE_SECURING)
        }
        publish()
    }

    func streamConnected(_ facts: StreamFacts) {
        guard let link else { return }
        status.peer.address = facts.peerAddress
        // TLS to a proxy is none to the server.
        if let tls = facts.tls, link.connection.url.isSecure, !link.connection.isBeforeTunnel {
            status.peer.isTLS = true
            status.peer.isVerified = tls.isVerified
            status.peer.tlsVersion = tls.version
            status.peer.tlsCipher = tls.cipher
            status.peer.tlsSubject = tls.peerSubject.masked(by: link.mask).shown()
            status.peer.tlsIssuer = tls.peerIssuer.masked(by: link.mask).shown()
            status.peer.tlsNotAfter = tls.peerNotAfterSeconds
            status.peer.tlsChainLength = tls.chainLength
            status.peer.isKnownByCommonName = tls.isKnownByCommonName
            status.peer.isResumed = tls.isResumed
        }
        perform(machine.streamConnected(link.connection.phase))
    }

    func streamWritable() {
        pump()
    }

    func streamClosed(_ failure: TransportError?) {
        if endRefusal() { return }
        let error = failure?.masked(by: mask)
        let isHandshaking = link?.connection.isNegotiating ?? false
        let unmetWish = link?.stream?.unmetWish
        let isSilent = error == nil || error?.kind == .endOfStream || error?.kind == .tlsTruncated
        let isReset = error?.kind == .reset || error?.kind == .brokenPipe
        if let link, link.connection.isBeforeTunnel, let proxy = link.connection.proxy {
            if !isSilent, let error { return failed(Ending.transport(error).onTheWay(to: proxy)) }
            return failed(Ending.endOfStream(before: proxy, in: machine.phase))
        }
        // A server that is stopped seldom sends TLS its close_notify: the end is what counts.
        guard isSilent || isHandshaking && isReset && unmetWish != nil else {
            if let error { failed(Ending.transport(error)) }
            return
        }
        var ending =
            isHandshaking
            ? Ending.endOfStream(in: machine.phase, isTLS: status.peer.isTLS, unmetWish: unmetWish) : .endOfStream
        if let proxy = link?.connection.proxy {
            ending.text += " It went by the proxy \(proxy.shown) (setting proxy), which may have cut it."
        }
        failed(ending)
    }
}
