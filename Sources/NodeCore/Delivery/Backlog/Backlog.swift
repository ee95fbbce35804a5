// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// The messages of a node that are not yet confirmed, in order: those that wait to be framed, and those that are framed
/// and must be framed again if the connection ends.
///
/// Pure: events in, `nextAction` out, which the shell carries out. It cannot be copied: it is moved to the session that
/// sends what is in it, and back to the node when that ends.
///
/// Invariant: `openID <= nextID <= endID`.
public struct Backlog: ~Copyable {
    var list = ChunkList()
    var freed = ChunkList()
    var verdict = Verdict.confirmed
    /// Of the first without outcome: its number, and where it lies in the first chunk.
    public private(set) var openID: UInt64 = 1
    private(set) var openOffset = 0
    /// Of the next to be framed: its number and where it lies.
    public internal(set) var nextID: UInt64 = 1
    var nextChunk: MessageChunk?
    var nextOffset = 0
    /// The next one has been framed in part.
    var isNextBegun = false
    /// The next one is being compressed: it has to go out on this connection.
    var isNextInDeflater = false
    /// The number of the next that will be added.
    public internal(set) var endID: UInt64 = 1
    /// Where the first without outcome begins in the connection's stream of bytes, once it is being framed.
    var firstStart: UInt64 = 0
    /// How much of that stream the kernel has.
    var written: UInt64 = 0
    /// Of the first that the kernel does not have whole: its number and where it lies. Behind the first without outcome
    /// only where more is asked for than that; else it may be stale.
    public internal(set) var unwrittenID: UInt64 = 1
    var unwrittenChunk: MessageChunk?
    var unwrittenOffset = 0
    /// The peer has said that it has those before this one.
    var confirmedID: UInt64 = 1
    /// What the server's application has acknowledged beyond that, and the newest number among all of it.
    var acknowledged = AcknowledgedNumbers()
    var acknowledgedEndID: UInt64 = 0
    /// Those before this one may have arrived on an earlier connection.
    public internal(set) var repeatsEndID: UInt64 = 0
    /// So may these: they were in the live lane, or were found on disk behind others. And those that the server's
    /// application has, as it said there.
    var repeats = NumberRanges()
    var acknowledgedLive = NumberRanges()
    /// Those before this one had been framed, in part or whole, on a connection that ended.
    var begunBeforeID: UInt64 = 0
    /// So many have been framed again, which `takeFramedAgain` takes.
    private var framedAgain: UInt64 = 0
    /// None from this one on went out with a number, as far as they are framed: nothing acknowledges them.
    var numberedEndID: UInt64 = 0
    /// What must be known of a message before it is delivered.
    public private(set) var level = neuron_ws_level_t.NEURON_WS_LEVEL_WRITTEN
    /// Among these is one that makes the server end connections.
    var suspects = SuspectWindow()

    /// Some in it bear other numbers than they have.
    private(set) var hasShiftedNumbers = false
    /// Bytes of memory that the messages in it take, with those of their chunks that have their outcome.
    public internal(set) var heldBytes = 0
    /// Those chunks.
    var chunkCount = 0
    /// Messages before this one were on disk, and are paced: of them none may be framed now from `frameEnd` on.
    public private(set) var pacedEnd: UInt64 = 0
    public internal(set) var frameEnd: UInt64 = 0
    /// Whoever frames has found less, or nothing, and has not looked since; see `takeWake`.
    private var isWoken = false

    /// What goes out in front of these; nil: `resend-priority` has never asked for it.
    public internal(set) var live: LiveLane?
    /// The host wants to see each message first.
    public var inspectsMessages = false
    /// Which server is connected, or to be, by `ServerNumbers`; 0: any.
    public var server: UInt16 = 0
    /// Which message the server may be refusing.
    public var refusals = RefusalWatch()

    public init() {}

    /// Of those that are not live nothing waits to be framed, or may be framed now.
    var isRestFramed: Bool { nextID == endID || isHeld }
    /// One is out whose fate must be known before the next one goes: an outcome ends it, and then there is more to
    /// send. Or the next one's time has not come.
    private var isHeld: Bool {
        !isNextBegun && (nextID < pacedEnd && nextID >= frameEnd || suspects.holds(nextID, behind: openID))
    }
    public var isEmpty: Bool { openID == endID }
    /// Messages without outcome.
    var openCount: UInt64 { endID &- openID }

