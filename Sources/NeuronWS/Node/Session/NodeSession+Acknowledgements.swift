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
    func routeAcknowledgement(
        _ reader: AcknowledgementReader, _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer
    ) {
        var reader = reader
        // What the kernel has taken meanwhile may be what is acknowledged.
        if let stream = link?.stream { backlog.written(stream.bytesWritten) }
        var stray: UInt64 = 0
        var malformed: String?
        reading: while true {
            let step = reader.step { number in if !acknowledge(number) { stray &+= 1 } }
            draw(.bytesParsed, min(bytes.count, AcknowledgementReader.stepBytesMax))
            switch step {
            case .unfinished:
                // However little was drawn: a step of numbers takes longer than one of texts.
                if bytes.count > AcknowledgementReader.stepBytesMax { turn.budget.timeIs(Clock.monotonicNanoseconds) }
                if hasTurn() { continue }
                keep(.acknowledgement(reader), message)
                break reading
            case .notOne: return routeToCommands(message, bytes)
            case .malformed(let text):
                malformed = text
                break reading
            case .finished: break reading
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
                "\(status.urlInLog): none of an acknowledgement from the server counts: \(malformed).")
        } else if stray > 0 {
            node.log(
                .NEURON_WS_LOG_WARN, .strayAcknowledgement,
                "\(status.urlInLog): \(stray) acknowledgements from the server confirm nothing: no message that was "
                    + "sent has that number, or they name another stream.")
        }
    }
}
