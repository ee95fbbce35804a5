// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// A node's messages between its host, a disk that fails and a server that comes and goes, over many lives of the
/// process, all from one seed. `CacheWorld+Node` carries out what `MessageCache` says, as the library does.
final class CacheWorld {
    let seed: UInt64
    var random: Seeded
    var now: UInt64 = 1_000_000_000
    private(set) var steps = 0
    /// What happened last, for who reads a failure.
    var story: Story
    private(set) var failure: String?

    // One life.
    var sendQueue: SendQueue
    var backlog = Backlog()
    var cache: MessageCache
    var place = CachePlace()
    /// The host has asked for what lies on disk to be deleted.
    var wantsForgotten = false
    var openedAt: UInt64 = 0
    /// When the disk did what it should, behind a fault.
    var healedAt: UInt64 = 0
    /// What was found lies behind what was pushed before, and may be all that there is room for.
    var hasOlderBehind = false
    /// All that is there is deleted.
    var isForgetting = false
    /// This life's messages bear the numbers of the file's row.
    var hasNumbersOfFile = false
    var pool = ChunkPool(keptBytesMax: 16 << 20)
    var keys = MaskingKeyPool()
    var mailPace = MailPace()
    var echoWatch = EchoWatch()
    /// When it took some last.
    var mailTakenAt: UInt64 = 0
    /// Under way on disk.
    var work: SpoolWork?
    /// What has come of it is being told.
    var isDiskDone = false
    /// The message of each number that the node has given.
    var contents: [UInt64: UInt64] = [:]
    /// The number of each of this life.
    var ids: [UInt64: UInt64] = [:]
    /// Those of this life that have an outcome.
    var ended: Set<UInt64> = []
    /// Dropped to make room, which is told when the disk has forgotten them.
    var chosen: Set<UInt64> = []

    // What stays.
    var disk = SimulatedDisk()
    /// Of the next message.
    var nextContent: UInt64 = 1
    /// That a message has ever had.
    var newestNumber: UInt64 = 0
    /// Told as stored, in some life.
    var stored: Set<UInt64> = []
    /// When each of this life was taken from the mailbox, by its number.
    var takenAt: [UInt64: UInt64] = [:]
    /// Since when they lie on disk alone.
    var awayAt: [UInt64: UInt64] = [:]
    /// Since when somebody waits for room.
    var fullSince: UInt64?
    /// When each was pushed.
    var pushedAt: [UInt64: UInt64] = [:]
    /// Delivered, or told that they are gone.
    var over: Set<UInt64> = []
    /// Dropped, and told as stored because the disk has not forgotten them: they come behind newer ones.
    var late: Set<UInt64> = []
    /// Read by a server.
    var arrived: Set<UInt64> = []
    /// The place of a message in the order over all lives, less its number; nil before the cache is open.
    var keyShift: Int64?
    /// The last place of those that waited their turn, and the last of those that went in front of others.
    var newestArrived = Int64.min
    var newestLive: UInt64 = 0
    var wentLive = 0
    /// Pushed while connected.
    var pushedLive: Set<UInt64> = []
    var arrivedAgain = 0
    var lives = 0
    /// Those of this life that have gone out.
    var delivered: Set<UInt64> = []
    /// Of each message: its group, the time of its data and its life; and which is the newest of each group in this.
    var groups: [UInt64: (group: UInt16, time: Int64, life: Int)] = [:]
    var newestOfGroup: [UInt16: UInt64] = [:]
    var superseded = 0
    var expiredCount = 0
    /// Messages that every server ends the connection at; those of this life for which the cache had room; and how
    /// often one was given up.
    var poison: Set<UInt64> = []
    var keptAside: Set<UInt64> = []
    /// When one of those that were on disk went out last.
    var pacedAt: UInt64?
    var asideCount = 0
    let hasPoison: Bool
    /// It takes ten times as long for all.
    let isDiskSlow: Bool
    /// What the node has is being stored, as the last that it does; the host pushes meanwhile.
    var isEnding = false
    let pushesAtEnd: Bool
    var ends: Seeded
    /// In a hundred steps that could connect.
    private let connects: Int
    let level: neuron_ws_level_t
    var isConfirmed: Bool { level != .NEURON_WS_LEVEL_WRITTEN }
    /// What the server's application says that it has, by draws of its own.
    var acknowledgements: Seeded
    /// What is pushed while connected goes out in front of what waits. It changes in some worlds, by draws of its own:
    /// a seed's other events stay what they are.
    var isLiveFirst: Bool
    private let changesPriority: Bool
    var changes: Seeded
    /// The host wants a new connection now and then, by draws of its own too; and the first message behind that.
    var wishes = HostWishes()
    private let configures: Bool
    private var wishing: Seeded
    private(set) var firstOfNext: UInt64 = 1
    /// Messages bear numbers, and say so if they may have come before.
    let isNumbered: Bool
    /// For what was drawn later than the rest.
    var others: Seeded
    private let forgetsSome: Bool
    /// Of messages in several frames, bytes; 0: each is one.
    let fragmentBytes: Int
    var settings: MessageCache.Settings
    /// There may be no room for one message of each group.
    let isTiny: Bool