    /// True, once: whoever frames and gives outcomes is to look again. An outcome has ended a hold, the next one's time
    /// has come, messages came from disk, or some are acknowledged. What comes by the mailbox is told by who brings it.
    public mutating func takeWake() -> Bool {
        let isLiveWoken = live?.messages.takeWake() == true
        return exchange(&isWoken, with: false) || isLiveWoken
    }

    /// Something is acknowledged, and its outcome due.
    mutating func wake() { isWoken = true }

    /// Messages before `pacedEnd` may be framed as far as `frameEnd`.
    mutating func pace(_ pacedEnd: UInt64, frameEnd: UInt64) {
        let wasAllFramed = isRestFramed
        self.pacedEnd = pacedEnd
        self.frameEnd = frameEnd
        if wasAllFramed, !isRestFramed { isWoken = true }
    }

    /// Takes what the mailbox had.
    public mutating func add(_ mail: consuming ChunkList) {
        guard let first = mail.first else { return }
        isWoken = true
        if list.isEmpty {
            openID = first.firstID
            nextID = first.firstID
            unwrittenID = first.firstID
        }
        endID = mail.endID
        if nextChunk == nil { nextChunk = mail.first }
        if unwrittenChunk == nil { unwrittenChunk = mail.first }
        mail.forEach {
            heldBytes += $0.memoryBytes
            chunkCount += 1
            if $0.numberShift != 0 { hasShiftedNumbers = true }
        }
        list.append(mail)
    }

    /// Takes all messages out, of which none is on its way: what is to stay is added again.
    mutating func takeAll() -> ChunkList {
        (openID, nextID, unwrittenID) = (endID, endID, endID)
        (nextChunk, unwrittenChunk) = (nil, nil)
        (openOffset, nextOffset, unwrittenOffset) = (0, 0, 0)
        (heldBytes, chunkCount) = (0, 0)
        hasShiftedNumbers = false
        isWoken = true
        return exchange(&list, with: ChunkList())
    }

    /// Copies a chunk's messages behind the last one, which saves a chunk. - Returns: false: nothing is done.
    mutating func absorb(_ chunk: MessageChunk) -> Bool {
        guard let last = list.last else { return false }
        let end = last.used
        guard last.absorb(chunk) else { return false }
        if unwrittenChunk == nil {
            unwrittenChunk = last
            unwrittenOffset = end
        }
        endID = last.endNumber
        heldBytes += chunk.used
        freed.append(chunk)
        isWoken = true
        return true
    }

    mutating func discard(_ chunk: MessageChunk) { freed.append(chunk) }

    // MARK: Framing

    /// Where the next message to be framed lies, at `nextOffset`; nil: all are.
    mutating func chunkToFrame() -> MessageChunk? {
        isWoken = false
        if isHeld { return nil }
        while let chunk = nextChunk {
            if nextOffset < chunk.used { return chunk }
            guard let next = chunk.next else { return nil }
            nextChunk = next
            nextOffset = 0
            nextID = next.firstID
        }
        return nil
    }

    /// The next message's first frame goes to `start` in the connection's stream of bytes.
    mutating func begin(at start: UInt64) {
        if nextID == openID { firstStart = start }
        isNextBegun = true
    }

    /// Compressing has begun with the next one: what is compressed behind it may refer to it.
    mutating func beginDeflating() { isNextInDeflater = true }

    /// All frames of the next message are there, up to `end` in that stream; or it is left out there.
    mutating func framed(_ record: UnsafeMutablePointer<MessageRecord>, end: UInt64, isLeftOut: Bool = false) {
        record.pointee.wireEnd = UInt32(truncatingIfNeeded: end)
        if !isLeftOut, nextID < begunBeforeID || isNextRepeat { framedAgain &+= 1 }
        let isNumbered = record.pointee.has(MessageRecord.numbered) && !record.pointee.has(MessageRecord.refused)
        if isNumbered { numberedEndID = nextID &+ 1 }
        nextChunk?.framed(record.pointee, isFirst: nextOffset == 0 || nextID == openID)
        nextOffset &+= MessageRecord.size(byteCount: Int(record.pointee.byteCount))
        nextID &+= 1
        isNextBegun = false
        isNextInDeflater = false
    }

    // MARK: Outcomes

    /// The level in force from now on; those that the kernel has whole have reached `written`.
    public mutating func setLevel(_ new: neuron_ws_level_t) {
        level = new
        live?.messages.setLevel(new)
        if unwrittenID < openID { rewindUnwritten() }
    }

