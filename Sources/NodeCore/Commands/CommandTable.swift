// SPDX-License-Identifier: Apache-2.0
/// The commands of one node that have no outcome yet: which wait to go out, which wait for a response, and how each
/// ends. Events in, what they mean out; no clock, no socket, no lock: its owner brings them. Times are monotonic
/// nanoseconds.
///
/// A command goes out on the connection that there is, or that comes within its time. It is *sent* when the kernel has
/// it whole; from then on a message can be its response, on that connection alone. Where that connection ends the next
/// try begins, or it is lost.
///
/// Invariants: each command that was taken is here or has ended, once; `openBytes` is the sum of those that are here;
/// what is `sent` has a place in the index; the heap has a moment for each.
public struct CommandTable {
    private enum Stage {
        /// For its turn to go out.
        case waiting
        /// The connection has it, and it is not written whole.
        case leaving
        /// For its response.
        case sent
    }

    private struct Entry {
        let command: Command
        var stage = Stage.waiting
        var triesLeft: UInt32
        /// When the present try is too late.
        var deadline: UInt64
        /// Its first sending on the present connection; nil: there is none.
        var order: UInt64?
        /// When its newest try had left.
        var leftAt: UInt64 = 0
    }

    /// A sending whose response has its place in the order of responses.
    private struct Expected {
        let id: UInt64
        /// Until then a response may still come, though its command has ended: it is not another's.
        let until: UInt64
    }

    private var entries: [UInt64: Entry] = [:]
    /// In the order of their going out; some have ended, or gone, since.
    private var queue: [UInt64] = []
    private var queueHead = 0
    private var deadlines = CommandDeadlines()
    private var index = CommandIndex()
    private var expected: [Expected] = []
    private var expectedHead = 0
    private var sendings: UInt64 = 0
    /// Commands taken so far, which is also the number of the last one.
    public private(set) var takenCount: UInt64 = 0
    public private(set) var openBytes = 0
    /// How many commands ask for a place, by place.
    private var askers: [JSONPointer: Int] = [:]

    /// False: nothing has gone out on the present connection that a message could answer.
    public private(set) var mayBeAnswered = false

    private var counted = CommandCounts()

    public init() {}

    /// For the metrics.
    public var counts: CommandCounts {
        var counts = counted
        counts.open = UInt64(count)
        return counts
    }

    public var count: Int { entries.count }
    public var isEmpty: Bool { entries.isEmpty }
    public func isOpen(_ id: UInt64) -> Bool { entries[id] != nil }

    // MARK: Taking

    /// From so many on memory is asked for before the tables may grow, bytes of it for each command.
    private static let fewCount = 256
    private static let memoryBytesPerCommand = 512

    /// Whether there is memory for what the tables grow into with one more.
    public var hasMemory: Bool {
        count < Self.fewCount || EventBlock.hasMemory(count * Self.memoryBytesPerCommand)
    }

    /// Whether one more is taken. - Parameter unread: outcomes that the host has not read.
    public func hasRoom(byteCount: Int, unread: Int) -> Bool {
        count + unread < CommandLimits.openMax && (openBytes == 0 || openBytes + byteCount <= CommandLimits.bytesMax)
    }

    /// Enough is free again to tell whoever was refused.
    public func hasQuarterFree(unread: Int) -> Bool {
        (count + unread) * 4 <= CommandLimits.openMax * 3 && openBytes * 4 <= CommandLimits.bytesMax * 3
            && askers.count * 4 <= CommandLimits.pointersMax * 3
    }

    /// Whether there may be one more of this rule.
    public func hasRoom(for rule: Command.Rule) -> Bool {
        guard case .member(let pointer, _) = rule else { return true }
        return askers.count < CommandLimits.pointersMax || askers[pointer] != nil
    }

    /// The caller has asked for the room. - Returns: its number.
    public mutating func add(_ command: Command, now: UInt64) -> UInt64 {
        takenCount &+= 1
        let id = takenCount
        let deadline = now &+ command.timeout
        entries[id] = Entry(command: command, triesLeft: command.retries, deadline: deadline)
        if case .member(let pointer, _) = command.rule { askers[pointer, default: 0] += 1 }
        openBytes += command.bytes.count
        queue.append(id)
        deadlines.add(.init(time: deadline, id: id))
        return id
    }

