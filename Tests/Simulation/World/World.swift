// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// A node, its host, the network and a server, all driven by one seed under a made clock.
///
/// `World+Node` carries out what `NodeMachine` says, as the library's `NodeSession` does with sockets; `World+Network`
/// and `World+Host` do what a seed draws; after each step `World+Checks` holds what was promised.
final class World {
    let seed: UInt64
    var random: Seeded
    var now: UInt64 = 1_000_000_000
    var steps = 0
    /// What happened last, for who reads a failure.
    var story: Story
    private(set) var failure: String?

    // The node.
    var parameters: NodeMachine.Parameters
    var machine: NodeMachine
    /// Whose turn it is among its URLs.
    var turns: ServerTurns
    var sendQueue: SendQueue
    var backlog = Backlog()
    /// There is none.
    var cache = MessageCache(MessageCache.Settings(memoryBytes: 1 << 20, diskBytes: 0, syncInterval: 0))
    var fragmentBytesMax: Int
    var keys = MaskingKeyPool()
    var budget = TurnBudget(lengthNanoseconds: 0, now: 0)
    var link: SimulatedLink?
    var compression: CompressionOptions?
    let proxy: Proxy?
    /// How it asks who we are.
    let challenge: String?
    /// The servers are wss://, TLS to them simulated as a moment.
    let isSecure: Bool
    /// Where redirects have led the present attempt, and how many are followed.
    var redirects = Redirects(countMax: 0)
    var elsewhere: WebSocketURL?
    let redirectsMax: Int
    var proxyAuthentication = ProxyAuthentication(SimulatedHashes())
    let bufferBytes: Int
    /// What must be known of a message before it is delivered.
    let level: neuron_ws_level_t
    /// Messages bear their numbers.
    let isNumbered: Bool
    let stream: UInt64 = 0xFEDC_BA98_7654_3210
    /// What the servers have said that their applications have.
    var claims = Claims()
    /// Of these, what the node has heard.
    var acknowledged = Claims()
    /// The newest message that came whole to a server, ever.
    var newestEver: UInt64 = 0
    /// A stop waits for the outcomes of all up to this one.
    var drainsThrough: UInt64 = 0
    /// Outcomes that the end of a connection has settled, and how far each such had got: the last message that it
    /// settled, that its server had read, and that the kernel had.
    var owed = OwedOutcomes()
    var reached: [(through: UInt64, read: UInt64, newest: UInt64)] = []
    /// When a turn is over that tells outcomes; of its own, so that a seed's other events stay what they are.
    var turnEnds: Seeded
    var runEnd = RunEnd()
    /// As `NodeSession`.
    var echoWatch = EchoWatch()
    /// When the present attempt began.
    var attemptBegan: UInt64 = 0
    /// Payloads of the barrier's Pings on the connection before.
    var formerPings: [[UInt8]] = []
    /// What the machine was given last to wait by.
    var drawn: UInt64 = 0
    /// Of the connection before: see `SimulatedLink`.
    var wasQuiet = false
    /// As its `signal`: the loop will come round and look.
    var isSignalled = false

    // The host.
    /// What it has asked for, and the loop has not seen yet.
    var wishes = HostWishes()
    /// The node runs, or comes to its end; a start behind that makes another life of it.
    var hasSession = false
    /// The settings that the loop has seen.
    var seen: NodeMachine.Parameters
    /// Of each URL of the new ones, where it stands among those; nil: nowhere, or the whole: they are others.
    var places: [Int?]?
    var isWanted = false
    /// It waits to be told of the end of a stop that it began.
    var awaitsEnd = false
    /// The end was told while a stop had begun that nobody had looked at: it may be told for that too.
    var mayBeToldAgain = false
    /// What it was told last.
    var told: (phase: neuron_ws_phase_t, reason: neuron_ws_reason_t) = (.NEURON_WS_PHASE_IDLE, .NEURON_WS_REASON_NONE)
    var ending = Ending(reason: .NEURON_WS_REASON_NONE, text: "")
    /// Those it refused when it was shown them.
    var refused: Set<UInt64> = []
    let refusesMessages: Bool
    /// It seldom starts, stops and configures, so that connections grow old.
    let isCalm: Bool
    /// It hears of outcomes by callback: as the library does, they are told between two buffers then.
    let tellsByCallback: Bool
    /// The newest message with an outcome: outcomes come in order, each once.
    var toldThrough: UInt64 = 0
    var deliveredCount: UInt64 = 0
    /// Of these, at a level past written.
    var confirmedCount: UInt64 = 0
    var givenUpCount: UInt64 = 0
    /// Those up to here were found to be written.
    var writtenBefore: UInt64 = 0
    /// Its commands, and those of them that have no outcome.
    let commands = CommandTable()
    var takesCommands = false
    /// Some have ended, and a turn that follows at once tells the rest of them.
    var hasLeftCommands = false
    var asked: [UInt64: Asked] = [:]
    /// Those that the kernel had whole on some connection.
    var commandsOut: Set<UInt64> = []
    var outcomes: UInt64 = 0
    var answered: UInt64 = 0
    var timedOut: UInt64 = 0
    /// So many without outcome are taken.
    let commandsMax: Int
    /// nil: none are sent.
    var heartbeats: HeartbeatOptions?
    var heartbeatsLeft: UInt64 = 0
    var heartbeatsUnanswered: UInt64 = 0
    /// By what codes the peer ended a connection while a message was the first without outcome.
    var interruptions: [UInt64: [UInt16]] = [:]
    /// The messages without outcome, as the host counts them: what each takes of the queue, in order.
    var waiting: [Int] = []
    var waitingBytes = 0
    /// Since when each waits, and how much longer the oldest may be said to when it is that.
    var waitingSince: [(moment: UInt64, more: UInt64)] = []
    /// It was told that there is no room, and has to hear when there is some.
    var awaitsRoom = false
    /// The largest message that was refused takes so many bytes.
    var wantedBytes = 0
    /// A stop that was asked for has to have come to its end by then.
    var stopsBy: UInt64?

