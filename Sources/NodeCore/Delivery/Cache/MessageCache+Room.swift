// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Room in memory, age, pace, and the end.
extension MessageCache {
    /// Makes room in memory where the disk cannot, and ends what has waited too long. What is on its way stays.
    /// - Parameter isFull: little is left of the node's limits.
    public mutating func trim(_ backlog: inout Backlog, now: UInt64, isFull: Bool = false) -> Bool {
        noteLive(backlog)
        let ttl = settings.timeToLive / Self.millisecond
        if ttl > 0, let first = backlog.chunkToDrop, clock(now) > first.arrival &+ ttl,
            removeOldest(&backlog, .NEURON_WS_EXPIRED) > 0
        {
            return true
        }
        if settings.policy == .dropNewest { return false }
        // What has its outcome in a chunk whose last ones have none makes nobody else go.
        let heldBytes = backlog.heldBytes - backlog.openOffset + tailBytes + movedBytes
        let isShort = heldBytes > settings.memoryBytes / 8 * 7 || isFull
        let isStuck = !storesToDisk || fault != nil || isOutOfRoom
        // What is under way on disk makes no room there that what is in memory would not need.
        if isBusy {
            guard settings.policy == .dropOldest, isShort, isStuck || isBeyondDisk(backlog) else { return false }
            return removeOldestForNewer(&backlog) > 0
        }
        // Where the disk fails nobody makes room there by going.
        guard isStuck, isShort || isOutOfRoom && fault == nil else { return false }
        // What is live may be what is superseded.
        if keepsLatest, backlog.liveStart < .max {
            isLiveClosed = true
            return false
        }
        let limit = isFull ? min(heldBytes, settings.memoryBytes) : settings.memoryBytes
        // What is on disk too is looked through there when nothing superseded is left here.
        if removeSuperseded(&backlog, bytesMax: usesDisk ? .max : max(1, limit / 8)) > limit / 64 {
            isOutOfRoom = false
            return true
        }
        if !isShort, findsRoomWithoutDrop(backlog, now: now) { return false }
        if settings.policy == .dropOldest || backlog.isIdle, removeOldestForNewer(&backlog) > 0 {
            isOutOfRoom = false
            return true
        }
        // Behind messages that are on disk alone it leaves a hole: only where those may not go.
        guard isShort, away.isEmpty || keepsDisk, !keepsLatest || backlog.isIdle,
            let chunk = removeOldestOfTail(backlog)
        else { return false }
        conclude(
            chunk.firstID..<chunk.endNumber, .NEURON_WS_DROPPED_OVERFLOW, bytes: UInt64(chunk.used))
        // Older ones lie in front of it yet.
        if backlog.liveStart < .max || !away.isEmpty { holes.insert(chunk.firstID..<chunk.endNumber) }
        freed.append(chunk)
        passStored(backlog)
        return true
    }

    /// Takes note of whether what is to be stored finds no room on disk where what lies there stays. It has none until
    /// an eighth of the disk is free, or nothing waits for it: one message that goes makes no news.
    public mutating func noteFull(_ backlog: borrowing Backlog) {
        if storesToDisk, settings.policy == .dropNewest {
            let isRoomy = diskBytes <= settings.diskBytes / 8 * 7
            isFull = isOutOfRoom || isFull && !isRoomy && hasUnstored(backlog)
        } else {
            isFull = false
        }
    }

    /// Where the oldest make room for the newest, one that waits alone does so for the next one that comes: what is
    /// kept is the newest, however little there may be.
    public var replacesLast: Bool {
        settings.policy != .dropNewest && (!storesToDisk || fault != nil || isOutOfRoom)
    }

    /// What lies on disk stays there until it is delivered, though nothing more is kept there. In memory it makes no
    /// room either: what is there alone would come in its place.
    var keepsDisk: Bool { usesDisk && !storesToDisk }

    /// The oldest make room for what is newer: the newest of all stays.
    private mutating func removeOldestForNewer(_ backlog: inout Backlog) -> UInt64 {
        if keepsDisk, let chunk = backlog.chunkToDrop, mayBeStored(chunk) { return 0 }
        let isLast = tail.isEmpty && movedBytes == 0 && away.isEmpty && backlog.liveStart == .max
        return removeOldest(&backlog, .NEURON_WS_DROPPED_OVERFLOW, keepsNewest: isLast)
    }

