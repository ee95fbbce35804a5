import NodeCore

/// What has to hold after every step.
extension World {
    /// What became of messages.
    enum Outcome {
        /// The kernel has them; the newest that the observer saw whole.
        case written(UInt64)
        /// The server refuses them.
        case givenUp
        /// The node ended.
        case abandoned
    }

    /// Each message has exactly one outcome, and they come in order.
    func outcome(_ run: Outbox.Run, _ outcome: Outcome) {
        if run.firstID != toldThrough + 1 {
            fail("an outcome for message \(run.firstID), where \(toldThrough + 1) is the next without one")
        }
        toldThrough = run.firstID + run.count - 1
        mailbox.completed(count: run.count, bytes: run.recordBytes)
        switch outcome {
        case .written(let newest):
            if run.isRefused {
                for id in run.firstID...toldThrough where !refused.contains(id) {
                    fail("message \(id) is called refused, and the host did not refuse it")
                }
            } else {
                deliveredCount += run.count
                if toldThrough > newest {
                    fail("message \(toldThrough) is called delivered, and \(newest) was the last")
                }
            }
        case .givenUp:
            givenUpCount += run.count
            if run.count != 1 { fail("\(run.count) messages are given up at once") }
        case .abandoned: break
        }
    }

    func check() {
        machine.checkInvariants()
        outbox.checkInvariants()
        checkTimers()
        if mailbox.queuedBytes > UInt64(mailbox.limits.bytesMax) + (2 << 20) {
            fail("\(mailbox.queuedBytes) bytes wait, \(mailbox.limits.bytesMax) are allowed")
        }
        if mailbox.queuedCount != mailbox.acceptedCount - toldThrough { fail("the queue is counted wrongly") }
        if machine.isIdle, link != nil { fail("idle with a connection") }
        if machine.isOpen, link?.connection.isOpen != true { fail("open without an open connection") }
        if isWanted, machine.isIdle, !wishes.starts { fail("idle, though the host wants it started") }
        if hasSession, machine.isIdle, wishes == HostWishes() { fail("a life that has no end") }
        if !hasSession, isWanted { fail("the host wants it started, and it does not run") }
        if let link, link.openedAt != nil, link.connection.isOpen, !machine.isOpen, machine.closingEnding == nil {
            fail("an open connection in phase \(machine.phase.rawValue)")
        }
        if let stopsBy, !machine.isIdle, now > stopsBy { fail("a stop takes longer than it may") }
        if machine.isIdle { stopsBy = nil }
    }

    /// No state is without a way out, and no wait longer than the settings allow.
    private func checkTimers() {
        guard !machine.isIdle else { return }
        guard let deadline = machine.deadline else {
            if machine.isOpen, seen.pingInterval == 0 { return }
            return fail("phase \(machine.phase.rawValue) has no deadline")
        }
        let limits = [
            seen.connectTimeout, seen.closeTimeout, seen.pingInterval &+ seen.pingTimeout,
            // Refused credentials back off to six times the maximum; a server may ask for more: 7 s here.
            seen.reconnectMaximum &* 6, seen.reconnectMaximum &+ 7_000_000_000,
            NodeMachine.lingerNanoseconds,
        ]
        if deadline > now &+ (limits.max() ?? 0) { fail("a deadline \((deadline - now) / 1_000_000) ms away") }
    }
}
