// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What is told: by events if the host takes them, else by its callbacks. A callback may end the node.
extension Node {
    /// Who hears of this kind (NEURON_WS_EVENT_…): nothing else decides that.
    func listenerLocked(_ kind: UInt32) -> News.Listener {
        if life == .gone { return .nobody }
        if let events, events.wants(kind) { return .events(events) }
        return host.takes(kind) ? .callback : .nobody
    }

    func listener(_ kind: UInt32) -> News.Listener { lock.withLock { listenerLocked(kind) } }

    @discardableResult
    func tell(_ news: News) -> News.Fate { tell(news, to: listener(news.kind)) }

    /// Called rather than copied into each `log`, of which there is one for each text.
    @inline(never)
    @discardableResult
    func tell(_ news: News, to listener: News.Listener) -> News.Fate {
        switch listener {
        case .nobody: return .unheard
        case .events(let queue): return append(news, to: queue)
        case .callback: call(news)
        }
        return .told
    }

    private func call(_ news: News) {
        switch news {
        case .state(let status): host.stateChanged(handle, status.state(now: Clock.monotonicNanoseconds))
        case .message(let kind, let bytes): host.messageReceived(handle, kind, bytes)
        case .request(let number, let request):
            if let pointer = RequestHandle(bitPattern: number) { host.requestReceived(handle, pointer, request) }
        case .line(let level, _, let text): host.logged(handle, level, text)
        case .room: host.roomCame(handle)
        case .response(let ended, _, let bytes):
            let start = bytes?.baseAddress?.assumingMemoryBound(to: UInt8.self)
            let own = ended.command.host
            own.on_response?(handle, ended.id, ended.outcome.status, start, bytes?.count ?? 0, own.context)
        }
    }

    /// What carries bytes may find no memory.
    private func append(_ news: News, to queue: EventQueue) -> News.Fate {
        switch news {
        case .state(let status):
            let event = NodeEvent.state(link: status.link, phase: status.phase, reason: status.ending.reason)
            return report(queue.append(event), byteCount: 0)
        case .message(let kind, let bytes):
            let verdict =
                EventBytes(bytes).map { queue.append(.message(kind, $0)) }
                ?? queue.lost()
            return report(verdict, byteCount: bytes.count)
        case .request(let handle, let request):
            let event = NodeEvent.request(handle, request.document)
            return report(queue.append(event), byteCount: request.document.count)
        case .room: return fate(queue.append(.room))
        case .response(let ended, let kind, let bytes):
            let copy = bytes.flatMap { EventBytes($0) }
            let isLost = bytes != nil && copy == nil
            let status = isLost ? .NEURON_WS_NO_MEMORY : ended.outcome.status
            return fate(queue.append(.response(id: ended.id, status, kind, copy, ended.level)))
        case .line(let level, let category, var text):
            // Of a line that is lost no line is told: the queue tells of it.
            let line = text.withUTF8 { EventBytes(UnsafeRawBufferPointer($0)) }
            guard let line else { return fate(queue.lost()) }
            return fate(queue.append(.log(level, category, line)))
        }
    }

    private func fate(_ verdict: EventBacklog.Verdict) -> News.Fate {
        if case .dropped = verdict { .dropped } else { .told }
    }

    /// What is dropped is counted, and told where it would have stood. A host whose lines come by callback hears of it
    /// at once, at doubling counts.
    @discardableResult
    private func report(_ verdict: EventBacklog.Verdict, byteCount: Int) -> News.Fate {
        guard case .dropped(let count) = verdict else { return .told }
        if count.nonzeroBitCount == 1, case .callback = listener(NEURON_WS_EVENT_LOG) {
            log(
                .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_EVENTS,
                "\(count) events were dropped so far, the last one with \(byteCount) bytes: the host does not take "
                    + "them (neuron_ws_node_next_event) as fast as they come, or memory is exhausted.")
        }
        return .dropped
    }

    /// A line of which many may come: it is counted, and told at doubling counts; see `RepeatedLines`.
    func log(_ level: neuron_ws_log_level_t, _ kind: LogLineKind, _ text: @autoclosure () -> String) {
        guard let count = comes(kind), let listener = lineListener(level) else { return }
        tellLine(level, kind.category, text(), count > kind.toldEach ? count : 0, to: listener)
    }

    func log(
        _ level: neuron_ws_log_level_t, _ category: neuron_ws_log_category_t, _ text: @autoclosure () -> String
    ) {
        guard let listener = lineListener(level) else { return }
        tellLine(level, category, text(), 0, to: listener)
    }

    // Where a line is told the compiler makes a `log` of its own for it: what is the same for all is not in there.

    /// - Returns: how many there were of it; nil: this one is not told.
    @inline(never)
    private func comes(_ kind: LogLineKind) -> UInt64? {
        let now = Clock.monotonicNanoseconds
        return lock.withLock { lines.came(kind, now: now, each: kind.toldEach) }
    }

    /// nil: nobody hears it.
    @inline(never)
    private func lineListener(_ level: neuron_ws_log_level_t) -> News.Listener? {
        let listener = listener(NEURON_WS_EVENT_LOG)
        return !listener.isNobody && logs(level) ? listener : nil
    }

    /// - Parameter count: such in a row; 0: it is told by itself.
    @inline(never)
    private func tellLine(
        _ level: neuron_ws_log_level_t, _ category: neuron_ws_log_category_t, _ text: String, _ count: UInt64,
        to listener: News.Listener
    ) {
        tell(.line(level, category, count > 0 ? "\(text) (\(count) such in a row)" : text), to: listener)
    }