    // MARK: Going out

    /// Some wait to go out. May be true for one that has ended meanwhile.
    public var hasWaiting: Bool { queueHead < queue.count }

    /// The next to go out on the present connection, which has it from now on; nil: none waits.
    public mutating func takeNext() -> (id: UInt64, command: Command)? {
        while queueHead < queue.count {
            let id = queue[queueHead]
            queueHead += 1
            if queueHead == queue.count || queueHead >= 1024 {
                queue.removeFirst(queueHead)
                queueHead = 0
            }
            guard let entry = entries[id], entry.stage == .waiting else { continue }
            entries[id]?.stage = .leaving
            return (id, entry.command)
        }
        return nil
    }

    /// The kernel has it whole. The deadline stays: it counts from when the try began.
    public mutating func sent(_ id: UInt64, _ command: Command, now: UInt64) {
        sendings &+= 1
        counted.sent &+= 1
        mayBeAnswered = true
        if case .order = command.rule {
            dropExpectedForNothing(now: now)
            let deadline = entries[id]?.deadline ?? now
            expected.append(Expected(id: id, until: deadline &+ command.timeout))
        }
        // Else it ended while it went.
        guard var entry = entries[id], entry.stage == .leaving else { return }
        entry.stage = .sent
        entry.leftAt = now
        if entry.order == nil {
            entry.order = sendings
            index.add(.init(order: sendings, id: id), entry.command.rule)
        }
        entries[id] = entry
    }

    /// A heartbeat has left: its place among the commands that did.
    public mutating func heartbeatSent() -> UInt64 {
        sendings &+= 1
        return sendings
    }

    /// The connection is gone. Those that were on their way wait again; of those that were sent, or in part, each has
    /// its next try or none. - Parameter begun: of those on their way, the ones of which the kernel took some.
    /// - Returns: those that are lost, oldest first.
    public mutating func connectionEnded(begun: [UInt64] = [], now: UInt64) -> [EndedCommand] {
        forgetConnection()
        var lost: [UInt64] = []
        for (id, var entry) in entries {
            entry.order = nil
            if entry.stage == .sent || entry.stage == .leaving && begun.contains(id) {
                if entry.triesLeft == 0 {
                    lost.append(id)
                } else {
                    entry.triesLeft -= 1
                    entry.deadline = now &+ entry.command.timeout
                }
            }
            entry.stage = .waiting
            entries[id] = entry
        }
        let ended = lost.sorted().compactMap { end($0, .linkLost) }
        queue = entries.keys.sorted()
        queueHead = 0
        renewDeadlines()
        return ended
    }

    private mutating func forgetConnection() {
        mayBeAnswered = false
        index = CommandIndex()
        expected.removeAll()
        expectedHead = 0
    }

    // MARK: Responses

    /// The places at which a message is to be looked at.
    public var pointers: [JSONPointer] { index.pointers }

    /// Some wait for what the host's function says: see `nextFunction`.
    public var hasFunctions: Bool { !index.functions.isEmpty }

    /// Some wait for the next message.
    public var expectsOrder: Bool { expectedHead < expected.count }

    /// A message with these values came: it is the response to the oldest command that it matches.
    /// - Parameter limit: a heartbeat's place, which it answers too: only what went out before that comes first.
    public mutating func answered(
        by values: MessageValues, before limit: UInt64 = .max, now: UInt64
    ) -> EndedCommand? {
        index.oldest(values, before: limit).flatMap { answered($0, now: now) }
    }

    /// The commands whose function is to be asked, oldest first. A function may do anything meanwhile, so that the one
    /// that says yes may have ended: see `answered(_:now:)`.
    public func functions(before limit: UInt64 = .max) -> [(id: UInt64, command: Command)] {
        index.functions.all.prefix { $0.order < limit }.compactMap { sent in
            entries[sent.id].map { (sent.id, $0.command) }
        }
    }

