// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What has to hold after every step.
extension CacheWorld {
    /// Gives the messages their outcomes, each exactly one.
    func carryOut() {
        while let action = backlog.nextAction() {
            switch consume action {
            case .conclude(let run): outcome(run)
            case .release(var chunks): pool.give(&chunks)
            }
        }
        while let action = cache.nextAction() {
            switch consume action {
            case .conclude(let run): outcome(run)
            case .skip(let ids):
                for id in ids {
                    ended.insert(id)
                    guard let content = contents[id], !disk.hasLied else { continue }
                    // A drop that was done though it seemed to have failed, of a message of an earlier life.
                    if disk.dropped.contains(content) || lost.contains(content) { continue }
                    fail("message \(content) is skipped")
                }
                let run = Backlog.Run(firstID: ids.lowerBound, count: UInt64(ids.count), outcome: .NEURON_WS_EXPIRED)
                sendQueue.ledger.ended(run)
            case .discount(let bytes): sendQueue.ledger.discount(bytes)
            case .release(var chunks): pool.give(&chunks)
            }
        }
    }

    /// Of those that were on disk one goes out at a time. - Parameter begun: from which message on one was begun now.
    func checkPace(_ begun: UInt64) {
        let end = min(backlog.begunEnd, backlog.pacedEnd)
        guard settings.resendInterval > 0, begun < end else { return }
        let count = (begun..<end).count { contents[$0] != nil && !ended.contains($0) && !cache.owes($0) }
        if count > 1 || pacedAt.map({ now < $0 &+ settings.resendInterval }) == true {
            fail("\(count) messages of the disk go out \(pacedAt.map { now &- $0 } ?? 0) ns after the one before")
        }
        pacedAt = now
    }

    /// Live ones go first, and never leave the others without a turn.
    /// - Parameters:
    ///   - begun: from which of the others on one was begun now.
    ///   - waits: of both before something was framed.
    func checkLanes(_ begun: UInt64, _ waits: (live: Bool, others: Bool), _ framed: Int) {
        guard waits.live, waits.others else { return bytesInFront = 0 }
        let count = (begun..<max(begun, backlog.begunEnd)).count {
            contents[$0] != nil && !ended.contains($0) && !cache.owes($0)
        }
        if count > 0 { bytesInFront = 0 } else { bytesInFront += framed }
        if bytesInFront > 60_000 { fail("\(bytesInFront) bytes went out in front of what waits") }
        // One was in the midst, and one has its turn.
        if count > 3, backlog.waits.live { fail("\(count) messages went out in front of what is live") }
    }

    /// What is dropped is the oldest that is not on its way, nor in a batch with such: when it is chosen. What was on
    /// its way then may wait again when it is told.
    private func checkIsOldest(_ dropped: UInt64) {
        let from = max(sendQueue.ledger.endedThrough &+ 1, backlog.heldEndID)
        guard from < dropped else { return }
        for id in from..<dropped
        where contents[id] != nil && !ended.contains(id) && !cache.owes(id) && !backlog.isLive(id)
            // Where nothing more is kept on disk what lies there stays, and what is in front of all in the tail.
            && (settings.diskBytes > 0 || id >= max(backlog.endID, cache.away.upperBound))
        {
            return fail("message \(dropped) is dropped, and the older \(id) is not")
        }
    }

    /// Some may have been dropped of which it is told later.
    func noteChosen() {
        guard settings.policy == .dropOldest else { return }
        let new = contents.keys.filter {
            !ended.contains($0) && !chosen.contains($0) && cache.owes($0, as: .NEURON_WS_DROPPED_OVERFLOW)
        }
        if let last = new.max() { checkIsOldest(last) }
        chosen.formUnion(new)
    }

    /// Of what is sent again after a restart it is not told that it is gone; what is superseded may be.
    private func checkIsNotOnDisk(_ run: Backlog.Run) {
        guard run.outcome == .NEURON_WS_DROPPED_OVERFLOW || run.outcome == .NEURON_WS_EXPIRED, !disk.hasFailed,
            !wantsForgotten, !disk.hasLied, !disk.hasDamaged
        else { return }
        let there = Set(disk.messages().map(\.number))
        for id in run.firstID..<run.firstID + run.count {
            guard let content = contents[id], there.contains(content) else { continue }
            return fail("message \(content) is told as gone (\(run.outcome.rawValue)), and lies on disk")
        }
    }

