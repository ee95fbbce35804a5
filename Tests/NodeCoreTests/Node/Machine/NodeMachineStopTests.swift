// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

/// What a stop owes, and what is left of a machine that was ended.
@Suite struct NodeMachineStopTests {
    private let broken = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "it broke")

    private func parameters() -> NodeMachine.Parameters {
        NodeMachine.Parameters(
            connectTimeout: second, closeTimeout: 5 * second, pingInterval: 0, pingTimeout: second,
            reconnectMinimum: 1, reconnectMaximum: 2, urlCount: 1)
    }

    /// In one go, and with the loop's look between any two of them.
    @Test(arguments: 0..<2) func settingsBetweenAStopAndAStartDoNotChangeWhatIsTold(order: Int) {
        var machine = openMachine()
        _ = machine.stopped(timeout: 2 * second, now: 0)
        if order == 0 { #expect(machine.configured(parameters(), reconnects: true, now: 0) == .none) }
        #expect(machine.started(now: 0) == .none)
        if order == 1 { #expect(machine.configured(parameters(), reconnects: true, now: 0) == .none) }
        guard case .reconnect(let ending, 0, _) = machine.failed(broken, now: 1, random: 0) else {
            Issue.record("no reconnect")
            return
        }
        #expect(ending.text == "The node was stopped, and started again.")
    }

    /// However much time there is: one that never answers is not waited for longer than by others.
    @Test func aStopWaitsForTheServersCloseAsLongAsAnyOtherEnd() {
        for (timeout, waits) in [(60 * second, 5 * second), (2 * second, 2 * second), (0, second / 5)] {
            var machine = openMachine()
            #expect(machine.stopped(timeout: timeout, now: 0) == .sendClose(code: 1001))
            #expect(machine.deadline == waits)
            _ = machine.stopped(timeout: 60 * second, now: 1)
            #expect(machine.deadline == waits)
        }
    }

    // MARK: What was pushed before it

    @Test func aStopGoesOnWithWhatIsNotConfirmedUntilThatIsDone() {
        var machine = openMachine()
        #expect(machine.stopped(timeout: 10 * second, pushed: 1, now: 0) == .none)
        #expect(machine.isDraining && machine.phase == .NEURON_WS_PHASE_CLOSING && machine.deadline == 9 * second)
        #expect(machine.drained(ended: 1, now: second) == .sendClose(code: 1001))
        // The server's Close is waited for as long as any.
        #expect(!machine.isDraining && machine.deadline == 6 * second)
        #expect(machine.drained(ended: 1, now: second) == .none)
    }

    @Test func whatIsNotConfirmedInTimeIsLeftAndTheServerStillGetsItsClose() {
        for (timeout, until) in [(10 * second, 9 * second), (second, second / 2), (second / 4, second / 20)] {
            var machine = openMachine()
            _ = machine.stopped(timeout: timeout, pushed: 1, now: 0)
            #expect(machine.deadline == until)
            #expect(machine.timerFired(now: until - 1, random: 0) == .none)
            #expect(machine.timerFired(now: until, random: 0) == .sendClose(code: 1001))
            #expect(machine.deadline == timeout)
        }
    }

    @Test func aTimerThatComesTooLateLeavesNoTimeForAnAnswer() {
        var machine = openMachine()
        _ = machine.stopped(timeout: second, pushed: 1, now: 0)
        #expect(machine.timerFired(now: second, random: 0) == .disconnect(.stopped, sendsClose: true))
        #expect(machine.isIdle)
    }

    @Test func aStopWithoutTimeOrWithNothingLeftSendsItsCloseAtOnce() {
        for (timeout, drains) in [(second / 5, true), (0, true), (10 * second, false)] {
            var machine = openMachine()
            #expect(machine.stopped(timeout: timeout, pushed: drains ? 1 : 0, now: 0) == .sendClose(code: 1001))
        }
        var machine = openMachine()
        _ = machine.stopped(timeout: 10 * second, pushed: 1, now: 0)
        _ = machine.stopped(timeout: 2 * second, pushed: 1, now: 0)
        #expect(machine.deadline == second)
        #expect(machine.stopped(timeout: 0, now: 0) == .sendClose(code: 1001))
    }

    @Test func whatEndsTheConnectionMeanwhileEndsTheStop() {
        var machine = openMachine()
        _ = machine.stopped(timeout: 10 * second, pushed: 1, now: 0)
        #expect(machine.failed(broken, now: 1, random: 0) == .disconnect(.stopped, sendsClose: false))
        var closed = openMachine()
        _ = closed.stopped(timeout: 10 * second, pushed: 1, now: 0)
        closed.closeReceived(broken, now: 1)
        #expect(closed.deadline == 1 + NodeMachine.lingerNanoseconds)
        var started = openMachine()
        _ = started.stopped(timeout: 10 * second, pushed: 1, now: 0)
        #expect(started.started(now: 1) == .none && started.isOpen)
    }

    /// Else the connection would stay, to a server that the settings do not name any more.
    @Test(arguments: [true, false]) func settingsThatCameMeanwhileHoldWhereAStartTakesTheStopBack(reconnects: Bool) {
        var machine = openMachine()
        _ = machine.stopped(timeout: 10 * second, pushed: 1, now: 0)
        var new = parameters()
        new.pingInterval = 3 * second
        #expect(machine.configured(new, reconnects: reconnects, now: 0) == .none)
        // A stop in between changes nothing of it.
        _ = machine.stopped(timeout: 10 * second, pushed: 1, now: 0)
        #expect(machine.isDraining)
        guard reconnects else {
            #expect(machine.started(now: 1) == .none && machine.isOpen)
            #expect(machine.deadline == NodeMachine.startDelayNanoseconds + 3 * second)
            return
        }
        #expect(machine.started(now: 1) == .sendClose(code: 1001))
        #expect(machine.failed(broken, now: 1, random: 0) == .reconnect(.reconfigured, urlIndex: 0, sendsClose: false))
    }

    @Test func theIdleStateIsOwedToWhoeverAwaitsAStopAndOnce() {
        var machine = openMachine()
        _ = machine.stopped(timeout: second, isAwaited: true, now: 0)
        let isOwedEarly = machine.takeOwedIdle()
        #expect(!isOwedEarly)
        _ = machine.timerFired(now: second, random: 0)
        let owed = (machine.takeOwedIdle(), machine.takeOwedIdle())
        #expect(machine.isIdle && owed == (true, false))
    }

    @Test func aStopOfAnIdleNodeIsOwedToo() {
        var machine = makeMachine()
        let action = machine.stopped(timeout: 0, isAwaited: true, now: 0)
        let isOwed = machine.takeOwedIdle()
        #expect(action == .none && isOwed)
    }

    @Test func aStartAndAStopThatNobodyAwaitsOweNothing() {
        var machine = openMachine()
        _ = machine.stopped(timeout: second, isAwaited: true, now: 0)
        _ = machine.started(now: 0)
        _ = machine.stopped(timeout: second, now: 0)
        _ = machine.timerFired(now: second, random: 0)
        let isOwed = machine.takeOwedIdle()
        #expect(machine.isIdle && !isOwed)
    }

    @Test(arguments: 0..<5) func whatEndedStaysSoWhateverComes(state: Int) {
        var machine = makeMachine()
        if state == 1 { _ = machine.started(now: 0) }
        if state >= 2 { machine = startedMachine() }
        if state == 3 { machine = openMachine() }
        if state == 4 { _ = machine.failed(broken, now: 0, random: 10) }
        machine.end()
        #expect(machine.started(now: 0) == .none)
        #expect(machine.stopped(timeout: 0, isAwaited: true, now: 0) == .none)
        #expect(machine.configured(parameters(), reconnects: true, now: 0) == .none)
        machine.streamEntered(.NEURON_WS_PHASE_SECURING)
        #expect(machine.streamConnected() == .none)
        #expect(machine.handshakeCompleted(now: 0) == .none)
        machine.closeReceived(broken, now: 0)
        #expect(machine.failed(broken, now: 0, random: 0) == .none)
        #expect(machine.pingWanted() == .none)
        #expect(machine.timerFired(now: .max, random: 0) == .none)
        #expect(machine.isOver && machine.isIdle && machine.deadline == nil)
    }
}
