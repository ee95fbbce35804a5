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
            let event = endpoint.bytesReceived(bytes.bytes, from: &offset)
            protocolState = .open(endpoint)
            guard let event else { break }
            handle(event, endpoint)
        }
        guard !isEnded, self.stream === stream else { return }
        if case .open(let endpoint) = protocolState, endpoint.hasControlFrames { pump() }
    }

    private func handle(_ event: EndpointEvent, _ endpoint: WebSocketEndpoint) {
        switch event {
        case .message(let kind):
            messageReceived(kind, endpoint)
        case .ping:
            node.lock.withLock { node.counters.pingsReceived &+= 1 }
        case .pong(let payload):
            pongReceived(payload)
        case .close(let code, let reason):
            closeReceived(Ending.peerClosed(code, reason: reason.text), reason.text)
        case .failed(let error):
            closeReceived(Ending.protocolFailed(error), "")
        }
    }

    private func messageReceived(_ kind: MessageKind, _ endpoint: WebSocketEndpoint) {
        let kindForHost: neuron_ws_kind_t = kind == .text ? .NEURON_WS_TEXT : .NEURON_WS_BINARY
        let message = endpoint.message
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
    private func closeReceived(_ ending: Ending, _ text: String) {
        status.closeReason = text
        machine.closeReceived(ending, now: Clock.monotonicNanoseconds)
        status.ending = ending
        status.message = ending.text
        publish()
        if isEnded { return }
        reschedule()
        pump()
    }
}

extension ControlPayload {
    /// As text for people.
    var text: String {
        withBytes { span in span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
    }

    /// The number in one of our own pings; nil: not ours.
    var sequence: UInt64? {
        withBytes { span in
            span.byteCount == 8 ? UInt64(bigEndian: span.unsafeLoadUnaligned(as: UInt64.self)) : nil
        }
    }
}
