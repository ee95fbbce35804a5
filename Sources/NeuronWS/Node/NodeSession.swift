import CNeuronWS
import NodeCore
import WebSocketCore

/// A running node on the loop: carries out what `NodeMachine` says. Loop-bound, but for `signal`.
///
/// Callbacks of the host may call anything, destroy included: after each of them `isEnded` is asked before anything
/// else of the session is touched.
final class NodeSession: LoopSource, @unchecked Sendable {
    let node: Node
    let loop: EventLoop
    var machine: NodeMachine
    /// The present connection, or the attempt to make it.
    var link: Link?
    /// The configuration of the present connection.
    var configuration: Configuration
    /// Which of the addresses of the servers' names failed.
    var addressMemory = AddressMemory()
    /// What the proxy wants to know of us.
    var proxyAuthentication = ProxyAuthentication()
    var status = NodeStatus()
    var linkLog = LinkLog()
    /// What the node may still do in the loop's turn `turnNumber`; see `hasTurn`.
    var budget = TurnBudget(lengthNanoseconds: 0, now: 0)
    var turnNumber: UInt64 = 0
    var hasLeftWork = false
    /// The rest of what came whole from the server, and takes more than one turn.
    var arriving: Arriving?
    private(set) var isEnded = false
    /// Under the node's lock: the loop is to be given back by a thread that waits for the end.
    var wantsRelease = false
    /// The idle state at the end of a stop is told, though it may be no change. Loop.
    private var owesEnd = false

    /// For the next request that is too late; see `rescheduleRequests`.
    var requestTimer: TimerID?
    /// It was said that this server answers pings with what is no echo.
    var hasToldOfPongs = false
    private var timer: TimerID?
    private var timerDeadline: UInt64 = .max

    init(node: Node, loop: EventLoop) {
        self.node = node
        self.loop = loop
        configuration = node.configuration
        machine = NodeMachine(node.configuration.machineParameters)
        status = node.status
        super.init(loop: loop)
    }

    var isOnLoop: Bool { loop.isCurrentThread }

    // MARK: Wishes of the host

    override func sourceSignalled() {
        if isEnded { return }
        node.lock.lock()
        let pending = node.pending
        node.pending = Node.PendingCommands()
        let new = pending.isReconfigured ? node.configuration : nil
        node.lock.unlock()
        let now = Clock.monotonicNanoseconds
        if pending.isDestroyed {
            perform(machine.stopped(timeout: 0, now: now))
            if !isEnded, machine.isIdle { end() }
            return
        }
        if let new { configured(new, reconnects: pending.reconnects, now: now) }
        if new != nil || pending.starts { tellWarnings() }
        if let timeout = pending.stopTimeout, !isEnded {
            owesEnd = owesEnd || pending.owesEnd
            perform(machine.stopped(timeout: timeout, now: now))
            // A start that was taken back before it was seen: nothing has changed, and yet somebody waits.
            if !isEnded, machine.isIdle, owesEnd { publish() }
            if !isEnded, machine.isIdle { end() }
        }
        if pending.starts, !isEnded {
            owesEnd = false
            // Those of an earlier session may still wait.
            rescheduleRequests()
            perform(machine.started(now: now))
        }
        if pending.pings, !isEnded { perform(machine.pingWanted()) }
        if !isEnded { takeTurn() }
    }

    private func tellWarnings() {
        for warning in configuration.warnings where !isEnded {
            node.log(.NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_SETTINGS, warning + ".")
        }
    }

