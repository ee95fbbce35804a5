// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

extension Node {
    /// The counters with the gauges of this moment.
    func metrics() -> NodeMetrics {
        lock.lock()
        var metrics = counters
        let counts = sendQueue.counts
        metrics.messagesAccepted = counts.accepted
        metrics.messagesRejected = counts.rejected
        metrics.messagesSkipped = counts.skipped
        metrics.tagsSent = counts.tags
        metrics.tagErrorsSent = counts.tagErrors
        metrics.queuedMessages = sendQueue.ledger.queuedCount
        metrics.queuedBytes = sendQueue.ledger.queuedBytes
        metrics.link = UInt64(status.link)
        metrics.commands = commands.counts
        if let since = sendQueue.ledger.oldestSince {
            let now = Clock.monotonicNanoseconds
            metrics.oldestMessageMicroseconds = (now &- min(now, since)) / 1000
        }
        let events = self.events
        lock.unlock()
        metrics.eventsDropped = events?.droppedCount ?? 0
        return metrics
    }

    /// Asks the loop for a Ping.
    func ping() throws(NodeError) {
        lock.lock()
        guard let session, status.phase == .NEURON_WS_PHASE_OPEN else {
            lock.unlock()
            throw .notRunning("there is no open connection to send a Ping on")
        }
        wishes.ping()
        lock.unlock()
        session.signal()
    }

    /// From now on for so long; the loop sees it at once, also on an open connection.
    func trace(seconds: UInt32) {
        lock.lock()
        trace.open(seconds: seconds, now: Clock.monotonicNanoseconds)
        let session = self.session
        lock.unlock()
        session?.signal()
    }

    /// Asks the loop for a new connection.
    func reconnect() throws(NodeError) {
        lock.withLock { configuration }.readEnvironment()
        lock.lock()
        guard let session, life == .open else {
            lock.unlock()
            throw .notRunning("the node has no connection and makes none: start it")
        }
        wishes.reconnect()
        lock.unlock()
        session.signal()
    }

    /// The event queue's descriptor; makes the queue at the first call.
    func eventDescriptor(mask: UInt32) throws(NodeError) -> Int32 {
        lock.lock()
        defer { lock.unlock() }
        if let events {
            events.setMask(mask)
            return events.descriptor
        }
        do throws(SystemError) {
            let made = try EventQueue.make()
            made.setMask(mask)
            events = made
            return made.descriptor
        } catch { throw NodeError(error, "the event queue's descriptor could not be made") }
    }
}
