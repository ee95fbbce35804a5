// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The commands of one node that have no outcome yet: which wait to go out, which wait for a response, and how each
/// ends. Events in, what they mean out; no clock, no socket, no lock: its owner brings them. Times in nanoseconds.
///
/// A command goes out on the connection that there is, or that comes within its time. It is *sent* when the kernel has
/// it whole; from then on a message can be its response, on that connection alone. Where that ends the next try begins,
/// or it is lost. `add` takes all the memory that one needs, or none, but for its place in the order of responses.
///
/// Invariants: each command that was taken is here or has ended, once; `openBytes` is the sum of those that are here;
/// what is `sent` has a place in the index; the deadlines have a moment for each; none in order goes out for the first
/// time while the order is in doubt.
public final class CommandTable: @unchecked Sendable {
    private var entries = CommandBuckets()
    /// Those without outcome, in the order of their numbers.
    private(set) var open = CommandList(.all)
    /// Those that wait to go out, and those that have ended and are yet to be told, each in their order.
    var waiting = CommandList(.line)
    /// Those that would go out if the order of responses were not in doubt, before those that wait.
    var held = CommandList(.line)
    private(set) var untold = CommandList(.line)
    var deadlines = CommandDeadlines()
    private var index = CommandIndex()
    private var order = ResponseOrder()
    /// What has gone out so far, heartbeats too: what comes later has a greater place.
    public private(set) var sendings: UInt64 = 0
    /// The last place on a connection that is gone.
    private var formerSendings: UInt64 = 0
    /// What the end of a connection or of a run means for those that it concerns, as far as that was not seen to yet.
    var settling: CommandSettling?
    /// Commands taken so far, which is also the number of the last one.
    public private(set) var takenCount: UInt64 = 0
    public private(set) var openBytes = 0
    /// Without outcome.
    public private(set) var count = 0
    private(set) var untoldCount = 0
    /// How many commands ask for a place, by place.
    private(set) var askers: [JSONPointer: Int] = [:]

    /// False: nothing has gone out on the present connection that a message could answer.
    public private(set) var mayBeAnswered = false

    /// All but what is open: see `counts`.
    var counted = CommandCounts()
    /// So many commands keep their room when none is left.
    private static let keptRoom = 1024

    public init() {}

    public func isOpen(_ id: UInt64) -> Bool { find(id) != nil }

    // MARK: Taking

    /// The caller has asked for the room. - Returns: its number; nil: there is no memory, and nothing has changed.
    public func add(_ command: Command, now: UInt64) -> UInt64? {
        let entry = CommandEntry(id: takenCount &+ 1, command, deadline: now &+ command.timeout)
        do throws(EncodingError) {
            let needed = count + untoldCount + 1
            try deadlines.reserve(needed)
            try index.reserve(needed)
            try entries.reserve(needed)
            try deadlines.add(entry)
        } catch { return nil }
        takenCount &+= 1
        count += 1
        openBytes += command.bytes.count
        if case .member(let pointer, _) = command.rule { askers[pointer, default: 0] += 1 }
        entries.insert(entry)
        open.append(entry)
        waiting.append(entry)
        return entry.id
    }

    // MARK: Going out

    /// Some wait to go out, and may.
    public var hasWaiting: Bool { settling == nil && (!waiting.isEmpty || !isInDoubt && !held.isEmpty) }

    /// Some are held back by the doubt.
    public var isHolding: Bool { !held.isEmpty }

    /// What is known by its order does not go out; see `ResponseOrder`.
    public var isInDoubt: Bool { order.isInDoubt }

    /// The next to go out on the present connection, which has it from now on; nil: none waits, or may. One that finds
    /// no memory ends, see `takeEnded`.
    public func takeNext() -> (id: UInt64, command: Command)? {
        while settling == nil, let entry = (isInDoubt ? nil : held.first) ?? waiting.first {
            if case .order = entry.command.rule {
                // A further try of what has its place in the order makes nothing worse.
                if isInDoubt, !isIndexed(entry) {
                    waiting.remove(entry)
                    entry.stage = .held
                    held.append(entry)
                    continue
                }
                guard order.makeRoom() else {
                    endLater(entry, .noMemory)
                    continue
                }
            }
            leaveLine(entry)
            entry.stage = .leaving
            return (entry.id, entry.command)
        }
        return nil
    }

    private func leaveLine(_ entry: CommandEntry) {
        if entry.stage == .waiting { waiting.remove(entry) }
        if entry.stage == .held { held.remove(entry) }
    }

    /// What `takeNext` gave does not go out.
    public func withheld(_ command: Command) { if case .order = command.rule { order.withheld() } }

