// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// What has come of filling the send buffer.
    private enum Filled { case bytes, nothing, turnOver }

    /// How many outcomes the host is told by callback before the turn is looked at.
    static let outcomesPerLook: UInt64 = 32

    /// Frames what waits into the send buffer and writes it, until the stream takes no more, all is out, or the turn is
    /// over.
    ///
    /// Message after message goes into one buffer, and one system call sends them all: that is where the speed of small
    /// messages comes from.
    func pump() {
        guard let link, !link.isPumping else { return }
        link.isPumping = true
        pumpTurn(link)
        link.isPumping = false
        guard isCurrent(link) else { return }
        settle()
        tendCache()
        guard isCurrent(link) else { return }
        finishDraining()
        finishClosing(link)
    }

    /// The same to the end of what can be sent now, also in a callback of the pump's, which goes no further after it.
    func pumpAtOnce(_ link: Link) {
        var before: UInt64
        repeat {
            before = link.connection.bytesFramed
            pumpTurn(link)
        } while isCurrent(link) && link.connection.bytesFramed != before
    }

    private func pumpTurn(_ link: Link) {
        while let stream = link.stream {
            if !link.isFlushed, let buffer = link.buffer {
                let pending = UnsafeRawBufferPointer(start: buffer + link.start, count: link.end - link.start)
                let taken = stream.write(pending)
                guard isCurrent(link) else { return }
                link.start += taken
                draw(.bytesSent, taken)
            }
            guard traceSent(link) else { return }
            // The stream will say when it takes more.
            if !link.isFlushed { return }
            link.start = 0
            link.end = 0
            link.tracedEnd = 0
            // Callbacks with outcomes keep up with what is framed, so that there are never many at once.
            if node.host.wantsDeliveries {
                settle()
                guard isCurrent(link) else { return }
            }
            guard hasTurn() else { return }
            let filled = fillBuffer(link)
            if !isCurrent(link) || filled == .turnOver { return }
            if filled == .nothing { break }
        }
        if link.end == 0 { link.giveBuffer(loop.outputBuffers) }
    }

    /// Counts what has been compressed since the last call.
    private func countDeflated(_ connection: Connection) {
        let bytes = connection.takeDeflatedBytes()
        guard bytes.worked > 0 else { return }
        draw(.bytesDeflated, bytes.worked)
        guard bytes.before > 0 else { return }
        node.lock.withLock {
            node.counters.payloadBytesCompressed &+= bytes.before
            node.counters.compressedBytesSent &+= bytes.after
        }
    }

    private func fillBuffer(_ link: Link) -> Filled {
        let connection = link.connection
        if connection.takesMail(backlog) { takeMail() }
        let maySendMessages = !timers[.quiet].isSet
        var commandsWait = maySendMessages && feedCommands(link)
        guard isCurrent(link) else { return .nothing }
        guard connection.hasOutput(backlog, maySendMessages: maySendMessages) else { return .nothing }
        guard let output = link.takeBuffer(loop.outputBuffers) else { return .nothing }
        if maskingKeys.pool.keysLeft < 8 { maskingKeys.refill() }
        var isTurnOver = false
        filling: while !isTurnOver {
            let stop = connection.fill(
                output, at: &link.end, backlog: &backlog, keys: &maskingKeys.pool,
                maySendMessages: maySendMessages, yieldsToCommands: commandsWait)
            countDeflated(connection)
            switch connection.next(after: stop, isBufferEmpty: link.end == 0, backlog) {
            case .flush: break filling
            case .takeMail: if !takeMail() { break filling }
            case .feedCommands:
                commandsWait = feedCommands(link)
                guard isCurrent(link) else { return .nothing }
                isTurnOver = !hasTurn()
            case .refillKeys: maskingKeys.refill()
            case .lacksMemory:
                link.stream?.lacksMemory()
                return .nothing
            case .goOn: isTurnOver = !hasTurn()
            case .inspect:
                // In its callback the host may end the node, and the server gets its Close.
                guard inspect(), isCurrent(link) else { return .nothing }
                draw(.eventsHandled)
                isTurnOver = !hasTurn()
            }
        }
        if link.end > 0 { return .bytes }
        return isTurnOver ? .turnOver : .nothing
    }

    /// Frames what the host has answered to the messages before a Close or a fault; see `Connection.fillReplies`.
    func frameReplies(_ link: Link) {
        guard link.connection.repliesGoFirst, !link.isPumping else { return }
        guard takeMail() || !backlog.isAllFramed else { return }
        guard let output = link.takeBuffer(loop.outputBuffers) else { return }
        link.isPumping = true
        defer { link.isPumping = false }
        while true {
            switch link.connection.fillReplies(
                output, at: &link.end, backlog: &backlog, keys: &maskingKeys.pool)
            {
            case .outOfKeys: maskingKeys.refill()
            case .outOfMemory: return
            case .uninspected:
                guard inspect(), isCurrent(link) else { return }
                draw(.eventsHandled)
            case .deflating:
                countDeflated(link.connection)
                if !hasTurn() { return }
            case .bufferFull, .frameEnded, .allFramed: return countDeflated(link.connection)
            }
        }
    }

    /// What is pushed from now on goes out in front of what waits, if the settings want it; what was pushed before goes
    /// its way by those that were in force.
    func goLive() {
        let isLiveFirst = configuration.settings.isLiveFirst
        if isLiveFirst || backlog.live != nil { takeMail() }
        backlog.setLiveFirst(isLiveFirst)
    }

    /// What the host threads have pushed meanwhile. False: nothing that may be taken.
    @discardableResult
    private func takeMail() -> Bool {
        node.lock.lock()
        let mail = node.wishes.takeMail(
            from: &node.sendQueue, isLinked: link != nil, opensCache: cache.mayBeOpened(backlog))
        node.lock.unlock()
        guard let mail else { return false }
        return mail.deliver(to: &cache, &backlog, now: loop.nowNanoseconds)
    }

    /// Shows the next message to the host, or leaves it out as nothing for this server. False: the session ended.
    private func inspect() -> Bool {
        if backlog.isNextForAnother {
            leaveOutAnswer()
            return !isEnded
        }
        let message = backlog.nextMessage()
        let kind: neuron_ws_kind_t = message?.stamp.kind == 2 ? .NEURON_WS_BINARY : .NEURON_WS_TEXT
        let verdict = message?.withBytes { node.host.beforeSend(node.handle, kind, $0) }
        if isEnded { return false }
        backlog.markInspected(isRefused: verdict == false)
        return true
    }

    // MARK: Outcomes

    /// Gives the messages that the kernel has whole their outcome: as many as the turn has time for.
    /// - Parameter isLast: the stream is to go: all have it, and what of it the turn has no time for is owed.
    func settle(isLast: Bool = false) {
        guard let link, let stream = link.stream else { return }
        let written = stream.bytesWritten
        backlog.written(written)
        noteLeftCommands(link, isLast: isLast)
        noteConfirmed(link, written: written)
        if isEnded { return }
        if isLast {
            var freed = owed.connectionEnds(&backlog)
            MessagePool.shared.give(&freed)
            _ = tellOwed()
        } else {
            tellOutcomes()
        }
        if isEnded { return }
        let again = backlog.takeFramedAgain()
        node.lock.withLock {
            node.counters.wireBytesSent &+= written &- link.countedBytes
            node.counters.messagesResent &+= again
        }
        link.countedBytes = written
        if !isLast, link.holdWatch.note(backlog, now: Clock.monotonicNanoseconds) { scheduleHoldingTimer(link) }
        if link.connection.pingLeft(written: written) {
            machine.pingLeft(end: stream.kernelBytes, now: Clock.monotonicNanoseconds)
        }
        // The pump found nothing that it might send before this.
        if backlog.takeWake() { signal() }
    }

    /// Those that are owed and those that there are now, as far as the turn goes.
    private func tellOutcomes() {
        let isBounded = node.host.wantsDeliveries
        while !isBounded && owed.isEmpty || hasTurn(),
            let action = owed.nextAction(
                &backlog, countMax: isBounded ? Self.outcomesPerLook : .max, isHeld: { cache.isSettingAside($0) })
        {
            switch consume action {
            case .tell(let run, let refusal): tell(run, refusal: refusal)
            case .release(var chunks): MessagePool.shared.give(&chunks)
            }
            if isEnded { return }
        }
    }

    /// - Parameter refusal: how the server refused them.
    private func tell(_ run: Backlog.Run, refusal: Ending? = nil) {
        let isByCallback = node.conclude(run, refusal: refusal)
        if isByCallback, node.host.wantsDeliveries { draw(.outcomesTold, Int(clamping: run.count)) }
    }

    /// Outcomes that are owed since a connection's end, as far as the turn goes.
    /// - Parameter evenHeld: those too that wait for the disk, which tells when it has done its work.
    /// - Returns: false: some are left, for which the session has another turn.
    func tellOwed(evenHeld: Bool = false) -> Bool {
        let countMax = node.host.wantsDeliveries ? Self.outcomesPerLook : .max
        while let one = owed.removeFirst(
            countMax: countMax, isHeld: { !evenHeld && cache.isSettingAside($0) })
        {
            tell(one.run, refusal: one.refusal)
            if isEnded { return true }
            if !owed.isEmpty, !hasTurn() { return false }
        }
        return true
    }

    /// What was pushed before a stop has its outcome: the Close may go.
    func finishDraining() {
        guard machine.isDraining else { return }
        let ended = node.lock.withLock { node.sendQueue.ledger.endedThrough }
        perform(machine.drained(ended: ended, now: Clock.monotonicNanoseconds))
    }

    /// Both Close frames are through: the server ends TCP (RFC 6455 §7.1.1); we say that nothing more comes.
    private func finishClosing(_ link: Link) {
        guard isCurrent(link), link.connection.isClosed, link.isFlushed, !link.hasFinishedWriting else { return }
        link.hasFinishedWriting = true
        link.stream?.finishWriting()
    }
}
