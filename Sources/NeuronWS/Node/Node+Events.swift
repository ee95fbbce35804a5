import CNeuronWS
import NodeCore
import WebSocketCore

/// What is told: by events if the host takes them, else by its callbacks. A callback may end the node.
extension Node {
    /// The event queue, if events of this kind go there.
    func queue(for kind: UInt32) -> EventQueue? {
        lock.lock()
        defer { lock.unlock() }
        guard let events, events.wants(kind) else { return nil }
        return events
    }

    /// False: it is dropped, which is counted, and said at doubling counts.
    @discardableResult
    func tell(_ event: NodeEvent, through queue: EventQueue) -> Bool {
        report(queue.append(event, isNotice: false), byteCount: event.bytes?.count ?? 0)
    }

    /// The same of an event that carries bytes, which there may be no memory for.
    @discardableResult
    func tell(
        _ bytes: UnsafeRawBufferPointer, through queue: EventQueue, as event: (EventBytes) -> NodeEvent
    ) -> Bool {
        guard let copy = EventBytes(bytes) else { return report(queue.lost(isLine: false), byteCount: bytes.count) }
        return tell(event(copy), through: queue)
    }

    private func report(_ verdict: EventBacklog.Verdict, byteCount: Int) -> Bool {
        guard case .dropped(let count) = verdict else { return true }
        if count.nonzeroBitCount == 1 {
            log(
                .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_EVENTS,
                "\(count) events were dropped so far, the last one with \(byteCount) bytes: the host does not take "
                    + "them (neuron_ws_node_next_event) as fast as they come, or memory is exhausted.",
                isNotice: true)
        }
        return false
    }

    /// A line of which many may come: it is counted, and told at doubling counts; see `RepeatedLines`.
    func log(_ level: neuron_ws_log_level_t, _ kind: LogLineKind, _ text: @autoclosure () -> String) {
        let now = Clock.monotonicNanoseconds
        guard let count = lock.withLock({ lines.came(kind, now: now) }) else { return }
        log(level, kind.category, count > 1 ? "\(text()) (\(count) such in a row)" : text())
    }

    /// - Parameter isNotice: it tells of events that were dropped, and so has a place of its own in their queue.
    func log(
        _ level: neuron_ws_log_level_t, _ category: neuron_ws_log_category_t, _ text: @autoclosure () -> String,
        isNotice: Bool = false
    ) {
        let queue = queue(for: NEURON_WS_EVENT_LOG)
        guard queue != nil || host.wantsLog, logs(level) else { return }
        guard let queue else { return host.logged(handle, level, text()) }
        var text = text()
        let line = text.withUTF8 { EventBytes(UnsafeRawBufferPointer($0)) }
        guard let line else { return _ = queue.lost(isLine: true) }
        _ = queue.append(.log(level, category, line), isNotice: isNotice)
    }

    // MARK: Outcomes

    /// Messages have their outcome: it is counted and told, and they leave the queue. By event under the lock: whoever
    /// reads it and pushes finds the room, and there is room for the outcome of each that is taken
    /// (`DeliveryLedger.hasRoomForOutcome`). By callback after it, one for each message.
    /// - Parameter refusal: how the server refused them.
    /// - Returns: true: by callback, which takes the host's time, and may end the node.
    @discardableResult
    func conclude(_ run: Backlog.Run, refusal: Ending? = nil) -> Bool {
        var told = DeliveryRun(firstID: run.firstID, count: run.count, outcome: run.outcome, level: run.level)
        if let refusal {
            told.closeCode = refusal.closeCode
            var reason = refusal.closeReason.shown()
            if !reason.isEmpty { told.closeReason = reason.withUTF8 { EventBytes(UnsafeRawBufferPointer($0)) } }
        }
        lock.lock()
        var isByEvent = false
        var verdict = EventBacklog.Verdict.held(wasEmpty: false)
        if let events, events.wants(NEURON_WS_EVENT_DELIVERY) {
            isByEvent = true
            verdict = events.append(.delivery(told), isNotice: false)
        }
        // What on_delivery asks for before the new state is told.
        if let refusal { status.ending = refusal }
        ledger.ended(run)
        if run.outcome == .NEURON_WS_DELIVERED {
            counters.messagesSent &+= run.count
            counters.payloadBytesSent &+= run.payloadBytes
        } else {
            counters.messagesDropped &+= run.count
        }
        if flushWaiters > 0 { changed.broadcast() }
        lock.unlock()
        if isByEvent { _ = report(verdict, byteCount: 0) } else { tellByCallback(told) }
        return !isByEvent
    }

    /// One callback for each message of the run.
    private func tellByCallback(_ run: DeliveryRun) {
        // In a callback that ended the node or the connection: those that it interrupted come first.
        tellRest()
        untold = run
        tellRest()
    }

    /// Goes on where a callback interrupted it: one that destroys the node has the rest told before destroy returns.
    private func tellRest() {
        guard host.wantsDeliveries else { return untold = nil }
        while let one = untold?.removeFirst() { host.delivered(handle, one.firstID, one.outcome, one.level) }
        untold = nil
    }

    /// Gives every message that is left its outcome. No session has the backlog any more.
    func abandonMessages() {
        tellRest()
        lock.lock()
        tellsRest = true
        backlog?.add(mailbox.takeAll())
        backlog?.abandon()
        let waiting = ledger.queuedCount
        lock.unlock()
        if waiting > 0 {
            log(
                .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_DELIVERY,
                "The node ends: \(waiting) messages that waited to be sent are dropped.")
        }
        while let action = lock.withLock({ backlog?.nextAction() }) {
            switch consume action {
            case .conclude(let run): conclude(run)
            case .release(var chunks): Runtime.shared.give(&chunks)
            }
        }
        lock.withLock { changed.broadcast() }
    }
}
