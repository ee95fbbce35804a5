// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What the library's `NodeSession` does with sockets: it carries out what `NodeMachine` says.
extension World {
    func perform(_ action: NodeMachine.Action) {
        switch action {
        case .none: break
        case .connect(let urlIndex): connect(urlIndex)
        case .negotiate:
            link?.connection.transportOpened()
            pump()
        case .redial:
            tell("redials")
            let urlIndex = link?.urlIndex ?? 0
            link = nil
            link = makeLink(urlIndex)
        case .opened:
            tell("open")
            link?.lastLife = now
            link?.lastHeard = now
            link?.heartbeat = heartbeats.map { Heartbeat($0, now: now) }
            link?.heartbeatAskedAt = now
            if backlog.refusals.quiet > 0 {
                link?.quietUntil = now &+ backlog.refusals.quiet
                link?.wasQuiet = true
            }
            notePingSettings()
        case .sendPing(let sequence):
            notePing()
            link?.pingLeftAt = nil
            link?.connection.queuePing(sequence)
            pump()
        case .sendClose(let code):
            tell("our Close \(code)")
            link?.connection.queueClose(CloseCode(rawValue: code))
            pump()
        case .disconnect(let ending, let sendsClose): disconnected(ending, sendsClose: sendsClose)
        case .reconnect(let ending, let urlIndex, let sendsClose):
            disconnected(ending, sendsClose: sendsClose)
            connect(urlIndex)
        case .becomeIdle(let ending): disconnected(ending, sendsClose: false)
        }
        publish()
    }

    private func connect(_ urlIndex: Int) {
        tell("connects to \(urlIndex)")
        attemptBegan = now
        if let fault = turns.begun(urlIndex, now: now) { fail(fault) }
        proxyAuthentication.attemptBegan()
        redirects = Redirects(countMax: redirectsMax)
        elsewhere = nil
        if link != nil { fail("a second connection beside the first") }
        if let (id, _) = asked.first(where: { $1.isOut && !$1.isLost && !$1.isStopped }) {
            fail("command \(id) is out on a connection that is gone")
        }
        link = makeLink(urlIndex)
    }

    /// The settings of Pings that are in force on the open connection.
    func notePingSettings() {
        guard let link, link.connection.isOpen, machine.isOpen || machine.isDraining else { return }
        if link.openSince == 0 { link.openSince = now }
        guard seen.pingInterval > 0 else { return }
        link.leastPingInterval = min(link.leastPingInterval, seen.pingInterval)
        link.leastPingTimeout = min(link.leastPingTimeout, seen.pingTimeout)
    }

    /// One for each interval, and some while one is not answered.
    private func notePing() {
        guard let link, link.leastPingInterval < .max else { return }
        link.pingsAsked += 1
        let age = now &- link.openSince
        let most = 4 &+ link.pingsWanted &+ age / link.leastPingInterval &+ age / (link.leastPingTimeout / 4)
        if link.pingsAsked > most { fail("\(link.pingsAsked) Pings in \(age / 1_000_000) ms") }
    }

    func ended(_ ending: Ending) {
        drawn = random.next()
        perform(machine.failed(ending, now: now, random: drawn))
    }

