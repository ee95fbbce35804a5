// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What the server's application says that it has: the delivery level app-acked.
extension NodeSession {
    /// nil: the message does not begin like an acknowledgement. To be asked where the level in force is app-acked.
    func acknowledgementReader(_ bytes: UnsafeRawBufferPointer) -> AcknowledgementReader? {
        let stream = node.lock.withLock { node.sendQueue.stream }
        return AcknowledgementReader(
            bytes, member: configuration.settings.ackMember, stream: OutgoingMessage.text(ofStream: stream))
    }

    /// Reads on until the end or until the turn is over.
    /// - Parameter kept: a copy of the bytes that a later turn finds.
    func routeAcknowledgement(
        _ reader: AcknowledgementReader, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer, kept: EventBytes?
    ) {
        var reader = reader
        // What the kernel has taken meanwhile may be what is acknowledged.
        if let stream = link?.stream { backlog.written(stream.bytesWritten) }
        var stray: UInt64 = 0
        var isOver = false
        var malformed: String?
        while !isOver {
            let step = reader.step { number in if !acknowledge(number) { stray &+= 1 } }
            draw(.bytesParsed, min(bytes.count, AcknowledgementReader.stepBytesMax))
            switch step {
            case .unfinished:
                if hasTurn() { continue }
                isOver = keep(.acknowledgement(reader), kind, bytes, kept)
            case .notOne: return routeOther(kind, bytes)
            case .malformed(let text):
                malformed = text
                isOver = true
            case .finished: isOver = true
            }
        }
        node.lock.withLock {
            if arriving == nil { node.counters.acknowledgementsReceived &+= 1 }
            node.counters.acknowledgementsStray &+= stray + (malformed == nil ? 0 : 1)
        }
        tell(stray: stray, malformed: malformed)
    }

    /// - Returns: false: it confirms nothing that was sent.
    private func acknowledge(_ number: AcknowledgementReader.Number) -> Bool {
        switch number {
        case .through(let id): backlog.acknowledge(id, isCumulative: true) != .unknown
        case .single(let id): backlog.acknowledge(id, isCumulative: false) != .unknown
        case .foreign: false
        }
    }

    private func tell(stray: UInt64, malformed: String?) {
        if let malformed {
            node.log(
                .NEURON_WS_LOG_WARN, .strayAcknowledgement,
                "\(status.url): none of an acknowledgement from the server counts: \(malformed).")
        } else if stray > 0 {
            node.log(
                .NEURON_WS_LOG_WARN, .strayAcknowledgement,
                "\(status.url): \(stray) acknowledgements from the server confirm nothing: no message that was sent "
                    + "has that number, or they name another stream.")
        }
    }
}
