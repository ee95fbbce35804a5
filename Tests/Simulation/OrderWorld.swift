// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Commands whose responses are known by their order alone, and a server that answers late, or not at all. It answers
/// in order, and never later than twice a command's time: then it has lost the response.
///
/// Held: who asks one at a time is never told another's response. Where none is lost nobody is. And however many were
/// lost while many were under way: once the host has let all of them end, and their time has passed once more, each is
/// told its own, in time, for ever; who asks one at a time goes on asking meanwhile.
final class OrderWorld {
    private struct Answer {
        let text: UInt64
        let at: UInt64
    }

    private static let beat: UInt64 = 0
    private static let stepMillisecondsMax: UInt64 = 20
    private static let timeouts: [UInt32] = [40, 200, 1000]
    private static let heartbeats = HeartbeatOptions(
        message: [], kind: .NEURON_WS_TEXT, intervalMilliseconds: 100, timeoutMilliseconds: 80, expects: .anyMessage)

    private var random: Seeded
    private let table = CommandTable()
    private var heartbeat: Heartbeat?
    /// As many are under way at most.
    private let depth: Int
    private let cancels: Bool
    private let losesSome: Bool
    /// Most responses come late, and none is lost for that alone.
    private let isSlow: Bool
    private(set) var now: UInt64 = 1_000_000_000
    /// What the server sends, in order.
    private var answers: [Answer] = []
    private var lastAnswer: UInt64 = 0
    /// Until then the response to the last command is worth anything.
    private var lastUntil: UInt64 = 0
    private var asked: Set<UInt64> = []
    private var isFaulty = true
    /// Each has to be told its own, in time.
    private var isStrict = false
    private(set) var answered: UInt64 = 0
    private(set) var timedOut: UInt64 = 0
    var story: Story
    private(set) var steps = 0
    private var failure: String?

    init(seed: UInt64, isTold: Bool) {
        story = Story(isTold: isTold)
        var random = Seeded(seed ^ 0x0DE4)
        depth = random.pick([1, 1, 3, 20])
        cancels = random.chance(40)
        losesSome = random.chance(70)
        isSlow = random.chance(30)
        if random.chance(40) {
            heartbeat = Heartbeat(Self.heartbeats, now: now)
        }
        self.random = random
    }

    func run() -> String? {
        for _ in 0..<random.within(50...400) where failure == nil { step() }
        isFaulty = false
        tell("the faults are over")
        // The host lets all of them end, and what may still come has come. Who asks one at a time need not wait.
        let rest = now &+ 10_000_000_000
        while failure == nil, now < rest { step(asks: depth == 1) }
        if failure == nil, depth > 1 && !asked.isEmpty || table.isInDoubt {
            fail("\(asked.count) have no end, or there is doubt")
        }
        isStrict = true
        tell("each is to be told its own")
        for _ in 0..<200 where failure == nil { step() }
        return failure
    }

    private func fail(_ text: String) { failure = failure ?? "\(text), at \(now / 1_000_000) ms" }

    private func step(asks: Bool = true) {
        steps += 1
        now &+= UInt64(random.within(1...Int(Self.stepMillisecondsMax))) * 1_000_000
        answersCome()
        while let ended = table.expired(now: now) { note(ended) }
        if let next = table.nextDeadline, next <= now { fail("something was due, and is due still") }
        if asks, asked.count < depth, random.chance(60) { ask() }
        if cancels, isFaulty, random.chance(5), let id = asked.min() {
            tell("cancels \(id)")
            note(table.cancelled(id))
        }
        beatFires()
        while let next = table.takeNext() { sent(next.id, next.command) }
        table.checkInvariants()
    }

    private func ask() {
        let bytes = [UInt8]("do".utf8)
        guard let held = bytes.withUnsafeBytes({ EventBytes($0) }) else { return fail("no memory") }
        let command = Command(
            kind: .NEURON_WS_TEXT, bytes: held, rule: .order, timeoutMilliseconds: random.pick(Self.timeouts),
            retries: UInt32(random.pick([0, 0, 2])))
        guard let id = table.add(command, now: now) else { return fail("no memory") }
        asked.insert(id)
        tell("asks \(id), within \(command.timeout / 1_000_000) ms")
    }

    private func beatFires() {
        switch heartbeat?.timerFired(now: now) {
        case .send:
            tell("a heartbeat")
            heartbeat?.left(order: table.heartbeatSent(), end: 0, now: now)
            lastAnswer = max(lastAnswer, now &+ UInt64(random.within(0...15)) * 1_000_000)
            answers.append(Answer(text: Self.beat, at: lastAnswer))
        case .timedOut: reconnect()
        case .none?, nil: break
        }
    }

    /// A heartbeat's answer is late: another connection.
    private func reconnect() {
        tell("a heartbeat's answer is late")
        answers = []
        (lastAnswer, lastUntil) = (now, now)
        heartbeat = Heartbeat(Self.heartbeats, now: now)
        table.connectionEnded(now: now)
        while let ended = table.takeEnded() { note(ended) }
    }

    private func sent(_ id: UInt64, _ command: Command) {
        tell("\(id) is sent")
        table.sent(id, command, now: now)
        if !answers.contains(where: { $0.text != Self.beat }) { lastUntil = 0 }
        // A step less: what has come is seen that much later.
        lastUntil = max(lastUntil, now &+ 2 &* command.timeout &- Self.stepMillisecondsMax &* 1_000_000)
        serve(id, until: lastUntil, loses: isFaulty && losesSome && random.chance(10))
    }

    /// - Parameter until: later than that it is lost.
    private func serve(_ id: UInt64, until: UInt64, loses: Bool) {
        // A heartbeat behind it has its answer in time.
        let most = heartbeat == nil ? 1500 : 40
        let slow = isFaulty && random.chance(isSlow ? 95 : 20) ? random.within(0...most) : random.within(0...15)
        let at = max(lastAnswer, now &+ UInt64(slow) * 1_000_000)
        if loses || at >= until && losesSome { return tell("the response to \(id) is lost") }
        // One that loses none is as quick as it must be.
        let moment = max(lastAnswer, min(at, until &- 1))
        lastAnswer = moment
        answers.append(Answer(text: id, at: moment))
    }

    private func answersCome() {
        while let next = answers.first, next.at <= now {
            answers.removeFirst()
            tell(next.text == Self.beat ? "a heartbeat's answer comes" : "the response to \(next.text) comes")
            _ = heartbeat?.messageCame()
            // Where one is lost, a heartbeat's may stand in its place.
            let mayErr = losesSome && (depth > 1 || heartbeat != nil) && !isStrict
            if heartbeat?.takesInOrder(before: table.nextInOrder) == true {
                if next.text != Self.beat, !mayErr { fail("a heartbeat took the response to \(next.text)") }
                continue
            }
            guard let ended = table.answeredInOrder(now: now) else { continue }
            answered += 1
            if ended.id != next.text, !mayErr { fail("command \(ended.id) is told the response to \(next.text)") }
            note(ended)
        }
    }

    private func note(_ ended: EndedCommand?) {
        guard let ended else { return }
        tell("\(ended.id) ends: \(ended.outcome)")
        guard asked.remove(ended.id) != nil else { return fail("\(ended.id) has two outcomes") }
        guard ended.outcome == .timedOut else { return }
        timedOut += 1
        if isStrict { fail("command \(ended.id) is not answered, though none was lost") }
    }
}
