// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// Commands: the host asks, the server answers as the number says, and each has exactly one outcome.
extension World {
    /// Commands of which the host waits to hear.
    struct Asked {
        /// Its first try is not over before.
        let earliest: UInt64
        /// All tries of it are over by then. A timer fires late by a step of the clock, a second at most, and each try
        /// begins when the one before is seen to be over.
        let limit: UInt64
        let isInOrder: Bool
        /// Where its answer is looked for.
        let place: String?
        let timeout: UInt64
        /// Behind the present one, which is too late at its deadline.
        var triesLeft: UInt32
        var deadline: UInt64
        /// The present one has left whole.
        var isOut = false
        var leftAt: UInt64 = 0
        /// The connection of the last one is gone.
        var isLost = false
        /// The run that it belongs to ends.
        var isStopped = false
        /// Its time passed, and it goes out again behind those that wait.
        var isBehind = false

        mutating func connectionEnded(_ now: UInt64) {
            isBehind = false
            if triesLeft == 0 { isLost = true } else { triesAgain(now) }
        }

        /// What has been out for less than half its time stays so.
        mutating func timePassed(_ now: UInt64) {
            let stays = isOut && now &- leftAt < timeout / 2
            isBehind = isBehind || isOut && !stays
            triesAgain(now)
            isOut = stays
        }

        private mutating func triesAgain(_ now: UInt64) {
            (triesLeft, deadline, isOut) = (triesLeft - min(triesLeft, 1), now &+ timeout, false)
        }
    }

    /// How the server takes a command, told by its number.
    enum Answering: UInt64 {
        case once, twice, late, never, wrongly

        init(_ id: UInt64) { self = Answering(rawValue: id % 5) ?? .never }
    }

