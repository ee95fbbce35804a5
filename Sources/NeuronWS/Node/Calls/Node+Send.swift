// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Synchronization
import WebSocketCore

extension Node {
    /// Buffers kept for the next push, as many as threads are likely to push at a time.
    private static let scratchKeptMax = 4
    /// A buffer that has grown beyond this is not kept, bytes.
    private static let scratchBytesMax = 1024 * 1024

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
        let context = try begin(view)
        let timestamp = context.stamp.timeMilliseconds
        if let times = context.publishTimes {
            return try gather(view, times, timestampMilliseconds: timestamp, context)
        }
        return try push(view, timestampMilliseconds: timestamp, context)
    }

    /// The context is given back.
    func push(_ view: GroupView, timestampMilliseconds: Int64, _ context: PushContext) throws(NodeError) -> UInt64 {
        let result: EncodedGroup
        do throws(EncodingError) {
            result = try EnvelopeEncoder.encode(
                view, timestampMilliseconds: timestampMilliseconds, options: context.encoding,
                staticTags: context.staticTags, names: context.names, key: context.namesKey, into: context.buffer)
        } catch {
            giveBack(context, as: .rejected)
            throw NodeError(error)
        }
        guard case .message(let values, let errors) = result else {
            giveBack(context, as: .skipped)
            throw .skipped("the group has no tags to send, or only errors while upload_err is false")
        }
        let queued: Result<UInt64, NodeError> = context.buffer.withBytes { bytes in
            do throws(NodeError) {
                return .success(try queue(bytes, context.stamp, values: values, errors: errors, context: context))
            } catch { return .failure(error) }
        }
        return try queued.get()
    }

    /// Looks up the subscription, and refuses early what could not be queued anyway.
    private func begin(_ names: GroupView) throws(NodeError) -> PushContext {
        let timestamp = names.timestampMilliseconds == 0 ? Clock.wallMilliseconds : names.timestampMilliseconds
        lock.lock()
        defer { lock.unlock() }
        guard let subscription = subscriptions.lookup(driver: names.driver, group: names.group) else {
            sendQueue.countSkipped()
            throw .notSubscribed(
                "no subscription covers driver \"\(text(names.driver))\", group \"\(text(names.group))\"")
        }
        try checkRoomLocked(byteCount: 0)
        let hash = subscriptions.hash(names.driver, names.group)
        var stamp = MessageStamp(
            kind: configuration.messageKind, timeMilliseconds: timestamp, group: groupNumbers.number(of: hash))
        stamp.isNumbered = configuration.settings.numbersMessages
        return PushContext(
            encoding: configuration.settings.encoding, staticTags: subscription.parameters.staticTags,
            publishTimes: configuration.settings.publishTimes, stamp: stamp,
            buffer: scratch.popLast() ?? ByteBuffer(byteCountMax: Int(NEURON_WS_MESSAGE_MAX)),
            names: groupNames.take(hash) ?? GroupNames(), namesHash: hash,
            namesKey: GroupNames.Key(settings: settingsNumber, subscription: subscription.number))
    }

    private func text(_ bytes: UnsafeRawBufferPointer) -> String { ForeignText(bytes).shown(charactersMax: 64) }

    /// What became of a group that was not queued, where that is not counted yet.
    enum Unqueued { case rejected, skipped, counted }

    func giveBack(_ context: PushContext, as unqueued: Unqueued) {
        lock.lock()
        switch unqueued {
        case .rejected: sendQueue.countRejected()
        case .skipped: sendQueue.countSkipped()
        case .counted: break
        }
        let gone = giveBackLocked(context)
        lock.unlock()
        withExtendedLifetime(gone) {}
    }

    /// - Returns: what does not stay, to be freed without the lock.
    func giveBackLocked(_ context: PushContext) -> GroupNames? {
        if scratch.count < Self.scratchKeptMax, context.buffer.capacity <= Self.scratchBytesMax {
            context.buffer.removeAll(keepingCapacity: true)
            scratch.append(context.buffer)
        }
        return groupNames.give(context.names, context.namesHash)
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
            lock.withLock { sendQueue.countSkipped() }
            throw .skipped("there is no driver among the states: is_driver is true of none")
        }
        let queued: Result<UInt64, NodeError> = buffer.withBytes { bytes in
            do throws(NodeError) {
                return .success(try queue(bytes, stamp(kind: nil)))
            } catch { return .failure(error) }
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
        return try queue(bytes, stamp(kind: UInt8(truncatingIfNeeded: kind.rawValue)))
    }

    /// Of a message that is no group's. `kind` nil: the one of the settings.
    func stamp(kind: UInt8?) -> MessageStamp {
        var stamp = MessageStamp(
            kind: kind ?? messageKind.load(ordering: .relaxed),
            timeMilliseconds: Clock.coarseWallMilliseconds)
        stamp.isNumbered = numbersMessages.load(ordering: .relaxed)
        return stamp
    }

    /// `beyond`: room past the queue's limits. `context`: is given back.
    func queue(
        _ bytes: UnsafeRawBufferPointer, _ stamp: MessageStamp, values: Int = 0, errors: Int = 0,
        beyond: DeliveryLedger.Limits = DeliveryLedger.none, context: PushContext? = nil
    ) throws(NodeError) -> UInt64 {
        let message: OutgoingMessage
        let filled: MessageChunk?
        do throws(NodeError) {
            try inspectQueued(bytes, stamp.kind == 2 ? .NEURON_WS_BINARY : .NEURON_WS_TEXT)
            message = try outgoing(bytes, stamp, isOurs: context.map { !$0.encoding.fillsInMembers } ?? false)
            filled = try filledChunk(message, beyond: beyond)
        } catch {
            if let context { giveBack(context, as: .counted) }
            throw error
        }
        return try queue(message, filled: filled, values: values, errors: errors, beyond: beyond, context: context)
    }

    /// The same behind `filledChunk`.
    func queue(
        _ message: OutgoingMessage, filled: MessageChunk?, values: Int = 0, errors: Int = 0,
        beyond: DeliveryLedger.Limits = DeliveryLedger.none, context: PushContext? = nil
    ) throws(NodeError) -> UInt64 {
        let now = Clock.coarseMonotonicNanoseconds
        let id: UInt64
        lock.lock()
        do throws(NodeError) {
            id = try putLocked(message, filled, beyond: beyond, now: now)
        } catch {
            let gone = context.flatMap { giveBackLocked($0) }
            lock.unlock()
            withExtendedLifetime(gone) {}
            throw error
        }
        if values > 0 || errors > 0 { sendQueue.countTags(values, errors: errors) }
        // In the chunk now: the buffer serves the next push.
        let gone = context.flatMap { giveBackLocked($0) }
        let session = self.session
        lock.unlock()
        withExtendedLifetime(gone) {}
        session?.signal()
        return id
    }

    /// With its number, by the setting `sequence`.
    /// - Parameter isOurs: the names of its members are the library's, or of settings that were checked.
    func outgoing(
        _ bytes: UnsafeRawBufferPointer, _ stamp: MessageStamp, isOurs: Bool = false
    ) throws(NodeError) -> OutgoingMessage {
        guard stamp.isNumbered else { return OutgoingMessage(bytes, stamp) }
        guard let message = OutgoingMessage(numbered: bytes, stamp) else {
            countRejected()
            throw .invalidArgument(
                "the message is no JSON object, and has no place for its number (setting sequence, which the delivery "
                    + "level app-acked needs)")
        }
        if !isOurs, let name = NumberMembers.own(in: bytes) {
            countRejected()
            throw .invalidArgument(
                "the message has a member \"\(name)\" of its own, and would have two with its number (setting "
                    + "sequence, which the delivery level app-acked needs): give it another name")
        }
        return message
    }

    private func putLocked(
        _ message: OutgoingMessage, _ alone: MessageChunk?, beyond: DeliveryLedger.Limits, now: UInt64
    ) throws(NodeError) -> UInt64 {
        let unreadRuns = try unreadRunsLocked()
        do throws(SendQueue.Refusal) {
            if let alone {
                return try sendQueue.put(message, alone: alone, beyond: beyond, unreadRuns: unreadRuns, now: now)
            }
            var chunk: MessageChunk?
            if let id = try sendQueue.put(message, beyond: beyond, unreadRuns: unreadRuns, chunk: &chunk, now: now) {
                return id
            }
            chunk = MessagePool.shared.takeChunk(byteCount: message.byteCount)
            if chunk != nil,
                let id = try sendQueue.put(message, beyond: beyond, unreadRuns: unreadRuns, chunk: &chunk, now: now)
            {
                return id
            }
        } catch { throw refusedLocked(error, byteCount: message.byteCount) }
        sendQueue.countRejected()
        throw .noMemory
    }

    private func checkRoomLocked(
        byteCount: Int, beyond: DeliveryLedger.Limits = DeliveryLedger.none
    ) throws(NodeError) {
        let unreadRuns = try unreadRunsLocked()
        do throws(SendQueue.Refusal) {
            try sendQueue.checkRoom(byteCount: byteCount, beyond: beyond, unreadRuns: unreadRuns)
        } catch { throw refusedLocked(error, byteCount: byteCount) }
    }

    private func refusedLocked(_ refusal: SendQueue.Refusal, byteCount: Int) -> NodeError {
        if sendQueue.takeWantsMoreRoom() { session?.signal() }
        return NodeError(refusal, byteCount: byteCount, sendQueue)
    }

    /// Runs of outcomes that the host has not read. The outcome of a message that is taken is never lost.
    private func unreadRunsLocked() throws(NodeError) -> Int {
        guard let events else { return 0 }
        let load = events.load
        if load.mayGrow { return load.waitingRuns }
        sendQueue.countRejected()
        throw .noMemory
    }

    /// A large message in a chunk of its own, filled without the lock, on which every other thread would wait
    /// meanwhile; nil for one that is not large. Refuses early what finds no room anyway.
    func filledChunk(
        _ message: OutgoingMessage, beyond: DeliveryLedger.Limits
    ) throws(NodeError) -> MessageChunk? {
        let byteCount = message.byteCount
        if byteCount < Mailbox.aloneBytesMin { return nil }
        lock.lock()
        do throws(NodeError) {
            try checkRoomLocked(byteCount: byteCount, beyond: beyond)
            lock.unlock()
        } catch {
            lock.unlock()
            throw error
        }
        guard let chunk = MessagePool.shared.takeChunk(byteCount: byteCount) else {
            countRejected()
            throw .noMemory
        }
        chunk.append(message)
        return chunk
    }

    /// A message that was never accepted.
    func countRejected() { lock.withLock { sendQueue.countRejected() } }
}