    /// The kernel has it whole. The deadline stays: it counts from when the try began.
    public func sent(_ id: UInt64, _ command: Command, now: UInt64) {
        sendings &+= 1
        counted.sent &+= 1
        mayBeAnswered = true
        let entry = find(id)
        if case .order = command.rule {
            dropExpectedForNothing(now: now)
            let until = now &+ command.timeout &+ command.timeout
            order.sent(ResponseOrder.Sending(id: id, place: sendings, until: until))
            if entry == nil { order.doubt() }
        }
        // Else it ended while it went.
        guard let entry, entry.stage == .leaving else { return }
        entry.stage = .sent
        entry.leftAt = now
        if !isIndexed(entry) {
            entry.order = sendings
            index.add(entry)
        }
    }

    /// It went out on the present connection, and stands where a message that answers it is looked for.
    private func isIndexed(_ entry: CommandEntry) -> Bool { entry.order ?? 0 > formerSendings }

    /// A heartbeat has left: its place among the commands that did.
    public func heartbeatSent() -> UInt64 {
        sendings &+= 1
        return sendings
    }

    /// The next connection owes no response to what went out on this one.
    func forgetConnection() {
        formerSendings = sendings
        mayBeAnswered = false
        index.removeAll()
        order.forget()
    }

    // MARK: Responses

    /// The places at which a message is to be looked at.
    public var pointers: [JSONPointer] { index.pointers }

    /// Some wait for what the host's function says: see `nextFunction`.
    public var hasFunctions: Bool { !index.functions.isEmpty }

    /// Some wait for the next message.
    public var expectsOrder: Bool { order.isExpecting }

    /// The place, among all that went out, of what the next message in order answers; nil: nothing expects one.
    public var nextInOrder: UInt64? { order.first?.place }

    /// A message with these values came: it is the response to the oldest command that it matches.
    /// - Parameter limit: only what went out before this place: a heartbeat's, which it answers too, or that of what
    ///   went out since it came.
    public func answered(by values: MessageValues, before limit: UInt64 = .max, now: UInt64) -> EndedCommand? {
        index.oldest(values, before: limit).map { answered($0, now: now) }
    }

    /// A command whose function is to be asked.
    public struct Asked {
        public let id: UInt64
        public let command: Command
        fileprivate let order: UInt64
    }

    /// The next whose function is to be asked behind this one, oldest first. A function may do anything meanwhile, so
    /// that the one that says yes may have ended: see `answered(_:now:)`.
    public func nextFunction(after last: Asked?, before limit: UInt64 = .max) -> Asked? {
        var next = index.functions.first
        if let last {
            if let entry = find(last.id), entry.order == last.order, isIndexed(entry) {
                next = index.functions.after(entry)
            } else {
                while let entry = next, entry.order ?? 0 <= last.order { next = index.functions.after(entry) }
            }
        }
        guard let next, let order = next.order, order < limit else { return nil }
        return Asked(id: next.id, command: next.command, order: order)
    }

    /// The host's function has said yes. Nil: it has ended meanwhile.
    public func answered(_ id: UInt64, now: UInt64) -> EndedCommand? {
        guard let entry = find(id), isIndexed(entry) else { return nil }
        return answered(entry, now: now)
    }

    private func answered(_ entry: CommandEntry, now: UInt64) -> EndedCommand {
        counted.responses.note(microseconds: (now &- min(now, entry.leftAt)) / 1000)
        return end(entry, .answered)
    }

    /// A message that is nothing else came: what the command whose turn it is waits for.
    /// - Parameter limit: it came before what has this place went out.
    /// - Returns: nil: it is nobody's, perhaps the late response to one that has ended.
    public func answeredInOrder(before limit: UInt64 = .max, now: UInt64) -> EndedCommand? {
        dropExpectedForNothing(now: now)
        guard let next = order.first, next.place < limit else { return nil }
        order.removeFirst()
        return answered(next.id, now: now)
    }

    /// Of those that ended long ago: their responses do not come any more.
    private func dropExpectedForNothing(now: UInt64) {
        while let first = order.first, first.until <= now, !isOut(first.id) { order.removeFirst() }
    }

    /// It waits for its response, whether it is to be tried again or not.
    private func isOut(_ id: UInt64) -> Bool { find(id).map { isIndexed($0) } ?? false }

    // MARK: Other ends

    /// The host did not let it go out.
    public func refused(_ id: UInt64) -> EndedCommand? {
        guard let entry = find(id) else { return nil }
        withheld(entry.command)
        return end(entry, .refused)
    }

    /// The host takes it back. Nil: it has ended.
    public func cancelled(_ id: UInt64) -> EndedCommand? { find(id).map { end($0, .cancelled) } }

    /// The same of one that the loop tells: see `takeEnded`. - Returns: false: it is told by no callback, or has ended.
    public func cancelledByCallback(_ id: UInt64) -> Bool {
        guard let entry = find(id), entry.command.host.on_response != nil else { return false }
        endLater(entry, .cancelled)
        return true
    }

    /// When `expired` is to be asked; nil: never.
    public var nextDeadline: UInt64? {
        if settling != nil { return nil }
        let deadline = deadlines.first?.deadline
        guard isInDoubt, let first = order.first, !isOut(first.id) else { return deadline }
        return min(deadline ?? .max, first.until)
    }