    static func commandText(_ id: UInt64, byteCount: Int) -> [UInt8] {
        Array(#"{"id":\#(id),"pad":"\#(String(repeating: "p", count: byteCount))"}"#.utf8)
    }

    /// The number of a command, nil: the message is none. They go out uncompressed.
    static func commandID(_ message: [UInt8]) -> UInt64? {
        guard message.starts(with: #"{"id":"#.utf8) else { return nil }
        return UInt64(String(decoding: message.dropFirst(6).prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
    }

    static func responseText(_ id: UInt64) -> String { #"{"re":\#(id)}"# }

    static func responseID(_ message: UnsafeRawBufferPointer) -> UInt64? {
        let text = String(decoding: message, as: UTF8.self)
        return text.hasPrefix(#"{"re":"#) ? UInt64(text.dropFirst(6).prefix { $0 != "}" }) : nil
    }

    /// The response to a command that nobody sent.
    static func wrongText(_ id: UInt64) -> String { responseText(id + (1 << 40)) }

    // MARK: The host

    func ask() {
        guard takesCommands, hasSession else { return }
        let hasRoom = commands.hasRoom(byteCount: 100, unread: CommandLimits.openMax - commandsMax)
        if hasRoom != (asked.count < commandsMax) { fail("\(asked.count) commands wait: \(hasRoom ? "" : "no ")room") }
        guard hasRoom else { return }
        let id = commands.takenCount + 1
        let bytes = Self.commandText(id, byteCount: random.pick([0, 10, 300, 5000]))
        // No server says anything there.
        let place = Answering(id) == .never && random.chance(80) ? "/nowhere\(random.below(30))" : "/re"
        let text = Array(place.utf8)
        guard let held = bytes.withUnsafeBytes({ EventBytes($0) }),
            let pointer = text.withUnsafeBytes({ try? JSONPointer($0) })
        else { return fail("no memory") }
        let isInOrder = random.chance(20)
        let timeout = UInt32(random.pick([50, 1000, 30_000]))
        let retries = UInt32(random.pick([0, 0, 1, 3]))
        let rule: Command.Rule = isInOrder ? .order : .member(pointer, value: Array("\(id)".utf8))
        guard hasPlace(for: rule, place) else { return }
        let command = Command(
            kind: .NEURON_WS_TEXT, bytes: held, rule: rule, timeoutMilliseconds: timeout, retries: retries)
        guard commands.add(command, now: now) == id else { return fail("commands are numbered wrongly") }
        let limit = now &+ (command.timeout &+ 1_000_000_000) &* UInt64(retries + 1)
        isSignalled = true
        asked[id] = Asked(
            earliest: now &+ command.timeout, limit: limit, isInOrder: isInOrder, place: isInOrder ? nil : place,
            timeout: command.timeout,
            triesLeft: retries, deadline: now &+ command.timeout)
        tell("asks \(id)")
    }

    /// There are only so many places at which each message is looked at.
    private func hasPlace(for rule: Command.Rule, _ place: String) -> Bool {
        let hasPlace = commands.hasRoom(for: rule)
        if commands.hasOutcomesToTell { return hasPlace }
        var places = Set(asked.values.compactMap { $0.place })
        if case .member = rule { places.insert(place) }
        if hasPlace != (places.count <= CommandLimits.pointersMax) {
            fail("answers are looked for at \(places.count) places, and there is \(hasPlace ? "" : "no ")room")
        }
        return hasPlace
    }

    func cancel() {
        guard commands.takenCount > 0 else { return }
        let id = 1 + UInt64(random.below(Int(commands.takenCount)))
        let wasOpen = asked[id] != nil
        let ended = commands.cancelled(id)
        if wasOpen != (ended != nil) { fail("command \(id) is open for one, and for another it is not") }
        note(ended)
    }

    /// The outcome of a command comes once, and for a reason.
    func note(_ ended: EndedCommand?, answer: UInt64? = nil) {
        guard let ended else { return }
        guard let was = asked.removeValue(forKey: ended.id) else {
            return fail("command \(ended.id) has a second outcome, \(ended.outcome)")
        }
        outcomes += 1
        switch ended.outcome {
        case .answered:
            answered += 1
            if !commandsOut.contains(ended.id) { fail("command \(ended.id) is answered, and never went out") }
            if Answering(ended.id) == .wrongly || Answering(ended.id) == .never, !was.isInOrder {
                fail("command \(ended.id) is answered, and no server did so")
            }
            if !was.isInOrder, answer != ended.id { fail("command \(ended.id) has the answer to \(answer ?? 0)") }
        case .timedOut:
            timedOut += 1
            if now < was.earliest { fail("command \(ended.id) times out too early") }
            if now < was.deadline || was.triesLeft > 0 {
                fail("command \(ended.id) times out within a try, with \(was.triesLeft) more")
            }
        case .linkLost where !was.isLost: fail("command \(ended.id) is lost, with \(was.triesLeft) tries")
        case .linkLost: if !commandsOut.contains(ended.id) { fail("command \(ended.id) is lost, and never went out") }
        case .stopped: if !was.isStopped { fail("command \(ended.id) ends with a node that runs") }
        case .refused, .cancelled: break
        case .noMemory: fail("command \(ended.id) finds no memory")
        }
    }

    // MARK: As `NodeSession`

    /// - Returns: whether some wait still.
    func feedCommands(_ link: SimulatedLink) -> Bool {
        guard link.connection.isOpen else { return false }
        while link.connection.takesCommand(backlog) {
            if link.isHeartbeatDue {
                queueHeartbeat(link)
                continue
            }
            guard let next = wishes.takeCommand(from: commands) else { return false }
            checkOrder(next.id, link)
            if refusesMessages, random.chance(10) {
                note(commands.refused(next.id))
                continue
            }
            link.connection.queueCommand(next.id, next.command)
        }
        return link.isHeartbeatDue || wishes.hasCommand(in: commands)
    }

    /// Commands go out in the order of their numbers, but for those whose time has passed or that are held back.
    private func checkOrder(_ id: UInt64, _ link: SimulatedLink) {
        link.commandsTaken.insert(id)
        guard let one = asked[id], !one.isBehind, !one.isInOrder else { return }
        for (other, each) in asked
        where other < id && !each.isBehind && !each.isInOrder && !link.commandsTaken.contains(other)
            && commands.isOpen(other)
        {
            return fail("command \(id) goes out before \(other)")
        }
    }

    func noteLeftCommands(_ link: SimulatedLink) {
        while let left = link.connection.takeLeft(written: link.up.accepted) {
            guard case .command(let id, let command) = left else {
                heartbeatLeft(link)
                continue
            }
            if link.observer.commands.last(where: { $0 == id }) == nil {
                fail("command \(id) is called sent, and the kernel does not have it")
            }
            if asked[id]?.isOut == true { fail("command \(id) goes out a second time within a try") }
            asked[id]?.isOut = true
            asked[id]?.leftAt = now
            commandsOut.insert(id)
            link.commandsSent.insert(id)
            commands.sent(id, command, now: now)
        }
    }

    /// As far as a turn goes. - Returns: false: some are left, and the loop is told to look again.
    @discardableResult
    func tellEndedCommands() -> Bool {
        while commands.hasOutcomesToTell {
            if random.chance(10) {
                isSignalled = true
                return false
            }
            note(commands.takeEnded(settling: random.below(4)))
        }
        return true
    }

    func expireCommands() {
        // Else what is due is looked at behind those, in a turn that follows at once.
        hasLeftCommands = !tellEndedCommands()
        if hasLeftCommands { return }
        guard let deadline = commands.nextDeadline, deadline <= now else { return }
        for (id, one) in asked where one.deadline <= now && one.triesLeft > 0 { asked[id]?.timePassed(now) }
        while let next = commands.nextDeadline, next <= now {
            note(commands.expired(now: now, againMax: random.below(3)))
        }
        // Those that have another try.
        pump()
    }

    /// - Returns: whether it is a response, or the late one to a command that has ended.
    func answersCommand(_ message: UnsafeRawBufferPointer, before limit: UInt64 = .max) -> Bool {
        let id = Self.responseID(message)
        let values = values(message, at: commands.pointers)
        if let ended = commands.answered(by: values, before: limit, now: now) {
            note(ended, answer: id)
            return true
        }
        return false
    }

    /// A message that is nothing else.
    func answersInOrder(_ link: SimulatedLink) {
        let wasInDoubt = commands.isInDoubt
        if link.heartbeat?.takesInOrder(before: commands.nextInOrder) == true { return }
        note(commands.answeredInOrder(now: now))
        if wasInDoubt, !commands.isInDoubt { isSignalled = true }
    }

    /// What stands in a message, found in steps of any size.
    func values(_ message: UnsafeRawBufferPointer, at pointers: [JSONPointer]) -> MessageValues {
        var scan = PlaceScan(PlaceSet(pointers))
        while !scan.step(message, byteCount: 1 + random.below(64)) {}
        return MessageValues(scan, message)
    }

    func endCommandsOfConnection(begun: [UInt64]) {
        commands.connectionEnded(begun: begun, now: now)
        for (id, one) in asked where one.isOut || begun.contains(id) { asked[id]?.connectionEnded(now) }
        tellEndedCommands()
    }

    func commandsGoOn() {
        if let begun = runEnd.commandsGoOn() { endCommandsOfConnection(begun: begun) }
    }

    /// The run ends, and with it all commands. - Returns: false: not yet, or it does not.
    func hasEndedCommands() -> Bool {
        if wishes.starts {
            commandsGoOn()
            return false
        }
        if takesCommands {
            commands.stop()
            for id in asked.keys { asked[id]?.isStopped = true }
        }
        takesCommands = false
        runEnd.beginsEndingCommands()
        return tellEndedCommands()
    }

    func checkCommands() {
        commands.checkInvariants()
        let counts = commands.counts
        if counts.open != UInt64(asked.count) || counts.responses.count != answered || counts.timedOut != timedOut {
            fail("commands are counted wrongly: \(counts)")
        }
        if asked.count > commandsMax { fail("\(asked.count) commands are open, of \(commandsMax) at most") }
        if commands.count != asked.count { fail("\(commands.count) commands are open, of \(asked.count) asked") }
        if let next = commands.nextDeadline, next <= now, !hasLeftCommands {
            fail("a command is too late, and nobody has seen it")
        }
        for (id, one) in asked where now >= one.limit { fail("command \(id) has no outcome when its time is over") }
        if !hasSession, commands.count > 0 { fail("a command outlives the life of its node") }
    }
}
