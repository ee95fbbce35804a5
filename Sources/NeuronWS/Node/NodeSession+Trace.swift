import CNeuronWS
import NodeCore
import WebSocketCore

/// Both directions of a connection, as the log tells them.
struct ConnectionTrace {
    var sent: StreamTrace
    var received: StreamTrace

    /// `mask`: what no line holds.
    init(mask: SecretMask) {
        sent = StreamTrace(mask: mask)
        received = StreamTrace(mask: mask)
    }
}

/// A frame may have two bytes and be a line: few bytes at a time are told, and each line is drawn from the turn.
extension NodeSession {
    private static let traceStepBytes = 1024

    /// Tells some of what was sent and is not told yet.
    /// - Returns: false: the turn is over, or the host has ended the session or the connection.
    func traceSent(_ link: Link) -> Bool {
        guard link.trace != nil, let buffer = link.buffer else { return true }
        while link.tracedEnd < link.start {
            guard hasTurn() else { return false }
            let count = min(Self.traceStepBytes, link.start - link.tracedEnd)
            let bytes = UnsafeRawBufferPointer(start: buffer + link.tracedEnd, count: count)
            link.tracedEnd += count
            tell(link.trace?.sent.read(bytes.bytes) ?? [], "> ")
            guard isCurrent(link) else { return false }
        }
        return true
    }

    /// Tells some of what came. The host may end the session or the connection meanwhile.
    /// - Returns: how far it has told `bytes`, of which it has told `told` before.
    func traceReceived(_ link: Link, _ bytes: UnsafeRawBufferPointer, told: Int) -> Int {
        let end = min(bytes.count, told + Self.traceStepBytes)
        tell(link.trace?.received.read(UnsafeRawBufferPointer(rebasing: bytes[told..<end]).bytes) ?? [], "< ")
        return end
    }

    private func tell(_ lines: [String], _ mark: String) {
        for line in lines {
            node.log(.NEURON_WS_LOG_DEBUG, .NEURON_WS_CATEGORY_TRACE, mark + line)
            draw(.linesTraced)
        }
    }
}
