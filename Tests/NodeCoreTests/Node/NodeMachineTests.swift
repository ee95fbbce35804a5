import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

private func makeMachine(urls: Int = 1) -> NodeMachine {
    NodeMachine(
        NodeMachine.Parameters(
            connectTimeout: 30 * second, closeTimeout: 5 * second, pingInterval: 20 * second,
            pingTimeout: 10 * second, reconnectMinimum: second, reconnectMaximum: 60 * second, urlCount: urls))
}

/// A machine whose connection is open since `now`.
private func openMachine(now: UInt64 = 0, urls: Int = 1) -> NodeMachine {
    var machine = makeMachine(urls: urls)
    _ = machine.started(now: now)
    _ = machine.streamConnected()
    _ = machine.handshakeCompleted(now: now)
    return machine
}

private func ending(_ reason: neuron_ws_reason_t = .NEURON_WS_REASON_NETWORK_ERROR) -> Ending {
    Ending(reason: reason, text: "it broke")
}

@Suite struct NodeMachineTests {
    @Test func aStartGoesThroughAllPhasesToOpen() {
        var machine = makeMachine()
        #expect(machine.phase == .NEURON_WS_PHASE_IDLE)
        #expect(machine.deadline == nil)
        #expect(machine.started(now: 5) == .connect(urlIndex: 0))
        #expect(machine.phase == .NEURON_WS_PHASE_RESOLVING)
        machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        #expect(machine.phase == .NEURON_WS_PHASE_CONNECTING)
        #expect(machine.deadline == 30 * second + 5)
        #expect(machine.streamConnected() == .sendHandshake)
        #expect(machine.phase == .NEURON_WS_PHASE_HANDSHAKING)
        #expect(machine.deadline == 30 * second + 5)
        #expect(machine.handshakeCompleted(now: 7) == .opened)
        #expect(machine.isOpen)
        #expect(machine.openSince == 7)
        #expect(machine.attempts == 0)
    }

