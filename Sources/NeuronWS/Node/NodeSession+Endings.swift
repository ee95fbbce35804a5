// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What the end of a connection means for the messages that were on their way.
extension NodeSession {
    /// Gives the first message its outcome: the server refuses it.
    func giveUpMessage() {
        guard case .conclude(let run) = backlog.nextAction() else { return }
        let ending = status.ending
        let code = ending.closeCode == 0 ? "without a Close frame" : "with close code \(ending.closeCode)"
        let text =
            "Message \(run.firstID) with \(run.payloadBytes) bytes is dropped: \(backlog.refusals.triesOfGivenUp) "
            + "times the connection ended in the middle of it, the last time \(code)."
        status.ending.text = status.ending.sentence + " " + text
        node.conclude(run, refusal: status.ending)
        node.log(
            .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_DELIVERY, "\(configuration.shownURL(status.urlIndex)): \(text)")
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
}
