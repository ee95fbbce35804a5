// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
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

    /// A callback may end the session, and even the connection is no longer needed: answers wait for the next one to
    /// this server.
    func routeDocuments(
        _ documents: IncomingMessage, _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer
    ) {
        var documents = documents
        let kind = message.kind
        while !isEnded, let part = documents.next(requestRules(message.asker)) {
            switch part {
            case .unfinished(let byteCount):
                draw(.bytesParsed, byteCount)
                // However little was drawn: a step takes milliseconds.
                turn.budget.timeIs(Clock.monotonicNanoseconds)
            case .request(let request): admitRequest(request, message.asker)
            case .malformed(let request, let range):
                answerMalformed(request, message, UnsafeRawBufferPointer(rebasing: bytes[range]))
            case .refused(let request): answerRefused(request, message.asker)
            case .busy(let busy):
                countReceived()
                refuseAsBusy(busy, message.asker)
            case .other(let range) where range.count == bytes.count: deliverWhole(message, bytes)
            case .other(let range): deliver(kind, UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
            draw(.requestsParsed)
            if documents.isAtEnd || hasTurn() { continue }
            return keep(.documents(documents), message)
        }
    }

    /// Those that a configure has just set are in force when it returns, though the loop has not heard of them yet.
    private func requestRules(_ asker: Asker) -> RequestRules {
        let present = node.lock.withLock { node.configuration }
        let memoryBytesMax = present.requestBytesMax
        return RequestRules(
            policy: present.requestPolicy, memoryBytesMax: memoryBytesMax,
            memoryBytesLeft: node.requests.room(memoryBytesMax: memoryBytesMax), openGate: present.openGate,
            takesRequests: takesRequests, mask: asker.mask)
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
        let beginning = ForeignText.masked(bytes, by: mask, bytesMax: 256)
        node.log(
            .NEURON_WS_LOG_NOTICE, .ignoredMessage,
            "\(status.urlInLog): a \(what) message of \(bytes.count) bytes from the server is no request, and nobody "
                + "here takes it\(advice): \(beginning.shown(charactersMax: 64))")
    }

    private func countReceived() { node.lock.withLock { node.counters.requestsReceived &+= 1 } }

    private func admitRequest(_ request: Request, _ asker: Asker) {
        countReceived()
        request.askedBy = "\(asker.url) (\(asker.address))"
        if !takesRequests { return node.answer(OperationAnswer.notSupported(request.echo), to: asker.server) }
        let (connection, server) = (asker.connection, asker.server)
        switch node.requests.repetition(of: request, connection: connection, server: server) {
        case .none: break
        case .underWay: return logRepeated(request, asker, "before its end", "its answer is on its way")
        case .answered(let document):
            document.withUnsafeBytes { node.answer($0, to: server) }
            return logRepeated(request, asker, "after its end", "it is answered as before")
        case .idTaken: return refuseForItsID(request, asker)
        }
        node.requests.supersede(by: request, connection: connection, server: server)
        tellSuperseded()
        if isEnded { return }
        let now = Clock.monotonicNanoseconds
        guard let handle = node.requests.admit(request, connection: connection, server: server, now: now) else {
            return refuseAsBusy(BusyRequest(echo: request.echo, subject: request.subject), asker)
        }
        rescheduleRequests()
        guard node.tell(.request(handle, request)) != .told else { return }
        node.requests.remove(handle)
        refuseAsBusy(BusyRequest(echo: request.echo, subject: request.subject), asker)
    }

    /// There may be a thousand, of many lines each.
    /// - Returns: false: there may be more, in another turn. The first is told at once.
    @discardableResult
    func tellSuperseded() -> Bool {
        while let late = node.requests.takeSuperseded() {
            node.log(.superseded, of: late)
            if isEnded || !hasTurn() { return false }
        }
        return true
    }

    private func logRepeated(_ request: Request, _ asker: Asker, _ when: StaticString, _ what: StaticString) {
        node.log(
            .NEURON_WS_LOG_NOTICE, .repeatedOperation,
            "\(asker.url): an operation is asked for again \(when): "
                + "\(request.subject.text). It is not done twice; \(what).")
    }

    private func refuseForItsID(_ request: Request, _ asker: Asker) {
        node.answer(
            request.echo, to: asker.server, error: RequestErrorCode.busy,
            reason: "another operation with this id has not been answered yet")
        node.log(
            .NEURON_WS_LOG_WARN, .repeatedOperation,
            "\(asker.url): an operation has the id of another that has not been answered yet: "
                + "\(request.subject.text). It is answered with an error.")
    }

    private func refuseAsBusy(_ request: BusyRequest, _ asker: Asker) {
        let limits = "\(RequestLimits.heldMax) requests, or \(configuration.requestBytesMax) bytes of memory for them "
        let reason = "the gateway holds \(limits)(setting requests-max-bytes), that it has not answered yet"
        node.answer(request.echo, to: asker.server, error: RequestErrorCode.busy, reason: reason)
        if request.subject.kind != .NEURON_WS_REQUEST_READ { return logRefused(request.subject, asker, reason) }
        node.log(
            .NEURON_WS_LOG_WARN, .busyRequest,
            "\(asker.url): a request from the server was answered as busy: the host has not answered those before it, "
                + "and holds \(limits)(setting requests-max-bytes).")
    }

    /// By the setting allow-requests.
    private func answerRefused(_ request: RefusedRequest, _ asker: Asker) {
        node.lock.withLock {
            node.counters.requestsReceived &+= 1
            node.counters.requestsRefused &+= 1
        }
        node.answer(request.echo, to: asker.server, error: RequestErrorCode.refused, reason: request.reason)
        logRefused(request.subject, asker, request.reason)
    }

    private func logRefused(_ subject: RequestSubject, _ asker: Asker, _ reason: String) {
        node.log(
            .NEURON_WS_LOG_WARN, .refusedRequest(subject.kind),
            "Refused at \(WallTime.text(milliseconds: Clock.wallMilliseconds)), asked by \(asker.url) "
                + "(\(asker.address)): \(subject.text): \(reason).")
    }

    private func answerMalformed(
        _ request: MalformedRequest, _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer
    ) {
        node.lock.withLock { node.counters.requestsMalformed &+= 1 }
        if let echo = request.echo {
            node.answer(echo, to: message.asker.server, error: RequestErrorCode.malformed, reason: request.reason)
        }
        node.log(
            .NEURON_WS_LOG_WARN, .malformedRequest(hasUUID: request.echo != nil),
            "\(message.asker.url): a request from the server makes no sense"
                + "\(request.echo == nil ? ", and has no uuid to answer to" : ""): \(request.reason).")
        if request.echo == nil { deliver(message.kind, bytes, isLogged: true) }
    }

    /// The next message answers a server that is not connected: it does not go out, and that is told by what it says.
    func leaveOutAnswer() {
        let beginning = backlog.nextMessage()?.withBytes { bytes in
            ForeignText.masked(bytes, by: mask, bytesMax: 512).shown(charactersMax: 160)
        }
        backlog.leaveOutNext()
        node.log(
            .NEURON_WS_LOG_WARN, .untoldAnswer,
            "Not told at \(WallTime.text(milliseconds: Clock.wallMilliseconds)): an answer to another server than "
                + "\(status.urlInLog), which is connected: \(beginning ?? "")")
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
            let connected = node.lock.withLock { node.connectedServer }
            // One may have many lines.
            let late = node.requests.expire(now: Clock.monotonicNanoseconds, countMax: 1, connected: connected)
            if late.isEmpty { break }
            for one in late {
                // before_send may end the node.
                if isEnded { return }
                let request = one.request
                if one.isTold {
                    node.answer(
                        request.echo, to: one.server, error: RequestErrorCode.expired,
                        reason: "the gateway did not answer in time (setting request-timeout)")
                }
                node.log(.tooLate(isTold: one.isTold), of: request)
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