    /// A line of a trace, whatever the log's level is: who asks for one wants its lines. None comes after its end.
    func tellTraced(_ line: String) {
        lock.lock()
        let isWanted = trace.isOpen(now: Clock.monotonicNanoseconds)
        let listener = listenerLocked(NEURON_WS_EVENT_LOG)
        lock.unlock()
        guard isWanted else { return }
        tell(.line(.NEURON_WS_LOG_DEBUG, .NEURON_WS_CATEGORY_TRACE, line), to: listener)
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
        let listener = listenerLocked(NEURON_WS_EVENT_DELIVERY)
        var verdict = EventBacklog.Verdict.held
        if case .events(let queue) = listener { verdict = queue.append(.delivery(told)) }
        // What on_delivery asks for before the new state is told.
        if let refusal, connectedServer == 0 { status.ending = refusal }
        sendQueue.ledger.ended(run)
        if run.outcome == .NEURON_WS_DELIVERED {
            counters.messagesSent &+= run.count
            counters.payloadBytesSent &+= run.payloadBytes
        } else if run.outcome != .NEURON_WS_STORED {
            counters.messagesDropped &+= run.count
            if run.outcome == .NEURON_WS_DROPPED_LOST { counters.messagesLost &+= run.count }
            if run.outcome == .NEURON_WS_DROPPED_REFUSED_BY_PEER { counters.messagesSetAside &+= run.count }
        }
        if flushWaiters > 0 { changed.broadcast() }
        let awaitsRoom = sendQueue.ledger.awaitsRoom
        lock.unlock()
        defer { if awaitsRoom { tellRoom() } }
        switch listener {
        case .events: report(verdict, byteCount: 0)
        case .callback: tellByCallback(told)
        case .nobody: break
        }
        if case .callback = listener { return true }
        return false
    }

    /// One callback for each message of the run.
    private func tellByCallback(_ run: DeliveryRun) {
        // In a callback that ended the node or the connection: those that it interrupted come first.
        tellOutcomesLeft()
        outcomesLeft = run
        tellOutcomesLeft()
    }

    /// Goes on where a callback interrupted it: one that destroys the node has the rest told before destroy returns.
    private func tellOutcomesLeft() {
        while let one = outcomesLeft?.removeFirst() { host.delivered(handle, one.firstID, one.outcome, one.level) }
        outcomesLeft = nil
    }

    /// Gives every message that is left its outcome. No session has the backlog any more.
    func abandonMessages() {
        beginAbandoning()
        while tellAbandoned(countMax: .max) != nil {}
        endAbandoning()
    }

    /// What is left has its outcome, which is still to be told.
    func beginAbandoning() {
        tellOutcomesLeft()
        lock.lock()
        sendQueue.isClosed = true
        while cachePlace.end() == .waits { changed.wait(lock) }
        lock.unlock()
        storeRest()
        lock.lock()
        abandonLocked()
        let stored = cache?.value.storedThrough ?? 0
        let accepted = sendQueue.ledger.acceptedCount
        let waiting = min(sendQueue.ledger.queuedCount, accepted &- min(accepted, stored))
        lock.unlock()
        if waiting > 0 {
            log(
                .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_DELIVERY,
                waiting == 1
                    ? "The node ends: 1 message that waited to be sent is dropped."
                    : "The node ends: \(waiting) messages that waited to be sent are dropped.")
        }
        tellStored()
        carryOutCache()
    }

    /// - Returns: how many of them were told; nil: none was left.
    func tellAbandoned(countMax: UInt64) -> Int? {
        guard let action = lock.withLock({ backlog?.value.nextAction(countMax: countMax) }) else { return nil }
        switch consume action {
        case .conclude(let run):
            conclude(run)
            return Int(clamping: run.count)
        case .release(var chunks):
            MessagePool.shared.give(&chunks)
            return 0
        }
    }

    func endAbandoning() {
        if lock.withLock({ cachePlace.close() }) {
            closeCache()
            lock.withLock { cachePlace.closed() }
        }
        lock.withLock { changed.broadcast() }
    }

    /// Nobody knows whether there will be a next node of this name: where what is left lies, and what deletes it.
    private func tellStored() {
        let (file, count) = lock.withLock { (spool?.file, cachePlace.isForgotten ? 0 : storedCountLocked) }
        guard let file, count > 0 else { return }
        log(
            .NEURON_WS_LOG_NOTICE, .NEURON_WS_CATEGORY_DELIVERY,
            "The node ends: \(count) messages lie in its cache \(file.path). The next node \"\(name)\" with this "
                + "data-dir sends them; neuron_ws_node_forget deletes them, and so does neuron-ws cache drop.")
    }

    private var storedCountLocked: UInt64 {
        let stored = cache?.value.storedThrough ?? 0
        let accepted = sendQueue.ledger.acceptedCount
        return sendQueue.ledger.queuedCount - min(sendQueue.ledger.queuedCount, accepted &- min(accepted, stored))
    }

    /// What is left gets its outcome: what lies on disk is there for the next node of this name.
    private func abandonLocked() {
        takeMailLocked(now: Clock.monotonicNanoseconds)
        guard var backlog = backlog.take() else { return }
        if cachePlace.isForgotten { cache?.value.closed(backlog.value) }
        cache?.value.abandon(&backlog.value)
        self.backlog = consume backlog
    }
}
