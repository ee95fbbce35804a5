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
        ("{\"error\":1008}", true), ("{\"error\":\"no\"}", true), ("{\"error\":0}", false), ("{\"error\":null}", false),
        ("{\"values\":{}}", false), ("[1]", false), ("error", false), ("", false),
    ])
    func aMessageThatSpeaksOfAnErrorIsKnown(text: String, tells: Bool) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBytes { CheckReport.tellsError($0) } == tells)
    }
}
