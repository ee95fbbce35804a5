// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What the end of a connection means for the messages that were on their way, for what is tried next, and who is told.
extension NodeSession {
    /// Gives the first message its outcome: the server refuses it.
    func giveUpMessage() {
        let ending = status.ending
        let kept = setFirstAside(ending) ? "set aside, on disk" : "dropped"
        guard case .conclude(let run) = backlog.nextAction() else { return }
        let code = ending.closeCode == 0 ? "without a Close frame" : "with close code \(ending.closeCode)"
        let text =
            "Message \(run.firstID) with \(run.payloadBytes) bytes is \(kept): \(backlog.refusals.triesOfGivenUp) "
            + "times the connection ended in the middle of it, the last time \(code)."
        status.ending.text = status.ending.sentence + " " + text
        // Behind those before it.
        owed.append(run, refusal: status.ending)
        _ = tellOwed()
        if isEnded { return }
        node.log(
            .NEURON_WS_LOG_WARN, .givenUpMessage, "\(configuration.shownURL(status.urlIndex)): \(text)")
    }

    /// The first message does not get through, and nothing says that it is refused.
    func tellKept(_ count: Int, _ ending: Ending) {
        guard !isEnded, let message = backlog.firstMessage() else { return }
        node.log(
            .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_DELIVERY,
            "\(configuration.shownURL(status.urlIndex)): \(count) times in a row the server ended the connection with "
                + "close code \(ending.closeCode), by which it speaks of itself, behind the beginning of message "
                + "\(message.id) with \(message.byteCount) bytes, and has not confirmed it: it is kept, and sent "
                + "again. A server that refuses a message says so by another code, as 1009 or 1008.")
    }

    /// - Returns: false: nothing keeps it.
    private func setFirstAside(_ ending: Ending) -> Bool {
        guard cache.isOpen, let first = backlog.firstMessage(),
            let message = SetAsideMessage(
                first, closeCode: ending.closeCode, closeReason: ending.closeReason.shown(),
                { MessagePool.shared.takeChunk(byteCount: $0) })
        else { return false }
        return cache.setAside(message)
    }

    /// The rest of the frame that is being written, a Close frame (1001), TLS's close_notify and FIN, as far as the
    /// socket takes them at once: the node is destroyed in one of its callbacks, which must not wait.
    func sayGoodbye() {
        guard let link, link.connection.isOpen else { return }
        link.connection.queueClose(.goingAway)
        extendTurn()
        pumpAtOnce(link)
        guard isCurrent(link), link.isFlushed, let stream = link.stream else { return }
        stream.finishWriting()
        stream.discardReceived()
    }

    /// The next attempt begins behind an address that took the connection and failed.
    func noteAddress(_ ending: Ending) {
        guard let address = link?.stream?.peerAddress, !address.isEmpty, !ending.isWanted else { return }
        let openFor = link?.openSince.map { Clock.monotonicNanoseconds &- $0 }
        addressMemory.ended(address, openNanoseconds: openFor)
    }

    func logEnding(_ ending: Ending, openSince: UInt64?) {
        let now = Clock.monotonicNanoseconds
        var lostLine: String?
        if let openSince {
            lostLine = linkLog.lost(
                ending.sentence, openFor: now &- min(openSince, now), messages: linkMessages(), now: now)
            // One that held for a while was good: its end is a failure of its own, whatever ended those before.
            let isGood = now &- min(openSince, now) >= Backoff.stableNanoseconds
            if isGood { node.lock.withLock { node.failures = FailureLines() } }
        }
        if ending.isWanted {
            linkLog.failureTold()
            let level: neuron_ws_log_level_t = openSince == nil ? .NEURON_WS_LOG_INFO : .NEURON_WS_LOG_NOTICE
            node.log(level, .NEURON_WS_CATEGORY_CONNECTION, ending.text)
        } else if let told = node.lock.withLock({ node.failures.failed(ending, url: status.urlIndex, now: now) }) {
            linkLog.failureTold()
            let url = configuration.shownURL(status.urlIndex)
            let level: neuron_ws_log_level_t = lostLine == nil ? .NEURON_WS_LOG_WARN : .NEURON_WS_LOG_NOTICE
            node.log(level, ending.category, "\(url): \(lostLine ?? ending.text)\(told.text)")
        }
    }

    /// Where several servers fail, the state says of each how.
    func noteFailure(_ ending: Ending) {
        guard configuration.settings.urls.count > 1 else { return }
        if ending.isWanted {
            run.failures = ServerFailures()
        } else {
            run.failures.failed(ending, urlIndex: status.urlIndex) { configuration.shownURL($0) }
        }
    }

    /// With what there is to say of the way that the connection went.
    func withItsWay(_ ending: Ending) -> Ending {
        var ending = ending
        if ending.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT, link?.connection.isBeforeTunnel == true {
            ending.text += " It went by the proxy \(status.peer.proxy) (setting proxy)."
        }
        if let link, link.attempt.isRedirected, !ending.isWanted {
            let first = configuration.shownURL(status.urlIndex)
            ending.text = ending.sentence + " \(first) redirects to \(status.urlInLog)."
        }
        return ending
    }

    func linkMessages() -> LinkLog.Messages {
        node.lock.withLock {
            LinkLog.Messages(
                queued: node.sendQueue.ledger.queuedCount,
                lost: node.sendQueue.counts.full &+ node.counters.messagesDropped)
        }
    }
}
