// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// A frame may have two bytes and be a line: few bytes at a time are told, and each line is drawn from the turn.
extension NodeSession {
    private static let traceStepBytes = 1024

    // MARK: From when to when

    /// The host wants another time of it.
    func traceChanged(_ window: TraceWindow) {
        trace = window
        timers[.trace].move(to: isTracing ? window.end : nil, loop, self)
        guard isTracing else {
            link?.trace = nil
            return
        }
        guard let link, link.trace == nil else { return }
        link.trace = ConnectionTrace(link)
        // What is framed already was framed before it.
        link.tracedEnd = link.end
    }

    private var isTracing: Bool { trace.isOpen(now: Clock.monotonicNanoseconds) }

    func traceTimerFired() {
        let wanted = node.lock.withLock { node.trace }
        traceChanged(wanted)
        if isTracing { return }
        node.log(.NEURON_WS_LOG_INFO, .NEURON_WS_CATEGORY_CONNECTION, "The trace has ended: its time is over.")
    }

    /// A connection begins, or another conversation on it.
    func beginTrace(_ link: Link) { link.trace = isTracing ? ConnectionTrace(mask: link.mask) : nil }

    /// Before bytes are looked at: here it is known where in its frames the peer is.
    func beginTracingReceived(_ link: Link) {
        guard link.trace != nil, link.trace?.received == nil else { return }
        let place = link.connection.placeOfReceived ?? (link.hasReceived ? nil : .head)
        guard let place else { return }
        link.trace?.received = StreamTrace(mask: link.mask, from: place)
        link.tracedBytes = 0
    }

    // MARK: Telling

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
        tell(link.trace?.received?.read(UnsafeRawBufferPointer(rebasing: bytes[told..<end]).bytes) ?? [], "< ")
        return end
    }

    private func tell(_ lines: [String], _ mark: String) {
        for line in lines {
            node.tellTraced(mark + line)
            draw(.linesTraced)
        }
    }
}
