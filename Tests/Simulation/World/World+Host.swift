// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// The host: pushes, starts, stops and changes settings at any moment.
extension World {
    func hostActs() {
        let what = random.below(100)
        switch isCalm && what >= 70 && !random.chance(10) ? random.below(70) : what {
        case ..<50: for _ in 0..<random.pick([1, 1, 5, 40]) { push() }
        case ..<68: for _ in 0..<random.pick([1, 1, 3, 30]) { ask() }
        case ..<70: cancel()
        case ..<76: start()
        case ..<84:
            let timeout = UInt64(random.pick([0, 0, 50, 1000, 6000])) * 1_000_000
            stop(timeout: timeout, isAwaited: random.chance(50))
        case ..<88: configure(reconnects: random.chance(50))
        case ..<91: reconnect()
        case ..<93: ping()
        // Several wishes before the loop looks, in any order.
        case ..<97: for _ in 0..<random.within(2...5) { wish() }
        default: if !isWanted { start() }
        }
    }

    private func wish() {
        switch random.below(6) {
        case 0: start()
        case 4: reconnect()
        case 5: ping()
        case 1: stop(timeout: UInt64(random.pick([0, 1000])) * 1_000_000, isAwaited: false)
        case 2: stop(timeout: UInt64(random.pick([0, 1000])) * 1_000_000, isAwaited: true)
        default: configure(reconnects: random.chance(50))
        }
    }

    func push(beyond: DeliveryLedger.Limits = DeliveryLedger.none, byteCount: Int? = nil) {
        let size = byteCount ?? random.pick([0, 10, 100, 100, 1000, 30_000])
        let id = sendQueue.ledger.acceptedCount + 1
        let bytes = Message.make(id: id, byteCount: size, isObject: isNumbered)
        bytes.withUnsafeBytes { raw in
            let numbered = isNumbered ? OutgoingMessage(numbered: raw, stamp(of: id)) : nil
            if isNumbered, numbered == nil { return fail("message \(id) takes no number") }
            let head = isNumbered ? "\"seq\":\(id),\"stream\":\"fedcba9876543210\",".utf8.count : 0
            let takes = Self.queueBytes(of: raw.count + head)
            let hasRoom =
                waiting.isEmpty
                || waiting.count < sendQueue.ledger.limits.messagesMax + beyond.messagesMax
                    && waitingBytes + takes <= sendQueue.ledger.limits.bytesMax + beyond.bytesMax
            let oldest = sendQueue.ledger.oldestSince
            let message = numbered ?? OutgoingMessage(raw, stamp(of: id))
            let taken = sendQueue.put(message, beyond: beyond, now: now) { ChunkPool.make(byteCount: $0) }
            if (taken != nil) != hasRoom, !isOwing {
                fail("\(hasRoom ? "no" : "too much") room: \(waiting.count) messages of \(waitingBytes) bytes wait")
            }
            guard let taken else {
                guard sendQueue.ledger.awaitsRoom else { return }
                awaitsRoom = true
                wantedBytes = max(wantedBytes, takes)
                return
            }
            if taken != id { fail("message \(id) got number \(taken)") }
            waitingSince.append((now, max(20_000_000, (now &- (oldest ?? now)) / 10)))
            waiting.append(takes)
            waitingBytes += takes
            if hasSession { isSignalled = true }
        }
    }

    /// What a message takes of the queue: 16 bytes more than it has, in steps of 8.
    private static func queueBytes(of byteCount: Int) -> Int { (byteCount + 16 + 7) / 8 * 8 }

    /// What the message is, told by its number.
    func stamp(of id: UInt64) -> MessageStamp {
        var stamp = MessageStamp(
            kind: 1, timeMilliseconds: Int64(id) << 20, group: UInt16(truncatingIfNeeded: id))
        stamp.isNumbered = isNumbered
        return stamp
    }

    // MARK: As `Node` takes them

    func start() {
        tell("start")
        isWanted = true
        awaitsEnd = false
        if !hasSession {
            hasSession = true
            machine = NodeMachine(parameters)
            turns = ServerTurns(count: parameters.urlCount)
            seen = parameters
            wishes = HostWishes()
        }
        takesCommands = true
        wishes.start()
        isSignalled = true
    }

    /// - Parameter isAwaited: it only begins, and the host waits to be told of the end.
    func stop(timeout: UInt64, isAwaited: Bool) {
        guard hasSession else { return }
        tell("\(isAwaited ? "begins a stop" : "stop") within \(timeout / 1_000_000) ms")
        isWanted = false
        awaitsEnd = awaitsEnd || isAwaited
        wishes.stop(timeout: timeout, isAwaited: isAwaited)
        isSignalled = true
    }

    /// A new connection, by the settings that there are.
    func reconnect() {
        guard hasSession else { return }
        tell("reconnect")
        wishes.reconnect()
        isSignalled = true
    }

    func ping() {
        guard hasSession else { return }
        wishes.ping()
        isSignalled = true
    }

    /// Nothing is asked of it any more.
    func destroy() {
        guard hasSession else { return }
        tell("destroy")
        isWanted = false
        wishes.destroy()
        isSignalled = true
    }

    func configure(reconnects: Bool) {
        tell("configure, \(reconnects ? "with a new connection" : "live")")
        var new = Self.drawParameters(&random, pings: level != .NEURON_WS_LEVEL_WRITTEN)
        if !reconnects, !wishes.reconnects { new.urlCount = parameters.urlCount }
        places = reconnects && !wishes.reconnects && random.chance(50) ? drawPlaces(new.urlCount) : nil
        parameters = new
        guard hasSession else { return }
        wishes.configure(reconnects: reconnects || new.urlCount != seen.urlCount)
        if wishes.reconnects, let link { link.lastID = link.lastID ?? sendQueue.ledger.acceptedCount }
        isSignalled = true
    }

