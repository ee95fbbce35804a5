// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Delivery levels past `written`: what the connection's barrier says of the messages.
extension NodeSession {
    /// A peer that sends and does not echo is given so many times ping-timeout.
    private static let patienceInTimeouts: UInt64 = 3

    /// For a new connection; nil: the settings ask for no more than `written`.
    func makeBarrier() -> Barrier? {
        let wanted = configuration.settings.delivery
        let isDegraded = echoWatch.isDegraded
        setLevel(isDegraded ? .NEURON_WS_LEVEL_WRITTEN : wanted)
        guard wanted == .NEURON_WS_LEVEL_PEER_PARSED else { return nil }
        let timeout = UInt64(clamping: configuration.settings.pingTimeoutMilliseconds) &* 1_000_000
        return Barrier(epoch: Random.next(), patience: timeout &* Self.patienceInTimeouts, isDegraded: isDegraded)
    }

    /// Hands on what the connection knows. A callback for a line of the log may end the session.
    func noteConfirmed(_ link: Link, written: UInt64) {
        let settled = link.connection.settle(
            &backlog, &echoWatch, written: written, kernelEnd: link.stream?.kernelBytes ?? 0,
            now: Clock.monotonicNanoseconds)
        if settled.hasAsked { scheduleBarrierTimer(link) }
        if let level = settled.level {
            setLevel(level)
            tellLevel(level)
            if isEnded { return }
        }
        noteWritten()
    }

    /// Those that are not delivered, but whose bytes the kernel has.
    private func noteWritten() {
        guard backlog.level != .NEURON_WS_LEVEL_WRITTEN else { return }
        let through = backlog.unwrittenID &- 1
        node.lock.lock()
        if through > node.sendQueue.ledger.writtenThrough {
            node.sendQueue.ledger.written(through: through)
            if node.flushWaiters > 0 { node.changed.broadcast() }
        }
        node.lock.unlock()
    }

    private func setLevel(_ level: neuron_ws_level_t) {
        backlog.setLevel(level)
        node.lock.withLock { node.sendQueue.ledger.level = level }
    }

    private func tellLevel(_ level: neuron_ws_level_t) {
        guard level == .NEURON_WS_LEVEL_WRITTEN else {
            return node.log(
                .NEURON_WS_LOG_NOTICE, .level(isWritten: false),
                "\(status.urlInLog): the server answers Pings after all: the delivery level is `peer-parsed` again.")
        }
        node.log(
            .NEURON_WS_LOG_WARN, .level(isWritten: true),
            "\(status.urlInLog): the server does not answer Pings with their own bytes: the delivery level in force is "
                + "`written`, not `peer-parsed` (setting delivery).")
    }

    func tellSilence() {
        node.log(
            .NEURON_WS_LOG_WARN, .level(isWritten: true),
            "\(status.urlInLog): on \(EchoWatch.silentConnectionsMax) connections in a row the server answered no "
                + "Ping: from now on the delivery level in force is `written`, not `peer-parsed` (setting delivery).")
    }

    private func scheduleBarrierTimer(_ link: Link) {
        guard let deadline = link.connection.barrier?.deadline else { return }
        timers[.barrier].set(at: deadline, loop, self)
    }

    func scheduleHoldingTimer(_ link: Link) {
        guard let deadline = link.holdWatch.deadline else { return timers[.holding].cancel(loop) }
        timers[.holding].set(at: deadline, loop, self)
    }

    func holdingTimerFired() {
        guard let link else { return }
        let count = backlog.heldBehindCount
        if link.holdWatch.look(&backlog, now: Clock.monotonicNanoseconds) {
            let messages = count == 1 ? "a message" : "\(count) messages"
            node.log(
                .NEURON_WS_LOG_WARN, .unacknowledged,
                "\(status.urlInLog): the server has acknowledged nothing of \(messages) for "
                    + "\(SuspectWindow.patienceSeconds) s. One of those that wait made it end connections, as it "
                    + "seems, so that few go out at a time; more do now.")
            if isCurrent(link) { pump() }
        } else {
            scheduleHoldingTimer(link)
        }
    }

    func barrierTimerFired() {
        guard let link else { return }
        let progress = link.stream?.sendProgress()
        if link.connection.barrier?.look(now: Clock.monotonicNanoseconds, progress: progress) == true { pump() }
        if isCurrent(link) { scheduleBarrierTimer(link) }
    }
}