    private func disconnected(_ ending: Ending, sendsClose: Bool) {
        tell("disconnected: \(ending.reason.rawValue) \(ending.closeCode)")
        if sendsClose, link?.connection.saysGoodbye() == true { pump() }
        settle(isLast: true)
        if ending.reason == .NEURON_WS_REASON_PING_TIMEOUT, let link, now &- link.lastHeard < seen.pingTimeout {
            fail("called dead, \((now - link.lastHeard) / 1_000_000) ms after it was heard")
        }
        if let link, link.connection.isOpen {
            formerPings = link.observer.pings.filter { $0.count > 16 }.suffix(20)
        }
        if ending.isByPeer, link?.connection.isOpen == true { noteInterruption(ending) }
        if let link {
            let age = link.openedAt.map { now &- $0 } ?? 0
            turns.ended(
                link.urlIndex, retryAfter: link.retryAfter, wasGood: age >= Backoff.stableNanoseconds,
                minimum: seen.reconnectMinimum, maximum: seen.reconnectMaximum, now: now)
        }
        if !machine.isIdle, let link {
            let openFor = link.openSince == 0 ? nil : (link.closedAt == 0 ? now : link.closedAt) &- link.openSince
            let fault = turns.waits(
                until: ending.isWanted ? nil : machine.progress.nextAttempt, ending.policy, drawn: drawn,
                openFor: openFor,
                minimum: seen.reconnectMinimum, maximum: seen.reconnectMaximum, now: now)
            if let fault { fail(fault) }
        }
        // What the peer's kernel has of it: as much as ours took, on a made network.
        let ended = EndedConnection(
            link?.connection, ending, written: link?.up.accepted ?? 0, acknowledged: link?.up.accepted, &backlog,
            &echoWatch)
        if let link, !ended.begun.isEmpty, !link.observer.isMidMessage {
            fail("commands \(ended.begun) are called begun, and the kernel has nothing of them")
        }
        for id in ended.begun { commandsOut.insert(id) }
        if link?.connection.isOpen == true { wasQuiet = link?.wasQuiet ?? false }
        link = nil
        self.ending = ending
        if let begun = runEnd.connectionEnded(ended, isIdle: machine.isIdle) { endCommandsOfConnection(begun: begun) }
        if ended.messages.isFirstRefused { giveUpMessage(ending) }
        guard machine.isIdle else { return }
        publish()
        endIfIdle()
    }

    func timersFire() {
        expireCommands()
        // Last: what the others let go out may have been a heartbeat, and the next one due meanwhile, or a command that
        // had ended, behind which the order is in doubt for no time at all.
        defer {
            heartbeatTimerFires()
            expireCommands()
        }
        if let due = link?.connection.barrier?.deadline, due <= now { link?.barrierLooks += 1 }
        if link?.connection.barrier?.look(now: now, progress: linkProgress) == true {
            tell("the barrier is degraded")
            if let newest = link?.observer.pings.last(where: { $0.count > 16 }), newest == link?.echo {
                fail("the server is said not to echo, and has echoed the last Ping")
            }
            // What moved before the first look is not known to have moved.
            if let link, link.barrierLooks > 1, now &- link.lastRead < 1_500_000_000 {
                fail("the server is said not to echo, \((now - link.lastRead) / 1_000_000) ms after it read some")
            }
            pump()
        }
        if let link, let quiet = link.quietUntil, now >= quiet {
            link.quietUntil = nil
            pump()
        }
        if link?.holdWatch.look(&backlog, now: now) == true {
            tell("more go out behind \(backlog.openID)")
            pump()
        }
        guard let deadline = machine.deadline, now >= deadline else { return }
        drawn = random.next()
        let isDraining = machine.isDraining
        let action = machine.timerFired(now: now, random: drawn, progress: progress)
        if isDraining { checkDrained(action) }
        perform(action)
    }

    /// nil: there is no open connection.
    var progress: SendProgress? { machine.isOpen || machine.isDraining ? linkProgress : nil }

    /// The same while it is being closed, too.
    private var linkProgress: SendProgress? {
        guard let link else { return nil }
        return SendProgress(
            acknowledged: link.up.accepted &- UInt64(link.up.waiting), windowEnd: nil,
            acknowledgementAge: now &- link.acknowledgedAt, isHeldByPeer: false)
    }

    // MARK: Sending

    /// The stream takes more of what it did not take.
    func streamWritable() { if let link, !link.isFlushed, link.up.room > 0 { pump() } }

    func pump() {
        guard let link, link.openedAt != nil, !link.isPumping else { return }
        link.isPumping = true
        pumpTurn(link)
        link.isPumping = false
        settle()
        perform(machine.drained(ended: sendQueue.ledger.endedThrough, now: now))
        if link.connection.isClosed, link.isFlushed, !link.hasFinishedWriting {
            link.hasFinishedWriting = true
            link.up.hasEnded = true
        }
    }

