// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Which of a node's messages lie on disk, and when they go there, come back and are forgotten. Beside a `Backlog`,
/// which holds the first of them; in order these are
///
///     the backlog's, in memory | `away`, on disk alone | `tail`, in memory, the newest
///
/// Of some of the newest a copy may be on its way before their turn; see `MessageCache+Live`.
///
/// A message that has no outcome `syncInterval` after it came goes to disk, earlier if memory gets short, somebody
/// waits for it to be stored, or the node stops. What is confirmed in time never touches the disk. Batches are what
/// lies in a chunk; one piece of work is under way at a time, and what comes meanwhile gathers for the next.
///
/// Pure: it says by `nextWork` what is to be done on disk, and is told by `finished` what came of it. Times in
/// nanoseconds on the monotonic clock.
/// Invariant: `backlog.endID <= away.lowerBound`, `away.upperBound <= ` the tail's first message.
public struct MessageCache: ~Copyable {
    public enum Policy: Int64, Sendable {
        case dropOldest = 0
        case dropNewest = 1
        case latestPerGroup = 2
    }

    public struct Settings: Equatable, Sendable {
        /// For messages in memory.
        public var memoryBytes: Int
        /// Messages that may wait in memory.
        public var messagesMax = 262_144
        /// For messages on disk; 0: nothing more is kept there.
        public var diskBytes: UInt64
        public var policy: Policy
        public var syncInterval: UInt64
        /// Between two messages that come from disk.
        public var resendInterval: UInt64 = 0
        /// How long a message may wait; 0: for ever.
        public var timeToLive: UInt64 = 0

        public init(memoryBytes: Int, diskBytes: UInt64, syncInterval: UInt64, policy: Policy = .dropOldest) {
            self.policy = policy
            self.memoryBytes = memoryBytes
            self.diskBytes = diskBytes
            self.syncInterval = syncInterval
        }
    }

    /// What was found on disk.
    public struct Found: Equatable, Sendable {
        /// Numbers, of which not all need be there.
        public var count: UInt64
        public var bytes: UInt64
        /// Milliseconds on the cache's clock, which goes on from there.
        public var clock: UInt64
        /// No message before has borne this number or a higher one (setting sequence).
        public var nextNumber: UInt64 = 1
        /// Which row of numbers that is.
        public var stream: UInt64 = 0
        /// Messages that are set aside there.
        public var asideCount: UInt64 = 0
        /// Numbers that are not there, as far as that is known, counted from the first; in order.
        public var gaps: [Range<UInt64>] = []
        var messages: UInt64 { gaps.reduce(count) { $0 - UInt64($1.count) } }

        public init(count: UInt64, bytes: UInt64, clock: UInt64) {
            self.count = count
            self.bytes = bytes
            self.clock = clock
        }
    }

    /// Bytes and batches of one piece of work at most.
    static let workBytesMax = 4 << 20
    static let batchesMax = 64
    /// Messages that wait to be set aside while the disk does not do what it should; the oldest of more are gone.
    static let setAsideMax = 16
    /// What is set aside takes no more than this part of what the messages may take, beside them.
    static let setAsideShare: UInt64 = 8
    /// Waits behind work that failed: doubled from the first to the second.
    static let retryMin: UInt64 = 1_000_000_000
    static let retryMax: UInt64 = 30_000_000_000
    static let millisecond: UInt64 = 1_000_000
    /// So many numbers may messages bear before that has to lie on disk: a process that is killed does not say which it
    /// had reached, and what was confirmed in time left nothing there. The next one begins behind them.
    public static let numbersReserved: UInt64 = 1 << 28

    public var settings: Settings
    /// A place on disk is open.
    public internal(set) var isOpen = false
    var clockBase: UInt64 = 0
    var clockStart: UInt64 = 0

