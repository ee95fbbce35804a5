// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// What the library does with threads, sockets and a disk.
extension CacheWorld {
    func chunk(_ byteCount: Int) -> MessageChunk? {
        pool.takeKept(byteCount: byteCount) ?? ChunkPool.make(byteCount: byteCount)
    }

    // MARK: The process

    /// A life begins: what is on disk is found there.
    func begin() {
        lives += 1
        passDamaged()
        // Nobody has stored them anew.
        lost.formUnion(damagedInMemory)
        damagedInMemory = []
        anew = 0..<0
        sendQueue = SendQueue(limits: sendQueue.ledger.limits, stream: 0)
        backlog = Backlog()
        backlog.setLevel(level)
        cache = MessageCache(settings)
        (mailPace, mailTakenAt) = (MailPace(), 0)
        wishes = HostWishes()
        failedAt = nil
        takenAt = [:]
        awayAt = [:]
        contents = [:]
        ids = [:]
        ended = []
        chosen = []
        delivered = []
        keptAside = []
        newestOfGroup = [:]
        pacedAt = nil
        work = nil
        tell("life \(lives) begins")
        beginPlace()
    }

    /// The process is killed, or the machine loses power; the work that was under way is done, or not.
    func die() {
        tell("is killed")
        if work != nil, random.chance(50), let half = work.take() { _ = disk.perform(half, &random) { chunk($0) } }
        connection = nil
        onTheWay = []
        // They have their outcome, and nobody was told.
        for (id, content) in contents where cache.owes(id) { over.insert(content) }
        lost.formUnion(disk.takeDamaged())
        disk.restart(losesPower: random.chance(30), &random)
        now &+= UInt64(random.pick([0, 1000])) * 1_000_000
        begin()
    }

    /// The node ends as it should: each message has its outcome.
    func finish() {
        tell("ends")
        if connection != nil { cut() }
        isEnding = true
        defer { isEnding = false }
        cache.refill(&backlog)
        // As the session, and then as the node, which takes nothing any more.
        for mayCome in [pushesAtEnd, false] {
            takeMail()
            cache.storeAll()
            if !settles(mayCome: mayCome) { return fail("the end has no end") }
        }
        noteStored()
        checkAside()
        for (id, content) in contents where cache.owes(id) { late.insert(content) }
        _ = sendQueue.takeMail().deliver(to: &cache, &backlog, now: now)
        endPlace()
        cache.abandon(&backlog)
        carryOut()
        for id in contents.keys.sorted() where !ended.contains(id) { fail("message \(id) has no outcome") }
        closePlace()
        disk.restart(losesPower: random.chance(30), &random)
        begin()
    }

    /// What is left is stored. - Parameter mayCome: the host pushes meanwhile.
    private func settles(mayCome: Bool) -> Bool {
        for _ in 0..<1000 {
            if place.isForgotten || cache.isSettled(backlog) { return true }
            // By draws of its own, and no later ones are others.
            if mayCome {
                swap(&random, &ends)
                push()
                swap(&random, &ends)
            }
            tend()
            diskActs()
        }
        return false
    }

    // MARK: Messages

    func push() {
        for _ in 0..<random.within(1...8) {
            let byteCount = random.pick([10, 100, 100, 1500])
            let bytes = Message.make(id: nextContent, byteCount: byteCount, isObject: isNumbered)
            let stamp = makeStamp()
            let id = bytes.withUnsafeBytes {
                let message = isNumbered ? OutgoingMessage(numbered: $0, stamp) : OutgoingMessage($0, stamp)
                return message.flatMap { sendQueue.put($0, now: 0, chunk: chunk) }
            }
            guard let id else {
                if sendQueue.takeWantsMoreRoom() { isSignalled = true }
                return tell("there is no room for \(nextContent)")
            }
            tell("pushes \(nextContent) as \(id), \(byteCount) bytes, \(text(of: stamp))")
            note(stamp)
            if hasNumbersOfFile, id <= newestNumber { fail("message \(id) bears a number that another had") }
            if hasNumbersOfFile { newestNumber = id }
            isSignalled = true
            // There was room.
            fullSince = nil
            contents[id] = nextContent
            ids[nextContent] = id
            if hasOpened, connection != nil { pushedLive.insert(nextContent) }
            pushedAt[nextContent] = now
            if hasPoison, random.chance(3) { poison.insert(nextContent) }
            nextContent += 1
        }
    }

    /// Of three groups, whose data come in any order.
    private func makeStamp() -> MessageStamp {
        guard settings.policy == .latestPerGroup else { return MessageStamp(kind: 1, timeMilliseconds: 0) }
        let group = UInt16(random.within(1...3))
        return MessageStamp(
            kind: 1, timeMilliseconds: Int64(now / 1_000_000) + Int64(random.below(500)), group: group)
    }

    private func note(_ stamp: MessageStamp) {
        guard stamp.group > 0 else { return }
        groups[nextContent] = (stamp.group, stamp.timeMilliseconds, lives)
        noteNewest(nextContent)
    }

