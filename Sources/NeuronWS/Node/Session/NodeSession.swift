// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// A running node on the loop: carries out what `NodeMachine` says. Loop-bound, but for `signal`.
///
/// Callbacks of the host may call anything, destroy included. What a callback has ended finds its link gone, its
/// machine over and its node silent (`Node.Life.gone`): the rest of what was interrupted does nothing then, and asks
/// for nothing. Only what would begin something new asks `isEnded` first: a link, a timer, a question to the host.
final class NodeSession: LoopSource, @unchecked Sendable {
    let node: Node
    let loop: EventLoop
    let maskingKeys: MaskingKeys
    var machine: NodeMachine
    /// The node's, until the session ends.
    var backlog: Backlog
    var cache: MessageCache
    /// The present connection, or the attempt to make it.
    var link: Link?
    /// The configuration of the present connection.
    var configuration: Configuration
    /// Which of the addresses of the servers' names failed.
    var addressMemory = AddressMemory()
    /// What the proxy wants to know of us.
    var proxyAuthentication = ProxyAuthentication(TLSHashes.shared)
    var status = NodeStatus()
    var linkLog = LinkLog()
    var run = SessionRun()
    var turn = SessionTurn()
    /// The rest of what came whole from the server, and takes more than one turn.
    var arriving: Arriving?
    /// Where the last message was looked at.
    var places = PlaceSet([])
    /// Under the node's lock: the loop is to be given back by a thread that waits for the end.
    var wantsRelease = false
    var timers = SessionTimers()
    /// Until when connections are traced, as far as the session has heard.
    var trace = TraceWindow()
    /// Whether the server is taken for one that answers Pings.
    var echoWatch = EchoWatch()
    var mailPace = MailPace()
    /// Why the cache could not be opened, as the log has it; nil: it is open, or nobody wants it to be.
    var toldCacheError: SpoolError?
    /// What the last connection's end has settled, and the host has not heard yet.
    var owed = OwedOutcomes()
    /// One command that has ended is told at a time.
    var isTellingCommands = false
    /// The node ends, and what it leaves is told.
    private var isTellingRest = false

    init(
        node: Node, loop: EventLoop, maskingKeys: MaskingKeys, backlog: consuming Backlog,
        cache: consuming MessageCache
    ) {
        self.node = node
        self.loop = loop
        self.maskingKeys = maskingKeys
        self.backlog = backlog
        self.cache = cache
        configuration = node.configuration
        machine = NodeMachine(node.configuration.machineParameters)
        status = node.status
        super.init(loop: loop)
    }

    var isOnLoop: Bool { loop.isCurrentThread }

    var isEnded: Bool { machine.isOver }

    // MARK: Wishes of the host

    override func sourceSignalled() {
        if isTellingRest { return tellRest() }
        if isEnded { return }
        node.lock.lock()
        let wishes = node.wishes.take()
        let new = wishes.isReconfigured ? node.configuration : nil
        let trace = node.trace
        node.lock.unlock()
        let now = Clock.monotonicNanoseconds
        if wishes.isDestroyed {
            perform(machine.stopped(timeout: 0, now: now))
            return endIfIdle()
        }
        if wishes.stores { storeAll() }
        if trace != self.trace { traceChanged(trace) }
        let reconnects = new.map { configured($0, reconnects: wishes.reconnects, now: now) } ?? false
        if wishes.isConnectedAnew, !reconnects {
            backlog.serversChanged(&echoWatch)
            perform(machine.reconnectWanted(now: now))
        }
        if new != nil || wishes.starts { tellWarnings() }
        if let timeout = wishes.stopTimeout {
            let (pushed, ended) = node.lock.withLock {
                (node.sendQueue.ledger.acceptedCount, node.sendQueue.ledger.endedThrough)
            }
            perform(
                machine.stopped(timeout: timeout, isAwaited: wishes.awaitsEnd, pushed: pushed, ended: ended, now: now))
            endIfIdle()
        }
        if wishes.starts {
            owed.started()
            commandsGoOn()
            run = SessionRun()
            tellCacheError()
            // Those of an earlier session may still wait.
            rescheduleRequests()
            perform(machine.started(now: now))
        }
        if wishes.pings { perform(machine.pingWanted()) }
        reschedulePublishing()
        tellEndedCommands()
        rescheduleCommands()
        takeTurn()
        if owed.holdsEnd || run.end.isUnderWay { endIfIdle() }
    }

