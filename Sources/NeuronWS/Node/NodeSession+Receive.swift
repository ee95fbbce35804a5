import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// Frames from the server. A callback may end the session or the connection in the middle of it.
    func receive(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        var offset = start
        guard let stream else { return }
        while !isEnded, self.stream === stream {
            guard case .open(var endpoint) = protocolState else { return }
            // Moved out and back, so that the endpoint's buffers are not copied.
            protocolState = .none
            var event = endpoint.bytesReceived(bytes.bytes, from: &offset)
            var message: [UInt8] = []
            if case .message(let kind) = event { event = messageCompleted(kind, &endpoint, &message) }
            protocolState = .open(endpoint)
            guard let event else { break }
            handle(event, message)
        }
        guard !isEnded, self.stream === stream else { return }
        if case .open(let endpoint) = protocolState, endpoint.hasControlFrames { pump() }
    }

    /// The bytes of the message that the endpoint has whole, inflated if they were compressed.
    /// - Returns: the event that it comes to.
    private func messageCompleted(
        _ kind: MessageKind, _ endpoint: inout WebSocketEndpoint, _ message: inout [UInt8]
    ) -> EndpointEvent {
        message = endpoint.message
        guard endpoint.messageIsCompressed, let inflater else { return .message(kind) }
        let result: Result<[UInt8], ProtocolError> = message.withUnsafeBytes { bytes in
            do throws(ProtocolError) {
                return .success(try inflater.inflate(bytes, isText: kind == .text))
            } catch { return .failure(error) }
        }
        switch result {
        case .success(let inflated):
            message = inflated
            return .message(kind)
        case .failure(let error):
            message = []
            return endpoint.messageRejected(error)
        }
    }

    private func handle(_ event: EndpointEvent, _ message: [UInt8]) {
        switch event {
        case .message(let kind):
            messageReceived(kind, message)
        case .ping:
            node.lock.withLock { node.counters.pingsReceived &+= 1 }
        case .pong(let payload):
            pongReceived(payload)
        case .close(let code, let reason):
            frameReplies()
            if isEnded { return }
            closeReceived(Ending.peerClosed(code, reason: reason.text), reason.text)
        case .failed(let error):
            frameReplies()
            if isEnded { return }
            closeReceived(Ending.protocolFailed(error), "")
        }
    }

    private func messageReceived(_ kind: MessageKind, _ message: [UInt8]) {
        let kindForHost: neuron_ws_kind_t = kind == .text ? .NEURON_WS_TEXT : .NEURON_WS_BINARY
        node.lock.lock()
        node.counters.messagesReceived &+= 1
        node.counters.payloadBytesReceived &+= UInt64(message.count)
        node.lock.unlock()
        messageArrived(kindForHost, message)
    }

    private func pongReceived(_ payload: ControlPayload) {
        node.lock.withLock { node.counters.pongsReceived &+= 1 }
        guard let sequence = payload.sequence else { return }
        let now = Clock.monotonicNanoseconds
        if let roundTrip = machine.pongReceived(sequence: sequence, now: now) {
            node.lock.withLock { node.counters.roundTripMicroseconds = max(1, roundTrip / 1000) }
            reschedule()
        }
    }

    /// A Close came, or went out because the peer broke the protocol.
    private func closeReceived(_ ending: Ending, _ text: ForeignText) {
        status.closeReason = text
        machine.closeReceived(ending, now: Clock.monotonicNanoseconds)
        publish()
        if isEnded { return }
        reschedule()
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
