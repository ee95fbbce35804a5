// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

/// The host wants a new connection now, in each state.
@Suite struct NodeMachineReconnectTests {
    private func refused() -> Ending {
        var ending = Ending(reason: .NEURON_WS_REASON_HANDSHAKE_REJECTED, text: "later")
        ending.policy = .atLeast(3000 * second)
        return ending
    }

    @Test func aWaitIsCutShortThoughAServerAskedForIt() {
        var machine = startedMachine()
        _ = machine.failed(refused(), now: second, random: 7)
        #expect((machine.progress.nextAttempt ?? 0) >= 3000 * second)
        #expect(machine.reconnectWanted(now: 2 * second) == .connect(urlIndex: 0))
        #expect(machine.phase == .NEURON_WS_PHASE_RESOLVING)
    }

    @Test func anAttemptUnderWayIsBegunAnew() {
        var machine = startedMachine()
        guard case .reconnect(let ending, urlIndex: 0, _) = machine.reconnectWanted(now: second) else {
            Issue.record("not begun anew")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_RECONFIGURED && ending.isWanted)
        #expect(ending.text.contains("asked for a new connection"))
    }

    @Test func anOpenConnectionIsClosedAndMadeAnew() {
        var machine = startedMachine()
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: second)
        #expect(machine.reconnectWanted(now: 2 * second) == .sendClose(code: 1001))
        #expect(machine.phase == .NEURON_WS_PHASE_CLOSING)
        guard case .reconnect(_, urlIndex: 0, _) = machine.failed(.endOfStream, now: 3 * second, random: 0) else {
            Issue.record("not made anew")
            return
        }
    }

    @Test func whereNothingIsWantedNothingHappens() {
        var machine = startedMachine()
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: second)
        _ = machine.stopped(timeout: 5 * second, now: second)
        #expect(machine.reconnectWanted(now: 2 * second) == .none)
        guard case .disconnect(let ending, _) = machine.failed(.endOfStream, now: 3 * second, random: 0) else {
            Issue.record("not stopped")
            return
        }
        #expect(ending.reason == .NEURON_WS_REASON_STOPPED)
        #expect(machine.reconnectWanted(now: 4 * second) == .none && machine.isIdle)
    }

    /// What else becomes of the list is nothing to the connection that is open.
    @Test func aConnectionStaysWhereItsURLDoes() {
        func parameters(_ urlCount: Int) -> NodeMachine.Parameters {
            NodeMachine.Parameters(
                connectTimeout: second, closeTimeout: second, pingInterval: 0, pingTimeout: second,
                reconnectMinimum: second, reconnectMaximum: second, urlCount: urlCount)
        }
        var machine = NodeMachine(parameters(3))
        _ = machine.started(now: 0)
        _ = machine.timerFired(now: NodeMachine.startDelayNanoseconds, random: 0)
        _ = machine.failed(refused(), now: second, random: 0)
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: second)
        machine.configured(parameters(2), urlIndex: 1, places: [0, 1], now: 2 * second)
        machine.checkInvariants()
        #expect(machine.isOpen && machine.openSince == second)
        machine.configured(parameters(1), urlIndex: 0, places: [1], now: 2 * second)
        machine.checkInvariants()
        #expect(machine.isOpen)
        // Of the one that is left, and of no other.
        _ = machine.failed(refused(), now: 3 * second, random: 0)
        #expect((machine.progress.nextAttempt ?? 0) >= 3003 * second)
    }
}