    private func pumpTurn(_ link: SimulatedLink) {
        while self.link === link {
            if !link.isFlushed {
                let rest = link.buffer[link.start..<link.end]
                let taken = rest.withUnsafeBytes { bytes in
                    if link.awaitsTLS { fail("bytes go out before TLS has begun") }
                    let some = random.chance(20) ? random.below(2) * random.below(200) : .max
                    let count = link.up.write(bytes, countMax: some)
                    let took = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                    if link.connection.isBeforeTunnel { return count }
                    let fault = link.observer.accepted(
                        took, isRefused: { refused.contains($0) }, isClaimed: { claims.has($0) })
                    if let fault { fail(fault) }
                    newestEver = max(newestEver, link.observer.newest)
                    return count
                }
                link.start += taken
                if !link.isFlushed { break }
            }
            link.start = 0
            link.end = 0
            if tellsByCallback { settle() }
            if !fillBuffer(link) { break }
        }
    }

    /// - Returns: false: there is nothing to be sent.
    private func fillBuffer(_ link: SimulatedLink) -> Bool {
        if link.connection.takesMail(backlog) { takeMail() }
        let maySend = link.quietUntil == nil
        var commandsWait = maySend && feedCommands(link)
        guard link.connection.hasOutput(backlog, maySendMessages: maySend) else { return false }
        while true {
            refillKeys()
            let stop = link.buffer.withUnsafeMutableBytes { output in
                link.connection.fill(
                    output, at: &link.end, backlog: &backlog, keys: &keys, maySendMessages: maySend,
                    yieldsToCommands: commandsWait)
            }
            switch link.connection.next(after: stop, isBufferEmpty: link.end == 0, backlog) {
            case .flush: return link.end > 0
            case .takeMail: if !takeMail() { return false }
            case .feedCommands: commandsWait = feedCommands(link)
            case .refillKeys, .goOn: break
            case .lacksMemory: fail("there is no memory to mark a message")
            case .inspect: inspect()
            }
        }
    }

    private func refillKeys() {
        guard keys.keysLeft < 8 else { return }
        let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        keys.refill(bytes.span.bytes)
    }

    private func inspect() {
        let message = backlog.nextMessage()
        let id = message?.withBytes { Message.id(of: Array($0)) }
        if id == nil || id != message?.id || message?.stamp != stamp(of: message?.id ?? 0) {
            fail("message \(id ?? 0) lies there as \(message?.id ?? 0), \(message?.stamp as Any)")
        }
        let isRefused = random.chance(10)
        if isRefused, let id { refused.insert(id) }
        backlog.markInspected(isRefused: isRefused)
    }

    /// - Parameter isLast: the connection is to go.
    func settle(isLast: Bool = false) {
        guard let link else { return }
        backlog.written(link.up.accepted)
        noteLeftCommands(link)
        let settled = link.connection.settle(
            &backlog, &echoWatch, written: link.up.accepted, kernelEnd: link.up.accepted, now: now)
        if settled.hasAsked {
            link.barrierEnd = link.up.accepted
            link.barrierLooks = 0
        }
        if let level = settled.level { backlog.setLevel(level) }
        if backlog.level != .NEURON_WS_LEVEL_WRITTEN {
            sendQueue.ledger.written(through: backlog.unwrittenID &- 1)
            checkWritten(link)
        }
        if isLast {
            _ = owed.connectionEnds(&backlog)
            reached.append((backlog.openID &- 1, newestRead, link.observer.newest))
            tellOwed()
        } else {
            carryOut()
        }
        if link.connection.pingLeft(written: link.up.accepted) {
            let newest = withUnsafeBytes(of: machine.pings.bigEndian) { Array($0) }
            if machine.pings > 0, !link.observer.pings.contains(newest) {
                fail("Ping \(machine.pings) is called sent, and the kernel does not have it")
            }
            machine.pingLeft(end: link.up.accepted, now: now)
            link.pingLeftAt = now
        }
        if !isLast { _ = link.holdWatch.note(backlog, now: now) }
        if backlog.takeWake() { isSignalled = true }
    }

    // MARK: Receiving

