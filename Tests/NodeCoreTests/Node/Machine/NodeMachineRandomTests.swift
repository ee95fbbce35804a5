// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

/// The shell's side of a machine: which stream there is, and what must be so after each event, whatever the order.
private struct RandomWalk {
    var random: SplitMix
    var machine: NodeMachine
    var parameters: NodeMachine.Parameters
    var now: UInt64 = 0
    /// The URL of the stream that the shell has; nil: none.
    var stream: Int?
    var isOpen = false
    /// The longest that a server's Retry-After asked for so far.
    var askedMax: UInt64 = 0
    /// How often each URL was tried since the settings changed last.
    var tried: [Int]
    var failedRounds = 0

    init(seed: UInt64) {
        random = SplitMix(seed)
        parameters = Self.parameters(&random)
        machine = NodeMachine(parameters)
        tried = Array(repeating: 0, count: parameters.urlCount)
    }

    private static func parameters(_ random: inout SplitMix) -> NodeMachine.Parameters {
        let minimum = random.below(3 * second) + 1
        return NodeMachine.Parameters(
            connectTimeout: random.below(30 * second) + 1, closeTimeout: random.below(5 * second) + 1,
            pingInterval: random.below(3) == 0 ? 0 : random.below(20 * second) + 1,
            pingTimeout: random.below(10 * second) + 1, reconnectMinimum: minimum,
            reconnectMaximum: minimum + random.below(20 * second), urlCount: Int(random.below(5)) + 1)
    }

    mutating func ending() -> Ending {
        var ending = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "it broke")
        switch random.below(6) {
        case 0: ending.policy = .patient
        case 1:
            let asked = random.below(4) == 0 ? UInt64.max : random.below(100 * second)
            askedMax = max(askedMax, min(asked, Backoff.retryAfterMaxNanoseconds))
            ending.policy = .atLeast(asked)
        case 2: ending.reason = .NEURON_WS_REASON_PING_TIMEOUT
        default: break
        }
        return ending
    }

    /// One event that may come at any time, fitting or not.
    mutating func step() {
        now += random.below(4) == 0 ? random.below(70 * second) : random.below(second)
        switch random.below(16) {
        case 0: perform(machine.started(now: now))
        case 1:
            let timeout = random.below(3) == 0 ? 0 : random.below(5 * second)
            perform(machine.stopped(timeout: timeout, now: now))
            // At once, but for the goodbye of an open connection.
            let latest = now + max(timeout, NodeMachine.farewellNanoseconds)
            #expect(machine.isIdle || machine.deadline.map { $0 <= latest } == true)
        case 2: configure()
        case 3: machine.closeReceived(ending(), now: now)
        case 4: machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        case 5: perform(machine.streamConnected())
        case 6: perform(machine.streamConnected(.NEURON_WS_PHASE_PROXY))
        case 7, 8: perform(machine.handshakeCompleted(now: now))
        case 9: perform(machine.failed(ending(), now: now, random: random.next()))
        case 10: machine.bytesReceived(now: now)
        case 11: _ = machine.pongReceived(sequence: random.below(4), now: now)
        case 12: perform(machine.pingWanted())
        case 13: perform(machine.redialed())
        default: fireTimer()
        }
        check()
    }

    mutating func fireTimer() {
        if let deadline = machine.deadline, deadline > now { now = deadline }
        perform(machine.timerFired(now: now, random: random.next()))
    }

    private mutating func configure() {
        let reconnects = random.below(2) == 0
        var new = Self.parameters(&random)
        // The number of URLs concerns the connection.
        if !reconnects { new.urlCount = parameters.urlCount }
        parameters = new
        if reconnects { tried = Array(repeating: 0, count: parameters.urlCount) }
        perform(machine.configured(parameters, reconnects: reconnects, now: now))
    }

    mutating func perform(_ action: NodeMachine.Action) {
        switch action {
        case .none, .negotiate, .redial, .sendPing, .sendClose: break
        case .opened: isOpen = true
        case .connect(let index): connect(index)
        case .reconnect(_, let index, _):
            #expect(stream != nil, "nothing to drop")
            connect(index)
        case .disconnect:
            #expect(stream != nil, "nothing to drop")
            stream = nil
            isOpen = false
        case .becomeIdle:
            #expect(stream == nil && machine.isIdle)
        }
    }

    private mutating func connect(_ index: Int) {
        #expect(index >= 0 && index < parameters.urlCount, "no such URL")
        stream = index
        isOpen = false
        if tried.indices.contains(index) { tried[index] += 1 }
    }

    func check() {
        machine.checkInvariants()
        let phase = machine.phase
        let hasStream = phase != .NEURON_WS_PHASE_IDLE && phase != .NEURON_WS_PHASE_WAITING
        #expect(hasStream == (stream != nil), "the shell's stream and the machine's do not agree")
        #expect(machine.isOpen == (phase == .NEURON_WS_PHASE_OPEN))
        // Whatever is waited for ends by itself.
        if machine.deadline == nil {
            #expect(machine.isIdle || machine.isOpen)
        }
        if let next = machine.progress.nextAttempt {
            let bound = askedMax + Backoff.patience * parameters.reconnectMaximum
            #expect(next <= now + max(bound, NodeMachine.startDelayNanoseconds), "a wait without bound")
        }
        #expect(machine.isIdle ? machine.deadline == nil && stream == nil : true)
    }
}

@Suite struct NodeMachineRandomTests {
    @Test(arguments: 0..<50) func anyEventsInAnyOrderKeepTheNodeInShape(seed: UInt64) {
        var walk = RandomWalk(seed: seed)
        for _ in 0..<2000 { walk.step() }
        // From wherever it is, a stop ends idle, and by its own timer.
        walk.perform(walk.machine.stopped(timeout: second, now: walk.now))
        let asked = walk.now
        for _ in 0..<3 where !walk.machine.isIdle { walk.fireTimer() }
        #expect(walk.machine.isIdle && walk.now <= asked + second)
        #expect(walk.stream == nil && walk.machine.deadline == nil)
    }

    /// Every URL fails, each in its own way and as often as it is asked: each gets its turn, whatever others ask for.
    @Test(arguments: 0..<50) func noURLIsStarved(seed: UInt64) {
        var walk = RandomWalk(seed: seed)
        walk.perform(walk.machine.started(now: 0))
        let end = 2 * 3600 * second
        while walk.now < end {
            walk.fireTimer()
            while let index = walk.stream {
                walk.now += walk.random.below(second / 10)
                if walk.random.below(2) == 0 {
                    walk.perform(walk.machine.streamConnected())
                    walk.perform(walk.machine.handshakeCompleted(now: walk.now))
                    if walk.machine.isOpen { walk.now += walk.random.below(Backoff.stableNanoseconds) }
                }
                // The first asks for an hour, always.
                var ending = walk.ending()
                ending.policy = index == 0 ? .atLeast(.max) : walk.random.below(2) == 0 ? .patient : .usual
                walk.perform(walk.machine.failed(ending, now: walk.now, random: walk.random.next()))
                walk.machine.checkInvariants()
            }
        }
        let others = walk.tried.dropFirst()
        #expect(walk.tried[0] >= 1 && walk.tried[0] <= 3, "an hour is an hour")
        // Full jitter to six times 23 s at most, an attempt of a minute at most, for each of four others.
        #expect(others.allSatisfy { $0 >= 10 }, "\(walk.tried)")
        if let least = others.min(), let most = others.max() { #expect(most <= 4 * least, "\(walk.tried)") }
    }
}
