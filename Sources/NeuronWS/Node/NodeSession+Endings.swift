import CNeuronWS
import NodeCore
import WebSocketCore

/// What the end of a connection means for the messages that were on their way.
extension NodeSession {
    /// Whether the connection ended once too often in the middle of the same message.
    func isRefusal(_ ending: Ending) -> Bool {
        settle(isLast: true)
        guard !isEnded, let stream, status.openSince != nil else { return false }
        return node.refusals.connectionEnded(
            ending, during: node.outbox.interrupted(acknowledged: stream.bytesAcknowledged))
    }

    /// Gives the first message its outcome: the server refuses it.
    func giveUpMessage(_ ending: Ending) {
        guard let run = node.outbox.giveUpFirst() else { return }
        var told = DeliveryRun(
            firstID: run.firstID, count: run.count, outcome: .NEURON_WS_DROPPED_REFUSED_BY_PEER,
            level: .NEURON_WS_LEVEL_ACCEPTED)
        told.closeCode = ending.closeCode
        if !ending.closeReason.isEmpty {
            var reason = ending.closeReason.shown()
            told.closeReason = reason.withUTF8 { EventBytes(UnsafeRawBufferPointer($0)) }
        }
        let code = ending.closeCode == 0 ? "without a Close frame" : "with close code \(ending.closeCode)"
        let text =
            "Message \(run.firstID) with \(run.payloadBytes) bytes is dropped: \(node.refusals.triesOfGivenUp) times "
            + "the connection ended in the middle of it, the last time \(code)."
        status.ending.text = status.ending.sentence + " " + text
        let isTold = node.tellByEvent(told)
        node.lock.lock()
        // What on_delivery asks for before the new state is told.
        node.status.ending = status.ending
        node.mailbox.completed(count: run.count, bytes: run.recordBytes)
        node.counters.messagesDropped &+= run.count
        if node.flushWaiters > 0 { node.changed.broadcast() }
        node.lock.unlock()
        if node.outbox.hasFreed {
            var freed = node.outbox.takeFreed()
            Runtime.shared.give(&freed)
        }
        if !isTold { node.tellByCallback(told) }
        if !isEnded { node.log(.NEURON_WS_LOG_WARN, "\(configuration.shownURL(status.urlIndex)): \(text)") }
    }

    /// The rest of the frame that is being written, a Close frame (1001), TLS's close_notify and FIN, as far as the
    /// socket takes them at once: the node is destroyed in one of its callbacks, which must not wait.
    func sayGoodbye() {
        guard let stream, case .open(var endpoint) = protocolState else { return }
        protocolState = .none
        endpoint.queueClose(.goingAway, reason: ControlPayload())
        protocolState = .open(endpoint)
        extendTurn()
        pumpAtOnce()
        guard self.stream === stream, sendStart == sendEnd else { return }
        stream.finishWriting()
        stream.discardReceived()
    }
}
