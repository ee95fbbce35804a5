// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

extension Node {
    private static let answersBeyond = DeliveryLedger.Limits(
        bytesMax: RequestLimits.repliesBeyondBytesMax, messagesMax: RequestLimits.repliesBeyondMax)

    /// An answer to a request on its way into the queue.
    struct Answer {
        fileprivate let message: OutgoingMessage
        /// Its copy, if it is a large one.
        fileprivate let chunk: MessageChunk?
    }

    /// Shows an answer to the host, if it is shown when it is queued, and copies a large one: a lock that others wait
    /// for is held for neither. What comes of it goes to `queueAnswer`.
    /// The bytes stay the caller's until then.
    /// - Parameter server: to whom it goes, by `serverNumbers`; 0: to whoever is connected.
    func prepareAnswer(_ json: UnsafeRawBufferPointer, to server: UInt16) throws(NodeError) -> Answer {
        var stamp = stamp(kind: nil)
        stamp.server = server
        // An answer is an object as a rule; one that the host made otherwise goes as it is.
        if json.first != UInt8(ascii: "{") { stamp.isNumbered = false }
        try inspectQueued(json, stamp.kind == 2 ? .NEURON_WS_BINARY : .NEURON_WS_TEXT)
        let message = try outgoing(json, stamp)
        return Answer(message: message, chunk: try filledChunk(message, beyond: Self.answersBeyond))
    }

    /// An answer to a request, in the node's message-type; past the queue's limits if need be.
    /// - Returns: its number.
    func queueAnswer(_ answer: Answer) throws(NodeError) -> UInt64 {
        try queue(answer.message, filled: answer.chunk, beyond: Self.answersBeyond)
    }

    private func queueAnswer(_ text: UnsafeRawBufferPointer, to server: UInt16) -> Result<UInt64, NodeError> {
        do throws(NodeError) {
            return .success(try queueAnswer(try prepareAnswer(text, to: server)))
        } catch { return .failure(error) }
    }

    /// Another server is connected than this one.
    func isAnother(than server: UInt16) -> Bool {
        ServerNumbers.isAnother(lock.withLock { connectedServer }, than: server)
    }

    /// The library's own answer. Where even the room for answers is full it is lost, counted as rejected, and logged.
    func answer(_ echo: RequestEcho, to server: UInt16, error: Int64, reason: String) {
        answer(RequestAnswer.failure(echo, error: error, reason: reason), to: server)
    }

    /// The same, written already; empty: there was no memory for it.
    func answer(_ text: [UInt8], to server: UInt16) { text.withUnsafeBytes { answer($0, to: server) } }

    func answer(_ text: UnsafeRawBufferPointer, to server: UInt16) {
        let result = text.isEmpty ? .failure(.noMemory) : queueAnswer(text, to: server)
        if case .failure(let error) = result {
            log(.NEURON_WS_LOG_WARN, .lostAnswer, "An answer to a request was lost: \(error.text).")
        }
    }

    /// How a request ended. Each write and each action is told: who asked, what, and what came of it; of a write each
    /// tag, as far as there are lines for them. Reads that were answered are counted, and told at doubling counts.
    func log(_ end: RequestEnd, of request: Request) {
        func begin() -> String {
            end.beginning(wallMilliseconds: Clock.wallMilliseconds, askedBy: request.askedBy)
        }
        let kind = LogLineKind.answeredRequest(request.info.kind)
        if request.info.kind == .NEURON_WS_REQUEST_READ {
            guard case .answered = end else { return }
            return log(.NEURON_WS_LOG_INFO, kind, begin() + request.subject.text + ".")
        }
        guard !listener(NEURON_WS_EVENT_LOG).isNobody, logs(end.level) else { return }
        let start = begin()
        let count = request.forEachSubject { log(end.level, kind.category, start + $0 + ".") }
        // On other threads it is the host's time.
        if let session = lock.withLock({ session }), session.isOnLoop { session.draw(.linesAudited, count) }
    }

    /// What an operation has brought about besides its answer. Where there is no room for it, it is lost as any push
    /// would be, counted and logged.
    func publish(_ upload: ByteBuffer) {
        upload.withBytes { bytes in
            do throws(NodeError) { _ = try queue(bytes, stamp(kind: nil)) } catch {
                log(.NEURON_WS_LOG_WARN, .lostAnswer, "What REFRESH_INFO had to publish was lost: \(error.text).")
            }
        }
    }

    /// The final answer to an operation by its id, for a host that has no handle of it any more.
    func reply(_ json: JSONValue) throws(NodeError) {
        let encoding = lock.withLock { configuration.settings.encoding }
        let id: [UInt8]
        let answer: OperationAnswer
        do throws(OperationAnswer.Fault) {
            (id, answer) = try OperationAnswer.final(
                byID: json, encoding, timestampMilliseconds: Clock.wallMilliseconds)
        } catch { throw NodeError(error) }
        let server = requests.server(ofOperation: id, preferred: lock.withLock { connectedServer })
        let number = try answer.document.withBytes { queueAnswer($0, to: server) }.get()
        let kept = answer.document.withBytes { NodeRequests.kept($0) }
        let settled = requests.settle(
            operation: id, name: answer.name, kept, message: number, server: server)
        // Its answer has a form of its own, and says of no error by number.
        if let settled { log(.answered(error: nil), of: settled) }
        if let upload = answer.upload { publish(upload) }
    }

    /// The next event for the host; a request that was answered as too late while it waited is none.
    func nextEvent(singly: Bool) -> neuron_ws_event_t? {
        guard let queue = lock.withLock({ events }) else { return nil }
        defer { if lock.withLock({ sendQueue.ledger.awaitsRoom || commandsAwaitRoom }) { tellRoom() } }
        while let event = queue.take(singly: singly) {
            guard case .request(let handle, _) = event else { return event.structure }
            if requests.isWaiting(handle) { return event.structure }
            requests.remove(handle)
        }
        return nil
    }

    /// The node ends, and answers that come from here on find none. What has no answer yet is told; what the host never
    /// took from the queue is nobody's.
    func endRequests() {
        let left = requests.close()
        let queued = dropQueuedRequests()
        while let request = requests.takeSuperseded() { log(.superseded, of: request) }
        for (handle, request) in left { log(queued.contains(handle) ? .untouched : .nodeEnded, of: request) }
    }

    /// - Returns: those that the host never took from the queue.
    @discardableResult
    func dropQueuedRequests() -> [UInt] {
        guard let queue = lock.withLock({ events }) else { return [] }
        let handles = queue.removeRequests()
        for handle in handles { requests.remove(handle) }
        return handles
    }
}
