import CNeuronWS
import NodeCore

extension Node {
    private static let answersBeyond = DeliveryLedger.Limits(
        bytesMax: RequestLimits.repliesBeyondBytesMax, messagesMax: RequestLimits.repliesBeyondMax)

    /// An answer to a request, in the node's message-type; past the queue's limits if need be.
    func queueAnswer(_ json: UnsafeRawBufferPointer) throws(NodeError) {
        _ = try queue(json, stamp(kind: nil), beyond: Self.answersBeyond)
    }

    /// The library's own answer. Where even the room for answers is full it is lost, counted as rejected, and logged.
    func answer(uuid: [UInt8], error: Int64, reason: String) {
        RequestAnswer.encode(uuid: uuid, error: error, reason: reason).withUnsafeBytes { bytes in
            do throws(NodeError) { try queueAnswer(bytes) } catch {
                log(.NEURON_WS_LOG_WARN, .lostAnswer, "An answer to a request was lost: \(error.text).")
            }
        }
    }

    /// What was done for the server: writes and actions are worth a notice.
    func logAnswered(_ request: Request, _ json: UnsafeRawBufferPointer) {
        let isRead = request.info.kind == .NEURON_WS_REQUEST_READ
        let level: neuron_ws_log_level_t = isRead ? .NEURON_WS_LOG_INFO : .NEURON_WS_LOG_NOTICE
        log(
            level, .answeredRequest(request.info.kind),
            "Answered at \(WallTime.text(milliseconds: Clock.wallMilliseconds))"
                + "\(RequestAnswer.error(in: json).map { " with error \($0)" } ?? ""), asked by "
                + "\(lock.withLock { status.url }): \(request.subject.text).")
    }

    /// The next event for the host; a request that was answered as too late while it waited is none.
    func nextEvent(singly: Bool) -> neuron_ws_event_t? {
        guard let queue = lock.withLock({ events }) else { return nil }
        while let event = queue.take(singly: singly) {
            guard case .request(let handle, _) = event else { return event.structure }
            if requests.isWaiting(handle) { return event.structure }
            _ = requests.drop(handle)
        }
        return nil
    }

    /// The node ends: requests that the host never took from the queue are nobody's.
    func dropQueuedRequests() {
        guard let queue = lock.withLock({ events }) else { return }
        for handle in queue.removeRequests() { _ = requests.drop(handle) }
    }
}
