// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What has to hold after every step.
extension World {
    /// As far as a turn goes.
    func carryOut() {
        while let action = owed.nextAction(&backlog, countMax: UInt64(random.pick([1, 3, 1000]))) {
            if case .tell(let run, let refusal) = action { outcome(run, refusal) }
            if hasSession, turnEnds.chance(30) { return isSignalled = true }
        }
    }

    /// As far as a turn goes. - Returns: false: some are left, and the loop is told to look again.
    @discardableResult
    func tellOwed() -> Bool {
        while let one = owed.removeFirst(countMax: turnEnds.pick([1, 1, 3])) {
            outcome(one.run, one.refusal)
            if !owed.isEmpty, turnEnds.chance(50) {
                isSignalled = true
                return false
            }
        }
        return true
    }

    func giveUpMessage(_ ending: Ending) {
        guard case .conclude(let run) = backlog.nextAction() else { return fail("nothing is given up") }
        if !wasQuiet { fail("message \(run.firstID) is given up, and the last try did not begin with quiet") }
        owed.append(run, refusal: ending)
        tellOwed()
    }

    /// What a connection's end has settled, and the host has not heard.
    var isOwing: Bool { toldThrough &+ 1 < backlog.openID }

    /// Each message has exactly one outcome, and they come in order.
    private func outcome(_ run: Backlog.Run, _ refusal: Ending?) {
        if run.firstID != toldThrough + 1 {
            fail("an outcome for message \(run.firstID), where \(toldThrough + 1) is the next without one")
        }
        toldThrough = run.firstID + run.count - 1
        sendQueue.ledger.ended(run)
        waitingBytes -= waiting.prefix(Int(run.count)).reduce(0, +)
        waiting.removeFirst(min(Int(run.count), waiting.count))
        waitingSince.removeFirst(min(Int(run.count), waitingSince.count))
        let limits = sendQueue.ledger.limits
        let isQuarterFree =
            waiting.isEmpty
            || waiting.count * 4 <= limits.messagesMax * 3 && waitingBytes * 4 <= limits.bytesMax * 3
                && waitingBytes + wantedBytes <= limits.bytesMax
        if sendQueue.ledger.takeRoom(unreadRuns: 0) {
            if !awaitsRoom { fail("room is told that nobody waits for") }
            if !isQuarterFree, !isOwing { fail("room is told before a quarter is free") }
            (awaitsRoom, wantedBytes) = (false, 0)
        } else if awaitsRoom, isQuarterFree, !isOwing {
            fail("a quarter is free, and who waits for room is not told")
        }
        if sendQueue.ledger.endedThrough != toldThrough { fail("the ledger is at \(sendQueue.ledger.endedThrough)") }
        switch run.outcome {
        case .NEURON_WS_DELIVERED:
            deliveredCount += run.count
            if run.level.rawValue > neuron_ws_level_t.NEURON_WS_LEVEL_WRITTEN.rawValue { confirmedCount += run.count }
            if run.level == .NEURON_WS_LEVEL_APP_ACKED {
                for id in run.firstID...toldThrough where !claims.has(id) {
                    fail("message \(id) is called acknowledged, and no server said so")
                }
                return
            }
            let isRead = run.level == .NEURON_WS_LEVEL_PEER_PARSED
            reached.removeAll { $0.through < toldThrough }
            let newest = reached.first.map { isRead ? $0.read : $0.newest } ?? (isRead ? newestRead : newestWritten)
            if toldThrough > newest {
                fail("message \(toldThrough) is called delivered (\(run.level.rawValue)), and \(newest) was the last")
            }
        case .NEURON_WS_DROPPED_REFUSED:
            for id in run.firstID...toldThrough where !refused.contains(id) {
                fail("message \(id) is called refused, and the host did not refuse it")
            }
        case .NEURON_WS_DROPPED_REFUSED_BY_PEER:
            givenUpCount += run.count
            if run.count != 1 { fail("\(run.count) messages are given up at once") }
            checkGivenUp(run.firstID)
            if refusal?.isByPeer != true { fail("message \(run.firstID) is given up, and nobody says how") }
        case .NEURON_WS_DROPPED_STOPPED: if isWanted { fail("message \(run.firstID) ends before its node") }
        default: fail("an outcome that nobody gives, \(run.outcome.rawValue)")
        }
    }

    func noteInterruption(_ ending: Ending) { interruptions[backlog.openID, default: []].append(ending.closeCode) }

    /// A message is given up after three ends alike, by a code that does not speak of the server itself, or after ten.
    private func checkGivenUp(_ id: UInt64) {
        let codes = interruptions[id] ?? []
        let alike = codes.map { code in [1001, 1012, 1013].contains(code) ? 0 : codes.count { $0 == code } }
        if codes.count < 10, alike.max() ?? 0 < 3 { fail("message \(id) is given up after \(codes)") }
    }

    private var newestWritten: UInt64 { link?.observer.newest ?? 0 }

    /// The last message that the WebSocket layer of the present server has read; 0: none.
    var newestRead: UInt64 {
        guard let link, link.server.messagesRead > 0 else { return 0 }
        return link.observer.arrived[link.server.messagesRead - 1]
    }