    func noteNewest(_ content: UInt64) {
        guard let new = groups[content], new.life == lives else { return }
        if let newest = newestOfGroup[new.group], let old = groups[newest], old.time > new.time { return }
        newestOfGroup[new.group] = content
    }

    func takeMail() {
        let mayOpen = cache.mayBeOpened(backlog)
        take(wishes.takeMail(from: &sendQueue, isLinked: connection != nil, opensCache: mayOpen))
    }

    private func take(_ mail: consuming TakenMail?) {
        guard let mail else { return }
        var id = sendQueue.ledger.acceptedCount
        while contents[id] != nil, takenAt[id] == nil, id > sendQueue.ledger.endedThrough {
            takenAt[id] = now
            id -= 1
        }
        if mail.deliver(to: &cache, &backlog, now: now) { tell("takes the mail: \(places)") }
    }

    /// As `NodeSession`: what nobody sends goes to disk too.
    private func takeMailThatWaits() {
        cache.refill(&backlog)
        let interval = settings.syncInterval
        let opensCache = cache.mayBeOpened(backlog)
        let isLeftToSender = connection?.keepsUp(backlog, isFlushed: true) == true
        let mail = wishes.takeMailThatWaits(
            from: &sendQueue, &mailPace, isLinked: connection != nil, isLeftToSender: isLeftToSender, isLast: isEnding,
            opensCache: opensCache, syncInterval: interval, now: now)
        if let mail {
            mailTakenAt = now
            return take(mail)
        }
        let isHeld = connection != nil && wishes.reconnects
        guard !isEnding, !isLeftToSender, !isHeld, sendQueue.hasMail(opensCache: opensCache) else { return }
        let wait = min(interval, 100_000_000)
        if now >= mailTakenAt &+ wait { fail("what was pushed waits for more than \(wait / 1_000_000) ms") }
        if mailPace.deadline(syncInterval: interval) != mailTakenAt &+ wait {
            fail("what was pushed waits for the disk, and nobody comes for it")
        }
    }

    func diskActs() {
        guard let work = work.take() else { return }
        let text = description(of: work)
        let result = disk.perform(work, &random) { chunk($0) }
        if story.isTold { tell("\(text): \(description(of: result))") }
        if failedAt != nil, result.fault == nil { healedAt = now }
        failedAt = result.fault == nil ? nil : (now, min((failedAt?.times ?? 0) + 1, 16))
        if result.isSalvaged { noteDamaged() }
        cache.finished(result, &backlog, now: now)
        // What it dropped itself was chosen when it began.
        isDiskDone = true
        carryOut()
        isDiskDone = false
    }

    private func trims() -> Bool {
        let isFull = wishes.wantsRoom(in: sendQueue, isLinked: connection != nil)
        let hasMadeRoom = cache.trim(&backlog, now: now, isFull: isFull)
        if hasMadeRoom { tell("makes room in memory: \(places)") }
        return hasMadeRoom
    }

    /// - Returns: whether there was something to do.
    @discardableResult
    func tend() -> Bool {
        var (hasWorked, hasMadeRoom) = (false, false)
        takeMailThatWaits()
        repeat {
            let expired = expiredCount
            let isBusy = work != nil
            while trims() {
                carryOut()
                noteChosen()
                // Who is near the limits makes room while the disk is at work, whenever he looks: it comes back soon.
                hasMadeRoom = isBusy && expiredCount == expired
                hasWorked = hasWorked || !hasMadeRoom
                sendQueue.noteAway(cache.awayNow)
            }
            if isBusy { break }
            work = cache.nextWork(&backlog, now: now) { chunk($0) }
            hasWorked = hasWorked || work != nil
            if settings.policy == .dropOldest, work?.dropsBytes ?? 0 > 0, backlog.endID > backlog.heldEndID {
                fail("the disk drops what is behind \(backlog.heldEndID), which is not on its way")
            }
        } while cache.lacksRoom && trims()
        carryOut()
        noteChosen()
        let paced = cache.pace(&backlog, now: now)
        if noteWake(), !hasMadeRoom { hasWorked = true }
        sendQueue.noteAway(cache.awayNow)
        sendQueue.ledger.replacesLast = cache.replacesLast
        noteStored()
        _ = sendQueue.ledger.takeRoom(unreadRuns: 0)
        let mail = mailPace.deadline(syncInterval: settings.syncInterval)
        tendsAt = min(cache.deadline(backlog, now: now) ?? .max, paced ?? .max, mail ?? .max)
        return hasWorked
    }

    // MARK: The network

