import CNeuronWS
import NodeCore
import WebSocketCore

extension Node {
    /// Buffers kept for the next push, as many as threads are likely to push at a time.
    private static let scratchKeptMax = 4
    /// A buffer that has grown beyond this is not kept, bytes.
    private static let scratchBytesMax = 1024 * 1024

    /// What a push takes with it from under the lock.
    struct Ticket {
        var encoding: EncodingOptions
        var staticTags: StaticTags?
        /// Nil: everything is sent at once.
        var publishTimes: PublishTimes?
        var kind: UInt8
        var buffer: ByteBuffer
        var names: GroupNames
        var namesHash: UInt64
        var namesKey: GroupNames.Key
    }

    // MARK: Groups

    /// Encodes on the calling thread and queues. Borrows nothing after it returns.
    func push(_ group: UnsafePointer<neuron_ws_group_t>) throws(NodeError) -> UInt64 {
        let view: GroupView
        do throws(EncodingError) {
            view = try GroupView.open(group)
        } catch {
            countRejected()
            throw NodeError(error)
        }
        let ticket = try begin(view)
        let timestamp = view.timestampMilliseconds == 0 ? Clock.wallMilliseconds : view.timestampMilliseconds
        if let times = ticket.publishTimes {
            return try gather(view, times, timestampMilliseconds: timestamp, ticket)
        }
        return try push(view, timestampMilliseconds: timestamp, ticket)
    }

    /// The ticket is given back.
    func push(_ view: GroupView, timestampMilliseconds: Int64, _ ticket: Ticket) throws(NodeError) -> UInt64 {
        let result: EncodedGroup
        do throws(EncodingError) {
            result = try EnvelopeEncoder.encode(
                view, timestampMilliseconds: timestampMilliseconds, options: ticket.encoding,
                staticTags: ticket.staticTags, names: ticket.names, key: ticket.namesKey, into: ticket.buffer)
        } catch {
            countRejected()
            giveBack(ticket)
            throw NodeError(error)
        }
        guard case .message(let values, let errors) = result else {
            lock.withLock { counters.messagesSkipped &+= 1 }
            giveBack(ticket)
            throw .skipped("the group has no tags to send, or only errors while upload_err is false")
        }
        let queued: Result<UInt64, NodeError> = ticket.buffer.withBytes { bytes in
            do throws(NodeError) {
                return .success(try queue(bytes, kind: ticket.kind, values: values, errors: errors, ticket: ticket))
            } catch { return .failure(error) }
        }
        return try queued.get()
    }

    /// Looks up the subscription, and refuses early what could not be queued anyway.
    private func begin(_ names: GroupView) throws(NodeError) -> Ticket {
        lock.lock()
        defer { lock.unlock() }
        guard let subscription = subscriptions.lookup(driver: names.driver, group: names.group) else {
            counters.messagesSkipped &+= 1
            throw .notSubscribed(
                "no subscription covers driver \"\(text(names.driver))\", group \"\(text(names.group))\"")
        }
        do throws(NodeError) {
            try checkRoomLocked(byteCount: 0)
        } catch {
            counters.messagesRejected &+= 1
            throw error
        }
        let hash = subscriptions.hash(names.driver, names.group)
        return Ticket(
            encoding: configuration.settings.encoding, staticTags: subscription.parameters.staticTags,
            publishTimes: configuration.settings.publishTimes, kind: configuration.messageKind,
            buffer: scratch.popLast() ?? ByteBuffer(byteCountMax: Int(NEURON_WS_MESSAGE_MAX)),
            names: groupNames.take(hash) ?? GroupNames(), namesHash: hash,
            namesKey: GroupNames.Key(settings: settingsNumber, subscription: subscription.number))
    }

    private func text(_ bytes: UnsafeRawBufferPointer) -> String { ForeignText(bytes).shown(charactersMax: 64) }

    /// Of a group that was not queued.
    func giveBack(_ ticket: Ticket) {
        let gone = lock.withLock { giveBackLocked(ticket) }
        withExtendedLifetime(gone) {}
    }

    /// - Returns: what does not stay, to be freed without the lock.
    private func giveBackLocked(_ ticket: Ticket) -> GroupNames? {
        if scratch.count < Self.scratchKeptMax, ticket.buffer.capacity <= Self.scratchBytesMax {
            ticket.buffer.removeAll(keepingCapacity: true)
            scratch.append(ticket.buffer)
        }
        return groupNames.give(ticket.names, ticket.namesHash)
    }

