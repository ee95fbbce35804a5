// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

private let delay = NodeMachine.startDelayNanoseconds

private func ending(
    _ reason: neuron_ws_reason_t = .NEURON_WS_REASON_NETWORK_ERROR, _ policy: Backoff.Policy = .usual
) -> Ending {
    var ending = Ending(reason: reason, text: "it broke")
    ending.policy = policy
    return ending
}

@Suite struct NodeMachineTests {
    @Test func aStartGoesThroughAllPhasesToOpen() {
        var machine = makeMachine()
        #expect(machine.phase == .NEURON_WS_PHASE_IDLE)
        #expect(machine.deadline == nil)
        #expect(machine.started(now: 5) == .none)
        #expect(machine.timerFired(now: delay + 5, random: 0) == .connect(urlIndex: 0))
        #expect(machine.phase == .NEURON_WS_PHASE_RESOLVING)
        machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        #expect(machine.phase == .NEURON_WS_PHASE_CONNECTING)
        #expect(machine.deadline == 30 * second + delay + 5)
        #expect(machine.streamConnected() == .negotiate)
        #expect(machine.phase == .NEURON_WS_PHASE_HANDSHAKING)
        #expect(machine.deadline == 30 * second + delay + 5)
        #expect(machine.handshakeCompleted(now: 7) == .opened)
        #expect(machine.isOpen)
        #expect(machine.openSince == 7)
        #expect(machine.attempts == 0)
    }

    @Test func aNodeThatIsStartedAndStoppedAgainAtOnceDoesNotConnect() {
        var machine = makeMachine()
        #expect(machine.started(now: 0) == .none)
        #expect(machine.phase == .NEURON_WS_PHASE_IDLE && !machine.isIdle)
        #expect(machine.progress == .starting(until: delay))
        #expect(machine.timerFired(now: delay - 1, random: 0) == .none)
        guard case .becomeIdle(let ending) = machine.stopped(timeout: second, now: delay - 1) else {
            Issue.record("not idle")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_STOPPED)
        #expect(machine.attempts == 0 && machine.deadline == nil)
    }

