// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

@Suite struct ProgressTests {
    private func text(_ progress: Progress, _ ending: Ending, now: UInt64) -> String {
        progress.text(target: "plant.example:443", connected: "Connected to 10.0.0.7:443.", ending: ending, now: now)
    }

    private let new = Ending(reason: .NEURON_WS_REASON_NONE, text: "The node has not been started.")
    private let refused = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "Connection refused.")

    @Test func theFirstAttemptSaysWhereItIsSinceWhenAndHowLongItMayTake() {
        #expect(text(.idle, new, now: 0) == "The node has not been started.")
        #expect(text(.starting(until: 1), new, now: 0) == "Started; connecting to plant.example:443 in a moment.")
        let steps: [(neuron_ws_phase_t, String)] = [
            (.NEURON_WS_PHASE_RESOLVING, "looking up the address"), (.NEURON_WS_PHASE_CONNECTING, "waiting for TCP"),
            (.NEURON_WS_PHASE_SECURING, "in the TLS handshake"),
            (.NEURON_WS_PHASE_HANDSHAKING, "waiting for the answer to the opening handshake"),
        ]
        for (phase, step) in steps {
            let progress = Progress.connecting(phase, since: second, deadline: 31 * second, attempt: 1)
            #expect(
                text(progress, new, now: 4 * second + 999)
                    == "Connecting to plant.example:443, 3 s of 30 (attempt 1): \(step).")
        }
    }

    @Test func phaseAndNextAttemptFollowFromIt() {
        let attempt = Progress.connecting(.NEURON_WS_PHASE_SECURING, since: 0, deadline: second, attempt: 1)
        let all: [(Progress, neuron_ws_phase_t, UInt64?)] = [
            (.idle, .NEURON_WS_PHASE_IDLE, nil), (.starting(until: 7), .NEURON_WS_PHASE_IDLE, 7),
            (.waiting(until: 8, attempt: 2), .NEURON_WS_PHASE_WAITING, 8),
            (attempt, .NEURON_WS_PHASE_SECURING, nil), (.open, .NEURON_WS_PHASE_OPEN, nil),
            (.closing(since: 0, deadline: 9), .NEURON_WS_PHASE_CLOSING, nil),
        ]
        for (progress, phase, next) in all { #expect(progress.phase == phase && progress.nextAttempt == next) }
    }

    /// Texts of the system's end in what was tried: the next sentence must not run into them.
    @Test(arguments: [("tried 10.0.0.7:1", "tried 10.0.0.7:1."), ("So it is.", "So it is."), ("TLS?", "TLS?")])
    func eachSentenceEnds(said: String, shown: String) {
        let ending = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: said)
        #expect(
            text(.waiting(until: second, attempt: 2), ending, now: 0) == "\(shown) Attempt 2 comes in 1 s.")
        #expect(
            text(.closing(since: 0, deadline: second), ending, now: 0)
                == "\(shown) Closing the connection, 0 s of at most 1 s.")
    }

    @Test func whatFailedLastStaysReadableBetweenAndDuringTheNextAttempts() {
        #expect(
            text(.waiting(until: 3 * second, attempt: 2), refused, now: second + 1)
                == "Connection refused. Attempt 2 comes in 2 s.")
        let next = Progress.connecting(
            .NEURON_WS_PHASE_CONNECTING, since: 3 * second, deadline: 3 * second + second / 2, attempt: 2)
        #expect(
            text(next, refused, now: 3 * second)
                == "Connecting to plant.example:443, 0 s of 0.5 (attempt 2): waiting for TCP. "
                + "Before that: Connection refused.")
    }

    @Test func whatTheHostWantedIsNoFailureToRemember() {
        let progress = Progress.connecting(.NEURON_WS_PHASE_RESOLVING, since: 0, deadline: second, attempt: 1)
        #expect(!text(progress, .stopped, now: 0).contains("stopped"))
        #expect(!text(progress, .reconfigured, now: 0).contains("settings"))
    }

    @Test func aStopSaysThatItIsUnderWay() {
        #expect(
            text(.closing(since: second, deadline: 3 * second), .stopped, now: second + second / 2)
                == "The node was stopped. Closing the connection, 0.5 s of at most 2 s.")
    }

    @Test func timesThatDoNotFitDoNotTrap() {
        #expect(text(.waiting(until: 0, attempt: 1), refused, now: .max).hasSuffix("comes in 0 s."))
        _ = text(.connecting(.NEURON_WS_PHASE_RESOLVING, since: .max, deadline: 0, attempt: 1), refused, now: 0)
        _ = text(.closing(since: 0, deadline: .max), refused, now: .max)
        #expect(text(.open, refused, now: 0) == "Connected to 10.0.0.7:443.")
    }
}