    /// The same from a JSON document.
    func push(json: UnsafeRawBufferPointer) throws(NodeError) -> UInt64 {
        let document: GroupDocument
        do throws(GroupDocumentError) {
            document = try GroupDocument.parse(json)
        } catch {
            countRejected()
            throw NodeError(error)
        }
        let pushed: Result<UInt64, NodeError> = document.withGroup { group in
            do throws(NodeError) { return .success(try push(group)) } catch { return .failure(error) }
        }
        return try pushed.get()
    }

    // MARK: Driver states

    /// Encodes how the drivers stand, and queues it.
    func push(stateCount: Int, _ state: (Int) -> DriverState) throws(NodeError) -> UInt64 {
        let buffer = ByteBuffer(byteCountMax: Int(NEURON_WS_MESSAGE_MAX))
        let result: EncodedGroup
        do throws(EncodingError) {
            result = try DriverStates.encode(
                count: stateCount, timestampMilliseconds: Clock.wallMilliseconds, into: buffer
            ) { index throws(EncodingError) in state(index) }
        } catch {
            countRejected()
            throw NodeError(error)
        }
        guard case .message = result else {
            lock.withLock { counters.messagesSkipped &+= 1 }
            throw .skipped("there is no driver among the states: is_driver is true of none")
        }
        let queued: Result<UInt64, NodeError> = buffer.withBytes { bytes in
            do throws(NodeError) { return .success(try queue(bytes, kind: nil)) } catch { return .failure(error) }
        }
        return try queued.get()
    }

    // MARK: Messages

    /// A message of the host's own.
    func send(_ bytes: UnsafeRawBufferPointer, kind: neuron_ws_kind_t) throws(NodeError) -> UInt64 {
        guard bytes.count <= Int(NEURON_WS_MESSAGE_MAX) else {
            countRejected()
            throw .tooBig("the message has \(bytes.count) bytes, at most \(NEURON_WS_MESSAGE_MAX) are sent")
        }
        if kind == .NEURON_WS_TEXT {
            var validator = UTF8Validator()
            guard validator.feed(bytes.bytes), validator.isComplete else {
                countRejected()
                throw .invalidArgument("the text is not UTF-8; send it as NEURON_WS_BINARY")
            }
        }
        return try queue(bytes, kind: UInt8(truncatingIfNeeded: kind.rawValue), values: 0, errors: 0)
    }

    /// `kind` nil: the one of the settings. `beyond`: room past the queue's limits. `ticket`: is given back.
    func queue(
        _ bytes: UnsafeRawBufferPointer, kind: UInt8?, values: Int = 0, errors: Int = 0,
        beyond: Mailbox.Limits = Mailbox.none, ticket: Ticket? = nil
    ) throws(NodeError) -> UInt64 {
        let alone: MessageChunk?
        do throws(NodeError) {
            alone = try filledChunk(bytes, kind: kind, beyond: beyond)
        } catch {
            if let ticket { giveBack(ticket) }
            throw error
        }
        lock.lock()
        let queued: Result<UInt64, NodeError>
        do throws(NodeError) {
            queued = .success(try queueLocked(bytes, alone, kind: kind, beyond: beyond))
            counters.messagesAccepted &+= 1
            counters.tagsSent &+= UInt64(truncatingIfNeeded: values)
            counters.tagErrorsSent &+= UInt64(truncatingIfNeeded: errors)
        } catch {
            queued = .failure(error)
            counters.messagesRejected &+= 1
        }
        // In the chunk now: the buffer serves the next push.
        let gone = ticket.flatMap { giveBackLocked($0) }
        let session = self.session
        lock.unlock()
        withExtendedLifetime(gone) {}
        let id = try queued.get()
        session?.signal()
        return id
    }

    private func queueLocked(
        _ bytes: UnsafeRawBufferPointer, _ alone: MessageChunk?, kind: UInt8?, beyond: Mailbox.Limits
    ) throws(NodeError) -> UInt64 {
        try checkRoomLocked(byteCount: bytes.count, beyond: beyond)
        let verdict: Mailbox.Verdict
        if let alone {
            verdict = mailbox.append(alone, byteCount: bytes.count, beyond: beyond)
        } else {
            var chunk: MessageChunk?
            if mailbox.needsChunk(byteCount: bytes.count) {
                chunk = Runtime.shared.takeChunk(byteCount: bytes.count)
                if chunk == nil { throw .noMemory }
            }
            verdict = mailbox.append(bytes, kind: kind ?? configuration.messageKind, beyond: beyond, chunk: &chunk)
        }
        guard case .accepted(let id) = verdict else { throw queueFullLocked() }
        return id
    }

