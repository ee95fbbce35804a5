// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What is to be done on disk, and what came of it.
extension MessageCache {
    /// What is to be done on disk now; nil: nothing, or there is work under way.
    /// - Parameters:
    ///   - mayLoad: there is room for more messages' outcomes.
    ///   - chunk: memory for so many bytes.
    public mutating func nextWork(
        _ backlog: inout Backlog, now: UInt64, mayLoad: Bool = true, chunk: (Int) -> MessageChunk?
    ) -> SpoolWork? {
        refill(&backlog)
        skipAdopted(backlog)
        guard usesDisk, !isBusy else {
            // Where nothing lies there is nothing to look at.
            if !usesDisk, !isBusy { (looksDue, looksDone) = (false, looksAsked) }
            return nil
        }
        if now < retryAt { return isGone && mayLoad && wantsLoad(backlog) ? loadOfGone(backlog, now: now) : nil }
        var work = SpoolWork()
        if storesToDisk, wantsStoring(backlog, now: now) { removeUnstoredSuperseded(&backlog) }
        let forgetsFirst = isOverfull && forgets(backlog)
        let shrinks = isOverfull && !forgetsFirst && shrink(&work, &backlog)
        let isStoring = !forgetsFirst && !shrinks && gather(&work, &backlog, now: now, chunk)
        // What is live, and what came behind it, stays where it is.
        work.movesBefore = backlog.liveStart
        let loads = mayLoad && wantsLoad(backlog)
        if loads { load(&work, backlog) }
        let expiresFrom = wantsExpiry(now) ? firstToExpire(backlog, isRoomMade: work.dropsBytes > 0) : nil
        if let expiresFrom {
            expiredAt = now
            work.dropsFrom = expiresFrom
            if expiresFrom > backlog.liveStart { work.movesBefore = .max }
            work.expiresBefore = clock(now) - min(clock(now), settings.timeToLive / Self.millisecond)
        }
        let open = openID(backlog)
        let isTimeToForget =
            now >= forgotAt &+ settings.syncInterval || wantedEnd >= open || isOutOfRoom || forgetsFirst
        let isForgetDue = forgets(backlog) && isTimeToForget || !owed.isEmpty
        let reserves = numberToReserve(backlog)
        let hasMore = reserves != nil || work.dropsBytes > 0 || work.latest != nil || !setAside.isEmpty
        guard isStoring || loads || expiresFrom != nil || isForgetDue || hasMore || looksDue else { return nil }
        work.looks = exchange(&looksDue, with: false)
        looksInWork = looksAsked
        work.setAside = setAside
        work.takenOut = takenOut
        work.setAsideBytesMax = settings.diskBytes / Self.setAsideShare
        work.reservesNumber = reserves ?? 0
        work.forgetsBefore = open
        work.clock = clock(now)
        owedInWork = owed.count
        takenOutInWork = takenOut.count
        storingEnd = work.storesBefore
        isBusy = true
        return work
    }

    /// Something lies on disk that need not.
    private func forgets(_ backlog: borrowing Backlog) -> Bool {
        (openID(backlog) > forgottenBefore || !takenOut.isEmpty) && diskBytes > 0
    }

    /// Numbers before this one are wanted; nil: there are enough.
    private func numberToReserve(_ backlog: borrowing Backlog) -> UInt64? {
        let next = max(tail.endID, backlog.endID)
        guard isOpen, next &+ Self.numbersReserved / 2 > reservedNumber else { return nil }
        return next &+ Self.numbersReserved
    }

    private func wantsExpiry(_ now: UInt64) -> Bool {
        let limit = settings.timeToLive
        guard limit > 0, !away.isEmpty else { return false }
        return now >= expiredAt &+ expiryInterval
    }

    var expiryInterval: UInt64 { max(settings.timeToLive / 16, 100 * Self.millisecond) }

