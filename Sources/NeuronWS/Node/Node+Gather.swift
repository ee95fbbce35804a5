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
            publishGathered(all: true)
            guard lock.withLock({ !gathered.isFull }) else {
                countRejected()
                giveBack(context)
                throw .queueFull(
                    "\(DatastreamGatherer.byteCountMax) bytes of values wait for their publishing time "
                        + "(opengate-publish), and the queue has no room for them")
            }
        }
        var id: UInt64 = 0
        if let atOnce = split.atOnce {
            do throws(NodeError) {
                id = try push(atOnce, timestampMilliseconds: timestampMilliseconds, context)
            } catch {
                // Only errors, which are not reported: what is gathered is a push all the same.
                guard case .skipped = error, split.gathers else { throw error }
            }
        } else {
            giveBack(context)
        }
        guard split.gathers else { return id }
        lock.lock()
        gathered.add(split, now: Clock.monotonicNanoseconds)
        let session = self.session
        lock.unlock()
        session?.signal()
        return id
    }

    /// Queues what is due, or everything. Where there is no room it stays for another time.
    func publishGathered(all: Bool) {
        let now = Clock.monotonicNanoseconds
        lock.lock()
        let due = gathered.isEmpty ? [] : gathered.take(now: all ? nil : now)
        let encoding = configuration.settings.encoding
        lock.unlock()
        for basket in due {
            do throws(NodeError) {
                try publish(basket, encoding.openGate)
            } catch {
                lock.withLock { gathered.giveBack(basket, now: now) }
            }
        }
    }

    private func publish(_ basket: DatastreamGatherer.Basket, _ gateway: OpenGateIdentity) throws(NodeError) {
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
    static let publishTimerToken: UInt64 = 4

    /// One timer for what is due first; it may fire for nothing.
    func reschedulePublishing() {
        guard publishTimer == nil, let due = node.lock.withLock({ node.gathered.nextDue }) else { return }
        publishTimer = loop.schedule(at: due, self, token: Self.publishTimerToken)
    }

    func publishTimerFired() {
        publishTimer = nil
        node.publishGathered(all: false)
        reschedulePublishing()
    }
}