    @Test func oneDeadlineCoversTheWholeAttempt() {
        var machine = startedMachine()
        machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        _ = machine.streamConnected()
        #expect(machine.timerFired(now: delay + 30 * second - 1, random: 0) == .none)
        guard case .disconnect(let ending, _) = machine.timerFired(now: delay + 30 * second, random: 9) else {
            Issue.record("no disconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT)
        #expect(ending.text.contains("within 30 s (setting connect-timeout)"))
        #expect(machine.phase == .NEURON_WS_PHASE_WAITING)
    }

    @Test func aFailureWaitsAndTriesAgain() {
        var machine = startedMachine()
        #expect(machine.failed(ending(), now: second, random: 500) == .disconnect(ending(), sendsClose: false))
        #expect(machine.progress.nextAttempt == second + 500)
        #expect(machine.timerFired(now: second + 500, random: 0) == .connect(urlIndex: 0))
        #expect(machine.attempts == 2)
    }

    @Test func otherURLsAreTriedBeforeWaiting() {
        var machine = startedMachine(urls: 3)
        #expect(machine.failed(ending(), now: second, random: 9) == reconnect(1))
        #expect(machine.failed(ending(), now: second, random: 8) == reconnect(2))
        #expect(machine.failed(ending(), now: second, random: 9) == .disconnect(ending(), sendsClose: false))
        // The earliest of the three waits.
        #expect(machine.progress.nextAttempt == second + 8)
        #expect(machine.timerFired(now: second + 8, random: 0) == .connect(urlIndex: 1))
    }

    private func reconnect(_ index: Int, _ why: Ending = ending()) -> NodeMachine.Action {
        .reconnect(why, urlIndex: index, sendsClose: false)
    }

    /// However long a synchronous failure takes and however short the jitter: what the shell does within one call of
    /// the machine's is bounded by the number of URLs.
    @Test func noMoreAttemptsAtOnceThanThereAreURLs() {
        var machine = startedMachine(urls: 2)
        #expect(machine.failed(ending(), now: second, random: 0) == reconnect(1))
        #expect(machine.failed(ending(), now: 2 * second, random: 0) == .disconnect(ending(), sendsClose: false))
        #expect(machine.progress.nextAttempt == 2 * second)
        #expect(machine.timerFired(now: 2 * second, random: 0) == .connect(urlIndex: 0))
    }

    @Test func theURLThatWorkedLastComesFirst() {
        var machine = startedMachine(urls: 2)
        #expect(machine.failed(ending(), now: second, random: 9) == reconnect(1))
        machine.opens(now: second)
        #expect(machine.failed(ending(), now: 61 * second, random: 9) == .disconnect(ending(), sendsClose: false))
        // Nobody goes to another URL at once when a link breaks that had been good: the jitter holds for all.
        #expect(machine.progress.nextAttempt == 61 * second + 9)
        #expect(machine.timerFired(now: 61 * second + 9, random: 0) == .connect(urlIndex: 1))
        #expect(machine.failed(ending(), now: 61 * second + 9, random: 9) == reconnect(0))
    }

    @Test func aServerThatTurnsUsAwaySoonAfterTheHandshakeHasFailed() {
        var machine = openMachine(urls: 2)
        let turnedAway = ending(.NEURON_WS_REASON_TRY_LATER)
        machine.closeReceived(turnedAway, now: second)
        #expect(machine.failed(ending(), now: second, random: 9 * second) == reconnect(1, turnedAway))
        machine.opens(now: second)
        #expect(machine.attempts == 0)
    }

    @Test func theWaitForAServerThatTurnsUsAwayGrows() {
        var machine = openMachine()
        var now = second
        var waits: [UInt64] = []
        for round in 0..<6 {
            _ = machine.failed(ending(.NEURON_WS_REASON_ABNORMAL), now: now, random: (second << round) - 1)
            waits.append((machine.progress.nextAttempt! - now + 1) / second)
            now = machine.progress.nextAttempt!
            #expect(machine.timerFired(now: now, random: 0) == .connect(urlIndex: 0))
            machine.opens(now: now)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32])
    }

    @Test(arguments: [false, true]) func whatOneURLAsksForConcernsNoOther(isFirst: Bool) {
        let busy = ending(.NEURON_WS_REASON_HANDSHAKE_REJECTED, .atLeast(600 * second))
        var machine = startedMachine(urls: 2)
        let endings = isFirst ? [busy, ending()] : [ending(), busy]
        #expect(machine.failed(endings[0], now: second, random: 7) == reconnect(1, endings[0]))
        _ = machine.failed(endings[1], now: second, random: 7)
        #expect(machine.progress.nextAttempt == second + 7)
        let down = isFirst ? 1 : 0
        var now = second + 7
        // The one that is down is tried again and again, the one that asked for patience not before its time.
        while now < 600 * second {
            #expect(machine.timerFired(now: now, random: 0) == .connect(urlIndex: down))
            _ = machine.failed(ending(), now: now, random: 50 * second)
            now = machine.progress.nextAttempt!
        }
        #expect(now == 601 * second + 7)
        #expect(machine.timerFired(now: now, random: 0) == .connect(urlIndex: 1 - down))
    }

    @Test func aStopOfAnOpenConnectionClosesFirst() {
        var machine = openMachine()
        #expect(machine.stopped(timeout: 2 * second, now: 0) == .sendClose(code: 1001))
        #expect(machine.phase == .NEURON_WS_PHASE_CLOSING)
        #expect(machine.deadline == 2 * second)
        #expect(machine.closingEnding?.reason == .NEURON_WS_REASON_STOPPED)
        machine.closeReceived(.peerClosed(.goingAway, reason: "so be it"), now: 0)
        #expect(machine.deadline == NodeMachine.lingerNanoseconds)
        // Whatever the server said to it: the host has stopped the node.
        #expect(machine.closingEnding?.reason == .NEURON_WS_REASON_STOPPED)
        guard case .disconnect(let ending, _) = machine.failed(ending(), now: 1, random: 0) else {
            Issue.record("no disconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_STOPPED && ending.closeCode == 1001)
        #expect(ending.text == "The node was stopped.")
        #expect(machine.isIdle)
    }

    @Test func aStopEndsInTimeThoughTheServerIsSilent() {
        var machine = openMachine()
        _ = machine.stopped(timeout: 2 * second, now: 0)
        #expect(machine.timerFired(now: 2 * second - 1, random: 0) == .none)
        _ = machine.timerFired(now: 2 * second, random: 0)
        #expect(machine.isIdle)
    }

    @Test(arguments: 0..<5) func aStopAtOnceEndsEveryState(state: Int) {
        var machine = makeMachine()
        if state == 1 { _ = machine.started(now: 0) }
        if state >= 2 { machine = startedMachine() }
        if state == 3 { _ = machine.streamConnected() }
        if state == 4 { _ = machine.failed(ending(), now: 0, random: 10) }
        _ = machine.stopped(timeout: 0, now: 0)
        #expect(machine.isIdle)
        #expect(machine.deadline == nil)
        #expect(machine.timerFired(now: .max, random: 0) == .none)
    }

    @Test func aStartDuringTheStopConnectsAnewAndSaysWhatHappened() {
        var machine = openMachine()
        _ = machine.stopped(timeout: 2 * second, now: 0)
        #expect(machine.started(now: 0) == .none)
        guard case .reconnect(let ending, 0, _) = machine.failed(ending(), now: 1, random: 0) else {
            Issue.record("no reconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_STOPPED)
        #expect(ending.text == "The node was stopped, and started again.")
    }

    @Test func newSettingsWhileTheServerClosesLeaveTheReasonAsItIs() {
        var machine = openMachine()
        machine.closeReceived(.peerClosed(.policyViolation, reason: "no"), now: second)
        #expect(machine.configured(parameters(), reconnects: true, now: second) == .none)
        guard case .reconnect(let ending, 0, _) = machine.failed(ending(), now: second, random: 9) else {
            Issue.record("no reconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_POLICY_VIOLATION)
    }

    @Test func aWaitIsAtMostWhatTheSettingsNowSay() {
        var machine = NodeMachine(parameters(reconnectMaximum: 3600 * second, minimum: 3600 * second))
        _ = machine.started(now: 0)
        _ = machine.timerFired(now: delay, random: 0)
        _ = machine.failed(ending(), now: second, random: 3000 * second)
        #expect(machine.progress.nextAttempt == 3001 * second)
        #expect(machine.configured(parameters(reconnectMaximum: second), reconnects: false, now: 3 * second) == .none)
        #expect(machine.deadline! <= 3 * second)
        #expect(machine.timerFired(now: 3 * second, random: 0) == .connect(urlIndex: 0))
        let busy = ending(.NEURON_WS_REASON_HANDSHAKE_REJECTED, .atLeast(600 * second))
        _ = machine.failed(busy, now: 4 * second, random: 0)
        #expect(machine.configured(parameters(reconnectMaximum: second), reconnects: false, now: 5 * second) == .none)
        #expect(machine.progress.nextAttempt == 604 * second)
    }

    @Test func anAttemptAndAClosingTakeAsLongAsTheSettingsNowSay() {
        var machine = startedMachine()
        _ = machine.configured(parameters(connectTimeout: 3 * second), reconnects: false, now: second)
        #expect(machine.deadline == delay + 3 * second)
        machine.opens(now: second)
        _ = machine.configured(parameters(), reconnects: true, now: second)
        #expect(machine.deadline == 6 * second)
        _ = machine.configured(parameters(closeTimeout: second), reconnects: false, now: 2 * second)
        #expect(machine.deadline == 3 * second)
    }

    private func parameters(
        reconnectMaximum: UInt64 = 60 * second, minimum: UInt64 = second, connectTimeout: UInt64 = 30 * second,
        closeTimeout: UInt64 = 5 * second
    ) -> NodeMachine.Parameters {
        NodeMachine.Parameters(
            connectTimeout: connectTimeout, closeTimeout: closeTimeout, pingInterval: 20 * second,
            pingTimeout: 10 * second, reconnectMinimum: minimum, reconnectMaximum: reconnectMaximum, urlCount: 1)
    }

    @Test func settingsThatConcernTheConnectionReconnectAtOnce() {
        var machine = openMachine()
        var parameters = NodeMachine.Parameters(
            connectTimeout: second, closeTimeout: second, pingInterval: 0, pingTimeout: second,
            reconnectMinimum: 1, reconnectMaximum: 2, urlCount: 1)
        #expect(machine.configured(parameters, reconnects: false, now: 0) == .none)
        #expect(machine.isOpen)
        #expect(machine.configured(parameters, reconnects: true, now: 0) == .sendClose(code: 1001))
        guard case .reconnect(let ending, 0, _) = machine.timerFired(now: second, random: 0) else {
            Issue.record("no reconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_RECONFIGURED)
        _ = machine.failed(ending, now: second, random: 1)
        parameters.urlCount = 2
        #expect(machine.configured(parameters, reconnects: true, now: second) == .connect(urlIndex: 0))
    }

    @Test func theHostMayPingAnOpenConnectionAlone() {
        var idle = makeMachine()
        #expect(idle.pingWanted() == .none)
        var connecting = startedMachine()
        #expect(connecting.pingWanted() == .none)
        var machine = openMachine()
        let deadline = machine.deadline
        #expect(machine.pingWanted() == .sendPing(sequence: 1))
        #expect(machine.pingWanted() == .sendPing(sequence: 2))
        #expect(machine.deadline == deadline)
        machine.pingLeft(end: 28, now: second)
        #expect(machine.pongReceived(sequence: 2, now: 3 * second) == 2 * second)
    }

    @Test func silenceAfterAPingIsAPingTimeout() {
        var machine = openMachine()
        #expect(machine.timerFired(now: 20 * second + delay, random: 0) == .sendPing(sequence: 1))
        guard case .disconnect(let ending, let sendsClose) = machine.timerFired(now: 31 * second, random: 9) else {
            Issue.record("no disconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_PING_TIMEOUT)
        #expect(sendsClose)
    }

    @Test(arguments: [(60 * second, second), (60 * second - 1, 32 * second)]) func aStableMinuteStartsTheBackoffAnew(
        lasts: UInt64, ceiling: UInt64
    ) {
        var machine = startedMachine()
        var now = delay
        for _ in 0..<5 {
            _ = machine.failed(ending(), now: now, random: 0)
            _ = machine.timerFired(now: now, random: 0)
        }
        machine.opens(now: now)
        now += lasts
        _ = machine.failed(ending(), now: now, random: ceiling)
        #expect(machine.progress.nextAttempt == now + ceiling)
    }

    @Test func eventsOutOfPlaceDoNothing() {
        var machine = makeMachine()
        #expect(machine.streamConnected() == .none)
        #expect(machine.handshakeCompleted(now: 0) == .none)
        #expect(machine.failed(ending(), now: 0, random: 0) == .none)
        #expect(machine.stopped(timeout: 1, now: 0) == .none)
        #expect(machine.pongReceived(sequence: 1, now: 0) == nil)
        machine.closeReceived(ending(), now: 0)
        machine.streamEntered(.NEURON_WS_PHASE_SECURING)
        #expect(machine.isIdle)
    }

    /// TLS to the proxy, its answer, once more with an answer to its question, TLS to the server, the handshake: one
    /// deadline for all of it.
    @Test func severalStepsHaveOneDeadline() {
        var machine = NodeMachineTests.connecting
        let deadline = machine.deadline
        func enters(_ phase: neuron_ws_phase_t) {
            machine.streamEntered(phase)
            #expect(machine.phase == phase && machine.deadline == deadline)
        }
        for round in 0..<2 {
            enters(.NEURON_WS_PHASE_CONNECTING)
            enters(.NEURON_WS_PHASE_SECURING)
            #expect(machine.streamConnected(.NEURON_WS_PHASE_PROXY) == .negotiate)
            #expect(machine.phase == .NEURON_WS_PHASE_PROXY && machine.deadline == deadline)
            #expect(machine.handshakeCompleted(now: 1) == .none, "the proxy's answer is not the server's")
            if round == 0 { #expect(machine.redialed() == .redial) }
        }
        enters(.NEURON_WS_PHASE_SECURING)
        #expect(machine.streamConnected() == .negotiate)
        #expect(machine.phase == .NEURON_WS_PHASE_HANDSHAKING && machine.deadline == deadline)
        #expect(machine.attempts == 1)
        #expect(machine.handshakeCompleted(now: 1) == .opened)
        #expect(machine.redialed() == .none && machine.streamConnected(.NEURON_WS_PHASE_PROXY) == .none)
    }

    @Test func aProxyThatHangsIsNamedInTheTimeout() {
        var machine = NodeMachineTests.connecting
        _ = machine.streamConnected(.NEURON_WS_PHASE_PROXY)
        let action = machine.timerFired(now: machine.deadline ?? 0, random: 0)
        guard case .disconnect(let ending, _) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT)
        #expect(ending.text.contains("waiting for the proxy's answer"))
    }

    private static var connecting: NodeMachine {
        var machine = NodeMachine(
            NodeMachine.Parameters(
                connectTimeout: 30_000_000_000, closeTimeout: 5_000_000_000, pingInterval: 0,
                pingTimeout: 1_000_000_000, reconnectMinimum: 1_000_000_000, reconnectMaximum: 10_000_000_000,
                urlCount: 1))
        _ = machine.started(now: 0)
        _ = machine.timerFired(now: NodeMachine.startDelayNanoseconds, random: 0)
        return machine
    }
}