    func connect() {
        // It takes some turns of the loop, which has looked by then.
        lookAtWishes()
        guard let url = try? WebSocketURL.parse("ws://plant/") else { return }
        let key = (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let limits = EndpointLimits(maxMessageBytes: 1000, maxFrameBytes: 1000)
        let options = Connection.Options(limits: limits, compression: nil, fragmentBytesMax: fragmentBytes)
        let epoch = isConfirmed ? random.next() : 0
        let barrier = level == .NEURON_WS_LEVEL_PEER_PARSED ? Barrier(epoch: epoch, patience: 3_000_000_000) : nil
        let new = Connection(HandshakeRequest(url: url, key: key, deflate: nil), options, barrier: barrier)
        new.transportOpened()
        connection = new
        tell("connects")
        reader = SimulatedReader()
        reader.refuses = poison
        readCount = 0
        acknowledgesFrom = 0
        hasOpened = false
        lastRead = (0, 0)
        bytesInFront = 0
        onTheWay = []
        written = 0
        carry()
    }

    private func goLive() {
        takeMail()
        backlog.setLiveFirst(isLiveFirst)
        tell("live first: \(isLiveFirst)")
    }

    /// A new setting, which holds at once where a connection is open.
    func changePriority() {
        isLiveFirst.toggle()
        if hasOpened, connection != nil { goLive() }
    }

    func cut() {
        tell("the connection is cut")
        connection = nil
        onTheWay = []
        let ending = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "cut")
        _ = backlog.connectionEnded(ending, acknowledged: nil)
        carryOut()
    }

    /// Bytes are framed, taken, read and answered.
    func carry() {
        guard let connection else { return }
        if connection.isOpen, !hasOpened {
            hasOpened = true
            goLive()
        }
        if connection.takesMail(backlog) { takeMail() }
        fill(connection)
        // There was no more room, or there is none.
        isSignalled = connection.hasOutput(backlog) || sendQueue.hasMail(opensCache: cache.mayBeOpened(backlog))
        settle(connection)
        let count = random.chance(20) ? random.below(onTheWay.count + 1) : onTheWay.count
        onTheWay[..<count].withUnsafeBytes { reader.received($0) }
        onTheWay.removeFirst(count)
        noteArrived()
        if random.chance(10) {
            settle(connection)
        } else {
            answer(connection)
        }
        if let refused = reader.refused { end(at: refused) }
    }

    /// What the server says comes.
    private func answer(_ connection: Connection) {
        let back = reader.takeOutput()
        var budget = TurnBudget(lengthNanoseconds: 1_000_000_000, now: now)
        var offset = 0
        back.withUnsafeBytes { bytes in
            while offset < bytes.count {
                let step = connection.bytesReceived(bytes, from: &offset, wallSeconds: 0, budget: &budget)
                if case .needsBytes = step { break }
                if case .event(.failed(let error)) = step { return fail("the server's bytes: \(error)") }
            }
        }
        if level == .NEURON_WS_LEVEL_APP_ACKED, hasOpened { acknowledge() }
        settle(connection)
    }

    /// The server ends the connection at a message that it does not take.
    private func end(at content: UInt64) {
        if disk.state.aside.values.contains(content), !disk.hasLied, !disk.hasFailed {
            fail("message \(content) was set aside, and is sent again")
        }
        tell("the server refuses \(content)")
        connection = nil
        onTheWay = []
        var ending = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "too big")
        ending.isByPeer = true
        ending.closeCode = 1009
        if backlog.connectionEnded(ending, acknowledged: reader.byteCount).isFirstRefused {
            let first = backlog.firstMessage()
            let content = first?.withBytes { Message.content(of: Array($0)) } ?? 0
            let message = first.flatMap { SetAsideMessage($0, closeCode: 1009, closeReason: "") { chunk($0) } }
            if let message, cache.setAside(message) { keptAside.insert(content) }
            asideCount += 1
        }
        carryOut()
    }

    private func fill(_ connection: Connection) {
        let room = random.pick([300, 4000, 20_000])
        guard onTheWay.count < 50_000, connection.hasOutput(backlog) else { return }
        let begun = backlog.begunEnd
        let waits = backlog.waits
        var framed = 0
        defer {
            checkPace(begun)
            checkLanes(begun, waits, framed)
        }
        withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { output in
            var end = 0
            filling: while connection.hasOutput(backlog) {
                if keys.keysLeft < 8 {
                    let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    keys.refill(bytes.span.bytes)
                }
                switch connection.fill(output, at: &end, backlog: &backlog, keys: &keys) {
                case .outOfKeys: continue
                default: break filling
                }
            }
            framed = end
            tell("frames \(begun)..<\(max(begun, backlog.begunEnd)) and what is live, \(end) bytes")
            onTheWay += output[..<end]
            written &+= UInt64(end)
        }
    }

    private func settle(_ connection: Connection) {
        backlog.written(written)
        let settled = connection.settle(&backlog, &echoWatch, written: written, kernelEnd: written, now: now)
        if let level = settled.level { fail("the level in force is \(level.rawValue) now") }
        carryOut()
        noteWake()
    }

    /// - Returns: whether the messages ask whoever sends to look.
    @discardableResult
    private func noteWake() -> Bool {
        let (byConnection, byBacklog) = (connection?.takeWake() == true, backlog.takeWake())
        if byConnection || byBacklog { isSignalled = true }
        return byBacklog
    }
}