    /// The URLs in another order, some gone, some new.
    private func drawPlaces(_ count: Int) -> [Int?] {
        var old = Array(0..<parameters.urlCount)
        return (0..<count).map { _ in
            old.isEmpty || random.chance(20) ? nil : old.remove(at: random.below(old.count))
        }
    }

    /// Where the open connection's URL stands in new settings, which concern other URLs alone; nil: it cannot stay.
    private var keptPlace: Int? {
        guard machine.isOpen, let link, let places else { return nil }
        return places.firstIndex(of: link.urlIndex)
    }

    // MARK: As `NodeSession` carries them out

    /// What host threads have pushed meanwhile. - Returns: false: nothing that may be taken.
    @discardableResult
    func takeMail() -> Bool {
        guard let mail = wishes.takeMail(from: &sendQueue, isLinked: link != nil) else { return false }
        return mail.deliver(to: &cache, &backlog, now: now)
    }

    /// The loop comes round, and sees what host threads have asked for and what there is to be sent.
    func look() {
        guard hasSession, isSignalled else { return }
        isSignalled = false
        defer { if hasSession { pump() } }
        tellEndedCommands()
        let taken = wishes.take()
        if taken.isDestroyed {
            stopsBy = min(stopsBy ?? .max, now &+ NodeMachine.farewellNanoseconds)
            perform(machine.stopped(timeout: 0, now: now))
            return endIfIdle()
        }
        let kept = taken.reconnects ? keptPlace : nil
        let reconnects = taken.reconnects && kept == nil
        if taken.isReconfigured { reconfigured(kept, reconnects) }
        if taken.isConnectedAnew, !reconnects {
            link?.lastLife = now
            link?.isObsolete = true
            backlog.serversChanged(&echoWatch)
            turns = ServerTurns(count: seen.urlCount)
            perform(machine.reconnectWanted(now: now))
        }
        if let timeout = taken.stopTimeout {
            // Of several stops the shortest counts, but the Close has its time.
            let closed = now &+ NodeMachine.farewellNanoseconds
            stopsBy = max(closed, min(stopsBy ?? .max, now &+ timeout))
            drainsThrough = sendQueue.ledger.acceptedCount
            perform(
                machine.stopped(
                    timeout: timeout, isAwaited: taken.awaitsEnd, pushed: drainsThrough,
                    ended: sendQueue.ledger.endedThrough, now: now))
            endIfIdle()
        }
        if taken.starts {
            stopsBy = nil
            owed.started()
            commandsGoOn()
            runEnd = RunEnd()
            turns.started(isFresh: machine.isIdle)
            perform(machine.started(now: now))
        }
        if taken.pings {
            link?.pingsWanted += 1
            perform(machine.pingWanted())
        }
        tellOwed()
        if owed.holdsEnd || runEnd.isUnderWay { endIfIdle() }
    }

    /// - Parameter kept: where the URL of the present connection stands now, which stays.
    private func reconfigured(_ kept: Int?, _ reconnects: Bool) {
        seen = parameters
        link?.lastLife = now
        if reconnects { link?.isObsolete = true }
        // The present one stays, or what a stop waits for goes out on it.
        if !reconnects || machine.isDraining { link?.lastID = nil }
        fragmentBytesMax = random.pick([0, 100])
        link?.connection.setFragmentBytesMax(fragmentBytesMax)
        if reconnects {
            backlog.serversChanged(&echoWatch)
            turns = ServerTurns(count: seen.urlCount)
        }
        notePingSettings()
        guard let kept, let places else {
            return perform(machine.configured(parameters, reconnects: reconnects, now: now))
        }
        tell("the URLs are \(places.map { $0 ?? -1 }) now, and the connection stays")
        link?.urlIndex = kept
        turns.rearranged(places)
        machine.configured(parameters, urlIndex: kept, places: places, now: now)
        perform(.none)
    }

    /// Tells the host what is notable.
    func publish() {
        guard !machine.isOver, owed.letsTell(isIdle: machine.isIdle) else { return }
        if let closing = machine.closingEnding { ending = closing }
        let isOwed = machine.takeOwedIdle()
        let now = (phase: machine.phase, reason: ending.reason)
        guard isOwed || now != told else { return }
        if now == told, !awaitsEnd, !mayBeToldAgain, wishes == HostWishes() {
            fail("the end of a stop is told that nobody waits for")
        }
        told = now
        mayBeToldAgain = wishes.awaitsEnd
        guard machine.isIdle else { return }
        if isOwing { fail("the end of a stop is told before the outcome of message \(toldThrough + 1)") }
        awaitsEnd = false
    }

    private func hasToldOwed() -> Bool {
        guard owed.letsEnd() || tellOwed() else { return false }
        // The last of them may have been told in a turn before this.
        publish()
        return true
    }

    private func isThrough(_ step: RunEnd.Step) -> Bool {
        switch step {
        case .outcomes: hasToldOwed()
        // It has no disk.
        case .rest: true
        case .commands: hasEndedCommands()
        }
    }

    func endIfIdle() {
        guard hasSession else { return }
        for step in RunEnd.Step.allCases {
            guard machine.isIdle, isThrough(step) else { return }
        }
        if isOwing { fail("a node ends before the outcome of message \(toldThrough + 1)") }
        machine.end()
        hasSession = false
        isSignalled = false
        if awaitsEnd { fail("a begun stop has ended, and the host was not told") }
    }
}