    private func outcome(_ run: Backlog.Run) {
        tell("\(run.firstID)..<\(run.firstID + run.count) end: \(run.outcome.rawValue)")
        let ids = run.firstID..<run.firstID + run.count
        if run.outcome == .NEURON_WS_DROPPED_OVERFLOW, settings.policy == .dropOldest, !isDiskDone,
            let first = ids.first(where: { contents[$0] != nil && !chosen.contains($0) })
        {
            checkIsOldest(first)
        }
        sendQueue.ledger.ended(run)
        checkIsNotOnDisk(run)
        for id in ids {
            guard ended.insert(id).inserted else { return fail("message \(id) has a second outcome") }
            // Numbers of which nothing was found on disk.
            guard let content = contents[id] else { continue }
            switch run.outcome {
            case .NEURON_WS_DELIVERED:
                if isConfirmed, !arrived.contains(content) { fail("message \(content) is delivered, and was not read") }
                over.insert(content)
                delivered.insert(content)
            case .NEURON_WS_DROPPED_OVERFLOW where settings.policy != .dropNewest:
                over.insert(content)
                noteDropped(content)
            case .NEURON_WS_EXPIRED where settings.timeToLive > 0:
                over.insert(content)
                expiredCount += 1
                let age = now &- (pushedAt[content] ?? 0)
                // Times are kept in milliseconds.
                if age &+ 1_000_000 < settings.timeToLive {
                    fail("message \(content) expires after \(age / 1_000_000) ms")
                }
            case .NEURON_WS_DROPPED_LOST where disk.dropped.contains(content) || lost.contains(content):
                over.insert(content)
            case .NEURON_WS_DROPPED_REFUSED_BY_PEER where poison.contains(content):
                if !keptAside.contains(content) { over.insert(content) }
            case .NEURON_WS_STORED: stored.insert(content)
            case .NEURON_WS_DROPPED_STOPPED where isForgetting: over.insert(content)
            case .NEURON_WS_DROPPED_STOPPED:
                if stored.contains(content), !wantsForgotten, !anew.contains(id) {
                    fail("message \(content) was stored, and is dropped")
                }
            default: fail("message \(content) has the outcome \(run.outcome.rawValue)")
            }
        }
    }

    /// With `latest-per-group` the newest of a group stays while others are there.
    private func noteDropped(_ content: UInt64) {
        guard let of = groups[content], of.life == lives else { return }
        superseded += 1
        guard newestOfGroup[of.group] == content, !hasOlderBehind, !isTiny else { return }
        // The others may lie on disk, and stay there.
        if settings.diskBytes == 0, cache.diskBytes > 0 { return }
        // What is acknowledged alone takes room until all in front of it have their outcome.
        if level == .NEURON_WS_LEVEL_APP_ACKED { return }
        fail("message \(content) is dropped, the newest of group \(of.group)")
    }

    /// In order, on each connection and over all.
    func noteArrived() {
        if reader.isBroken { return fail("the server got what is no message of ours") }
        let numbers = reader.numbers
        while readCount < numbers.count {
            let number = numbers[readCount]
            if isNumbered, arrived.contains(number), !reader.marks[readCount] {
                fail("\(number) came before, and does not say so")
            }
            if wishes.reconnects, number >= firstOfNext { fail("\(number) was pushed for the next server") }
            let isLive = ids[number].map { backlog.wasLive($0) } == true
            let id = ids[number] ?? 0
            tell("\(number) is read, as \(id)\(isLive ? ", live" : "")")
            let before = isLive ? lastRead.live : lastRead.other
            if id <= before { fail("message \(id) came behind \(before), live \(isLive)") }
            if isLive { lastRead.live = id } else { lastRead.other = id }
            if isLive { wentLive += 1 }
            if isLive, !pushedLive.contains(number) { fail("\(number) went in front, and was pushed before") }
            readCount += 1
            if arrived.contains(number) {
                if isConfirmed, delivered.contains(number) {
                    fail("\(number) was told as delivered, and is sent again")
                }
                arrivedAgain += 1
                continue
            }
            // One that was told as gone, or was damaged, may come back when the process dies before the disk knows.
            let wasGone = over.contains(number) || lost.contains(number) || disk.dropped.contains(number)
            if wasGone || late.contains(number) {
                arrived.insert(number)
                continue
            }
            arrived.insert(number)
            if isLive {
                if number < newestLive { fail("\(number) came first behind \(newestLive), live") }
                newestLive = number
            } else if let keyShift {
                let key = Int64(id) &+ keyShift
                if key < newestArrived { fail("\(number) came first at \(key), behind \(newestArrived)") }
                newestArrived = key
            }
        }
    }

    func check() {
        backlog.checkInvariants()
        cache.checkInvariants(backlog)
        let through = sendQueue.ledger.endedThrough
        if ended.contains(through &+ 1) { fail("the ledger stays at \(through), and the next one has its outcome") }
        if let connection, connection.isOpen, !isSignalled {
            if connection.hasOutput(backlog) { fail("there is something to be sent, and nobody was told") }
            let hasMail = sendQueue.hasMail(opensCache: cache.mayBeOpened(backlog))
            if connection.takesMail(backlog), hasMail, !wishes.reconnects {
                fail("messages wait, and nobody was told")
            }
        }
        checkSize()
        let held = sendQueue.ledger.queuedBytes - min(sendQueue.ledger.queuedBytes, sendQueue.ledger.away.bytes)
        let queuedCount = sendQueue.ledger.queuedCount
        let heldCount = queuedCount - min(queuedCount, sendQueue.ledger.away.messages)
        let isRoomy =
            held * 4 <= settings.memoryBytes * 3 && heldCount * 4 <= settings.messagesMax * 3
            && held + sendQueue.ledger.wantedBytes <= settings.memoryBytes
        if sendQueue.ledger.awaitsRoom, isRoomy {
            fail("\(held) bytes are in memory, and who waits for room is not told")
        }
        checkRoom()
        // What is loaded comes on top, a window of it, and a batch.
        if held > UInt64(settings.memoryBytes) * 2 + 20_000 { fail("\(held) bytes are in memory") }
        checkStored()
        checkTimes()
    }