    /// Puts what is to be stored into the work. - Returns: false: nothing.
    private mutating func gather(
        _ work: inout SpoolWork, _ backlog: inout Backlog, now: UInt64, _ make: (Int) -> MessageChunk?
    ) -> Bool {
        guard storesToDisk, wantsStoring(backlog, now: now) else { return false }
        isOutOfRoom = false
        var bytes = 0
        var count = 0
        var end: UInt64 = 0
        var room = settings.diskBytes > diskBytes ? settings.diskBytes - diskBytes : 0
        var isFull = false
        func takes(_ size: Int) -> Bool {
            if count > 0, bytes + size > Self.workBytesMax || count == batchesAtOnce { return false }
            return true
        }
        var next = firstUnstored(backlog)
        while let each = next, !isFull, takes(each.used) {
            next = each.next
            guard isUnstored(each, openID: backlog.openID) else { break }
            let from = max(storedEnd, backlog.openID, each.firstID)
            let size = unstoredBytes(of: each, backlog)
            // What comes once more takes the room of what lies there.
            let isAnew = isStoredAnew(each)
            if count > 0, isAnew == work.replaces.isEmpty { break }
            guard isAnew || fits(size, &room, &work, &backlog) else {
                isFull = true
                findsNoRoom(size, room, &work, &backlog)
                break
            }
            // A large one is copied on the spool's thread: here all nodes would wait.
            guard let copy = each.isOneLarge ? each.shared() : copied(each, from: from, make) else {
                isFull = true
                break
            }
            bytes += copy.used
            count += 1
            end = copy.endNumber
            if isAnew { work.replaces = anew.lowerBound..<end }
            work.batches.append(copy)
        }
        if next == nil, !isFull, work.replaces.isEmpty {
            while let each = firstOfTail(), takes(each.used) {
                guard fits(each.used, &room, &work, &backlog) else {
                    findsNoRoom(each.used, room, &work, &backlog)
                    break
                }
                _ = tail.removeFirst()
                if movedBytes == 0 { movedFrom = each.firstID }
                tailBytes -= each.memoryBytes
                movedBytes += each.memoryBytes
                bytes += each.used
                count += 1
                end = each.endNumber
                work.batches.append(each)
            }
        }
        work.storesBefore = end
        if count == 0, work.dropsBytes == 0, work.latest == nil {
            unstoredSince = isNothingUnstored(backlog) ? nil : now
        }
        return count > 0
    }

    private func copied(
        _ chunk: MessageChunk, from id: UInt64, _ make: (Int) -> MessageChunk?
    ) -> MessageChunk? {
        make(chunk.used).flatMap { chunk.copy(from: id, into: $0) ? $0 : nil }
    }

    private func isNothingUnstored(_ backlog: borrowing Backlog) -> Bool {
        tail.isEmpty && firstUnstored(backlog) == nil
    }

    private mutating func findsNoRoom(
        _ size: Int, _ room: UInt64, _ work: inout SpoolWork, _ backlog: inout Backlog
    ) {
        if looksThroughDisk(&work, &backlog, short: UInt64(size) - min(UInt64(size), room)) { return }
        // It is looked through when nothing is live.
        if keepsLatest, backlog.liveStart < .max {
            isLiveClosed = true
            return
        }
        isOutOfRoom = true
        // The others make room.
        if settings.policy == .dropNewest { failedStores &+= 1 }
    }

    /// Whether the disk has room for it, or room is made: by the oldest in memory, which are on disk too, then by those
    /// that are there alone.
    private mutating func fits(
        _ size: Int, _ room: inout UInt64, _ work: inout SpoolWork, _ backlog: inout Backlog
    ) -> Bool {
        let size = UInt64(size)
        if givesUpOldest(backlog), size <= settings.diskBytes {
            while size > room, let chunk = backlog.chunkToDrop, isOnDisk(chunk) {
                let freed = removeOldest(&backlog, .NEURON_WS_DROPPED_OVERFLOW)
                if freed == 0 { break }
                room += freed
            }
        }
        if size <= room {
            room -= size
            return true
        }
        guard mayDropOldest(backlog), size <= settings.diskBytes else { return false }
        let (short, droppable) = (size - room, droppableBytes(backlog))
        guard droppable > work.dropsBytes, short <= droppable - work.dropsBytes else { return false }
        work.dropsFrom = away.lowerBound
        work.dropsBytes += short
        room = 0
        return true
    }

    private func wantsStoring(_ backlog: borrowing Backlog, now: UInt64) -> Bool {
        guard let since = unstoredSince else { return false }
        if storedEnd < wantedEnd || now >= since &+ settings.syncInterval { return true }
        return isMemoryShort(backlog)
    }