    // MARK: The machine's actions

    func perform(_ action: NodeMachine.Action) {
        switch action {
        case .none:
            break
        case .connect(let urlIndex):
            connect(urlIndex: urlIndex)
        case .negotiate:
            negotiate()
        case .redial:
            redial()
        case .opened:
            opened()
        case .sendPing(let sequence):
            sendPing(sequence)
        case .sendClose(let code):
            sendClose(CloseCode(rawValue: code))
        case .disconnect(let ending, let sendsClose):
            disconnected(ending, sendsClose: sendsClose)
        case .reconnect(let ending, let urlIndex, let sendsClose):
            disconnected(ending, sendsClose: sendsClose)
            connect(urlIndex: urlIndex)
        case .becomeIdle(let ending):
            disconnected(ending, sendsClose: false)
        }
        publish()
        reschedule()
    }

    private func sendPing(_ sequence: UInt64) {
        guard let link, link.connection.isOpen else { return }
        link.connection.queuePing(sequence)
        node.lock.withLock { node.counters.pingsSent &+= 1 }
        pump()
    }

    private func sendClose(_ code: CloseCode) {
        guard let link, link.connection.isOpen else { return }
        link.connection.queueClose(code)
        pump()
    }

    private func disconnected(_ ending: Ending, sendsClose: Bool) {
        let httpStatus = Int32(clamping: link?.connection.httpStatus ?? 0)
        let ending = withItsWay(ending)
        if sendsClose, link?.connection.saysGoodbye() == true {
            extendTurn()
            pump()
        }
        let openSince = link?.openSince
        noteAddress(ending)
        settle(isLast: true)
        let stream = link?.stream
        let ended = EndedConnection(
            link?.connection, ending, written: stream?.bytesWritten ?? 0, acknowledged: stream?.bytesAcknowledged,
            &backlog, &echoWatch)
        dropStream()
        if ended.isSilent { tellSilence() }
        status.ending = ending
        status.httpStatus = httpStatus
        noteFailure(ending)
        node.lock.withLock {
            node.counters.endings.count(ending.reason)
            if openSince != nil { node.counters.disconnections &+= 1 }
            node.connectedServer = 0
        }
        if let begun = run.end.connectionEnded(ended, isIdle: machine.isIdle) { endCommandsOfConnection(begun: begun) }
        logEnding(ending, openSince: openSince)
        if ended.messages.isFirstRefused { giveUpMessage() }
        if ended.messages.keptCount > 0 { tellKept(ended.messages.keptCount, ending) }
        guard machine.isIdle else { return }
        publish()
        endIfIdle()
    }

    /// Forgets the connection; what was not written whole is framed again on the next one.
    func dropStream() {
        timers.cancelThoseOfConnection(loop)
        link?.close(loop)
        link = nil
    }

    /// What is shown of nothing that a server says.
    var mask: SecretMask { link?.mask ?? node.lock.withLock { node.formerSecrets.added(to: .none) } }

    // MARK: State

    /// Tells what has changed: to everybody who asks, and to the host if it is notable.
    func publish() {
        guard !isEnded, owed.letsTell(isIdle: machine.isIdle) else { return }
        status.progress = machine.progress
        status.attempts = machine.attempts
        status.otherFailures = run.failures.others
        status.openSince = link?.openSince
        if let ending = machine.closingEnding { status.ending = ending }
        let isOwed = machine.takeOwedIdle()
        node.lock.lock()
        // Whoever destroys a node knows how it stands.
        let isTold = (isOwed || status.differsNotably(from: node.status)) && node.life < .destroyed
        node.status = status
        let told = isTold ? node.statusLocked : nil
        node.lock.unlock()
        if let told { node.tell(.state(told)) }
    }

    // MARK: The end

    /// The machine is idle: the session is over, unless the host wants another start meanwhile.
    func endIfIdle() {
        for step in RunEnd.Step.allCases {
            guard machine.isIdle, !isEnded, isThrough(step) else { return }
        }
        if isEnded { return }
        node.lock.lock()
        if node.wishes.starts, node.life == .open {
            node.lock.unlock()
            return
        }
        guard node.life != .open else { return finishLocked() }
        // From here on a destroy in a callback finds nothing left to do but to tell the rest.
        giveBacklogBackLocked()
        node.lock.unlock()
        node.beginAbandoning()
        isTellingRest = true
        tellRest()
    }