    var tail = ChunkList()
    var tailBytes = 0
    /// Of the tail, with the spool now.
    var movedBytes = 0
    var movedFrom: UInt64 = 0
    /// On disk alone.
    public internal(set) var away: Range<UInt64> = 0..<0
    public internal(set) var awayBytes: UInt64 = 0
    /// All before this one lie on disk or have their outcome.
    public internal(set) var storedEnd: UInt64 = 1
    /// All before this one came here.
    var takenEnd: UInt64 = 1
    /// Those that were found there, or left there by a damage, until `storedEnd` has come to them.
    var adopted: Range<UInt64> = 0..<0
    /// Those before this one were there when it was opened, but for what was pushed before.
    var foundEnd: UInt64 = 0
    /// What lies on disk, as far as it is known.
    public internal(set) var diskBytes: UInt64 = 0
    /// Messages that lie there set aside.
    public internal(set) var asideCount: UInt64 = 0
    var forgottenBefore: UInt64 = 1
    var forgotAt: UInt64 = 0
    var expiredAt: UInt64 = 0

    /// Numbers before this one may be borne.
    var reservedNumber: UInt64 = 0
    public internal(set) var isBusy = false
    public internal(set) var fault: SpoolFault?
    /// With that: what lay on disk is gone from its place. This life may read it yet, and no other one finds it.
    var isGone = false
    var isBroken = false
    /// Before it is told of any message that it lies on disk, that is looked at.
    var looksDue = false
    /// So many batches are stored in one piece of work: fewer on a disk that has little room.
    var batchesAtOnce = MessageCache.batchesMax
    /// Who waits for that: as of `DeliveryLedger.askLook`.
    var looksAsked: UInt64 = 0
    var looksInWork: UInt64 = 0
    public internal(set) var looksDone: UInt64 = 0
    /// To these the disk had no answer.
    public internal(set) var looksFailed: UInt64 = 0
    /// How often messages were to be stored that could not be.
    public internal(set) var failedStores: UInt64 = 0
    var failures: UInt64 = 0
    var retryAt: UInt64 = 0
    /// When the first message came that is not on disk, as far as that is known; nil: all are.
    var unstoredSince: UInt64?
    /// All before this one are wanted on disk.
    var wantedEnd: UInt64 = 0
    /// What is to be stored found no room on disk.
    var isOutOfRoom = false
    /// The same, and no work is under way that may make some: `trim` is asked once more.
    public var lacksRoom: Bool { isOutOfRoom && !isBusy }
    /// As of `noteFull`.
    public internal(set) var isFull = false
    /// Of those before this one some may have been on disk that a damage took.
    var damagedEnd: UInt64 = 0
    /// In memory, and stored once more if they were on disk: what lies there of them is what could be read.
    var anew: Range<UInt64> = 0..<0
    /// As `storedEnd` and `adopted` said of those.
    var storedBeforeDamage: (end: UInt64, adopted: Range<UInt64>) = (0, 0..<0)
    /// So much lay on disk when some was to go because less may lie there than before.
    var shrunkFrom: UInt64 = 0
    /// For the policy `latestPerGroup`, as far as it was in force.
    var latest = GroupLatest()
    /// Of `away` and of what lies behind it: that policy's work, and what made room where those stay.
    var holes = MessageHoles()
    /// Counted as on disk, and nowhere: what lay there of messages that have their outcome, or is lost.
    var strayBytes: UInt64 = 0
    /// Dropped in memory, though some before them have no outcome, and on disk yet; see `SpoolWork.takenOut`.
    var takenOut: [Range<UInt64>] = []
    /// So many of them are under way.
    var takenOutInWork = 0
    /// Nothing more goes live until all has its outcome that is: room is to be made in the order of all.
    var isLiveClosed = false
    /// Of `away`, what is live or came behind that.
    var keptBytes: UInt64 = 0
    /// In the tail and, about, of what has its outcome.
    var endedBytes: UInt64 = 0
    /// Whether the disk was looked through for what is superseded since something was stored last.
    var lookedThrough = LookedThrough.not
    /// Refused by the server, and not on disk yet, oldest first.
    var setAside: [SetAsideMessage] = []
    /// One of the messages that were on disk may be framed, and was not begun when `pace` looked.
    var hasLetGo = false
    /// When the next one may.
    var nextPacedAt: UInt64 = 0

    public init(_ settings: Settings) { self.settings = settings }

