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
        do throws(EncodingError) {
            split = try DatastreamGatherer.Split(
                view, times, timestampMilliseconds: timestampMilliseconds, context.encoding, own: context.staticTags)
        } catch {
            countRejected()
            giveBack(context)
            throw NodeError(error)
        }
        if lock.withLock({ gathered.isFull }) {
            let refusal = publishGathered()
            guard lock.withLock({ !gathered.isFull }) else {
                countRejected()
                giveBack(context)
                if case .noMemory = refusal { throw .noMemory }
                throw .queueFull(
                    "\(DatastreamGatherer.byteCountMax) bytes of values wait for their publishing time "
                        + "(opengate-publish), and the queue has no room for them")
            }
        }
        let baskets: (first: DatastreamBasket?, count: Int)
        do throws(EncodingError) {
            baskets = try split.baskets(for: gathered)
            guard lock.withLock({ gathered.promise(baskets.count) }) else { throw .noMemory }
        } catch {
            countRejected()
            giveBack(context)
            throw NodeError(error)
        }
        var id: UInt64 = 0
        if let atOnce = split.atOnce {
            do throws(NodeError) {
                id = try push(atOnce, timestampMilliseconds: timestampMilliseconds, context)
            } catch {
                // Only errors, which are not reported: what is gathered is a push all the same.
                guard case .skipped = error, split.gathers else {
                    lock.withLock { gathered.release(baskets.count) }
                    throw error
                }
            }
        } else {
            giveBack(context)
        }
        guard var rest = baskets.first else { return id }
        // The settings decide how many there are: others have the lock in between.
        while let others = lock.withLock({ gathered.add(rest, now: Clock.monotonicNanoseconds) }) { rest = others }
        lock.withLock { session }?.signal()
        return id
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