    @Test func oneDeadlineCoversTheWholeAttempt() {
        var machine = makeMachine()
        _ = machine.started(now: 0)
        machine.streamEntered(.NEURON_WS_PHASE_CONNECTING)
        _ = machine.streamConnected()
        #expect(machine.timerFired(now: 30 * second - 1, random: 0) == .none)
        guard case .disconnect(let ending, _) = machine.timerFired(now: 30 * second, random: 0) else {
            Issue.record("no disconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_CONNECT_TIMEOUT)
        #expect(ending.text.contains("connect-timeout"))
        #expect(machine.phase == .NEURON_WS_PHASE_WAITING)
    }

    @Test func aFailureWaitsAndTriesAgain() {
        var machine = makeMachine()
        _ = machine.started(now: 0)
        #expect(machine.failed(ending(), now: 0, random: 500) == .disconnect(ending(), sendsClose: false))
        #expect(machine.nextAttempt == 500)
        #expect(machine.timerFired(now: 500, random: 0) == .connect(urlIndex: 0))
        #expect(machine.attempts == 2)
    }

    @Test func otherURLsAreTriedBeforeWaiting() {
        var machine = makeMachine(urls: 3)
        #expect(machine.started(now: 0) == .connect(urlIndex: 0))
        #expect(machine.failed(ending(), now: 0, random: 0) == .reconnect(ending(), urlIndex: 1))
        #expect(machine.failed(ending(), now: 0, random: 0) == .reconnect(ending(), urlIndex: 2))
        #expect(machine.failed(ending(), now: 0, random: 9) == .disconnect(ending(), sendsClose: false))
        #expect(machine.timerFired(now: 9, random: 0) == .connect(urlIndex: 0))
    }

    @Test func theURLThatWorkedLastComesFirst() {
        var machine = makeMachine(urls: 2)
        _ = machine.started(now: 0)
        _ = machine.failed(ending(), now: 0, random: 0)
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: 0)
        _ = machine.failed(ending(), now: 1, random: 0)
        #expect(machine.timerFired(now: 1, random: 0) == .connect(urlIndex: 1))
    }

    @Test func aStopOfAnOpenConnectionClosesFirst() {
        var machine = openMachine()
        #expect(machine.stopped(timeout: 2 * second, now: 0) == .sendClose(code: 1001))
        #expect(machine.phase == .NEURON_WS_PHASE_CLOSING)
        #expect(machine.deadline == 2 * second)
        machine.closeReceived(ending(.NEURON_WS_REASON_NORMAL), now: 0)
        #expect(machine.deadline == NodeMachine.lingerNanoseconds)
        guard case .disconnect(let ending, _) = machine.failed(ending(), now: 1, random: 0) else {
            Issue.record("no disconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_STOPPED)
        #expect(machine.isIdle)
    }

    @Test func aStopEndsInTimeThoughTheServerIsSilent() {
        var machine = openMachine()
        _ = machine.stopped(timeout: 2 * second, now: 0)
        #expect(machine.timerFired(now: 2 * second - 1, random: 0) == .none)
        _ = machine.timerFired(now: 2 * second, random: 0)
        #expect(machine.isIdle)
    }

    @Test(arguments: 0..<4) func aStopAtOnceEndsEveryState(state: Int) {
        var machine = makeMachine()
        if state >= 1 { _ = machine.started(now: 0) }
        if state == 2 { _ = machine.streamConnected() }
        if state == 3 { _ = machine.failed(ending(), now: 0, random: 10) }
        _ = machine.stopped(timeout: 0, now: 0)
        #expect(machine.isIdle)
        #expect(machine.deadline == nil)
        #expect(machine.timerFired(now: .max, random: 0) == .none)
    }

    @Test func aStartDuringTheStopConnectsAnewWhenItIsClosed() {
        var machine = openMachine()
        _ = machine.stopped(timeout: 2 * second, now: 0)
        #expect(machine.started(now: 0) == .none)
        guard case .reconnect(_, 0) = machine.failed(ending(), now: 1, random: 0) else {
            Issue.record("no reconnect")
            return
        }
    }

    @Test func settingsThatConcernTheConnectionReconnectAtOnce() {
        var machine = openMachine()
        var parameters = NodeMachine.Parameters(
            connectTimeout: second, closeTimeout: second, pingInterval: 0, pingTimeout: second,
            reconnectMinimum: 1, reconnectMaximum: 2, urlCount: 1)
        #expect(machine.configured(parameters, reconnects: false, now: 0) == .none)
        #expect(machine.isOpen)
        #expect(machine.configured(parameters, reconnects: true, now: 0) == .sendClose(code: 1001))
        guard case .reconnect(let ending, 0) = machine.timerFired(now: second, random: 0) else {
            Issue.record("no reconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_RECONFIGURED)
        _ = machine.failed(ending, now: second, random: 0)
        parameters.urlCount = 2
        #expect(machine.configured(parameters, reconnects: true, now: second) == .connect(urlIndex: 0))
    }

    @Test func silenceAfterAPingIsAPingTimeout() {
        var machine = openMachine()
        #expect(machine.timerFired(now: 20 * second, random: 0) == .sendPing(sequence: 1))
        guard case .disconnect(let ending, let sendsClose) = machine.timerFired(now: 30 * second, random: 0) else {
            Issue.record("no disconnect")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_PING_TIMEOUT)
        #expect(sendsClose)
    }

    @Test func aStableMinuteStartsTheBackoffAnew() {
        var machine = makeMachine()
        _ = machine.started(now: 0)
        for _ in 0..<5 {
            _ = machine.failed(ending(), now: 0, random: 0)
            _ = machine.timerFired(now: 0, random: 0)
        }
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: 0)
        _ = machine.failed(ending(), now: 60 * second, random: .max)
        #expect(machine.nextAttempt! - 60 * second <= second)
    }

    @Test func aShortConnectionDoesNot() {
        var machine = makeMachine()
        _ = machine.started(now: 0)
        for _ in 0..<5 {
            _ = machine.failed(ending(), now: 0, random: 0)
            _ = machine.timerFired(now: 0, random: 0)
        }
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: 0)
        // The sixth failure: a ceiling of 32 s, of which the random number picks the end.
        _ = machine.failed(ending(), now: second, random: 32 * second)
        #expect(machine.nextAttempt == 33 * second)
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
}