    /// Something is kept on disk, or was.
    var usesDisk: Bool { isOpen && (settings.diskBytes > 0 || diskBytes > 0 || !away.isEmpty) }
    var storesToDisk: Bool { isOpen && settings.diskBytes > 0 }
    /// What the backlog may hold while something lies behind it.
    var windowBytes: Int { settings.memoryBytes / 2 }
    var windowCount: UInt64 { UInt64(max(1, settings.messagesMax / 2)) }
    /// Where memory gets short this part of the window goes to disk at once, if it is as much as that.
    static let groupShare = 8
    static let groupBytesMin = 64 << 10
    public var awayNow: DeliveryLedger.Away {
        DeliveryLedger.Away(
            messages: UInt64(away.count) - holes.count(in: away) + owedNow.messages, bytes: awayBytes + owedNow.bytes)
    }

    func clock(_ now: UInt64) -> UInt64 { clockBase &+ (now &- min(now, clockStart)) / Self.millisecond }

    // MARK: Messages

    /// Takes what the mailbox had.
    /// - Parameter isLive: false: none of it goes out in front of what waits.
    public mutating func take(
        _ mail: consuming ChunkList, _ backlog: inout Backlog, isLive: Bool = true, now: UInt64
    ) {
        refill(&backlog)
        guard !mail.isEmpty else { return }
        takenEnd = mail.endID
        let arrival = clock(now)
        if unstoredSince == nil { unstoredSince = now }
        mail.forEach {
            $0.arrival = arrival
            if keepsLatest { latest.note($0) }
        }
        mail = fitted(mail, &backlog)
        // No more than the window: what is in the backlog stays in memory until it has its outcome.
        while let chunk = mail.removeFirst() {
            let bytes = chunk.memoryBytes
            let goesLive = isLive && goesLive(chunk, backlog)
            var one = ChunkList()
            one.append(chunk)
            if !goesLive, isWindowFree(backlog) {
                backlog.add(one)
                continue
            }
            tailBytes += bytes
            tail.append(one)
        }
    }

    /// So many chunks may be as large as they come, however little is in them.
    static let looseChunksMax = 16

    /// Each message that comes alone comes in a chunk of its own: where there are many, those that hold little are
    /// made as small as that, or their messages go into the last one, where it does not matter when they came.
    private func fitted(_ mail: consuming ChunkList, _ backlog: inout Backlog) -> ChunkList {
        guard backlog.chunkCount >= Self.looseChunksMax || !tail.isEmpty else { return mail }
        let isOneAsGood = !usesDisk && settings.timeToLive == 0 && isWindowFree(backlog) && !mayGoLive(backlog)
        var list = ChunkList()
        while let chunk = mail.removeFirst() {
            guard chunk.isMostlyEmpty else {
                list.append(chunk)
                continue
            }
            if isOneAsGood, list.isEmpty, backlog.absorb(chunk) { continue }
            guard let small = MessageChunk.fitting(chunk.imageBytes), chunk.copy(from: chunk.firstID, into: small)
            else {
                list.append(chunk)
                continue
            }
            list.append(small)
            backlog.discard(chunk)
        }
        return list
    }

    /// What comes next may go behind the backlog's messages.
    func isWindowFree(_ backlog: borrowing Backlog) -> Bool {
        tail.isEmpty && movedBytes == 0 && away.isEmpty && (hasWindowRoom(backlog) || !usesDisk)
    }

    /// The backlog has less than it may have in memory while there is more on disk: half of the bytes, and half of the
    /// messages.
    func hasWindowRoom(_ backlog: borrowing Backlog) -> Bool {
        backlog.heldBytes < windowBytes && (backlog.openCount < windowCount || backlog.isEmpty)
    }

    /// What can be in the backlog comes there.
    public mutating func refill(_ backlog: inout Backlog) {
        noteLive(backlog)
        while away.isEmpty, movedBytes == 0, hasWindowRoom(backlog) || !usesDisk,
            let first = firstOfTail(), first.endNumber <= backlog.liveStart, let chunk = tail.removeFirst()
        {
            tailBytes -= chunk.memoryBytes
            var list = ChunkList()
            list.append(chunk)
            backlog.add(list)
        }
    }

    /// All messages before this one are wanted on disk: it is tried at once, whatever has failed before.
    public mutating func store(before id: UInt64) {
        wantedEnd = max(wantedEnd, id)
        if id > storedEnd { retryAt = 0 }
    }

