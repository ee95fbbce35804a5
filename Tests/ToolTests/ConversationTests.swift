// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import neuron_ws

@Suite struct ConversationTests {
    @Test func aConnectionComesGoesAndFails() {
        var trouble = ConnectionTrouble()
        let none = neuron_ws_reason_t.NEURON_WS_REASON_NONE
        let gone = neuron_ws_reason_t.NEURON_WS_REASON_ENDPOINT_SHUTDOWN
        var steps: [ConnectionTrouble.Step] = []
        steps.append(trouble.step(isOpen: false, phase: .NEURON_WS_PHASE_CONNECTING, reason: none))
        steps.append(trouble.step(isOpen: true, phase: .NEURON_WS_PHASE_OPEN, reason: none))
        steps.append(trouble.step(isOpen: true, phase: .NEURON_WS_PHASE_OPEN, reason: none))
        // What is being closed is told when it is closed.
        steps.append(trouble.step(isOpen: false, phase: .NEURON_WS_PHASE_CLOSING, reason: gone))
        steps.append(trouble.step(isOpen: false, phase: .NEURON_WS_PHASE_WAITING, reason: gone))
        steps.append(trouble.step(isOpen: false, phase: .NEURON_WS_PHASE_CONNECTING, reason: gone))
        steps.append(trouble.step(isOpen: false, phase: .NEURON_WS_PHASE_WAITING, reason: gone))
        #expect(steps == [.none, .opened, .none, .none, .lost, .none, .failed])
    }

    @Test func aTroubleIsToldOnceUntilThereWasAConnection() {
        var trouble = ConnectionTrouble()
        var told = [trouble.isNew("refused"), trouble.isNew("refused"), trouble.isNew("no answer")]
        _ = trouble.step(isOpen: true, phase: .NEURON_WS_PHASE_OPEN, reason: .NEURON_WS_REASON_NONE)
        told.append(trouble.isNew("no answer"))
        #expect(told == [true, false, true, true])
    }
}
