// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// Timers of this session by their tokens.

    /// What is not the response to a command that says how it is known: for requests, if the host takes them, else as
    /// it is.
    func routeOther(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        guard takesRequests || answersAlone else { return deliverWhole(message, bytes) }
        // A large one is looked at in steps, which draw by themselves.
        draw(.bytesParsed, min(bytes.count, IncomingMessage.stepBytesMax))
        guard let incoming = IncomingMessage.make(bytes) else { return deliverWhole(message, bytes) }
        // One look has been taken at the whole message.
        if incoming.isLarge, !hasTurn() { return keep(.documents(incoming), message) }
        routeDocuments(incoming, message, bytes)
    }

    private var takesRequests: Bool { !node.listener(NEURON_WS_EVENT_REQUEST).isNobody }

    /// OpenGate waits for an answer to each operation, also where the host takes nothing at all.
    private var answersAlone: Bool {
        configuration.openGate != nil && node.listener(NEURON_WS_EVENT_MESSAGE).isNobody
    }

    /// A callback may end the session, and even the connection is no longer needed: answers find the next one.
    func routeDocuments(
        _ documents: IncomingMessage, _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer
    ) {
        var documents = documents
        let kind = message.kind
        while !isEnded, let part = documents.next(requestRules) {
            switch part {
            case .unfinished(let byteCount):
                draw(.bytesParsed, byteCount)
                // However little was drawn: a step takes milliseconds.
                budget.timeIs(Clock.monotonicNanoseconds)
            case .request(let request): admitRequest(request)
            case .malformed(let request, let range):
                answerMalformed(request, kind, UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .refused(let request): answerRefused(request)
            case .busy(let busy):
                countReceived()
                refuseAsBusy(busy)
            case .other(let range) where range.count == bytes.count: deliverWhole(message, bytes)
            case .other(let range): deliver(kind, UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
            draw(.requestsParsed)
            if documents.isAtEnd || hasTurn() { continue }
            return keep(.documents(documents), message)
        }
    }

    /// Those that a configure has just set are in force when it returns, though the loop has not heard of them yet.
    private var requestRules: RequestRules {
        let present = node.lock.withLock { node.configuration }
        let memoryBytesMax = present.requestBytesMax
        return RequestRules(
            policy: present.requestPolicy, memoryBytesMax: memoryBytesMax,
            memoryBytesLeft: node.requests.room(memoryBytesMax: memoryBytesMax), openGate: present.openGate,
            takesRequests: takesRequests, mask: link?.mask ?? .none)
    }

    /// A whole message that is no request.
    private func deliverWhole(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        if !answersInOrder(message, bytes) { deliver(message.kind, bytes) }
    }

    /// - Parameters:
    ///   - isLogged: a line has told of these bytes already.
    ///   - isExpected: it answers a heartbeat: that nobody else takes it is as it should be.
    func deliver(
        _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer, isLogged: Bool = false, isExpected: Bool = false
    ) {
        guard node.tell(.message(kind, bytes)) == .unheard, !isExpected else { return }
        node.lock.withLock { node.counters.messagesIgnored &+= 1 }
        if !isLogged { logIgnored(kind, bytes) }
    }

    /// What nobody takes leaves a trace all the same: a server that waits for an answer waits in vain.
    private func logIgnored(_ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer) {
        let what = kind == .NEURON_WS_TEXT ? "text" : "binary"
        let advice = IncomingMessage.isUTF16(bytes) ? "; it looks like UTF-16, and requests are JSON in UTF-8" : ""
        let beginning = ForeignText.masked(bytes, by: link?.mask ?? .none, bytesMax: 256)
        node.log(
            .NEURON_WS_LOG_NOTICE, .ignoredMessage,
            "\(status.url): a \(what) message of \(bytes.count) bytes from the server is no request, and nobody here "
                + "takes it\(advice): \(beginning.shown(charactersMax: 64))")
    }

    private func countReceived() { node.lock.withLock { node.counters.requestsReceived &+= 1 } }

    private func admitRequest(_ request: Request) {
        countReceived()
        request.askedBy = "\(status.url) (\(status.peer.address))"
        if !takesRequests { return node.answer(OperationAnswer.notSupported(request.echo)) }
        let connection = node.lock.withLock { node.counters.connectionsOpened }
        switch node.requests.repetition(of: request, connection: connection) {
        case .none: break
        case .underWay: return logRepeated(request, "before its end", "its answer is on its way")
        case .answered(let document):
            document.withUnsafeBytes { node.answer($0) }
            return logRepeated(request, "after its end", "it is answered as before")
        case .idTaken: return refuseForItsID(request)
        }
        guard let handle = node.requests.admit(request, connection: connection, now: Clock.monotonicNanoseconds) else {
            return refuseAsBusy(BusyRequest(echo: request.echo, subject: request.subject))
        }
        rescheduleRequests()
        guard node.tell(.request(handle, request)) != .told else { return }
        node.requests.remove(handle)
        refuseAsBusy(BusyRequest(echo: request.echo, subject: request.subject))
    }

    private func logRepeated(_ request: Request, _ when: StaticString, _ what: StaticString) {
        node.log(
            .NEURON_WS_LOG_NOTICE, .repeatedOperation,
            "\(status.url): an operation is asked for again \(when): "
                + "\(request.subject.text). It is not done twice; \(what).")
    }

    private func refuseForItsID(_ request: Request) {
        node.answer(
            request.echo, error: RequestErrorCode.busy,
            reason: "another operation with this id has not been answered yet")
        node.log(
            .NEURON_WS_LOG_WARN, .repeatedOperation,
            "\(status.url): an operation has the id of another that has not been answered yet: "
                + "\(request.subject.text). It is answered with an error.")
    }

    private func refuseAsBusy(_ request: BusyRequest) {
        let limits = "\(RequestLimits.heldMax) requests, or \(configuration.requestBytesMax) bytes of memory for them "
        let reason = "the gateway holds \(limits)(setting requests-max-bytes), that it has not answered yet"
        node.answer(request.echo, error: RequestErrorCode.busy, reason: reason)
        if request.subject.kind != .NEURON_WS_REQUEST_READ { return logRefused(request.subject, reason) }
        node.log(
            .NEURON_WS_LOG_WARN, .busyRequest,
            "\(status.url): a request from the server was answered as busy: the host has not answered those before it, "
                + "and holds \(limits)(setting requests-max-bytes).")
    }

    /// By the setting allow-requests.
    private func answerRefused(_ request: RefusedRequest) {
        node.lock.withLock {
            node.counters.requestsReceived &+= 1
            node.counters.requestsRefused &+= 1
        }
        node.answer(request.echo, error: RequestErrorCode.refused, reason: request.reason)
        logRefused(request.subject, request.reason)
    }

    private func logRefused(_ subject: RequestSubject, _ reason: String) {
        node.log(
            .NEURON_WS_LOG_WARN, .refusedRequest(subject.kind),
            "Refused at \(WallTime.text(milliseconds: Clock.wallMilliseconds)), asked by \(status.url) "
                + "(\(status.peer.address)): \(subject.text): \(reason).")
    }

    private func answerMalformed(
        _ request: MalformedRequest, _ kind: neuron_ws_kind_t, _ bytes: UnsafeRawBufferPointer
    ) {
        node.lock.withLock { node.counters.requestsMalformed &+= 1 }
        if let echo = request.echo {
            node.answer(echo, error: RequestErrorCode.malformed, reason: request.reason)
        }
        node.log(
            .NEURON_WS_LOG_WARN, .malformedRequest(hasUUID: request.echo != nil),
            "\(status.url): a request from the server makes no sense"
                + "\(request.echo == nil ? ", and has no uuid to answer to" : ""): \(request.reason).")
        if request.echo == nil { deliver(kind, bytes, isLogged: true) }
    }

    // MARK: Too late

    /// For the earliest deadline.
    func rescheduleRequests() {
        guard !isEnded, let deadline = node.requests.nextDeadline else { return }
        timers[.requests].set(at: deadline, loop, self)
    }

    func requestTimerFired() {
        var reads = 0
        while hasTurn() {
            let late = node.requests.expire(now: Clock.monotonicNanoseconds, countMax: 8)
            if late.isEmpty { break }
            for request in late {
                // before_send may end the node.
                if isEnded { return }
                node.answer(
                    request.echo, error: RequestErrorCode.expired,
                    reason: "the gateway did not answer in time (setting request-timeout)")
                node.log(.tooLate, of: request)
                if request.info.kind == .NEURON_WS_REQUEST_READ { reads += 1 }
                draw(.requestsParsed)
            }
        }
        if reads > 0 {
            node.log(
                .NEURON_WS_LOG_WARN, .expiredRequest,
                "\(reads) reads were not answered by the host in time (setting request-timeout).")
        }
        // Behind a turn's end the timer fires at once.
        rescheduleRequests()
    }
}