    /// The host's function has said yes. Nil: it has ended meanwhile.
    public mutating func answered(_ id: UInt64, now: UInt64) -> EndedCommand? {
        guard let entry = entries[id], entry.order != nil else { return nil }
        counted.responses.note(microseconds: (now &- min(now, entry.leftAt)) / 1000)
        return end(id, .answered)
    }

    /// A message that is nothing else came: what the command whose turn it is waits for.
    /// - Returns: nil: it is nobody's, perhaps the late response to one that has ended.
    public mutating func answeredInOrder(now: UInt64) -> EndedCommand? {
        dropExpectedForNothing(now: now)
        guard expectedHead < expected.count else { return nil }
        let next = expected[expectedHead]
        dropExpected()
        return answered(next.id, now: now)
    }

    /// Of those that ended long ago: their responses do not come any more.
    private mutating func dropExpectedForNothing(now: UInt64) {
        while expectedHead < expected.count, expected[expectedHead].until <= now,
            entries[expected[expectedHead].id]?.order == nil
        { dropExpected() }
    }

    private mutating func dropExpected() {
        expectedHead += 1
        if expectedHead == expected.count || expectedHead >= 1024 {
            expected.removeFirst(expectedHead)
            expectedHead = 0
        }
    }

    // MARK: Other ends

    /// The host did not let it go out.
    public mutating func refused(_ id: UInt64) -> EndedCommand? { end(id, .refused) }

    /// The host takes it back.
    public mutating func cancelled(_ id: UInt64) -> EndedCommand? { end(id, .cancelled) }

    /// The node stops: those that are left, oldest first.
    public mutating func stopped() -> [EndedCommand] {
        // The next connection owes no response to what went out on this one.
        forgetConnection()
        return entries.keys.sorted().compactMap { end($0, .stopped) }
    }

    /// When `expired` is to be asked; nil: never. May be early.
    public var nextDeadline: UInt64? { deadlines.first?.time }

    /// The next command that is too late, and has no try left. Those that have one go out again.
    public mutating func expired(now: UInt64) -> EndedCommand? {
        while let moment = deadlines.first, moment.time <= now {
            deadlines.removeFirst()
            guard var entry = entries[moment.id], entry.deadline == moment.time else { continue }
            guard entry.triesLeft > 0 else { return end(moment.id, .timedOut) }
            entry.triesLeft -= 1
            entry.deadline = now &+ entry.command.timeout
            // One that has not left yet is not sent twice.
            if entry.stage == .sent {
                entry.stage = .waiting
                queue.append(moment.id)
            }
            entries[moment.id] = entry
            deadlines.add(.init(time: entry.deadline, id: moment.id))
        }
        return nil
    }

    private mutating func end(_ id: UInt64, _ outcome: CommandOutcome) -> EndedCommand? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        if let order = entry.order { index.remove(order: order, entry.command.rule) }
        if case .member(let pointer, _) = entry.command.rule {
            askers[pointer, default: 1] -= 1
            if askers[pointer] == 0 { askers[pointer] = nil }
        }
        openBytes -= entry.command.bytes.count
        switch outcome {
        case .timedOut: counted.timedOut &+= 1
        case .linkLost: counted.lost &+= 1
        case .answered, .refused, .cancelled, .stopped: break
        }
        if deadlines.count > 2 * entries.count + 64 { renewDeadlines() }
        return EndedCommand(id: id, command: entry.command, outcome: outcome)
    }

    /// Moments of those that have ended are no more than those of the others.
    private mutating func renewDeadlines() {
        deadlines.removeAll()
        for (id, entry) in entries { deadlines.add(.init(time: entry.deadline, id: id)) }
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants() {
        deadlines.checkInvariants()
        precondition(openBytes == entries.values.reduce(0) { $0 + $1.command.bytes.count })
        precondition(deadlines.count >= entries.count && deadlines.count <= 2 * entries.count + 65)
        precondition(mayBeAnswered || !expectsOrder && !hasFunctions && pointers.isEmpty)
        let waiting = Set(queue[queueHead...])
        for (id, entry) in entries {
            precondition(entry.stage != .waiting || waiting.contains(id), "one waits that will never go")
            precondition(entry.stage != .sent || entry.order != nil, "one is sent, and nothing can answer it")
            precondition(id <= takenCount)
        }
    }
}