    func check() {
        machine.checkInvariants()
        backlog.checkInvariants()
        sendQueue.ledger.checkInvariants()
        checkTimers()
        checkWakes()
        checkLink()
        checkCommands()
        checkHeartbeats()
        let (queuedCount, queuedBytes) = (sendQueue.ledger.queuedCount, sendQueue.ledger.queuedBytes)
        // Of owed ones that are told some at a time it is about known what each took.
        if !isOwing && queuedBytes != UInt64(waitingBytes) || queuedCount != UInt64(waiting.count) {
            fail(
                "\(queuedCount) messages of \(queuedBytes) bytes are said to wait, "
                    + "\(waiting.count) of \(waitingBytes) do")
        }
        if queuedCount != sendQueue.ledger.acceptedCount - toldThrough { fail("the queue is counted wrongly") }
        checkOldest()
        if machine.isIdle, link != nil { fail("idle with a connection") }
        if machine.isOpen, link?.connection.isOpen != true { fail("open without an open connection") }
        if isWanted, machine.isIdle, !wishes.starts { fail("idle, though the host wants it started") }
        if hasSession, machine.isIdle, wishes == HostWishes(), !isOwing, !(runEnd.isUnderWay && isSignalled) {
            fail("a life that has no end")
        }
        if !hasSession, isWanted { fail("the host wants it started, and it does not run") }
        if let link, link.openedAt != nil, link.connection.isOpen, !machine.isOpen, machine.closingEnding == nil {
            fail("an open connection in phase \(machine.phase.rawValue)")
        }
        if let stopsBy, !machine.isIdle, now > stopsBy { fail("a stop takes longer than it may") }
        if let stopsBy, machine.closingEnding != nil, let deadline = machine.deadline, deadline > stopsBy {
            fail("a stop waits \((deadline - stopsBy) / 1_000_000) ms longer than it may")
        }
        if machine.isIdle { stopsBy = nil }
    }

    /// Since when the oldest waits, as the metrics have it.
    private func checkOldest() {
        guard let first = waitingSince.first, let told = sendQueue.ledger.oldestSince else {
            if waitingSince.isEmpty != (sendQueue.ledger.oldestSince == nil) { fail("one waits, or none does") }
            return
        }
        if told > first.moment || first.moment - told > max(first.more, (now &- told) / 10) {
            fail("the oldest waits for \((now - first.moment) / 1000) us, and \((now &- told) / 1000) are told")
        }
    }

    /// All up to there was in the kernel's hands, or need not be.
    func checkWritten(_ link: SimulatedLink) {
        let reached = max(toldThrough, link.observer.newest)
        let through = sendQueue.ledger.writtenThrough
        defer { writtenBefore = through }
        guard through > max(reached, writtenBefore) else { return }
        for id in (reached + 1)...through where !refused.contains(id) && !claims.has(id) {
            return fail("message \(id) is called written, and \(reached) was the last")
        }
    }

    /// A silent connection is given up, an attempt has its time, a host that found no room hears of it.
    private func checkLink() {
        if awaitsRoom, waiting.isEmpty { fail("there is room, and who waits for it was not told") }
        guard let link else { return }
        if let last = link.lastID, link.observer.newest > last {
            fail("message \(link.observer.newest) was pushed for the next server, behind \(last)")
        }
        if machine.isOpen, link.isObsolete { fail("a connection goes on that the settings do not want any more") }
        let step: UInt64 = 2_000_000_000
        if machine.isOpen, seen.pingInterval > 0,
            now &- link.lastLife > seen.pingInterval &+ seen.pingTimeout &+ step
        {
            fail("nothing has come for \((now - link.lastLife) / 1_000_000) ms, and it is not given up")
        }
        if !link.connection.isOpen, !machine.isIdle, now &- link.attemptBegan > seen.connectTimeout &+ step {
            fail("an attempt takes \((now - link.attemptBegan) / 1_000_000) ms")
        }
    }

    /// What a stop waits for is given up for nothing but the server's silence.
    func checkDrained(_ action: NodeMachine.Action) {
        guard case .disconnect(_, sendsClose: false) = action, let link else { return }
        if now &- link.lastHeard < min(seen.pingTimeout, link.leastPingTimeout) {
            fail("a stop gives the connection up, \((now - link.lastHeard) / 1_000_000) ms after it was heard")
        }
    }

    /// What can be sent now is being sent: the stream has to take bytes first, or the loop is told to look.
    private func checkWakes() {
        guard hasSession, !isSignalled else { return }
        if commands.hasOutcomesToTell { fail("commands have ended, and nobody was told") }
        if isOwing { fail("outcomes are owed up to \(backlog.openID - 1), and nobody was told") }
        if machine.isDraining, sendQueue.ledger.endedThrough >= drainsThrough {
            fail("what a stop waits for has its outcome, and nobody was told")
        }
        guard let link, link.openedAt != nil, link.isFlushed else { return }
        let maySend = link.quietUntil == nil
        if link.connection.hasOutput(backlog, maySendMessages: maySend) {
            fail("there is something to be sent, and nobody was told")
        }
        guard link.connection.isOpen else { return }
        if acknowledged.has(toldThrough + 1), toldThrough + 1 < backlog.nextID {
            fail("message \(toldThrough + 1) is acknowledged and has no outcome, and nobody was told")
        }
        if link.connection.takesMail(backlog), sendQueue.hasMail() {
            fail("messages wait to be taken, and nobody was told")
        }
        if maySend, link.connection.takesCommand(backlog), commands.hasWaiting || link.isHeartbeatDue {
            fail("a command or a heartbeat waits, and nobody was told")
        }
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
            // Refused credentials back off to six times the maximum behind the minimum; a server may ask for more: 7 s.
            seen.reconnectMinimum &+ seen.reconnectMaximum &* 6, seen.reconnectMaximum &+ 7_000_000_000,
            NodeMachine.lingerNanoseconds,
        ]
        if machine.phase == .NEURON_WS_PHASE_WAITING, deadline > now, let ready = turns.ready(now: now) {
            fail("\((deadline - now) / 1_000_000) ms are waited for, though URL \(ready) may be tried")
        }
        if deadline > now &+ (limits.max() ?? 0) { fail("a deadline \((deadline - now) / 1_000_000) ms away") }
    }
}
