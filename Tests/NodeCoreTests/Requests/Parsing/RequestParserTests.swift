// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct RequestParserTests {
    private static let read = #""uuid":"1","node":"d","group":"g""#

    @Test func aReadNamesTagsAsTextsOrObjects() {
        #expect(parts("{\(Self.read)}") == ["read d/g"])
        #expect(parts("{\(Self.read),\"tags\":[]}") == ["read d/g"])
        #expect(parts("{\(Self.read),\"tags\":[\"a\",{\"name\":\"b\"},5,null]}") == ["read d/g a,b"])
        let query = #""query":{"name":"x","description":"y"},"sync":true"#
        #expect(parts("{\(Self.read),\(query)}") == ["read d/g sync name~x description~y"])
        #expect(parts("{\(Self.read),\"sync\":1,\"query\":5}") == ["read d/g"])
    }

    @Test func aWriteTakesValuesOfEveryKind() {
        let values: [(String, String)] = [
            ("-9223372036854775808", "INT64 -9223372036854775808"),
            ("9223372036854775808", "UINT64 9223372036854775808"),
            ("18446744073709551615", "UINT64 18446744073709551615"), ("1.0", "DOUBLE 1.0"), ("1e3", "DOUBLE 1000.0"),
            ("true", "BOOL true"), ("false", "BOOL false"), (#""""#, "STRING "), (#""é\u0000x""#, "STRING é\0x"),
            ("[1,2.5]", "ARRAY_DOUBLE [1.0, 2.5]"), ("[true,false]", "ARRAY_BOOL [true, false]"),
            (#"["a","b"]"#, #"ARRAY_STRING ["a", "b"]"#), ("[]", "CUSTOM []"), (#"[1,"a"]"#, #"CUSTOM [1,"a"]"#),
            (#"{"a":[1,{"b":null}]}"#, #"CUSTOM {"a":[1,{"b":null}]}"#),
        ]
        for (json, shown) in values {
            #expect(parts("{\(Self.read),\"tag\":\"t\",\"value\":\(json)}") == ["write d/g t=\(shown)"])
            let list = #"{\#(Self.read),"tags":[{"tag":"t","value":\#(json)},{"name":"u","value":1,"precision":3}]}"#
            #expect(parts(list) == ["write list d/g t=\(shown),u=INT64 1 precision 3"])
        }
    }

    @Test func anActionHasNoGroup() {
        #expect(parts(#"{"uuid":"1","node":"d","action":"reset"}"#) == ["action d reset"])
        #expect(parts(#"{"uuid":"1","node":"d","group":"g","action":"reset"}"#) == ["read d/g"])
        #expect(
            parts(#"{"uuid":"1","node":"d","action":{"a":1}}"#)
                == [#"1002 "1" "action" is an object; it takes a text"#])
    }

    @Test func ofRepeatedMembersTheLastCounts() {
        let text = #"{"uuid":"0","uuid":"1","node":"x","node":"d","group":"g","tag":"t","value":null,"value":3}"#
        #expect(parts(text) == ["write d/g t=INT64 3"])
        #expect(String(decoding: requests(text)[0].echo.id, as: UTF8.self) == "\"1\"")
    }

    /// Each: members besides uuid, and what the answer's reason says.
    @Test(arguments: [
        (#""node":5,"group":"g""#, #""node" is an integer; it takes a text"#),
        (#""node":"","group":"g""#, #""node" has 0 bytes; it takes 1 to 1024"#),
        (#""node":"d","group":null"#, #""group" is null; it takes a text"#),
        (#""node":"d\u0000e","group":"g""#, #""node" holds U+0000"#),
        (#""group":"g""#, #""node" is missing"#),
        (#""tag":"t","value":1"#, #""node" is missing"#),
        (#""node":"d","group":"g","tag":5,"value":1"#, #""tag" is an integer; it takes a text"#),
        (#""node":"d","group":"g","tag":"t","tags":[]"#, #""tag" stands beside "tags"; give one or the other"#),
        (#""node":"d","group":"g","tags":{}"#, #""tags" is an object; it takes an array"#),
        (#""node":"d","group":"g","tags":[5]"#, #""tags" names no tag; it takes an array of names"#),
        (
            #""node":"d","group":"g","tags":["a",{"tag":"t","value":1}]"#,
            #""tags"[0] is a text; it takes an object"#
        ),
        (#""node":"d","group":"g","tags":[{"value":1}]"#, #""tags"[0]: "tag" is missing"#),
        (
            #""node":"d","group":"g","tags":[{"tag":"t","name":"u","value":1}]"#,
            #""tags"[0] has "tag" and "name"; give one or the other"#
        ),
        (#""node":"d","group":"g","tags":[{"tag":"t","value":null}]"#, #"tag "t": null is no value"#),
        (
            #""node":"d","group":"g","tag":"t","value":1.5,"precision":18"#,
            #"tag "t": "precision" is no integer from 0 to 17"#
        ),
    ])
    func whatMakesNoSenseIsAnsweredWithAReason(_ members: String, _ reason: String) {
        #expect(parts("{\"uuid\":\"u\",\(members)}") == ["1002 \"u\" \(reason)"])
    }

    @Test func aUUIDThatIsNoTextIsEchoedAsItCame() {
        for uuid in ["8", "-1", "2.5", "true", "18446744073709551615"] {
            let shown = parts("{\"uuid\":\(uuid),\"node\":\"d\",\"group\":\"g\"}")
            #expect(shown.count == 1 && shown[0].hasPrefix("1002 \(uuid) \"uuid\" is "), "\(shown)")
        }
        for uuid in ["null", "[]", "{\"a\":1}"] {
            let shown = parts("{\"uuid\":\(uuid),\"node\":\"d\",\"group\":\"g\"}")
            #expect(shown.count == 1 && shown[0].hasPrefix("no uuid: \"uuid\" is "), "\(shown)")
        }
        let long = String(repeating: "u", count: 1025)
        let shown = parts("{\"uuid\":\"\(long)\",\"node\":\"d\",\"group\":\"g\"}")[0]
        #expect(shown.hasPrefix("1002 \"\(long)\" \"uuid\" has"))
        let longer = String(repeating: "u", count: 5000)
        #expect(parts("{\"uuid\":\"\(longer)\",\"node\":\"d\",\"group\":\"g\"}")[0].hasPrefix("no uuid: \"uuid\" has"))
    }

    @Test func whatIsNotJSONIsAnsweredWhereItsUUIDCanBeFound() {
        let refused = #"1002 "1" the request is not JSON: line 1"#
        #expect(parts(#"{"uuid":"1","node":"d","group":"g",}"#)[0].hasPrefix(refused))
        #expect(parts(#"{"uuid":"1","node":"d","group":"g""#)[0].hasPrefix(refused))
        #expect(parts(#"{"node":"d","group":"g","uuid": "1" "#)[0].hasPrefix(refused))
        #expect(parts(#"{"uuid":"1","node":"d","group":"g"} more"#)[0].hasPrefix(refused))
        #expect(parts(#"{"node":"d","group":"g","uuid":"1"#)[0].hasPrefix("no uuid: the request is not JSON"))
        let broken = Array(#"{"uuid":"1","node":"d"#.utf8) + [0xFF, 0xFE] + Array(#"","group":"g"}"#.utf8)
        #expect(parts(broken)[0].hasPrefix(refused))
        let brokenUUID = Array(#"{"uuid":"1"#.utf8) + [0xFF] + Array(#"","node":"d","group":"g"}"#.utf8)
        #expect(parts(brokenUUID)[0].hasPrefix("no uuid: the request is not JSON"))
    }

    @Test func sizeDepthAndTagsHaveLimits() {
        func nested(_ depth: Int) -> String {
            let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return "{\(Self.read),\"tag\":\"t\",\"value\":\(value)}"
        }
        #expect(parts(nested(63))[0].hasPrefix("write d/g t=CUSTOM [["))
        #expect(parts(nested(64)) == [#"1002 "1" the request is nested 65 deep; at most 64 are taken"#])
        #expect(parts(nested(100_000)) == [#"1002 "1" the request is nested 100001 deep; at most 64 are taken"#])
        let head = "{\(Self.read),\"tag\":\"t\",\"value\":\""
        let fits = String(repeating: "x", count: 4_194_304 - head.utf8.count - 2)
        #expect(parts(head + fits + "\"}")[0].hasPrefix("write d/g t=STRING xxx"))
        #expect(
            parts(head + fits + "x\"}")
                == [#"1002 "1" the request has 4194305 bytes; at most 4194304 are taken"#])
        let names = [String](repeating: "\"\"", count: 100_001).joined(separator: ",")
        #expect(
            parts("{\(Self.read),\"tags\":[\(names)]}")
                == [#"1002 "1" "tags" has 100001 elements; at most 100000 are taken"#])
        #expect(requests("{\(Self.read),\"tags\":[\(names.dropLast(3))]}")[0].info.tag_count == 100_000)
    }

    @Test func theInfoHoldsTheDocumentAndEndsItsTexts() {
        let text = #" {"uuid":"1","node":"d","group":"g"} "#
        let request = requests(text)[0]
        withExtendedLifetime(request) {
            #expect(String(cString: request.info.json) == text)
            #expect(request.info.json_length == text.utf8.count)
            #expect(request.info.size == MemoryLayout<neuron_ws_request_info_t>.size)
            let needed = text.utf8.count + request.info.json_length
            #expect(request.memoryBytes > text.utf8.count && request.memoryBytes < needed + 2048)
            #expect(request.info.tags == nil && String(cString: request.info.action) == "")
        }
    }

    @Test func aTextThatIsTooLongIsNotLookedAt() {
        let long = String(repeating: #"\u00e9"#, count: 100_000)
        #expect(
            parts(#"{"uuid":"1","node":"\#(long)","group":"g"}"#)
                == [#"1002 "1" "node" has 600000 bytes; it takes at most 1024"#])
        #expect(
            parts(#"{\#(Self.read),"tags":["\#(long)"]}"#)
                == [#"1002 "1" "tags" has 600000 bytes; it takes at most 1024"#])
        // Each of its bytes may stand there as six.
        let name = String(repeating: #"\u0061"#, count: 1024)
        #expect(parts(#"{\#(Self.read),"tags":["\#(name)"]}"#).first?.hasPrefix("read d/g aaa") == true)
    }

    /// The answer repeats it.
    @Test func anOperationsPathHasAnEnd() {
        var rules = anyRules
        rules.openGate = OpenGateIdentity(deviceID: "gw", isReduced: false)
        func operation(_ path: String) -> String {
            #"{"operation":{"request":{"id":"1","name":"X","path":\#(path)}}}"#
        }
        func path(_ byteCount: Int) -> String { "[\"" + String(repeating: "a", count: byteCount - 4) + "\"]" }
        let taken = requests(operation(path(4096)), rules)
        #expect(taken.first?.echo.operation?.path.count == 4096)
        #expect(
            parts(operation(path(4097)), rules)
                == [#"1002 "1" "path" has 4097 bytes as it stands there; at most 4096 are taken"#])
        #expect(
            parts(operation(#"["a",7]"#), rules)
                == [#"1002 "1" "path" holds what is no text; it takes the ids of devices"#])
    }
}