    /// More is held than the window has, or as many, and of that enough is not on disk: with little in each row and
    /// transaction more would be written of the file than of messages.
    private func isMemoryShort(_ backlog: borrowing Backlog) -> Bool {
        // Where there is little memory who waits for some does not wait for others.
        let gathers = windowBytes / Self.groupShare >= Self.groupBytesMin
        let bytes = gathers ? windowBytes / Self.groupShare : 1
        let count = gathers ? windowCount / UInt64(Self.groupShare) : windowCount
        let start = tail.first?.firstID ?? tail.endID
        let end = max(tail.endID, backlog.endID)
        let first = max(storedEnd, backlog.openID)
        if backlog.openCount + (tail.endID - start) >= windowCount, end > first, end - first >= count { return true }
        guard backlog.heldBytes + tailBytes > windowBytes else { return false }
        var unstored = tailBytes
        var next = firstUnstored(backlog)
        while let each = next, unstored < bytes {
            unstored += each.memoryBytes
            next = each.next
        }
        return unstored >= bytes
    }

    /// What has come of the work. What is to be told and what memory is free now comes by `nextAction`.
    public mutating func finished(_ result: consuming SpoolResult, _ backlog: inout Backlog, now: UInt64) {
        isBusy = false
        noteLive(backlog)
        takenOutInWork = 0
        let faultBefore = fault
        fault = result.fault
        (isGone, isBroken) = (result.isGone, result.isBroken)
        // On a full disk it was looked before there was no room.
        if fault == nil || fault == .full { looksDone = looksInWork } else { looksFailed = looksInWork }
        let loadsFrom = result.work.loadsFrom
        let stored = result.work.storesBefore
        let forgot = result.work.forgetsBefore
        let tried = (result.work.batches.first?.firstID ?? stored)..<stored
        var batches = exchange(&result.work.batches, with: ChunkList())
        let owedCount = exchange(&owedInWork, with: 0)
        storingEnd = 0
        if result.fault != nil, result.isTooMuch {
            // Nothing of it is done, but that some may have gone one by one: as if it had not been tried.
            tellForgotten(before: result.forgottenBefore)
            batchesAtOnce = max(1, batchesAtOnce / 2)
            fault = faultBefore
            shrunkFrom = 0
            lookedThrough = .not
            tellUnstored(tried)
            giveBack(&batches)
            if result.isSalvaged { damaged(result.missing, backlog, now: now) }
            return
        }
        if result.fault != nil {
            shrunkFrom = 0
            // What seemed to have failed may have been done.
            diskBytes = max(diskBytes, result.diskBytes)
            let isTry = now >= retryAt
            if isTry { failures = min(failures + 1, 16) }
            lookedThrough = .not
            if stored > 0 || result.work.looks { failedStores &+= 1 }
            tellForgotten(before: result.forgottenBefore)
            tellUnstored(tried)
            if isTry { retryAt = now &+ min(Self.retryMax, Self.retryMin << (failures - 1)) }
            giveBack(&batches)
            if result.isSalvaged { damaged(result.missing, backlog, now: now) }
            if result.isGone, loadsFrom > 0, result.loadedEnd > 0 { takeLoaded(&result, &backlog) }
            return
        }
        failures = 0
        batchesAtOnce = min(Self.batchesMax, batchesAtOnce * 2)
        if stored > 0 { anew = min(max(anew.lowerBound, stored), anew.upperBound)..<anew.upperBound }
        // What was in the way has made room.
        if result.diskBytes < diskBytes || forgot > forgottenBefore { roomIsMade(backlog, now: now) }
        diskBytes = result.diskBytes
        asideCount = result.asideCount
        if let last = result.work.setAside.last?.id { setAside.removeAll { $0.id <= last } }
        takenOut.removeFirst(diskBytes == 0 ? takenOut.count : min(takenOut.count, result.work.takenOut.count))
        forgottenBefore = max(forgottenBefore, forgot)
        forgotAt = now
        reservedNumber = max(reservedNumber, result.work.reservesNumber)
        tellOwed(owedCount)
        concludeCompacted(result.compacted)
        if result.hasMoreToCompact { lookedThrough = .not }
        for gone in result.gone { concludeGone(gone, from: result.work.dropsFrom) }
        if stored > 0 { self.stored(before: stored, &batches, &backlog, now: now) }
        if result.isSalvaged { damaged(result.missing, backlog, now: now) }
        if loadsFrom > 0 { takeLoaded(&result, &backlog) }
        refill(&backlog)
    }