    /// Some messages are larger than what the server takes, which closes with one of these codes then.
    let isPoisoned: Bool
    /// Of so many messages a good server says with one word that its application has them.
    let acknowledgementBatch: UInt64
    let refusalCodes: [UInt16]
    /// For what was drawn later than the rest: a seed's other events stay what they are.
    var others: Seeded
    /// The largest message that the node takes, bytes.
    static let receivedBytesMax = 100_000
    /// In a hundred, how often what can go wrong does.
    var faults: Int

    init(seed: UInt64, isTold: Bool) {
        self.seed = seed
        story = Story(isTold: isTold)
        var random = Seeded(seed)
        faults = random.pick([0, 5, 20, 50])
        bufferBytes = random.pick([140, 300, 4096, 65_536])
        refusesMessages = random.chance(20)
        isPoisoned = random.chance(15)
        others = Seeded(seed ^ 0x07E6)
        var batches = Seeded(seed ^ 0xAC4)
        acknowledgementBatch = batches.pick([1, 1, 3, 10, 100])
        refusalCodes = others.pick([[1009], [1009], [1008], [1008, 1009, 4000], [1009, 1011, 1012, 4001]])
        let compresses = random.chance(40)
        compression =
            compresses
            ? CompressionOptions(windowBits: 15, memoryLevel: 8, contextTakeover: true, thresholdBytes: 64) : nil
        proxy = SimulatedProxy.draw(&random)
        challenge = SimulatedProxy.drawChallenge(&random)
        isSecure = random.chance(30)
        level = random.pick([
            .NEURON_WS_LEVEL_WRITTEN, .NEURON_WS_LEVEL_PEER_PARSED, .NEURON_WS_LEVEL_APP_ACKED,
        ])
        isNumbered = level == .NEURON_WS_LEVEL_APP_ACKED || random.chance(30)
        parameters = Self.drawParameters(&random, pings: level != .NEURON_WS_LEVEL_WRITTEN)
        machine = NodeMachine(parameters)
        turns = ServerTurns(count: parameters.urlCount)
        turnEnds = Seeded(seed ^ 0x07ED)
        seen = parameters
        sendQueue = SendQueue(
            limits: DeliveryLedger.Limits(
                bytesMax: random.pick([2000, 100_000, 1 << 20]), messagesMax: random.pick([3, 40, 500, 500])),
            stream: stream)
        fragmentBytesMax = random.pick([0, 0, 100])
        backlog.inspectsMessages = refusesMessages
        commandsMax = random.pick([1, 5, 30, 1000])
        redirectsMax = random.pick([0, 1, 3])
        tellsByCallback = random.chance(50)
        isCalm = random.chance(50)
        heartbeats = random.chance(60) ? Self.drawHeartbeats(&random) : nil
        self.random = random
    }

    static func drawParameters(_ random: inout Seeded, pings: Bool) -> NodeMachine.Parameters {
        let minimum = UInt64(random.pick([0, 100, 1000])) * 1_000_000
        return NodeMachine.Parameters(
            connectTimeout: UInt64(random.pick([200, 5000, 30_000])) * 1_000_000,
            closeTimeout: UInt64(random.pick([100, 5000])) * 1_000_000,
            pingInterval: UInt64(random.pick(pings ? [500, 20_000] : [0, 500, 20_000])) * 1_000_000,
            pingTimeout: UInt64(random.pick([200, 10_000])) * 1_000_000,
            reconnectMinimum: minimum, reconnectMaximum: max(minimum, UInt64(random.pick([1000, 10_000])) * 1_000_000),
            urlCount: random.within(1...3))
    }

    /// Runs it all. - Returns: nil if everything held.
    func run() -> String? {
        let length = random.within(100...600)
        start()
        while steps < length, failure == nil { step() }
        if failure == nil { heal() }
        if failure == nil { end() }
        return failure
    }

    /// Something happens.
    private func step() {
        steps += 1
        switch random.below(100) {
        case ..<25: hostActs()
        case ..<55: networkCarries()
        case ..<70: serverActs()
        case ..<80: streamWritable()
        default: timePasses()
        }
        if random.chance(70) { look() }
        timersFire()
        check()
    }