    /// Drops the oldest chunk of the backlog that is not on its way.
    /// - Parameter keepsNewest: of the last chunk the newer half stays, and one message at least.
    /// - Returns: the bytes of what was dropped; 0: there is nothing.
    mutating func removeOldest(
        _ backlog: inout Backlog, _ outcome: neuron_ws_outcome_t, keepsNewest: Bool = false
    ) -> UInt64 {
        guard let chunk = backlog.chunkToDrop else { return 0 }
        let mayBeStored = mayBeStored(chunk)
        let rest = keepsNewest && chunk.next == nil ? backlog.newerHalf(of: chunk) : nil
        if keepsNewest, chunk.next == nil {
            // Behind what is on its way a batch on disk goes as a whole, or stays.
            guard rest != nil, backlog.isIdle || !mayBeStored else { return 0 }
        }
        let isOnDisk = isOnDisk(chunk) || isBusy
        // A batch may begin with some that had their outcome before it came into memory.
        let from = backlog.predecessor(of: chunk)?.endNumber ?? chunk.firstID
        var bytes: UInt64 = 0
        let end = rest?.firstID ?? chunk.endNumber
        for run in backlog.removeOldest(outcome, before: end, into: &freed) {
            if mayBeStored, run.outcome == outcome { owe(run) } else { conclude(run) }
            bytes += run.recordBytes
        }
        // What lies in front has no outcome yet, and keeps the disk from forgetting it.
        if bytes > 0, isOnDisk, !backlog.isEmpty, backlog.openID < chunk.firstID {
            takenOut.append(min(from, chunk.firstID)..<end)
        }
        if let rest {
            var list = ChunkList()
            list.append(rest)
            backlog.add(list)
        }
        return bytes
    }

    /// It is on disk, or what is under way may store it.
    private func mayBeStored(_ chunk: MessageChunk) -> Bool {
        isOnDisk(chunk) || isBusy && chunk.firstID < storingEnd || isStoredAnew(chunk)
    }

    /// Not all that is in memory alone has room on disk.
    func isBeyondDisk(_ backlog: borrowing Backlog) -> Bool {
        var bytes = UInt64(tailBytes + movedBytes) &+ diskBytes
        var chunk = away.isEmpty ? firstUnstored(backlog) : nil
        while let each = chunk {
            bytes += UInt64(unstoredBytes(of: each, backlog))
            chunk = each.next
        }
        return bytes > settings.diskBytes
    }

    /// What went meanwhile has made room on disk, or will when it is forgotten there.
    private mutating func findsRoomWithoutDrop(_ backlog: borrowing Backlog, now: UInt64) -> Bool {
        guard storesToDisk else { return false }
        if diskBytes > 0, openID(backlog) > forgottenBefore || !takenOut.isEmpty { return true }
        let next = firstUnstored(backlog) ?? tail.first
        guard let next, UInt64(unstoredBytes(of: next, backlog)) + diskBytes <= settings.diskBytes else { return false }
        roomIsMade(backlog, now: now)
        return true
    }

    /// More lies on disk than may, because less may than before, and the policy lets some of it go.
    var isOverfull: Bool { storesToDisk && diskBytes > settings.diskBytes && settings.policy != .dropNewest }

    /// Makes what lies on disk as little as may, in the order in which room is made for what is newer; what is on its
    /// way stays. - Returns: false: nothing can go.
    mutating func shrink(_ work: inout SpoolWork, _ backlog: inout Backlog) -> Bool {
        if keepsLatest, backlog.liveStart < .max {
            isLiveClosed = true
            return false
        }
        var excess = diskBytes - settings.diskBytes
        if looksThroughDisk(&work, &backlog, short: excess) { return true }
        guard givesUpOldest(backlog) else { return false }
        var isDropped = false
        while excess > 0, let chunk = backlog.chunkToDrop, isOnDisk(chunk) {
            let freed = removeOldest(&backlog, .NEURON_WS_DROPPED_OVERFLOW)
            if freed == 0 { break }
            excess -= min(excess, freed)
            isDropped = true
        }
        // If the same lies there as when it was asked last, nothing more can go.
        guard excess > 0, mayDropOldest(backlog), diskBytes != shrunkFrom else { return isDropped }
        work.dropsBytes = min(excess, droppableBytes(backlog))
        guard work.dropsBytes > 0 else { return isDropped }
        work.dropsFrom = away.lowerBound
        shrunkFrom = diskBytes
        return true
    }

    // MARK: Pace

    /// Says how far messages may be framed now. - Returns: when the next may; nil: all may, or the next one.
    public mutating func pace(_ backlog: inout Backlog, now: UInt64) -> UInt64? {
        guard backlog.nextID < backlog.pacedEnd else { return nil }
        guard settings.resendInterval > 0 else {
            backlog.pace(0, frameEnd: 0)
            return nil
        }
        guard backlog.begunEnd >= backlog.frameEnd else { return nil }
        // The one that was let go is on its way: the time counts from there.
        if exchange(&hasLetGo, with: false) { nextPacedAt = now &+ settings.resendInterval }
        if now < nextPacedAt { return nextPacedAt }
        backlog.pace(backlog.pacedEnd, frameEnd: backlog.begunEnd &+ 1)
        hasLetGo = true
        return nil
    }

    /// When `nextWork` or `trim` has something to do though nothing happens; nil: never.
    public func deadline(_ backlog: borrowing Backlog, now: UInt64) -> UInt64? {
        var next = deadlineOfDisk(backlog, now)
        if settings.timeToLive > 0, let first = backlog.chunkToDrop {
            let left = (first.arrival &+ settings.timeToLive / Self.millisecond &+ 1) &* Self.millisecond
            next = min(next ?? .max, clockStart &+ (left &- min(left, clockBase &* Self.millisecond)))
        }
        return next.map { max($0, now &+ Self.millisecond) }
    }

