// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

/// What is held of a request is what the host needs, and within a limit. How much the process takes is measured from
/// outside: Tests/Python/test_request_memory.py.
@Suite struct RequestMemoryTests {
    private func rules(left: Int, max: Int = 16 << 20) -> RequestRules {
        RequestRules(policy: .all, memoryBytesMax: max, memoryBytesLeft: left)
    }

    private func filled(_ member: String, _ unit: String, _ bytes: Int) -> String {
        let count = bytes / (unit.utf8.count + 1)
        let list = [String](repeating: unit, count: count).joined(separator: ",")
        return #"{"uuid":"1","node":"d","group":"g","\#(member)":[\#(list)]}"#
    }

    @Test(arguments: ["{}", "[]", "1", "\"\"", "[[[]]]", #"{"a":{"b":1}}"#])
    func whatDoesNotCountCostsNothing(_ unit: String) {
        let text = filled("x", unit, 1_000_000)
        #expect(parts(text) == ["read d/g"])
        #expect(requests(text)[0].memoryBytes < text.utf8.count + 4096)
        // Its document is the host's too.
        #expect(parts(text, rules(left: text.utf8.count)) == [#"1010 "1""#])
        #expect(parts(text, rules(left: text.utf8.count + 4096)) == ["read d/g"])
    }

    @Test func aValueThatTakesMoreThanThereIsRoomForIsRefused() {
        for unit in ["{}", "[]", "\"\"", "[[]]"] {
            let text =
                #"{"uuid":"1","node":"d","group":"g","tag":"t","value":[\#(unit)"#
                + String(repeating: ",\(unit)", count: 200_000) + "]}"
            let limit = text.utf8.count + 100_000
            let shown = parts(text, rules(left: limit, max: limit))
            #expect(shown.count == 1 && shown[0].hasPrefix(#"1002 "1" the request takes "#))
            #expect(shown[0].prefix(200).contains("requests-max-bytes"))
        }
    }

    /// No tree is made of it: what the host gets is all that it takes.
    @Test func aValueTakesWhatTheHostGets() {
        for (unit, elementBytes) in [("1", 8), ("1.5", 8), ("true", 1), ("{}", 3), ("[[1]]", 6)] {
            let list = [String](repeating: unit, count: 200_000).joined(separator: ",")
            let text = #"{"uuid":"1","node":"d","group":"g","tag":"t","value":[\#(list)]}"#
            #expect(requests(text)[0].memoryBytes <= text.utf8.count + 200_000 * elementBytes + 4096)
        }
    }

    @Test func whatWouldFitAtAnotherTimeIsBusy() {
        let text =
            #"{"uuid":"1","node":"d","group":"g","tag":"t","value":""# + String(repeating: "x", count: 100_000)
            + #""}"#
        #expect(parts(text, rules(left: 150_000)) == [#"1010 "1""#])
        #expect(parts(text, rules(left: 0)) == [#"1010 "1""#])
        #expect(parts(text, rules(left: 250_000))[0].hasPrefix("write d/g t=STRING xxx"))
        #expect(parts(text, rules(left: 150_000, max: 150_000))[0].hasPrefix(#"1002 "1" the request takes "#))
    }

    @Test func theEstimateIsWhatIsHeldAtLeast() {
        for text in [
            filled("tags", #"{"tag":"abc","value":1}"#, 200_000),
            filled("tags", #"{"tag":"a\u0062c","value":"\n"}"#, 200_000),
            filled("tags", "\"name\"", 200_000), filled("tags", #"{"tag":"a","value":[1,2,3,{"a":null}]}"#, 200_000),
        ] {
            let held = requests(text)[0].memoryBytes
            #expect(parts(text, rules(left: held - 1)) == [#"1010 "1""#])
        }
    }

    @Test func manySmallTagsShareTheirMemory() {
        let held = requests(filled("tags", "\"abc\"", 60_000))[0].memoryBytes
        // 10,000 tags: the struct, the name, the document's part.
        #expect(held < 60_000 + 10_000 * (64 + 8) + 70_000)
    }
}