    /// The kernel has so many bytes of the connection's stream.
    public mutating func written(_ count: UInt64) {
        written = count
        live?.messages.written(count)
        guard level != .NEURON_WS_LEVEL_WRITTEN else { return }
        let written = UInt32(truncatingIfNeeded: written)
        while unwrittenID < nextID, let chunk = unwrittenChunk {
            // Of one that is framed as a whole its end tells: its records are cold.
            let isWhole = chunk !== nextChunk && Self.isWritten(chunk.wireEnd, written)
            guard unwrittenOffset < chunk.used, !isWhole else {
                unwrittenChunk = chunk.next
                unwrittenOffset = 0
                unwrittenID = chunk.next?.firstID ?? max(unwrittenID, chunk.endNumber)
                continue
            }
            let record = chunk.record(at: unwrittenOffset).pointee
            guard Self.isWritten(record.wireEnd, written) else { return }
            unwrittenOffset &+= MessageRecord.size(byteCount: Int(record.byteCount))
            unwrittenID &+= 1
        }
    }

    /// The peer has all messages before this one, and of the live ones all before that.
    public mutating func confirmed(before id: UInt64, live liveID: UInt64 = 0) {
        confirmedID = max(confirmedID, min(id, unwrittenID))
        live?.messages.confirmed(before: liveID)
    }

    private static func isWritten(_ wireEnd: UInt32, _ written: UInt32) -> Bool {
        Int32(bitPattern: wireEnd &- written) <= 0
    }

    /// Nothing but confirmations ends messages now.
    var isUndecided: Bool { if case .confirmed = verdict { true } else { false } }

    /// No message is on its way.
    var isIdle: Bool { nextID == openID && !isNextBegun && !isNextInDeflater }

    /// What is to be done next; nil: nothing.
    /// - Parameter countMax: so many messages get their outcome at most.
    public mutating func nextAction(countMax: UInt64 = .max) -> Action? {
        if let action = live?.nextAction(countMax) { return action }
        let wasAllFramed = isRestFramed
        let run = nextRun(countMax)
        if let run, run.outcome == .NEURON_WS_DELIVERED { suspects.delivered(run.count, to: openID) }
        if wasAllFramed, !isRestFramed { isWoken = true }
        if let run { return .conclude(run) }
        if freed.isEmpty { return nil }
        return .release(exchange(&freed, with: ChunkList()))
    }

    private mutating func nextRun(_ countMax: UInt64) -> Run? {
        let run: Run?
        switch verdict {
        case .confirmed where level == .NEURON_WS_LEVEL_WRITTEN:
            let written = UInt32(truncatingIfNeeded: written)
            let unwrittenID = unwrittenID
            run = nextRun(
                countMax, isWhole: { $0.endNumber <= unwrittenID || Self.isWritten($0.wireEnd, written) },
                { _, _ in .NEURON_WS_DELIVERED },
                isDone: { $1 < unwrittenID || Self.isWritten($0.wireEnd, written) })
        case .confirmed where level == .NEURON_WS_LEVEL_APP_ACKED:
            let confirmedID = confirmedID
            let acknowledgedEndID = acknowledgedEndID
            let acknowledged = acknowledged
            let acknowledgedLive = acknowledgedLive
            let hasSingle = !acknowledged.isEmpty || !acknowledgedLive.isEmpty
            let unwrittenID = unwrittenID
            let numberedEndID = numberedEndID
            run = nextRun(
                countMax, isWhole: { $0.endNumber <= min(confirmedID, unwrittenID) },
                { _, _ in .NEURON_WS_DELIVERED }
            ) {
                guard $1 < unwrittenID else { return false }
                if $1 < confirmedID || $0.has(MessageRecord.refused) { return true }
                if hasSingle, acknowledged.contains($1) || acknowledgedLive.contains($1) { return true }
                // One without a number has nothing to be acknowledged by, but what goes out behind it.
                return !$0.has(MessageRecord.numbered) && ($1 < acknowledgedEndID || $1 >= numberedEndID)
            }
            if run != nil { forgetAcknowledged() }
        case .confirmed:
            let confirmedID = confirmedID
            run = nextRun(
                countMax, isWhole: { $0.endNumber <= confirmedID }, { _, _ in .NEURON_WS_DELIVERED },
                isDone: { $1 < confirmedID })
        case .firstRefused:
            nextID = openID &+ 1
            run = nextRun(1, { _, _ in .NEURON_WS_DROPPED_REFUSED_BY_PEER }, isDone: { _, _ in true })
            verdict = .confirmed
            rewind()
        case .abandoned(let storedBefore, let found):
            let confirmedID = confirmedID
            let acknowledgedEndID = level == .NEURON_WS_LEVEL_APP_ACKED ? acknowledgedEndID : 0
            let acknowledged = acknowledged
            let acknowledgedLive = acknowledgedLive
            run = nextRun(
                countMax,
                {
                    // What the server has said of it is known, though not what became of those before it.
                    if $1 < confirmedID || acknowledged.contains($1) || acknowledgedLive.contains($1)
                        || !$0.has(MessageRecord.numbered) && $1 < acknowledgedEndID
                    {
                        return .NEURON_WS_DELIVERED
                    }
                    return $1 < storedBefore || found.contains($1) ? .NEURON_WS_STORED : .NEURON_WS_DROPPED_STOPPED
                }, isDone: { _, _ in true })
        }
        return run
    }