    // The connection.
    var connection: Connection?
    /// The server's application answers for all that it gets.
    var isHealing = false
    var reader = SimulatedReader()
    var readCount = 0
    /// Of what was read on this connection, what bears numbers of the present row: only that is acknowledged, by a
    /// server that names no row.
    var acknowledgesFrom = 0
    var hasOpened = false
    /// The last that was read of those that went in front of others, and of the others.
    var lastRead: (live: UInt64, other: UInt64) = (0, 0)
    /// Framed in front of others since one of these was.
    var bytesInFront = 0
    /// Of the bytes that the kernel has, those that the server has not.
    var onTheWay: [UInt8] = []
    var written: UInt64 = 0
    /// Whoever sends was told to look, or the stream will say that it takes more.
    var isSignalled = false
    /// When somebody comes to look after the cache, though nothing happens.
    var tendsAt: UInt64 = 0
    /// When work failed, how often in a row, and no other came of it since.
    var failedAt: (moment: UInt64, times: UInt64)?

    /// The disk is given another size now and then.
    private let resizes: Bool
    var sizes: Seeded
    var resizedAt: UInt64 = 0
    /// What may lie there because more could before; it becomes less, and not more.
    var sizeBefore: UInt64 = 0

    /// They were damaged on disk, and are in memory: until they lie there once more.
    var damagedInMemory: Set<UInt64> = []
    /// In memory when something was damaged on disk in this life: until they are stored once more nobody knows whether
    /// they lie there.
    var anew: Range<UInt64> = 0..<0
    /// They were damaged on disk, and nowhere else.
    var lost: Set<UInt64> = []

    init(seed: UInt64, isTold: Bool) {
        self.seed = seed
        story = Story(isTold: isTold)
        var random = Seeded(seed ^ 0xCAC4E)
        let isConfirmed = random.chance(70)
        var acknowledgements = Seeded(seed ^ 0xAC4ED)
        let isAcknowledged = acknowledgements.chance(35) && isConfirmed
        self.acknowledgements = acknowledgements
        level =
            isAcknowledged
            ? .NEURON_WS_LEVEL_APP_ACKED : isConfirmed ? .NEURON_WS_LEVEL_PEER_PARSED : .NEURON_WS_LEVEL_WRITTEN
        var settings = MessageCache.Settings(
            memoryBytes: random.pick([8_000, 30_000, 200_000]),
            diskBytes: UInt64(random.pick([20_000, 100_000, 1 << 20])),
            syncInterval: UInt64(random.pick([0, 10, 1000])) * 1_000_000,
            policy: random.pick([.dropOldest, .dropOldest, .dropNewest, .latestPerGroup, .latestPerGroup]))
        connects = random.pick([5, 50, 100])
        if settings.policy == .latestPerGroup, random.chance(70) {
            settings.memoryBytes = random.pick([8_000, 30_000])
            settings.diskBytes = UInt64(random.pick([0, 15_000, 30_000]))
        }
        if settings.policy == .dropOldest, random.chance(15) { settings.diskBytes = 0 }
        settings.messagesMax = random.pick([60, 500, 500])
        settings.resendInterval = UInt64(random.pick([0, 0, 5])) * 1_000_000
        settings.timeToLive = UInt64(random.pick([0, 0, 2_000, 60_000])) * 1_000_000
        var limits = Seeded(seed ^ 0x11_417)
        isTiny = limits.chance(20)
        if isTiny {
            settings.messagesMax = limits.pick([1, 2, 3, 60])
            settings.memoryBytes = limits.pick([1, 2_000, 8_000])
        }
        self.settings = settings
        isLiveFirst = random.chance(50)
        changes = Seeded(seed ^ 0xC4A2_6E5)
        changesPriority = changes.chance(30)
        wishing = Seeded(seed ^ 0x5ED_0E4)
        configures = wishing.chance(30)
        others = Seeded(seed ^ 0x07E6)
        let numbers = others.chance(40)
        isNumbered = numbers || isAcknowledged
        forgetsSome = others.chance(20)
        ends = Seeded(seed ^ 0xE4D5)
        pushesAtEnd = ends.chance(30)
        sizes = Seeded(seed ^ 0x51_2E)
        resizes = sizes.chance(25)
        if sizes.chance(15) { disk.damages = sizes.pick([2, 20]) }
        fragmentBytes = random.pick([0, 0, 40])
        disk.faults = random.pick([0, 0, 5, 30])
        disk.liesAboutSync = random.chance(10)
        hasPoison = random.chance(40)
        isDiskSlow = random.chance(25)
        cache = MessageCache(settings)
        sendQueue = SendQueue(
            limits: DeliveryLedger.Limits(bytesMax: settings.memoryBytes, messagesMax: settings.messagesMax), stream: 0)
        self.random = random
        begin()
    }

