import CNeuronWS
import NodeCore

extension NodeSession {
    /// Timers of this session by their tokens.
    static let requestTimerToken: UInt64 = 1
    static let quietTimerToken: UInt64 = 2

    /// A whole message from the server: for requests, if the host takes them, else as it is.
    func messageArrived(_ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer) {
        guard node.host.wantsRequests || node.queue(for: NEURON_WS_EVENT_REQUEST) != nil else {
            return deliver(kind, bytes)
        }
        draw(.bytesParsed, bytes.count)
        guard let incoming = IncomingMessage.make(bytes) else { return deliver(kind, bytes) }
        documentsArrived(incoming, kind, bytes, kept: nil)
    }

    /// Those of an array that are left from an earlier turn.
    func documentsArrived(_ documents: IncomingMessage, _ kind: neuron_ws_kind_t, _ kept: EventBytes) {
        let bytes = UnsafeRawBufferPointer(start: kept.pointer, count: kept.count)
        withExtendedLifetime(kept) { documentsArrived(documents, kind, bytes, kept: kept) }
    }

    /// A callback may end the session, and even the connection is no longer needed: answers find the next one.
    private func documentsArrived(
        _ documents: IncomingMessage, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer, kept: EventBytes?
    ) {
        var documents = documents
        while !isEnded, let part = documents.next() {
            switch part {
            case .request(let request): requestArrived(request)
            case .malformed(let request, let range):
                malformedArrived(request, kind, UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .other(let range): deliver(kind, UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
            draw(.requestsParsed)
            if isEnded || documents.isAtEnd || hasTurn() { continue }
            // The bytes are the message's, and that goes now. Without memory for a copy the turn is a long one.
            guard let copy = kept ?? EventBytes(bytes) else { continue }
            documents.move(to: UnsafeRawBufferPointer(start: copy.pointer, count: copy.count))
            arriving = .documents(isText: kind == .NEURON_WS_TEXT, documents, copy)
            return
        }
    }

    private func deliver(_ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer) {
        if let queue = node.queue(for: NEURON_WS_EVENT_MESSAGE) {
            node.tell(bytes, through: queue) { .message(kind, $0) }
        } else if node.host.wantsMessages {
            node.host.messageReceived(node.handle, kind, bytes)
        }
    }

    private func requestArrived(_ request: Request) {
        node.lock.withLock { node.counters.requestsReceived &+= 1 }
        guard let handle = node.requests.admit(request, now: Clock.monotonicNanoseconds) else {
            return refuse(request)
        }
        rescheduleRequests()
        if let queue = node.queue(for: NEURON_WS_EVENT_REQUEST) {
            let isTold = request.withDocument { node.tell($0, through: queue) { .request(handle, $0) } }
            if !isTold {
                _ = node.requests.drop(handle)
                refuse(request)
            }
        } else if let pointer = RequestHandle(bitPattern: handle) {
            node.host.requestReceived(node.handle, pointer, request)
        }
    }

    private func refuse(_ request: Request) {
        node.answer(
            uuid: request.uuid, error: RequestErrorCode.busy,
            reason: "the gateway holds \(RequestLimits.heldMax) requests, or "
                + "\(RequestLimits.heldBytesMax) bytes of them, that it has not answered yet")
    }

    private func malformedArrived(
        _ request: MalformedRequest, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer
    ) {
        let count = node.lock.withLock { () -> UInt64 in
            node.counters.requestsMalformed &+= 1
            return node.counters.requestsMalformed
        }
        if let uuid = request.uuid {
            return node.answer(uuid: uuid, error: RequestErrorCode.malformed, reason: request.reason)
        }
        malformedUnanswered &+= 1
        // At doubling intervals: a server that sends many must not fill the log.
        if malformedUnanswered.nonzeroBitCount == 1 {
            node.log(
                .NEURON_WS_LOG_WARN,
                "A request from the server has no uuid to answer to: \(request.reason) "
                    + "(\(malformedUnanswered) such, \(count) malformed in all).")
        }
        if !isEnded { deliver(kind, bytes) }
    }

    // MARK: Too late

    /// One timer for the earliest deadline; one that is answered before leaves it, and it fires for nothing.
    func rescheduleRequests() {
        guard requestTimer == nil, let deadline = node.requests.nextDeadline else { return }
        requestTimer = loop.schedule(at: deadline, self, token: Self.requestTimerToken)
    }

    func requestTimerFired() {
        requestTimer = nil
        let late = node.requests.expire(now: Clock.monotonicNanoseconds)
        for request in late {
            node.answer(
                uuid: request.uuid, error: RequestErrorCode.expired,
                reason: "the gateway did not answer in time (setting request-timeout)")
        }
        if !late.isEmpty {
            node.log(
                .NEURON_WS_LOG_WARN,
                "\(late.count) requests were not answered by the host in time (setting request-timeout).")
        }
        if !isEnded { rescheduleRequests() }
    }
}