    /// - Parameters:
    ///   - isWhole: all that is left of a chunk that is framed as a whole is done, and was delivered.
    ///   - outcome: of those that the host did not refuse.
    @inline(__always)
    private mutating func nextRun(
        _ countMax: UInt64, isWhole: (MessageChunk) -> Bool = { _ in false },
        _ outcome: (MessageRecord, UInt64) -> neuron_ws_outcome_t, isDone: (MessageRecord, UInt64) -> Bool
    ) -> Run? {
        var run: Run?
        while let chunk = list.first, openID < nextID {
            if openOffset >= chunk.used {
                freeFirst()
                continue
            }
            // Its records are cold: what was noted while they were framed tells of all of them.
            if chunk !== nextChunk, areAllAlike(chunk), isWhole(chunk), takeRest(of: chunk, into: &run, countMax) {
                continue
            }
            let record = chunk.record(at: openOffset).pointee
            guard isDone(record, openID), run?.count ?? 0 < countMax else { break }
            let became = record.refusal ?? outcome(record, openID)
            let one = Run(firstID: openID, count: 0, outcome: became, level: known(of: record, openID))
            var next = run ?? one
            if next.outcome != became || next.level != one.level || next.firstID &+ next.count != openID { break }
            let size = MessageRecord.size(byteCount: Int(record.byteCount))
            next.count &+= 1
            next.payloadBytes &+= UInt64(record.byteCount)
            next.recordBytes &+= UInt64(size)
            run = next
            openID &+= 1
            openOffset &+= size
            chunk.framedBytes &-= UInt64(record.byteCount)
            // A control frame in front of the next one is counted to it.
            firstStart &+= UInt64(record.wireEnd &- UInt32(truncatingIfNeeded: firstStart))
        }
        if isEmpty { while !list.isEmpty { freeFirst() } }
        return run
    }

    /// What was framed of it has one outcome once it is delivered.
    private func areAllAlike(_ chunk: MessageChunk) -> Bool {
        !chunk.hasFramedRefused && (level != .NEURON_WS_LEVEL_APP_ACKED || !chunk.hasFramedUnnumbered)
    }

    /// All that is left of the first chunk is delivered. - Returns: false: it goes in no run with what came before.
    private mutating func takeRest(of chunk: MessageChunk, into run: inout Run?, _ countMax: UInt64) -> Bool {
        var rest = Run(firstID: openID, count: chunk.endNumber &- openID, outcome: .NEURON_WS_DELIVERED, level: level)
        guard (run?.count ?? 0) &+ rest.count <= countMax, run.map({ rest.follows($0) }) != false else { return false }
        rest.payloadBytes = chunk.framedBytes
        rest.recordBytes = UInt64(chunk.used - openOffset)
        run?.join(rest)
        run = run ?? rest
        openID = chunk.endNumber
        openOffset = chunk.used
        firstStart &+= UInt64(chunk.wireEnd &- UInt32(truncatingIfNeeded: firstStart))
        return true
    }

    /// How many have been framed again since the last call, because a connection ended.
    public mutating func takeFramedAgain() -> UInt64 { exchange(&framedAgain, with: 0) }

    private mutating func freeFirst() { if let chunk = takeFirst() { freed.append(chunk) } }

    mutating func takeFirst() -> MessageChunk? {
        guard let chunk = list.removeFirst() else { return nil }
        heldBytes -= chunk.memoryBytes
        chunkCount -= 1
        if nextChunk === chunk {
            nextChunk = list.first
            nextOffset = 0
        }
        if unwrittenChunk === chunk {
            unwrittenChunk = list.first
            unwrittenOffset = 0
        }
        openOffset = 0
        if list.isEmpty { hasShiftedNumbers = false }
        openID = list.first?.firstID ?? endID
        unwrittenID = max(unwrittenID, openID)
        return chunk
    }
}