    /// Runs it all. - Returns: nil if everything held.
    func run() -> String? {
        let length = random.within(200...1500)
        while steps < length, failure == nil { step() }
        if failure == nil { heal() }
        if failure == nil { finish() }
        return failure
    }

    private func step() {
        steps += 1
        var mustBeIdle = false
        switch random.below(100) {
        case ..<25: push()
        case ..<50: carry()
        case ..<70: if !isDiskSlow || random.chance(10) { diskActs() }
        case ..<74 where connection != nil: cut()
        case ..<76: if connection == nil, random.chance(connects) { connect() }
        case ..<79:
            tell("wants all on disk")
            storeAll()
        case ..<81 where random.chance(40): die()
        case ..<81 where random.chance(20): finish()
        default:
            now &+= UInt64(random.pick([1, 5, 50, 700])) * 1_000_000
            mustBeIdle = now < tendsAt && !isSignalled
        }
        // Now and then the loop looks later than the host pushes.
        if configures, wishing.chance(5) {
            if !wishes.reconnects { firstOfNext = nextContent }
            wishes.configure(reconnects: true)
        } else if wishes.reconnects, wishing.chance(30) {
            lookAtWishes()
            mustBeIdle = false
        }
        if changesPriority, changes.chance(4) {
            changePriority()
            mustBeIdle = false
        }
        if changes.chance(place.isOpen ? 1 : 5) || place.retryAt.map({ now >= $0 }) == true {
            openOrForget()
            mustBeIdle = false
        }
        if forgetsSome, others.chance(1) { forgetAtEnd() }
        if resizes, max(settings.diskBytes, sizeBefore) > 0, sizes.chance(2) {
            resize()
            mustBeIdle = false
        }
        if tend(), mustBeIdle { fail("the cache has something to do, and nobody comes before \(tendsAt)") }
        check()
    }

    /// The server takes what it gets, and the disk does what it should: all that is left arrives.
    private func heal() {
        tell("the faults are over")
        isHealing = true
        disk.faults = 0
        disk.damages = 0
        disk.liesAboutSync = false
        lookAtWishes()
        var left = 20_000
        while failure == nil, left > 0, sendQueue.ledger.queuedCount > 0 || cache.isBusy {
            left -= 1
            steps += 1
            if connection == nil { connect() }
            carry()
            diskActs()
            tend()
            now &+= 2_000_000
            check()
        }
        let stuck = sendQueue.ledger.queuedCount
        if failure == nil, stuck > 0 { fail("\(stuck) messages are stuck") }
    }

    /// For who reads a failure.
    private var situation: String {
        ", \(settings), live first \(isLiveFirst), "
            + "\(places), busy \(cache.isBusy), fault \(cache.fault as Any), "
            + "disk \(disk.state.bytes), accepted \(sendQueue.ledger.acceptedCount), "
            + "ended \(ended.count) of \(contents.count), mail \(sendQueue.hasMail())"
    }

    func fail(_ text: String) {
        if failure == nil { failure = "step \(steps), life \(lives): \(text)\(situation)" }
    }
}