    /// The next command that is too late, and has no try left. Those that have one go out again: so many at most, and
    /// then nil, though `nextDeadline` is over. So do those that were held back, where the doubt is over: once this
    /// says that there is no other.
    public func expired(now: UInt64, againMax: Int = .max) -> EndedCommand? {
        var againLeft = againMax
        while settling == nil, let entry = deadlines.first, entry.deadline <= now {
            guard entry.triesLeft > 0 else { return end(entry, .timedOut) }
            if againLeft == 0 { return nil }
            againLeft -= 1
            // One that has not left yet is not sent twice, nor one that waited for so long that its response has had
            // less than half its time: this try's time is for that.
            let goesAgain = entry.stage != .sent || now &- min(now, entry.leftAt) >= entry.command.timeout / 2
            if goesAgain, isInOrder(entry) { order.doubt() }
            entry.triesLeft -= 1
            entry.deadline = now &+ entry.command.timeout
            deadlines.moved(entry)
            if goesAgain, entry.stage == .sent {
                entry.stage = .waiting
                waiting.append(entry)
            }
        }
        dropExpectedForNothing(now: now)
        return nil
    }

    /// A message is expected for it by its order.
    private func isInOrder(_ entry: CommandEntry) -> Bool {
        if case .order = entry.command.rule { return isIndexed(entry) }
        return false
    }

    private func end(_ entry: CommandEntry, _ outcome: CommandOutcome) -> EndedCommand {
        close(entry, outcome)
        let ended = EndedCommand(entry, outcome)
        forget(entry)
        return ended
    }

    /// It is told when its turn comes.
    func endLater(_ entry: CommandEntry, _ outcome: CommandOutcome) {
        close(entry, outcome)
        entry.stage = .ended(outcome)
        untold.append(entry)
        untoldCount += 1
    }

    /// It has its outcome, and stands nowhere but in its bucket.
    private func close(_ entry: CommandEntry, _ outcome: CommandOutcome) {
        if isIndexed(entry) { index.remove(entry) }
        if outcome != .answered, isInOrder(entry) { order.doubt() }
        pass(entry)
        leaveLine(entry)
        open.remove(entry)
        deadlines.remove(entry)
        count -= 1
        if case .member(let pointer, _) = entry.command.rule {
            askers[pointer, default: 1] -= 1
            if askers[pointer] == 0 { askers[pointer] = nil }
        }
        switch outcome {
        case .timedOut: counted.timedOut &+= 1
        case .linkLost: counted.lost &+= 1
        case .answered, .refused, .cancelled, .stopped, .noMemory: break
        }
    }

    /// Some have ended that `takeEnded` gives.
    public var hasOutcomesToTell: Bool { !untold.isEmpty || settling != nil }

    /// The next that has ended and is to be told, in order; nil: there is none.
    /// - Parameter countMax: so many are settled for it at most, see `connectionEnded` and `stop`: where there was none
    ///   among them it is nil, and there may be one all the same, see `hasOutcomesToTell`.
    public func takeEnded(settling countMax: Int = .max) -> EndedCommand? {
        if untold.isEmpty { settle(countMax) }
        guard let entry = untold.first, case .ended(let outcome) = entry.stage else { return nil }
        untold.remove(entry)
        untoldCount -= 1
        let ended = EndedCommand(entry, outcome)
        forget(entry)
        return ended
    }

    /// Nil: it has its outcome.
    func find(_ id: UInt64) -> CommandEntry? {
        guard let entry = entries.find(id) else { return nil }
        if case .ended = entry.stage { return nil }
        return entry
    }

    private func forget(_ entry: CommandEntry) {
        openBytes -= entry.command.bytes.count
        entries.remove(entry)
        // Nothing is kept of what was once much.
        if count == 0, untoldCount == 0, entries.roomCount > Self.keptRoom {
            entries = CommandBuckets()
            deadlines = CommandDeadlines()
            index = CommandIndex()
        }
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants() {
        deadlines.checkInvariants()
        precondition(mayBeAnswered || !expectsOrder && !hasFunctions && pointers.isEmpty)
        var (found, bytes, waits, ended) = (0, 0, 0, 0)
        entries.forEach { entry in
            bytes += entry.command.bytes.count
            precondition(
                entry.stage != .sent || isIndexed(entry) || settling?.isAhead(of: entry) == true,
                "one is sent, and nothing can answer it")
            precondition(entry.id <= takenCount)
            if entry.stage == .waiting || entry.stage == .held { waits += 1 }
            if case .ended = entry.stage { ended += 1 } else { found += 1 }
        }
        precondition(found == count && ended == untoldCount && bytes == openBytes && deadlines.count == count)
        precondition(open.count == count && untold.count == untoldCount)
        precondition(waiting.count + held.count == waits, "one waits that will never go")
        precondition(!isInDoubt || order.isExpecting, "nothing is expected, and nothing goes out")
    }
}
