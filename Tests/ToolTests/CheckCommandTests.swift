// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct CheckCommandTests {
    @Test func progressSaysForWhatAndHowLongAtMost() {
        let message =
            "Connecting to 10.0.0.1:80, 3 s of 30 (attempt 1): waiting for TCP. Before that: connection refused."
        #expect(CheckCommand.progress(message) == "Connecting to 10.0.0.1:80, 3 s of at most 30 s: waiting for TCP")
        #expect(CheckCommand.progress("Started; connecting to h:80 in a moment.") == "connecting")
        #expect(CheckCommand.progress("") == "connecting")
    }

    @Test(arguments: [
        (
            "Closed with code 1008. Check it. Closing the connection, 0 s of at most 1 s.",
            "Closed with code 1008. Check it."
        ), ("Refused. Attempt 1 comes in 1 s.", "Refused."), ("Attempt 1", "Attempt 1"), ("", ""),
        (
            "Connecting to b:2, 0 s of 30 (attempt 2): waiting for TCP. Before that: a: Refused. Before that: x.",
            "a: Refused. Before that: x."
        ), ("Closing the connection, it said. Attempt 2 comes in 1 s.", "Closing the connection, it said."),
    ])
    func aCauseIsToldWithoutWhatComesNext(message: String, cause: String) {
        #expect(NodeState.cause(message) == cause)
    }

    @Test(arguments: [
        ("{\"error\":1008}", true), ("{\"error\":\"no\"}", true), ("{\"error\":0}", false), ("{\"error\":null}", false),
        ("{\"values\":{}}", false), ("[1]", false), ("error", false), ("", false),
    ])
    func aMessageThatSpeaksOfAnErrorIsKnown(text: String, tells: Bool) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBytes { CheckReport.tellsError($0) } == tells)
    }
}
