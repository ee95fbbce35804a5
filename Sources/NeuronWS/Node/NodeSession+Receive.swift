import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// Bytes of the server that are decoded before the turn is looked at.
    private static let pieceBytes = 16 * 1024

    /// Frames from the server. A callback may end the session or the connection in the middle of it.
    /// - Returns: how far it came: to the end, or to where the turn ended.
    func receive(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        guard let stream else { return bytes.count }
        while !isEnded, self.stream === stream {
            // At the end the endpoint is asked once more, so that it forgets the last message.
            guard offset == bytes.count || hasTurn() else { break }
            guard case .open(var endpoint) = protocolState else { return bytes.count }
            // Moved out and back, so that the endpoint's buffers are not copied.
            protocolState = .none
            let piece = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, offset + Self.pieceBytes)])
            let before = (offset: offset, frames: endpoint.framesReceived)
            let event = endpoint.bytesReceived(piece.bytes, from: &offset)
            let message = if case .message = event { endpoint.message } else { [UInt8]() }
            let isCompressed = endpoint.messageIsCompressed
            draw(.bytesReceived, offset - before.offset)
            draw(.framesReceived, Int(truncatingIfNeeded: endpoint.framesReceived &- before.frames))
            protocolState = .open(endpoint)
            guard let event else {
                if offset == bytes.count { break }
                continue
            }
            if isCompressed, case .message(let kind) = event, inflater != nil {
                arriving = .compressed(isText: kind == .text, message)
                continueArriving()
            } else {
                handle(event, message)
            }
            if arriving != nil {
                stream.pause()
                break
            }
        }
        guard !isEnded, self.stream === stream else { return bytes.count }
        if case .open(let endpoint) = protocolState, endpoint.hasControlFrames { pump() }
        return offset
    }

    /// Goes on with what came whole and is not done with. Nothing behind it is read before.
    /// - Returns: false: it takes another turn, which the session will have.
    @discardableResult
    func continueArriving() -> Bool {
        while !isEnded, let current = arriving {
            guard hasTurn() else { return false }
            switch current {
            case .compressed(let isText, let bytes): inflatePiece(bytes, isText: isText)
            case .documents(let isText, let documents, let bytes):
                arriving = nil
                documentsArrived(documents, isText ? .NEURON_WS_TEXT : .NEURON_WS_BINARY, bytes)
            }
        }
        return true
    }

    private func inflatePiece(_ bytes: [UInt8], isText: Bool) {
        guard let inflater else { return arriving = nil }
        let before = inflater.inflatedBytes
        let result: Result<UnsafeRawBufferPointer?, ProtocolError> = bytes.withUnsafeBytes { bytes in
            do throws(ProtocolError) {
                return .success(try inflater.inflate(bytes, isText: isText))
            } catch { return .failure(error) }
        }
        // So much for the call, though it may come to nothing.
        draw(.bytesInflated, 512 + inflater.inflatedBytes - before)
        switch result {
        case .success(nil): break
        case .success(let message?):
            arriving = nil
            // The host may end the connection meanwhile: the message's memory is the inflater's.
            withExtendedLifetime(inflater) { messageReceived(isText ? .text : .binary, message) }
            inflater.forget()
        case .failure(let error):
            arriving = nil
            guard case .open(var endpoint) = protocolState else { return }
            protocolState = .none
            let event = endpoint.messageRejected(error)
            protocolState = .open(endpoint)
            handle(event, [])
        }
    }

    private func handle(_ event: EndpointEvent, _ message: [UInt8]) {
        switch event {
        case .message(let kind):
            message.withUnsafeBytes { messageReceived(kind, $0) }
        case .ping:
            draw(.eventsHandled)
            node.lock.withLock { node.counters.pingsReceived &+= 1 }
        case .pong(let payload):
            draw(.eventsHandled)
            pongReceived(payload)
        case .close(let code, let reason):
            frameReplies()
            if isEnded { return }
            closeReceived(Ending.peerClosed(code, reason: reason.text))
        case .failed(let error):
            frameReplies()
            if isEnded { return }
            closeReceived(Ending.protocolFailed(error))
        }
    }

    private func messageReceived(_ kind: MessageKind, _ message: UnsafeRawBufferPointer) {
        let kindForHost: neuron_ws_kind_t = kind == .text ? .NEURON_WS_TEXT : .NEURON_WS_BINARY
        node.lock.lock()
        node.counters.messagesReceived &+= 1
        node.counters.payloadBytesReceived &+= UInt64(message.count)
        let isWanted = node.life != .destroyed
        node.lock.unlock()
        guard isWanted else { return }
        messageArrived(kindForHost, message)
        draw(.eventsHandled)
    }

    private func pongReceived(_ payload: ControlPayload) {
        node.lock.withLock { node.counters.pongsReceived &+= 1 }
        guard let sequence = payload.sequence, sequence > 0, sequence <= machine.pings else { return noteForeignPong() }
        let now = Clock.monotonicNanoseconds
        if let roundTrip = machine.pongReceived(sequence: sequence, now: now) {
            node.lock.withLock { node.counters.roundTripMicroseconds = max(1, roundTrip / 1000) }
            reschedule()
        }
    }

    /// A Pong without a Ping is allowed (RFC 6455 §5.5.3), so that this is only worth a line.
    private func noteForeignPong() {
        guard machine.pings > 0, !hasToldOfPongs else { return }
        hasToldOfPongs = true
        node.log(
            .NEURON_WS_LOG_INFO,
            "A Pong of the server is not the echo of a Ping: it counts as a sign of life, but round trips are not "
                + "measured by such.")
    }

    /// A Close came, or went out because the peer broke the protocol.
    private func closeReceived(_ ending: Ending) {
        machine.closeReceived(ending, now: Clock.monotonicNanoseconds)
        publish()
        if isEnded { return }
        reschedule()
        extendTurn()
        pump()
    }
}

extension ControlPayload {
    /// As text, which the peer wrote.
    var text: ForeignText { withBytes { ForeignText($0) } }

    /// The number in one of our own pings; nil: not ours.
    var sequence: UInt64? {
        withBytes { span in
            span.byteCount == 8 ? UInt64(bigEndian: span.unsafeLoadUnaligned(as: UInt64.self)) : nil
        }
    }
}