    func timePasses() {
        // A loop that is busy with what is due takes no time that anybody counts.
        if commands.hasOutcomesToTell || hasLeftCommands { return }
        let soon = UInt64(random.pick([1, 10, 100, 1000])) * 1_000_000
        guard random.chance(40), let next = nextMoment, next > now else { return now &+= soon }
        now = next
    }

    /// When something is due.
    private var nextMoment: UInt64? {
        var moments: [UInt64] = []
        if let deadline = machine.deadline { moments.append(deadline) }
        if let deadline = link?.connection.barrier?.deadline { moments.append(deadline) }
        if let quiet = link?.quietUntil { moments.append(quiet) }
        if let deadline = link?.holdWatch.deadline { moments.append(deadline) }
        if let deadline = commands.nextDeadline { moments.append(deadline) }
        if let deadline = link?.heartbeat?.deadline { moments.append(deadline) }
        if link?.openedAt == nil, let at = link?.dial.nextMoment { moments.append(at) }
        if let stalls = link?.stallsUntil, stalls > now { moments.append(stalls) }
        return moments.min()
    }

    // MARK: The end of it

    /// Faults are over, and the server takes what it gets but for what is too large for it: all that is left has to
    /// arrive, or to be given up, and the node to be open.
    private func heal() {
        faults = 0
        tell("the faults are over")
        if !isWanted { start() }
        if let link {
            link.stallsUntil = 0
            link.server.isDeaf = false
            link.server.answersHeartbeats = true
            link.proxy?.heal()
            link.server.endsTCP = true
        }
        // Each that is too large takes some tries, with a wait between them.
        let times: UInt64 = isPoisoned && refusalCodes.count > 1 ? 10 : 1
        let limit = now &+ 600_000_000_000 &+ sendQueue.ledger.queuedCount &* times &* 120_000_000_000
        var left = 60_000 + 1000 * Int(sendQueue.ledger.queuedCount &* times)
        func isSettled() -> Bool { machine.isOpen && sendQueue.ledger.queuedCount == 0 && !heartbeatIsStuck }
        while failure == nil, !isSettled(), left > 0, now < limit {
            left -= 1
            settleStep()
        }
        if failure != nil { return }
        if !machine.isOpen { return fail("not open long after the faults") }
        let stuck = sendQueue.ledger.queuedCount
        if stuck != 0 { fail("\(stuck) messages are stuck on a good connection") }
        if heartbeatIsStuck { fail("a heartbeat is stuck on a good connection") }
        if random.chance(30) { breakGoodOne() }
    }

    /// A connection breaks that was a good one: its server is tried again as after a first failure.
    private func breakGoodOne() {
        guard let link else { return }
        var left = 5000
        while failure == nil, self.link === link, now &- link.openSince < 61_000_000_000, left > 0 {
            left -= 1
            settleStep()
        }
        if failure != nil || self.link !== link { return }
        link.isReset = true
        left = 20_000
        while failure == nil, self.link === link || !machine.isOpen, left > 0 {
            left -= 1
            settleStep()
        }
        if failure == nil, !machine.isOpen { fail("not open again after a good connection") }
    }

    /// Bytes move; time passes when there are none on the way.
    private func settleStep() {
        steps += 1
        let before = bytesMoved
        // A node without pings never learns of it.
        if seen.pingInterval == 0 { link?.isDead = false }
        acknowledgeAll()
        if random.chance(5), level == .NEURON_WS_LEVEL_PEER_PARSED { answerForTheFormer() }
        networkCarries()
        look()
        streamWritable()
        if bytesMoved == before { timePasses() }
        timersFire()
        check()
    }

    private var bytesMoved: UInt64 {
        guard let link else { return 0 }
        // Written and read, both ways.
        return 2 &* (link.up.accepted &+ link.down.accepted) &- UInt64(link.up.waiting &+ link.down.waiting)
    }

    /// The host stops the node; what is left then ends with it.
    private func end() {
        if random.chance(30) {
            destroy()
        } else {
            stop(timeout: UInt64(random.pick([0, 100, 5000])) * 1_000_000, isAwaited: random.chance(50))
        }
        var left = 10_000
        while failure == nil, hasSession, left > 0 {
            left -= 1
            settleStep()
        }
        if failure != nil { return }
        if hasSession || !machine.isIdle { return fail("the stop has no end") }
        if link != nil { return fail("a connection outlives its node") }
        takeMail()
        backlog.abandon()
        carryOut()
        if outcomes != commands.takenCount {
            fail("\(commands.takenCount) commands were taken, and \(outcomes) have an outcome")
        }
        if toldThrough != sendQueue.ledger.acceptedCount {
            fail("\(sendQueue.ledger.acceptedCount) messages were taken, and \(toldThrough) have an outcome")
        }
    }

    func fail(_ text: String) {
        if failure == nil { failure = "step \(steps), \(now / 1_000_000) ms: \(text)" }
    }
}
