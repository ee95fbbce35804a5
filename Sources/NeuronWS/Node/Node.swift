import CNeuronWS
import NodeCore

/// A node, as the host's threads see it: settings, subscriptions, the mailbox, and what is told of it.
///
/// Everything mutable is under `lock`. What is not yet confirmed moves to the session while there is one. No callback
/// runs with the lock held.
final class Node: @unchecked Sendable {
    let name: String
    let host: HostCallbacks
    /// The process the node belongs to; see `Fork`.
    let generation: UInt
    let handle: NodeHandle

    let lock = Lock()
    /// Signalled when messages complete while somebody flushes, and when the session ends.
    let changed = Condition()

    // Under the lock.
    /// Which of many log lines of one kind are told.
    var lines = RepeatedLines<LogLineKind>()
    /// Messages for which the queue had no room.
    var fullRefusals: UInt64 = 0
    var configuration: Configuration
    var mailbox = Mailbox()
    var ledger: DeliveryLedger
    /// nil: the session has it.
    var backlog: Backlog?
    var groupNumbers = GroupNumbers()
    var subscriptions: SubscriptionTable
    var counters = NodeMetrics()
    var status = NodeStatus()
    var session: NodeSession?
    var pending = PendingCommands()
    /// Threads in `stop` or `destroy` that wait for the session's end, and will give the loop back.
    var endWaiters = 0
    /// Starts that found a session: each ends the stops that were under way.
    private var startsInSession: UInt64 = 0
    var flushWaiters = 0
    var events: EventQueue?
    var logLevel: neuron_ws_log_level_t
    /// The next connection is traced.
    var isTraced = false
    /// When the log level goes back to the settings' one, monotonic nanoseconds.
    var logLevelRevertsAt: UInt64?
    var scratch: [ByteBuffer] = []
    /// How often the settings have changed.
    var settingsNumber: UInt64 = 0
    var groupNames = GroupNamesCache()

    /// Held by whoever changes subscriptions, around `lock`: what takes long is then done between two holds of that.
    let subscriptionsLock = Lock()

    /// The requests that the host holds; locked by itself.
    let requests: RequestDesk

    /// Outcomes that on_delivery has yet to hear. Loop-bound while there is a session, else of who tells the rest.
    var untold: DeliveryRun?

    /// What the host may still do with it; only grows. Under the lock.
    var life = Life.open
    /// Somebody gives, or has given, what is left its outcome: what came now would have none. Under the lock.
    var tellsRest = false

    enum Life {
        case open
        /// It is not started again, and what is left is told; events can be read.
        case finished
        case destroyed
    }

    /// What host threads ask of the session.
    struct PendingCommands {
        var starts = false
        var stopTimeout: UInt64?
        /// The host that stops waits for the idle state.
        var owesEnd = false
        var isReconfigured = false
        var reconnects = false
        var isDestroyed = false
        var pings = false
    }

