// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Synchronization
import WebSocketCore

/// A node, as the host's threads see it: settings, subscriptions, the send queue, and what is told of it.
///
/// Everything mutable is under `lock`. What is not yet confirmed moves to the session while there is one. No callback
/// runs with the lock held.
final class Node: @unchecked Sendable {
    let name: String
    let host: HostCallbacks
    /// The process the node belongs to; see `Fork`.
    let generation: UInt
    let handle: NodeHandle
    /// What the settings in force say of it (setting sequence): a message of the host's own asks without the lock.
    let numbersMessages: Atomic<Bool>
    let messageKind: Atomic<UInt8>

    let lock = Lock()
    /// Signalled when messages complete while somebody flushes, and when the session ends.
    let changed = Condition()

    // Under the lock.
    /// Which of many log lines of one kind are told.
    var lines = RepeatedLines<LogLineKind>()
    /// And which ends of connections, and of attempts at one.
    var failures = FailureLines()
    var configuration: Configuration
    /// Its messages' row of numbers is another for each node that is made, but for one whose cache goes on with that of
    /// the node before it. Closed when somebody gives, or has given, what is left its outcome.
    var sendQueue: SendQueue
    /// nil: the session has it.
    var backlog: Boxed<Backlog>?
    /// The session's copy counts while there is one.
    var cache: Boxed<MessageCache>?
    /// nil: the node has nothing on disk.
    var spool: Spool?
    /// Why nothing is kept on disk; nil: all is well.
    var cacheError: SpoolError?
    /// What is to be stored finds no room in the cache: as the log was told.
    var isCacheFull = false
    /// Who opens and deletes what is on disk.
    var cachePlace = CachePlace()
    let groupNumbers = GroupNumbers()
    var serverNumbers = ServerNumbers()
    /// What servers were told on connections that are gone.
    var formerSecrets = FormerSecrets(Random.next(), Random.next())
    /// To which server the connection is open, by those; 0: there is none.
    var connectedServer: UInt16 = 0
    var subscriptions: SubscriptionTable
    var counters = NodeMetrics()
    var status = NodeStatus()
    var session: NodeSession?
    var wishes = HostWishes()
    /// Threads in `stop` or `destroy` that wait for the session's end, and will give the loop back.
    var endWaiters = 0
    /// Starts that found a session: each ends the stops that were under way.
    var startsInSession: UInt64 = 0
    var flushWaiters = 0
    /// Messages that were found on disk by their numbers, and are not there.
    var skippedCount: UInt64 = 0
    var events: EventQueue?
    var logLevel: neuron_ws_log_level_t
    /// Until when its connections are traced.
    var trace = TraceWindow()
    /// When the log level goes back to the settings' one, monotonic nanoseconds.
    var logLevelRevertsAt: UInt64?
    var scratch: [ByteBuffer] = []
    /// How often the settings have changed.
    var settingsNumber: UInt64 = 0
    var groupNames = GroupNamesCache()
    /// Values that wait for their publishing time.
    let gathered = DatastreamGatherer()

    /// Commands that have no outcome yet.
    let commands = CommandTable()
    /// The node runs, and takes them.
    var takesCommands = false
    /// A command was refused because there were too many, and the host has yet to hear of room.
    var commandsAwaitRoom = false

    /// Held by whoever changes subscriptions, around `lock`: what takes long is then done between two holds of that.
    let subscriptionsLock = Lock()

    /// The requests that the host holds; locked by itself.
    let requests: NodeRequests

    /// Outcomes that on_delivery has yet to hear. Loop-bound while there is a session, else of who tells the rest.
    var outcomesLeft: DeliveryRun?

    /// What the host may still do with it; only grows. Under the lock.
    var life = Life.open

    enum Life: Int, Comparable {
        case open
        /// It is not started again, and what is left is told; events can be read.
        case finished
        /// It is being destroyed: its outcomes are told, and lines.
        case destroyed
        /// Nobody is told of anything any more.
        case gone

        static func < (left: Life, right: Life) -> Bool { left.rawValue < right.rawValue }
    }

    /// Its state, as a host hears of it. Under the lock.
    var statusLocked: NodeStatus {
        var status = status
        status.cacheError = cacheError?.text ?? ""
        status.isCacheFull = isCacheFull && spool != nil
        status.level = sendQueue.ledger.level
        status.isVerifyOff = configuration.isVerifyOff
        status.statesInterval = configuration.statesInterval
        return status
    }

    private init(name: String, host: HostCallbacks, configuration: Configuration) {
        self.name = name
        self.host = host
        self.configuration = configuration
        numbersMessages = Atomic(configuration.settings.numbersMessages)
        messageKind = Atomic(configuration.messageKind)
        generation = Fork.generation
        handle = NodeHandle.allocate(capacity: 1)
        handle.initialize(to: neuron_ws_node_t())
        sendQueue = SendQueue(limits: configuration.queueLimits, stream: Random.next())
        sendQueue.ledger.level = configuration.settings.delivery
        sendQueue.diskBytes = configuration.cacheSettings.diskBytes
        subscriptions = SubscriptionTable(seed: Random.next())
        requests = NodeRequests(generation: Fork.generation, timeout: configuration.requestTimeout)
        logLevel = configuration.logLevel
        backlog = Boxed(Backlog())
        cache = Boxed(MessageCache(configuration.cacheSettings))
        backlog?.value.inspectsMessages = host.inspectsAsItGoesOut
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
        let configuration = try Configuration.make(
            settings, mayBeAskedForTLS: host.host.before_connect != nil)
        let node = Node(name: name, host: host, configuration: configuration)
        do throws(SpoolError) {
            try node.openCache()
        } catch { throw NodeError(error) }
        node.requests.open(node)
        Runtime.shared.add(node)
        return Unmanaged.passRetained(node).takeUnretainedValue().handle
    }
}