    private func isThrough(_ step: RunEnd.Step) -> Bool {
        switch step {
        case .outcomes: hasToldOwed()
        case .rest: hasStoredRest()
        case .commands: hasEndedCommands()
        }
    }

    /// What the host hears of messages that are through comes before the end does.
    private func hasToldOwed() -> Bool {
        guard owed.letsEnd() || tellOwed() && owed.isEmpty else { return false }
        // The last of them may have been told in a turn before this.
        publish()
        return true
    }

    /// The node ends: the outcomes of what it leaves, as far as the turn goes, and nothing of the session is left then.
    private func tellRest() {
        let countMax = node.host.wantsDeliveries ? Self.outcomesPerLook : .max
        while let count = node.tellAbandoned(countMax: countMax) {
            draw(.outcomesTold, count)
            guard hasTurn() else { return }
        }
        isTellingRest = false
        node.endAbandoning()
        node.lock.lock()
        finishLocked()
    }

    /// Nothing of it but its place in the node is left. Under the node's lock, or on the loop.
    var isOver: Bool { isOnLoop && isEnded }

    /// At once, from whatever state: the node is destroyed in one of its callbacks.
    func tearDown() {
        // In a callback of its last outcomes: those that are left come before the destroy returns.
        if isEnded { return node.abandonMessages() }
        if machine.isOpen || machine.isDraining { sayGoodbye() }
        settle(isLast: true)
        while !isEnded, !tellOwed(evenHeld: true) {}
        if isEnded { return }
        dropStream()
        _ = backlog.connectionEnded(status.ending, acknowledged: nil)
        node.endCommands()
        if isEnded { return }
        node.lock.withLock { giveBacklogBackLocked() }
        // Before the waiting thread is let go: after its destroy no callback may come.
        node.abandonMessages()
        node.lock.lock()
        finishLocked()
    }

    /// The end of what the session does: the node has its backlog again.
    private func giveBacklogBackLocked() {
        if isEnded { return }
        machine.end()
        node.backlog = Boxed(exchange(&backlog, with: Backlog()))
        node.cache = Boxed(exchange(&cache, with: MessageCache(configuration.cacheSettings)))
        // New ones may have come that the session has not seen.
        node.cache?.value.settings = node.configuration.cacheSettings
        node.spool?.setUser(nil)
        node.takeOpenedLocked()
    }

    /// Leaves the node and unlocks it.
    private func finishLocked() {
        giveBacklogBackLocked()
        arriving = nil
        // Before whoever waits is let go: what is secret in it is gone by then.
        configuration = .forgotten
        proxyAuthentication = ProxyAuthentication(TLSHashes.shared)
        if node.life == .destroyed { node.configuration = .forgotten }
        node.session = nil
        wantsRelease = node.endWaiters > 0
        let releases = !wantsRelease
        node.changed.broadcast()
        node.lock.unlock()
        // None fires on a session that is over.
        timers.cancelAll(loop)
        if releases { Runtime.shared.releaseLoop() }
    }

    // MARK: Timer

    /// For the machine's deadline.
    func reschedule() {
        guard let deadline = machine.deadline else { return timers[.machine].cancel(loop) }
        timers[.machine].set(at: deadline, loop, self)
    }
}

extension NodeSession: LoopHandler {
    func descriptorReady(_ events: UInt32) {}

    func timerFired(_ token: UInt64) {
        guard !isEnded, let timer = SessionTimer(rawValue: token) else { return }
        timers[timer].fired()
        switch timer {
        case .machine: machineTimerFired()
        case .requests: requestTimerFired()
        case .publishing: publishTimerFired()
        case .commands: commandTimerFired()
        case .trace: traceTimerFired()
        case .cache: cacheTimerFired()
        case .quiet: pump()
        case .barrier: barrierTimerFired()
        case .heartbeat: heartbeatTimerFired()
        case .refusal: endRefusal()
        case .holding: holdingTimerFired()
        }
    }

    private func machineTimerFired() {
        if endRefusal() { return }
        let now = Clock.monotonicNanoseconds
        let progress = machine.isOpen || machine.isDraining ? link?.stream?.sendProgress() : nil
        perform(machine.timerFired(now: now, random: Random.next(), progress: progress))
    }
}
