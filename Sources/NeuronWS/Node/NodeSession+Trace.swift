import CNeuronWS
import WebSocketCore

/// Both directions of a connection, as the log tells them.
struct ConnectionTrace {
    var sent = StreamTrace()
    var received: StreamTrace

    /// - Parameter mask: what the other end was told, and may say again.
    init(_ mask: SecretMask) { received = StreamTrace(mask: mask) }
}

extension NodeSession {
    /// The host may end the session or the connection meanwhile.
    func tellTrace(_ link: Link, sent bytes: UnsafeRawBufferPointer) {
        tell(link.trace?.sent.read(bytes.bytes) ?? [], "> ")
    }

    func tellTrace(_ link: Link, received bytes: UnsafeRawBufferPointer) {
        tell(link.trace?.received.read(bytes.bytes) ?? [], "< ")
    }

    private func tell(_ lines: [String], _ mark: String) {
        for line in lines {
            node.log(.NEURON_WS_LOG_DEBUG, .NEURON_WS_CATEGORY_TRACE, mark + line)
        }
    }
}
