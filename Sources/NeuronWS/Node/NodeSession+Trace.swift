import CNeuronWS
import WebSocketCore

/// Both directions of a connection, as the log tells them.
struct ConnectionTrace {
    var sent = StreamTrace()
    var received = StreamTrace()
}

extension NodeSession {
    /// The host may end the session or the connection meanwhile.
    func tellTrace(_ link: Link, sent bytes: UnsafeRawBufferPointer) {
        tell(link.trace?.sent.read(bytes.bytes) ?? [], "> ")
    }

    func tellTrace(_ link: Link, received bytes: UnsafeRawBufferPointer) {
        // It may say again what it was told.
        tell(link.trace?.received.read(bytes.bytes) ?? [], "< ", link.mask)
    }

    private func tell(_ lines: [String], _ mark: String, _ mask: SecretMask = .none) {
        for line in lines {
            let shown =
                mask.isEmpty ? line : ForeignText(line).masked(by: mask).shown(charactersMax: line.utf8.count)
            node.log(.NEURON_WS_LOG_DEBUG, .NEURON_WS_CATEGORY_TRACE, mark + shown)
        }
    }
}