    /// As far as the disk has something to do, and where it has failed is tried again.
    private func deadlineOfDisk(_ backlog: borrowing Backlog, _ now: UInt64) -> UInt64? {
        guard usesDisk, !isBusy else { return nil }
        var moments: [UInt64] = []
        // Whatever failed, loading too: it is looked at once, and fails again or is done.
        if fault != nil, retryAt > now { moments.append(retryAt) }
        if storesToDisk, let since = unstoredSince { moments.append(since &+ settings.syncInterval) }
        let isOwed = openID(backlog) > forgottenBefore || !takenOut.isEmpty || !owed.isEmpty
        if isOwed, diskBytes > 0 { moments.append(forgotAt &+ settings.syncInterval) }
        if settings.timeToLive > 0, !away.isEmpty, firstToExpire(backlog, isRoomMade: false) != nil {
            moments.append(expiredAt &+ expiryInterval)
        }
        return moments.min().map { fault == nil ? $0 : max($0, retryAt) }
    }

    // MARK: The end

    /// The disk is asked whether what it has is still there, whatever has failed before: the end is near, or somebody
    /// waits for that.
    /// - Parameter asked: who waits until `looksDone` is this much.
    public mutating func look(for asked: UInt64 = 0) {
        looksAsked = max(looksAsked, asked)
        guard usesDisk else { return looksDone = looksAsked }
        looksDue = true
        retryAt = 0
    }

    /// What lies in a file that has lost its name can be read, though nothing else is tried there now.
    mutating func loadOfGone(_ backlog: borrowing Backlog, now: UInt64) -> SpoolWork {
        var work = SpoolWork()
        work.looks = true
        work.clock = clock(now)
        work.movesBefore = backlog.liveStart
        load(&work, backlog)
        isBusy = true
        return work
    }

    /// All up to this one have their outcome or lie on disk, where the next life finds them.
    public var storedThrough: UInt64 { isOpen && isSound ? storedEnd &- 1 : 0 }
    /// What lies on disk is found by a later life, as far as that is known.
    private var isSound: Bool { !isGone && !isBroken }

    /// The node ends: what is left has its outcome; the backlog's come by its own actions.
    public mutating func abandon(_ backlog: inout Backlog) {
        // The disk has not forgotten them, and they are sent again, unless a damage took them.
        while let run = owed.first {
            tellOwed(1, as: isOpen && isSound && run.firstID >= damagedEnd ? .NEURON_WS_STORED : nil)
        }
        backlog.abandon(storedBefore: storedThrough &+ 1, found: isSound ? adopted : 0..<0)
        noteLive(backlog)
        if !away.isEmpty {
            concludeAway(isSound ? .NEURON_WS_STORED : .NEURON_WS_DROPPED_LOST, backlog)
            away = away.upperBound..<away.upperBound
            awayBytes = 0
        }
        while firstOfTail() != nil, let chunk = tail.removeFirst() {
            tailBytes -= chunk.memoryBytes
            let isStored = chunk.endNumber <= storedThrough &+ 1
            concludeLast(
                chunk.firstID..<chunk.endNumber, isStored ? .NEURON_WS_STORED : .NEURON_WS_DROPPED_STOPPED,
                bytes: UInt64(chunk.used), backlog)
            freed.append(chunk)
        }
    }

    /// - Parameter outcome: of those of which the server has not said that it has them.
    mutating func concludeLast(
        _ ids: Range<UInt64>, _ outcome: neuron_ws_outcome_t, bytes: UInt64, _ backlog: borrowing Backlog
    ) {
        var left = bytes
        backlog.forEachPiece(of: ids) { piece, isAcknowledged in
            var run = Backlog.Run(
                firstID: piece.lowerBound, count: UInt64(piece.count),
                outcome: isAcknowledged ? .NEURON_WS_DELIVERED : outcome, level: .NEURON_WS_LEVEL_APP_ACKED)
            run.recordBytes = exchange(&left, with: 0)
            conclude(run)
        }
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants(_ backlog: borrowing Backlog) {
        precondition(backlog.isEmpty || away.isEmpty || backlog.endID <= away.lowerBound)
        if let first = tail.first { precondition(away.isEmpty || away.upperBound <= first.firstID) }
        var bytes = 0
        tail.forEach { bytes += $0.memoryBytes }
        precondition(bytes == tailBytes && tailBytes >= 0 && movedBytes >= 0)
        precondition(isBusy || movedBytes == 0 && owedInWork == 0)
        precondition(owedInWork <= owed.count && (!owed.isEmpty || owedNow == DeliveryLedger.Away()))
        precondition(!away.isEmpty || awayBytes == 0)
        precondition(away.isEmpty || holes.rest(of: away.lowerBound..<away.lowerBound + 1).count == 1)
    }
}