    /// All messages that have come are, and what has its outcome goes from there, wherever it lies now: it may be with
    /// the spool, or nowhere any more.
    public mutating func storeAll() { store(before: takenEnd) }

    /// Nothing is under way, and all that can lie on disk does, or cannot because of `fault`.
    public func isSettled(_ backlog: borrowing Backlog) -> Bool {
        if isBusy { return false }
        if !usesDisk || fault != nil { return true }
        let isStored = isOutOfRoom && settings.policy == .dropNewest || !hasUnstored(backlog)
        let isForgotten = takenOut.isEmpty && openID(backlog) == forgottenBefore
        return !looksDue && isStored && setAside.isEmpty && (diskBytes == 0 || isForgotten)
    }

    /// The server refuses this one, which is about to have its outcome: it goes to where such ones are kept, in the
    /// transaction that forgets it. - Returns: false: there is no disk to keep it.
    public mutating func setAside(_ message: SetAsideMessage) -> Bool {
        guard storesToDisk, UInt64(message.byteCount) <= settings.diskBytes else { return false }
        if setAside.count == Self.setAsideMax { setAside.removeFirst() }
        setAside.append(message)
        return true
    }

    /// It is yet to be kept there, and nothing keeps it from that: told before, it would come again behind a kill.
    public func isSettingAside(_ id: UInt64) -> Bool { fault == nil && setAside.contains { $0.id == id } }

    /// All of it that has no outcome lies on disk.
    func isOnDisk(_ chunk: MessageChunk) -> Bool {
        usesDisk && (chunk.endNumber <= storedEnd || adopted.contains(chunk.firstID))
    }

    func isUnstored(_ chunk: MessageChunk, openID: UInt64) -> Bool {
        let end = chunk.endNumber
        return end > storedEnd && end > openID && !adopted.contains(chunk.firstID)
    }

    /// What such a chunk takes on disk.
    func unstoredBytes(of chunk: MessageChunk, _ backlog: borrowing Backlog) -> Int {
        let from = max(storedEnd, backlog.openID)
        return from > chunk.firstID ? chunk.used - chunk.place(of: from).offset : chunk.used
    }

    func hasUnstored(_ backlog: borrowing Backlog) -> Bool {
        if !storesToDisk { return false }
        if !tail.isEmpty { return true }
        return firstUnstored(backlog) != nil
    }

    func firstUnstored(_ backlog: borrowing Backlog) -> MessageChunk? {
        var chunk = backlog.list.first
        while let each = chunk, !isUnstored(each, openID: backlog.openID) { chunk = each.next }
        return chunk
    }

    /// The first without outcome; the next to come where all have theirs.
    func openID(_ backlog: borrowing Backlog) -> UInt64 {
        if !backlog.isEmpty { return backlog.openID }
        if !away.isEmpty { return away.lowerBound }
        if movedBytes > 0 { return movedFrom }
        return tail.first?.firstID ?? max(storedEnd, backlog.endID)
    }

    // MARK: Outcomes

    /// These have their outcome, and may lie on disk yet: it is told when the disk says that they are gone there. Else
    /// it would be told of what comes again after a restart.
    var owed = FirstInFirstOut<Backlog.Run>()
    var owedNow = DeliveryLedger.Away()
    /// Of so many of them the disk says so when it has done what is under way.
    var owedInWork = 0
    /// Messages before this one are being stored; 0: none are.
    var storingEnd: UInt64 = 0
    var freed = ChunkList()
    var runs = FirstInFirstOut<Backlog.Run>()
    var skipped = FirstInFirstOut<Range<UInt64>>()

    public enum Action: ~Copyable {
        /// As of a `Backlog`.
        case conclude(Backlog.Run)
        /// They have no outcome, and count no more.
        case skip(Range<UInt64>)
        /// So many bytes of those that were found or stored wait no more.
        case discount(UInt64)
        case release(ChunkList)
    }

    /// What is to be done next; nil: nothing.
    public mutating func nextAction() -> Action? {
        if let ids = skipped.removeFirst() { return .skip(ids) }
        if let run = runs.removeFirst() { return .conclude(run) }
        if strayBytes > 0 { return .discount(exchange(&strayBytes, with: 0)) }
        if freed.isEmpty { return nil }
        return .release(exchange(&freed, with: ChunkList()))
    }
}
