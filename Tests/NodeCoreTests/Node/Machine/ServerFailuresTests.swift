// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct ServerFailuresTests {
    private func failure(_ text: String) -> Ending { Ending(reason: .NEURON_WS_REASON_CONNECT_TIMEOUT, text: text) }

    @Test func `the last one is not among the others`() {
        var failures = ServerFailures()
        failures.failed(failure("Refused."), urlIndex: 0) { "s\($0)" }
        #expect(failures.others == "")
        failures.failed(failure("Silent. So it is."), urlIndex: 1) { "s\($0)" }
        #expect(failures.others == " Before that s0: Refused.")
    }

    @Test func `each is named once, as it failed last`() {
        var failures = ServerFailures()
        for text in ["Once.", "Twice."] {
            failures.failed(failure(text), urlIndex: 0) { "s\($0)" }
            failures.failed(failure("Else."), urlIndex: 1) { "s\($0)" }
        }
        #expect(failures.others == " Before that s0: Twice.")
    }

    @Test func `of many the newest are named, and the rest counted`() {
        var failures = ServerFailures()
        for index in 0..<7 { failures.failed(failure("No."), urlIndex: index) { "s\($0)" } }
        #expect(failures.others == " Before that s2: No; s3: No; s4: No; s5: No; and 2 more.")
    }
}