    private func checkRoomLocked(byteCount: Int, beyond: Mailbox.Limits = Mailbox.none) throws(NodeError) {
        if tellsRest { throw Self.isOver }
        if let events {
            let load = events.load
            mailbox.unreadRuns = load.waitingRuns
            // The outcome of a message that is taken is never lost.
            if !load.mayGrow { throw .noMemory }
        }
        if !mailbox.hasRoom(byteCount: byteCount, beyond: beyond) { throw queueFullLocked() }
    }

    /// A large message in a chunk of its own, filled without the lock, on which every other thread would wait
    /// meanwhile; nil for one that is not large. Refuses early what finds no room anyway.
    private func filledChunk(
        _ bytes: UnsafeRawBufferPointer, kind: UInt8?, beyond: Mailbox.Limits
    ) throws(NodeError) -> MessageChunk? {
        if bytes.count < Mailbox.aloneBytesMin { return nil }
        lock.lock()
        let kind = kind ?? configuration.messageKind
        do throws(NodeError) {
            try checkRoomLocked(byteCount: bytes.count, beyond: beyond)
            lock.unlock()
        } catch {
            counters.messagesRejected &+= 1
            lock.unlock()
            throw error
        }
        guard let chunk = Runtime.shared.takeChunk(byteCount: bytes.count) else {
            countRejected()
            throw .noMemory
        }
        chunk.append(bytes, kind: kind)
        return chunk
    }

    private func queueFullLocked() -> NodeError {
        fullRefusals &+= 1
        guard mailbox.hasRoomForOutcome() else {
            return .queueFull(
                "\(mailbox.unreadRuns) outcomes of earlier messages wait to be read by neuron_ws_node_next_event")
        }
        return .queueFull(
            "\(mailbox.queuedCount) messages with \(mailbox.queuedBytes) bytes wait; the limits are "
                + "\(mailbox.limits.messagesMax) (queue-max-messages) and \(mailbox.limits.bytesMax) bytes "
                + "(queue-max-bytes)")
    }

    /// A message that was never accepted.
    func countRejected() { lock.withLock { counters.messagesRejected &+= 1 } }

    // MARK: Flush

    func flush(_ level: neuron_ws_level_t, timeoutMilliseconds: UInt32) throws(NodeError) {
        if lock.withLock({ session?.isOnLoop ?? false }) {
            throw .wrongThread("flush in a callback would wait for itself")
        }
        switch level {
        case .NEURON_WS_LEVEL_ACCEPTED: return
        case .NEURON_WS_LEVEL_WRITTEN: break
        case .NEURON_WS_LEVEL_STORED, .NEURON_WS_LEVEL_PEER_PARSED, .NEURON_WS_LEVEL_APP_ACKED:
            throw .unsupported("the delivery level in force is `written`")
        @unknown default: throw .invalidArgument("level \(level.rawValue) is none")
        }
        let deadline = Clock.monotonicNanoseconds &+ UInt64(timeoutMilliseconds) &* 1_000_000
        publishGathered(all: true)
        lock.lock()
        defer { lock.unlock() }
        let target = mailbox.acceptedCount
        flushWaiters += 1
        defer { flushWaiters -= 1 }
        while mailbox.completedCount < target {
            let left = target - mailbox.completedCount
            if session == nil { throw .notRunning("\(waiting(left)), and the node is not running. \(causeLocked)") }
            if !changed.wait(lock, until: deadline), mailbox.completedCount < target {
                let left = target - mailbox.completedCount
                throw .timeout("\(waiting(left)) after \(timeoutMilliseconds) ms. \(causeLocked)")
            }
        }
    }

    private func waiting(_ count: UInt64) -> String {
        count == 1 ? "one message was still waiting" : "\(count) messages were still waiting"
    }

    /// Why messages wait: what the state says.
    private var causeLocked: String { status.text(now: Clock.monotonicNanoseconds) }
}