    private mutating func giveBack(_ batches: inout ChunkList) {
        var kept = ChunkList()
        while let chunk = batches.removeFirst() {
            if movedBytes > 0, chunk.firstID >= movedFrom { kept.append(chunk) } else { freed.append(chunk) }
        }
        tailBytes += movedBytes
        movedBytes = 0
        kept.append(exchange(&tail, with: ChunkList()))
        tail = kept
    }

    private mutating func stored(
        before end: UInt64, _ batches: inout ChunkList, _ backlog: inout Backlog, now: UInt64
    ) {
        storedEnd = max(storedEnd, end)
        lookedThrough = .not
        skipAdopted(backlog)
        while let chunk = batches.removeFirst() {
            guard movedBytes > 0, chunk.firstID >= movedFrom else {
                freed.append(chunk)
                continue
            }
            movedBytes -= chunk.memoryBytes
            movedFrom = chunk.endNumber
            guard hasOpen(chunk) else {
                freed.append(chunk)
                continue
            }
            if away.isEmpty, hasWindowRoom(backlog), chunk.endNumber <= backlog.liveStart {
                var list = ChunkList()
                list.append(chunk)
                backlog.add(list)
                continue
            }
            away = (away.isEmpty ? chunk.firstID : away.lowerBound)..<chunk.endNumber
            awayBytes += UInt64(chunk.used)
            if chunk.endNumber > backlog.liveStart { keptBytes += UInt64(chunk.used) }
            freed.append(chunk)
        }
        passHoles()
        passStored(backlog)
        unstoredSince = isNothingUnstored(backlog) ? nil : since(backlog, now: now)
    }

    /// What waits for room on disk goes there now, and not an interval later.
    mutating func roomIsMade(_ backlog: borrowing Backlog, now: UInt64) {
        isOutOfRoom = false
        if unstoredSince != nil { unstoredSince = since(backlog, now: now) }
    }

    /// About when the first that is not stored came.
    private func since(_ backlog: borrowing Backlog, now: UInt64) -> UInt64 {
        let first = firstUnstored(backlog) ?? tail.first
        let age = (clock(now) &- min(clock(now), first?.arrival ?? 0)) &* Self.millisecond
        return now &- min(now, age)
    }

    /// - Parameter first: the first that was to go.
    private mutating func concludeGone(_ gone: SpoolResult.Gone, from first: UInt64) {
        let from = min(max(gone.ids.lowerBound, away.lowerBound), away.upperBound)
        let ids = from..<min(max(gone.ids.upperBound, from), away.upperBound)
        guard !ids.isEmpty else { return }
        let open = max(away.lowerBound, min(first, ids.lowerBound))..<ids.upperBound
        miss(open.lowerBound..<ids.lowerBound)
        let count = UInt64(ids.count) - holes.count(in: ids)
        let bytes = Self.share(of: gone.bytes, count, of: UInt64(ids.count))
        var left = bytes
        for each in holes.rest(of: ids) { conclude(each, gone.outcome, bytes: exchange(&left, with: 0)) }
        awayBytes -= min(awayBytes, bytes)
        // What is live lies in front of them.
        if open.lowerBound > away.lowerBound {
            keptBytes -= min(keptBytes, bytes)
            holes.insert(open)
        } else {
            away = ids.upperBound..<away.upperBound
        }
        passHoles()
    }

    /// Those on disk alone have their outcome, but for those that have it.
    mutating func concludeAway(_ outcome: neuron_ws_outcome_t, _ backlog: borrowing Backlog) {
        for ids in holes.rest(of: away) { concludeLast(ids, outcome, bytes: exchange(&awayBytes, with: 0), backlog) }
    }

    /// Messages have their outcome, together with those right before them that have the same.
    mutating func conclude(_ ids: Range<UInt64>, _ outcome: neuron_ws_outcome_t, bytes: UInt64) {
        var run = Backlog.Run(firstID: ids.lowerBound, count: UInt64(ids.count), outcome: outcome)
        run.recordBytes = bytes
        conclude(run)
    }

    mutating func conclude(_ run: Backlog.Run) { Self.append(run, to: &runs) }

    static func append(_ run: Backlog.Run, to runs: inout FirstInFirstOut<Backlog.Run>) {
        let isOne = runs.changeLast {
            guard run.follows($0) else { return false }
            $0.join(run)
            return true
        }
        if !isOne { runs.append(run) }
    }
}
