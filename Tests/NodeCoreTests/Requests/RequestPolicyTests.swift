// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct RequestPolicyTests {
    private static let read = #"{"uuid":"1","node":"d","group":"g","tags":["a"]}"#
    private static let write = #"{"uuid":"2","node":"d","group":"g","tag":"t","value":1}"#
    private static let writes =
        #"{"uuid":3,"uuid":"3","node":"d","group":"g","tags":[{"tag":"a","value":1},{"name":"b","value":2},"#
        + #"{"tag":"c","value":3},{"tag":"d","value":4},{"tag":"e","value":5}]}"#
    private static let action = #"{"uuid":"4","node":"d","action":"reset"}"#

    private func shown(_ policy: RequestPolicy) -> [String] {
        let rules = RequestRules(policy: policy, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        return [Self.read, Self.write, Self.writes, Self.action].flatMap { parts($0, rules) }
    }

    @Test func allAllowsAll() {
        #expect(shown(.all).filter { $0.hasPrefix("1022") } == [])
    }

    @Test func readAllowsReadsAlone() {
        #expect(
            shown(.read) == [
                "read d/g a", #"1022 "2" write of d/g (t = 1), uuid 2"#,
                #"1022 "3" write of d/g (a = 1, b = 2, c = 3, d = 4, e = 5), uuid 3"#,
                #"1022 "4" action of d/reset, uuid 4"#,
            ])
    }

    @Test func noneAllowsNothing() {
        #expect(shown(.none).allSatisfy { $0.hasPrefix("1022") })
        #expect(shown(.none)[0] == #"1022 "1" read of d/g (a), uuid 1"#)
    }

    @Test func itIsRefusedBeforeItsValuesAreLookedAt() {
        let rules = RequestRules(policy: .read, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        #expect(parts(#"{"uuid":"1","node":"d","group":"g","tag":"t","value":null}"#, rules)[0].hasPrefix("1022"))
    }

    @Test func theReasonNamesTheSetting() {
        for kind: neuron_ws_request_kind_t in [
            .NEURON_WS_REQUEST_READ, .NEURON_WS_REQUEST_WRITE, .NEURON_WS_REQUEST_ACTION,
        ] {
            #expect(RequestPolicy.none.reason(kind).contains("allow-requests"))
        }
    }

    /// The server's words forge no log line.
    @Test func namesInTheLogAreShownHarmless() {
        let rules = RequestRules(policy: .read, memoryBytesMax: 1 << 20, memoryBytesLeft: 1 << 20)
        let name = String(repeating: "x", count: 500)
        let request = #"{"uuid":"\nNOTICE\u202e","node":"d\u001b[31m","group":"\#(name)","tag":"t","value":1}"#
        let shown = parts(request, rules)[0]
        #expect(!shown.contains("\n") && !shown.contains("\u{1B}") && !shown.contains("\u{202E}"))
        #expect(shown.contains("…") && shown.utf8.count < 400)
        let info = requests(request)[0].subject.text
        #expect(!info.contains("\n") && !info.contains("\u{1B}") && !info.contains("\u{202E}") && info.utf8.count < 400)
    }
}