    /// - Returns: how many of the bytes are done with.
    func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let link else { return bytes.count }
        guard tellEndedCommands() else { return 0 }
        link.connection.repliesGoFirst = link.connection.isAllSent(backlog, hasMail: sendQueue.hasMail())
        machine.bytesReceived(now: now)
        budget = TurnBudget(lengthNanoseconds: UInt64(random.pick([1000, 100_000, 5_000_000])), now: now)
        var replies: [UInt64] = []
        var offset = 0
        reading: while self.link === link, failure == nil {
            if offset < bytes.count, budget.isSpent { break }
            switch link.connection.bytesReceived(bytes, from: &offset, wallSeconds: 0, budget: &budget) {
            case .needsBytes: break reading
            case .goesOn: break
            case .event(let event): handle(event, link, &replies)
            }
        }
        guard self.link === link else { return bytes.count }
        let (byConnection, byBacklog) = (link.connection.takeWake(), backlog.takeWake())
        if byConnection || byBacklog { pump() }
        return offset
    }

    private func handle(_ event: ConnectionEvent, _ link: SimulatedLink, _ replies: inout [UInt64]) {
        if let fault = link.audit.told(event, sent: link.server.sent) { fail(fault) }
        switch event {
        case .negotiated: perform(machine.handshakeCompleted(now: now))
        case .tunnelOpened(let startsTLS):
            tell("the proxy has opened the way")
            link.proxy?.isThrough = true
            link.awaitsTLS = startsTLS
            if startsTLS {
                machine.streamEntered(.NEURON_WS_PHASE_SECURING)
            } else {
                perform(machine.streamConnected())
            }
        case .refused(let error): refused(error, link)
        case .message(_, let bytes):
            let isRequest = bytes.withBytes { $0.elementsEqual("request".utf8) }
            if level == .NEURON_WS_LEVEL_APP_ACKED { bytes.withBytes { acknowledgementReceived($0, link) } }
            let isResponse = bytes.withBytes { answersHeartbeat($0) || answersCommand($0) }
            bytes.handled()
            guard isRequest else {
                if !isResponse { answersInOrder(link) }
                return
            }
            push(beyond: DeliveryLedger.Limits(bytesMax: 1 << 20, messagesMax: 100), byteCount: 20)
            replies.append(sendQueue.ledger.acceptedCount)
        case .ping: break
        case .pong(let payload):
            link.echo = payload.withBytes { $0.withUnsafeBytes { Array($0) } }
            let sequence = payload.sequence ?? 0
            if sequence > 0, sequence <= machine.pings { pongReceived(sequence, link) }
        case .close(let code, _):
            tell("the server's Close \(code?.rawValue ?? 0)")
            sendReplies(link, replies)
            closeReceived(Ending.peerClosed(code, reason: ""))
        case .failed(let error):
            sendReplies(link, replies)
            closeReceived(Ending.protocolFailed(error))
        }
    }

    /// Each Ping has one round trip.
    private func pongReceived(_ sequence: UInt64, _ link: SimulatedLink) {
        guard let roundTrip = machine.pongReceived(sequence: sequence, now: now) else { return }
        guard let left = link.pingLeftAt, roundTrip == now &- left else {
            return fail("Ping \(sequence) has a round trip of \(roundTrip / 1_000_000) ms that it did not make")
        }
        link.pingLeftAt = nil
    }

    private func closeReceived(_ ending: Ending) {
        if machine.isOpen { link?.closedAt = now }
        machine.closeReceived(ending, now: now)
        publish()
        pump()
    }

    /// As `NodeSession.frameReplies`. What there is room for is promised to go before the Close.
    private func sendReplies(_ link: SimulatedLink, _ replies: [UInt64]) {
        guard link.connection.repliesGoFirst, !link.isPumping else { return }
        guard takeMail() || !backlog.isAllFramed else { return }
        while true {
            refillKeys()
            let stop = link.buffer.withUnsafeMutableBytes { output in
                link.connection.fillReplies(output, at: &link.end, backlog: &backlog, keys: &keys)
            }
            switch stop {
            case .outOfKeys, .deflating, .outOfMemory: break
            case .uninspected: inspect()
            case .allFramed:
                // Behind suspects some are held back.
                link.observer.promised = replies.filter { $0 < backlog.nextID && !refused.contains($0) }
                return
            case .bufferFull, .frameEnded: return
            }
        }
    }
}