    private init(name: String, host: HostCallbacks, configuration: Configuration) {
        self.name = name
        self.host = host
        self.configuration = configuration
        generation = Fork.generation
        handle = NodeHandle.allocate(capacity: 1)
        handle.initialize(to: neuron_ws_node_t())
        ledger = DeliveryLedger(limits: configuration.queueLimits)
        ledger.level = configuration.settings.delivery
        subscriptions = SubscriptionTable(seed: Random.next())
        requests = RequestDesk(generation: Fork.generation, timeout: configuration.requestTimeout)
        logLevel = configuration.logLevel
        backlog = Backlog()
        backlog?.inspectsMessages = host.inspectsMessages
        status.isVerifyOff = configuration.isVerifyOff
        status.statesInterval = configuration.statesInterval
        status.level = configuration.settings.delivery
        status.url = configuration.shownURL(0)
        status.target = configuration.target(url: configuration.url(0)).text
        handle.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { handle.deallocate() }

    /// A node that the caller holds by its handle, retained once for that.
    static func make(name: String, settings: UnsafeRawBufferPointer, host: HostCallbacks) throws(NodeError)
        -> NodeHandle
    {
        Runtime.shared.prepare()
        let configuration = try Configuration.make(settings)
        let node = Node(name: name, host: host, configuration: configuration)
        node.requests.open(node)
        Runtime.shared.add(node)
        return Unmanaged.passRetained(node).takeUnretainedValue().handle
    }

    // MARK: Life

    /// What the loop has for itself, its buffers, and something for its thread, bytes.
    private static let loopBytes = 512 * 1024

    func start() throws(NodeError) {
        guard Headroom.has(Self.loopBytes) else { throw .noMemory }
        lock.lock()
        guard life == .open else {
            lock.unlock()
            throw Self.isOver
        }
        if let session {
            // A stop may be under way: what was asked last counts.
            pending.stopTimeout = nil
            pending.owesEnd = false
            pending.starts = true
            startsInSession &+= 1
            if endWaiters > 0 { changed.broadcast() }
            lock.unlock()
            session.signal()
            return
        }
        do throws(SystemError) {
            let loop = try Runtime.shared.acquireLoop()
            guard let backlog = backlog.take() else { preconditionFailure("a session has it that is none") }
            let new = NodeSession(node: self, loop: loop, backlog: backlog)
            session = new
            pending = PendingCommands()
            pending.starts = true
            status.progress = .starting
            lock.unlock()
            new.signal()
        } catch {
            lock.unlock()
            throw .system("the loop could not be started: \(error.call) failed with errno \(error.number)")
        }
    }

    /// How much longer than its timeout a stop waits for the loop thread, which may be busy in a host's callback: 2 s.
    private static let stopGraceNanoseconds: UInt64 = 2_000_000_000

    /// Stops and waits for the end. On the loop it begins the same.
    func stop(timeoutMilliseconds: UInt32) -> neuron_ws_status_t {
        lock.lock()
        guard let session = askToStopLocked(timeoutMilliseconds), !session.isOnLoop else {
            let session = self.session
            lock.unlock()
            session?.signal()
            return .NEURON_WS_OK
        }
        endWaiters += 1
        let starts = startsInSession
        lock.unlock()
        session.signal()
        let timeout = UInt64(timeoutMilliseconds) * 1_000_000
        let deadline = Clock.monotonicNanoseconds &+ timeout &+ Self.stopGraceNanoseconds
        return waitForEnd(of: session, until: deadline, starts: starts) ? .NEURON_WS_OK : .NEURON_WS_TIMEOUT
    }

    /// - Returns: false if there is nothing to stop.
    func beginStop(timeoutMilliseconds: UInt32) -> Bool {
        lock.lock()
        let stopped = askToStopLocked(timeoutMilliseconds)
        pending.owesEnd = stopped != nil
        lock.unlock()
        guard let session = stopped else { return false }
        session.signal()
        return true
    }

    /// Of several times the shortest counts. The caller signals what it returns; nil: the node does not run.
    private func askToStopLocked(_ timeoutMilliseconds: UInt32) -> NodeSession? {
        guard let session else { return nil }
        let timeout = UInt64(timeoutMilliseconds) * 1_000_000
        pending.starts = false
        pending.stopTimeout = min(pending.stopTimeout ?? timeout, timeout)
        return session
    }

    /// The caller has counted itself in `endWaiters`.
    /// - deadline: nil: however long it takes.
    /// - starts: what `startsInSession` was; a start since then ends the wait, because the session goes on.
    private func waitForEnd(of session: NodeSession, until deadline: UInt64?, starts: UInt64? = nil) -> Bool {
        lock.lock()
        var isInTime = true
        while self.session === session, isInTime, starts ?? startsInSession == startsInSession {
            if let deadline {
                isInTime = changed.wait(lock, until: deadline)
            } else {
                changed.wait(lock)
            }
        }
        let hasEnded = self.session !== session
        endWaiters -= 1
        // The last who waits gives the loop back; if nobody waited, the loop has done it.
        let releases = hasEnded && endWaiters == 0 && session.wantsRelease
        if releases { session.wantsRelease = false }
        lock.unlock()
        if releases { Runtime.shared.releaseLoop() }
        return hasEnded || isInTime
    }

    /// Stops, and gives every message that is left its outcome. On the loop it begins the same.
    func finish(timeoutMilliseconds: UInt32) -> neuron_ws_status_t {
        lock.withLock { if life == .open { life = .finished } }
        // Answers that come from here on find no node.
        requests.close()
        dropQueuedRequests()
        let status = stop(timeoutMilliseconds: timeoutMilliseconds)
        if beginsTellingRest() { abandonMessages() }
        return status
    }

    /// Whether nobody else does it: there is no session, or the caller is its loop.
    func beginsTellingRest() -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard session?.isOver ?? true, !tellsRest else { return false }
        tellsRest = true
        return true
    }

    /// Ends the node: after this no callback runs. The handle is gone.
    /// - Returns: false if it is being destroyed already: a callback of its last outcomes did it again.
    func destroy() -> Bool {
        lock.lock()
        let isFirst = life != .destroyed
        life = .destroyed
        lock.unlock()
        guard isFirst else { return false }
        Runtime.shared.remove(self)
        requests.close()
        defer { dropQueuedRequests() }
        lock.lock()
        let session = self.session
        pending.isDestroyed = true
        if let session, !session.isOnLoop {
            endWaiters += 1
            lock.unlock()
            session.signal()
            _ = waitForEnd(of: session, until: nil)
        } else {
            lock.unlock()
            if let session { session.tearDown() } else { abandonMessages() }
        }
        lock.withLock { configuration = .forgotten }
        return true
    }

    static var isOver: NodeError { .notRunning("the node was finished or is being destroyed: it takes nothing more") }

    // MARK: Settings

    func configure(_ settings: UnsafeRawBufferPointer) throws(NodeError) {
        let new = try Configuration.make(settings)
        lock.lock()
        let old = configuration
        configuration = new
        settingsNumber &+= 1
        ledger.limits = new.queueLimits
        logLevel = new.logLevel
        logLevelRevertsAt = nil
        status.isVerifyOff = new.isVerifyOff
        status.statesInterval = new.statesInterval
        pending.isReconfigured = true
        pending.reconnects = pending.reconnects || !new.needsNoReconnect(from: old)
        let session = self.session
        if session == nil {
            ledger.level = new.settings.delivery
            status.level = new.settings.delivery
            status.url = new.shownURL(0)
            status.target = new.target(url: new.url(0)).text
        }
        lock.unlock()
        requests.setTimeout(new.requestTimeout)
        session?.signal()
    }

    // MARK: Log

    func setLogLevel(_ level: neuron_ws_log_level_t, seconds: UInt32) {
        let revertsAt = seconds == 0 ? nil : Clock.monotonicNanoseconds &+ UInt64(seconds) &* 1_000_000_000
        lock.withLock {
            logLevel = level
            logLevelRevertsAt = revertsAt
        }
    }

    /// Whether a line of this level is wanted at all; ask before building an expensive one.
    func logs(_ level: neuron_ws_log_level_t) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if let revertsAt = logLevelRevertsAt, Clock.monotonicNanoseconds >= revertsAt {
            logLevel = configuration.logLevel
            logLevelRevertsAt = nil
        }
        return level.rawValue >= logLevel.rawValue
    }
}