    /// Where the disk has room what lies there keeps nobody out, however little memory there is.
    private func checkRoom() {
        guard sendQueue.ledger.awaitsRoom else { return fullSince = nil }
        // In memory alone nobody waits for anybody while the oldest may go.
        let isAlone = settings.diskBytes == 0 && cache.diskBytes == 0 && cache.away.isEmpty
        let mayGo = settings.policy == .dropOldest && isAlone && connection == nil
        if mayGo, !isSignalled, !wishes.reconnects, now >= openedAt + 10_000_000 {
            fail("the oldest may go, and who waits for room waits")
        }
        let since = max(fullSince ?? now, openedAt, healedAt, resizedAt)
        fullSince = fullSince ?? now
        let isRoomOnDisk = disk.state.bytes &+ 20_000 < settings.diskBytes
        guard cache.isOpen, !isSignalled, work == nil, failedAt == nil, isRoomOnDisk else { return }
        if now - min(now, since) > settings.syncInterval + 200_000_000 {
            fail("who waits for room waits for \((now - since) / 1_000_000) ms, and the disk has some")
        }
    }

    /// Nothing waits for longer than the settings say: in memory, though it is to lie on disk, or beyond its time.
    private func checkTimes() {
        guard cache.isOpen, work == nil, settings.diskBytes >= 100_000 else { return }
        // It is seen to with the next step.
        let seen = now - min(now, 10_000_000)
        let isDiskLeftAlone = failedAt.map { seen <= $0.moment + min(30_000_000_000, 1_000_000_000 << ($0.times - 1)) }
        let live = settings.timeToLive > 0 ? contents.keys.filter { backlog.isLive($0) } : []
        let (firstLive, lastLive) = (live.min() ?? .max, live.max() ?? 0)
        for (id, content) in contents where !ended.contains(id) && !backlog.isLive(id) {
            guard let taken = takenAt[id], isDiskLeftAlone != true else { continue }
            let age = now - max(taken, openedAt, healedAt, resizedAt)
            // Where there is no room the oldest make some.
            if settings.policy == .dropOldest, !hasOlderBehind, id >= cache.storedEnd, id < backlog.endID,
                age > settings.syncInterval + 200_000_000
            {
                return fail("message \(content) is in memory for \(age / 1_000_000) ms, and does not go to disk")
            }
            // What comes to the disk late is looked for there with the next pass.
            let interval = max(settings.timeToLive / 16, 100_000_000) + 200_000_000
            let isAway = cache.away.contains(id)
            let awaySince = isAway ? awayAt[id] ?? now : now
            if isAway { awayAt[id] = awaySince }
            if settings.timeToLive > 0, isAway, !cache.owes(id), id < firstLive || id > lastLive,
                age > settings.timeToLive + interval, now - awaySince > interval
            {
                return fail("message \(content) lies on disk for \(age / 1_000_000) ms, and does not expire")
            }
        }
    }

    /// What the server refused and there was room for lies on disk when the node ends, if that works.
    func checkAside() {
        if !cache.isOpen || cache.fault != nil || disk.hasLied || wantsForgotten { return }
        let aside = Set(disk.state.aside.values)
        for content in keptAside where !aside.contains(content) {
            return fail("message \(content) was refused, and is not set aside")
        }
        if cache.asideCount != UInt64(aside.count) { fail("\(cache.asideCount) are said to be set aside") }
    }

    /// Told as stored: delivered, or told as gone, or still there.
    private func checkStored() {
        if disk.hasLied { return }
        var there = Set(disk.messages().map(\.number))
        let aside = Set(disk.state.aside.values)
        if !disk.hasFailed, let both = aside.first(where: { there.contains($0) }) {
            return fail("message \(both) waits, and is set aside")
        }
        there.formUnion(aside)
        there.formUnion(over)
        there.formUnion(disk.dropped)
        there.formUnion(lost)
        passDamaged()
        there.formUnion(damagedInMemory)
        // Gone from there, which is about to be told.
        for (id, content) in contents where cache.owes(id) { there.insert(content) }
        for content in stored where !there.contains(content) && !arrived.contains(content) {
            return fail("message \(content) was told as stored, and is nowhere")
        }
    }
}
