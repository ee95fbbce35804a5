// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Values that wait for their publishing time (setting opengate-publish).
extension Node {
    /// Sends what goes at once, and keeps the rest until it is due.
    /// - Returns: the message's number; 0: all of it waits.
    func gather(
        _ view: GroupView, _ times: PublishTimes, timestampMilliseconds: Int64, _ context: PushContext
    ) throws(NodeError) -> UInt64 {
        let split: DatastreamGatherer.Split
        let baskets: (first: DatastreamBasket?, count: Int)
        do throws(EncodingError) {
            split = try DatastreamGatherer.Split(
                view, times, timestampMilliseconds: timestampMilliseconds, context.encoding, own: context.staticTags)
            baskets = try split.baskets(for: gathered)
        } catch {
            giveBack(context, as: .rejected)
            throw NodeError(error)
        }
        // What goes at once lies in it.
        defer { withExtendedLifetime(split) {} }
        guard let first = baskets.first else {
            // Nothing waits, and a group without tags is told of by who encodes it.
            return try push(split.atOnce ?? view, timestampMilliseconds: timestampMilliseconds, context)
        }
        guard let atOnce = split.atOnce else {
            try add(first, promising: baskets.count, context)
            return 0
        }
        do throws(NodeError) {
            try promise(baskets.count)
        } catch {
            giveBack(context, as: .rejected)
            throw error
        }
        var id: UInt64 = 0
        do throws(NodeError) {
            id = try push(atOnce, timestampMilliseconds: timestampMilliseconds, context)
        } catch {
            // Only errors, which are not reported: what is gathered is a push all the same.
            guard case .skipped = error else {
                lock.withLock { gathered.release(baskets.count) }
                throw error
            }
        }
        try add(first, promising: 0, nil)
        return id
    }

    /// Makes room for so many.
    private func promise(_ count: Int) throws(NodeError) {
        if let refusal = lock.withLock({ promiseLocked(count) }) { try makeRoom(count, refusal) }
    }

    private enum Refusal { case full, noMemory }

    /// nil: it is promised.
    private func promiseLocked(_ count: Int) -> Refusal? {
        if gathered.isFull { return .full }
        return gathered.promise(count) ? nil : .noMemory
    }

    /// There was none: what waits is published before its time.
    private func makeRoom(_ count: Int, _ refusal: Refusal) throws(NodeError) {
        guard refusal == .full else { throw .noMemory }
        let failed = publishGathered()
        switch lock.withLock({ promiseLocked(count) }) {
        case nil: return
        case .noMemory: throw .noMemory
        case .full:
            if case .noMemory = failed { throw .noMemory }
            throw .queueFull(
                "\(DatastreamGatherer.byteCountMax) bytes of values wait for their publishing time "
                    + "(opengate-publish), and the queue has no room for them")
        }
    }

    /// Keeps what waits. - Parameters:
    ///   - count: of what is not promised yet.
    ///   - context: is given back.
    private func add(_ first: DatastreamBasket, promising count: Int, _ context: PushContext?) throws(NodeError) {
        lock.lock()
        if count > 0, let refusal = promiseLocked(count) {
            lock.unlock()
            do throws(NodeError) { try makeRoom(count, refusal) } catch {
                if let context { giveBack(context, as: .rejected) }
                throw error
            }
            lock.lock()
        }
        let gone = context.flatMap { giveBackLocked($0) }
        var rest = gathered.add(first, now: Clock.monotonicNanoseconds)
        let session = session
        lock.unlock()
        // The settings decide how many there are: others have the lock in between.
        while let others = rest { rest = lock.withLock { gathered.add(others, now: Clock.monotonicNanoseconds) } }
        session?.signal()
        withExtendedLifetime(gone) {}
    }

    /// Queues all that waits before its time. What finds no room stays for another time.
    /// - Returns: why the last of that found none; nil: there is nothing left.
    @discardableResult
    func publishGathered() -> NodeError? {
        let now = Clock.monotonicNanoseconds
        let gateway = lock.withLock { configuration.settings.encoding.openGate }
        var refused: DatastreamBasket?
        var refusal: NodeError?
        // What others put in meanwhile is not waited for.
        for _ in 0..<lock.withLock({ gathered.count }) {
            guard let basket = lock.withLock({ gathered.takeNext(now: .max) }) else { break }
            do throws(NodeError) {
                try publish(basket, gateway)
                lock.withLock { gathered.release(1) }
            } catch {
                basket.next = refused
                refused = basket
                refusal = error
            }
        }
        while let basket = refused {
            refused = basket.next
            basket.next = nil
            lock.withLock { gathered.giveBack(basket, now: now) }
        }
        return refusal
    }

    /// Queues what is due first. Where it finds no room it stays for another time.
    /// - Returns: false: nothing is due.
    fileprivate func publishNext(now: UInt64) -> Bool {
        let (basket, gateway) = lock.withLock {
            (gathered.takeNext(now: now), configuration.settings.encoding.openGate)
        }
        guard let basket else { return false }
        do throws(NodeError) {
            try publish(basket, gateway)
            lock.withLock { gathered.release(1) }
        } catch {
            lock.withLock { gathered.giveBack(basket, now: now) }
        }
        return true
    }

    private func publish(_ basket: DatastreamBasket, _ gateway: OpenGateIdentity) throws(NodeError) {
        let buffer = ByteBuffer(byteCountMax: Int(NEURON_WS_MESSAGE_MAX))
        do throws(EncodingError) {
            try basket.write(gateway, timestampMilliseconds: Clock.wallMilliseconds, into: buffer)
        } catch { throw NodeError(error) }
        let queued: Result<UInt64, NodeError> = buffer.withBytes { bytes in
            do throws(NodeError) {
                return .success(try queue(bytes, stamp(kind: nil), values: basket.valueCount))
            } catch { return .failure(error) }
        }
        _ = try queued.get()
    }
}

extension NodeSession {
    /// For what is due first. What a turn has no time for is due at once again.
    func reschedulePublishing() {
        guard let due = node.lock.withLock({ node.gathered.nextDue }) else { return }
        timers[.publishing].set(at: due, loop, self)
    }

    func publishTimerFired() {
        let now = Clock.monotonicNanoseconds
        while hasTurn(), node.publishNext(now: now) { draw(.groupsPublished) }
        reschedulePublishing()
    }
}
