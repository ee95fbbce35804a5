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