    private func configured(_ new: Configuration, reconnects: Bool, now: UInt64) {
        node.outbox.fragmentBytesMax = new.fragmentBytesMax
        // The rest of the compression's settings concerns the connection, and comes with a new one.
        if let compression = new.settings.compression {
            link?.connection.setCompressThreshold(bytes: compression.thresholdBytes)
        }
        status.isVerifyOff = new.isVerifyOff
        status.statesInterval = new.statesInterval
        configuration = new
        // Another server may take what this one does not.
        if reconnects { node.refusals = RefusalWatch() }
        link?.stream?.configure(
            noDelay: new.settings.tcpNoDelay,
            userTimeoutMilliseconds: Int(new.settings.userTimeoutMilliseconds))
        if let requestTimer { loop.cancel(requestTimer) }
        requestTimer = nil
        rescheduleRequests()
        perform(machine.configured(new.machineParameters, reconnects: reconnects, now: now))
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
            if !isEnded { connect(urlIndex: urlIndex) }
        case .becomeIdle(let ending):
            disconnected(ending, sendsClose: false)
        }
        if isEnded { return }
        publish()
        if !isEnded { reschedule() }
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
        var ending = ending
        if ending.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT, link?.connection.isBeforeTunnel == true {
            ending.text += " It went by the proxy \(status.proxy) (setting proxy)."
        }
        if sendsClose, let link, link.connection.isOpen, !link.connection.isMidFrame {
            link.connection.queueClose(.goingAway)
            extendTurn()
            pump()
        }
        let openSince = status.openSince
        let wasOpen = openSince != nil
        noteAddress(ending)
        let isRefused = isRefusal(ending)
        if isEnded { return }
        dropStream(resends: !isRefused)
        status.ending = ending
        status.openSince = nil
        status.httpStatus = httpStatus
        if wasOpen { node.lock.withLock { node.counters.disconnections &+= 1 } }
        logEnding(ending, openSince: openSince)
        if isRefused, !isEnded { giveUpMessage(ending) }
        if !isEnded, machine.isIdle { publishAndEnd() }
    }

    /// The next attempt begins behind an address that took the connection and failed.
    private func noteAddress(_ ending: Ending) {
        guard let address = link?.stream?.peerAddress, !address.isEmpty, !ending.isWanted else { return }
        let openFor = status.openSince.map { Clock.monotonicNanoseconds &- $0 }
        addressMemory.ended(address, openNanoseconds: openFor)
    }

    private func logEnding(_ ending: Ending, openSince: UInt64?) {
        let now = Clock.monotonicNanoseconds
        var lostLine: String?
        if let openSince {
            lostLine = linkLog.lost(
                ending.sentence, openFor: now &- min(openSince, now), messages: linkMessages(), now: now)
            // One that held for a while was good: its end is a failure of its own, whatever ended those before.
            let isGood = now &- min(openSince, now) >= Backoff.stableNanoseconds
            if isGood { node.lock.withLock { node.lines.succeeded() } }
        }
        if ending.isWanted {
            linkLog.failureTold()
            let level: neuron_ws_log_level_t = openSince == nil ? .NEURON_WS_LOG_INFO : .NEURON_WS_LOG_NOTICE
            node.log(level, .NEURON_WS_CATEGORY_CONNECTION, ending.text)
        } else if let times = node.lock.withLock({ node.lines.failed(ending, url: status.urlIndex) }) {
            linkLog.failureTold()
            let url = configuration.shownURL(status.urlIndex)
            let repeated = times > 1 ? " (\(times) times in a row)" : ""
            let level: neuron_ws_log_level_t = lostLine == nil ? .NEURON_WS_LOG_WARN : .NEURON_WS_LOG_NOTICE
            let category = LogLineKind.ending(ending.kind, url: status.urlIndex).category
            node.log(level, category, "\(url): \(lostLine ?? ending.text)\(repeated)")
        }
    }

    func linkMessages() -> LinkLog.Messages {
        node.lock.withLock {
            LinkLog.Messages(
                queued: node.mailbox.queuedCount,
                lost: node.fullRefusals &+ node.counters.messagesDropped)
        }
    }

    /// Forgets the connection; what was not written whole is framed again on the next one.
    /// - Parameter resends: false: the first of it is not.
    func dropStream(resends: Bool = true) {
        settle(isLast: true)
        link?.close(loop)
        link = nil
        let again = node.outbox.rewind() &- (resends ? 0 : 1)
        if again > 0 { node.lock.withLock { node.counters.messagesResent &+= again } }
    }

    // MARK: State

    /// Tells what has changed: to everybody who asks, and to the host's callback if it is notable.
    func publish() {
        status.phase = machine.phase
        status.progress = machine.progress
        if let ending = machine.closingEnding { status.ending = ending }
        status.attempts = machine.attempts
        status.nextAttempt = machine.nextAttempt
        node.lock.lock()
        // Whoever destroys a node knows how it stands.
        let isOwed = owesEnd && machine.isIdle
        if isOwed { owesEnd = false }
        let isNotable = (isOwed || status.differsNotably(from: node.status)) && node.life != .destroyed
        node.status = status
        let queue = node.events
        node.lock.unlock()
        guard isNotable else { return }
        if let queue, queue.wants(NEURON_WS_EVENT_STATE) {
            node.tell(.state(link: status.link, phase: status.phase, reason: status.ending.reason), through: queue)
        } else if node.host.host.on_state != nil {
            node.host.stateChanged(node.handle, status.state(now: Clock.monotonicNanoseconds))
        }
    }

    // MARK: The end

    private func publishAndEnd() {
        publish()
        if !isEnded { end() }
    }

    /// The machine is idle: the session is over, unless the host wants another start meanwhile.
    private func end() {
        node.lock.lock()
        if node.pending.starts, node.life == .open {
            node.lock.unlock()
            return
        }
        guard node.life != .open else { return finishLocked() }
        // From here on a destroy in a callback finds nothing left to do but to tell the rest.
        isEnded = true
        node.lock.unlock()
        node.abandonMessages()
        node.lock.lock()
        finishLocked()
    }

    /// Nothing of it but its place in the node is left. Under the node's lock, or on the loop.
    var isOver: Bool { isEnded && isOnLoop }

    /// At once, from whatever state: the node is destroyed in one of its callbacks.
    func tearDown() {
        // In a callback of its last outcomes: those that are left come before the destroy returns.
        if isEnded { return node.abandonMessages() }
        if machine.isOpen { sayGoodbye() }
        dropStream()
        if isEnded { return }
        isEnded = true
        // Before the waiting thread is let go: after its destroy no callback may come.
        node.abandonMessages()
        node.lock.lock()
        finishLocked()
    }

    /// Leaves the node and unlocks it.
    private func finishLocked() {
        isEnded = true
        // Before whoever waits is let go: what is secret in it is gone by then.
        configuration = .forgotten
        if node.life == .destroyed { node.configuration = .forgotten }
        node.session = nil
        wantsRelease = node.endWaiters > 0
        let releases = !wantsRelease
        node.changed.broadcast()
        node.lock.unlock()
        if let timer { loop.cancel(timer) }
        timer = nil
        if let requestTimer { loop.cancel(requestTimer) }
        requestTimer = nil
        if releases { Runtime.shared.releaseLoop() }
    }

    // MARK: Timer

    /// One timer for the machine's deadline. A deadline that moves away leaves the timer: it fires for nothing, once,
    /// which is cheaper than to move it with each message.
    func reschedule() {
        guard let deadline = machine.deadline else {
            if let timer { loop.cancel(timer) }
            timer = nil
            timerDeadline = .max
            return
        }
        if timer != nil, deadline >= timerDeadline { return }
        if let timer { loop.cancel(timer) }
        timerDeadline = deadline
        timer = loop.schedule(at: deadline, self, token: 0)
    }
}

extension NodeSession: LoopHandler {
    func descriptorReady(_ events: UInt32) {}

    func timerFired(_ token: UInt64) {
        if isEnded { return }
        switch token {
        case Self.requestTimerToken: return requestTimerFired()
        case Self.quietTimerToken:
            link?.quietTimer = nil
            return pump()
        default: break
        }
        timer = nil
        timerDeadline = .max
        let now = Clock.monotonicNanoseconds
        let progress = machine.isOpen ? link?.stream?.sendProgress() : nil
        perform(machine.timerFired(now: now, random: Random.next(), progress: progress))
        if !isEnded { reschedule() }
    }
}
