// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct RequestOutlineTests {
    private func outline<Result>(_ text: String, _ body: (RequestOutline) -> Result) -> Result {
        Array(text.utf8).withUnsafeBytes { body(RequestOutline($0, from: 0)) }
    }

    private func names(_ text: String) -> [RequestMember] {
        outline(text) { outline in RequestMember.allCases.filter { outline.members.has($0) } }
    }

    private func echo(_ text: String) -> String? {
        outline(text) { $0.echo.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func theUUIDIsTheLastOfTheRoot() {
        #expect(echo(#"{"uuid": "1" ,"a":{"uuid":"2"}}"#) == "\"1\"")
        #expect(echo(#"{"uuid":"1","a":["uuid","3"],"uuid":"\u0041"}"#) == #""\u0041""#)
        #expect(echo(#"{"uuid":12}"#) == "12")
        #expect(echo(#"{"uuid":"a,b}"}"#) == #""a,b}""#)
        #expect(echo(#"{"a":"uuid"}"#) == nil)
        #expect(echo(#"{"uuid":}"#) == nil)
        #expect(echo(#"{"uuid""#) == nil)
        #expect(echo(#"{"uuid":nonsense}"#) == nil)
    }

    @Test func itEndsBehindItsBrace() {
        #expect(outline(#"{"a":"}"}, 5"#) { $0.end } == 9)
        #expect(outline(#"{"a":"\"}"#) { $0.end } == 9)
        #expect(outline(#"{"a":["#) { ($0.depth, $0.end) } == (2, 6))
        #expect(outline(#"{"a":[[]],"b":{}}"#) { $0.depth } == 3)
    }

    @Test func namesAreOfTheRootAlone() {
        let text = #"{"node":1,"x":{"group":2},"tag":[],"timestamp":0}"#
        #expect(names(text) == [.node, .tag, .timestamp])
        #expect(names(#"{"n\u006fde":1,"\u0041":1,"ta\g":2}"#) == [.node])
        #expect(names(#"{"a":"node"}"#) == [])
    }

    @Test func valuesAreThoseOfTheLastMembersWithoutBlanks() {
        let text = #"{"value":1,"tags": [1, {"node":2}] ,"value" : "a,}" }"#
        outline(text) { outline in
            #expect(outline[.value].map { String(decoding: $0, as: UTF8.self) } == #""a,}""#)
            #expect(outline[.tags].map { String(decoding: $0, as: UTF8.self) } == #"[1, {"node":2}]"#)
            #expect(outline[.node] == nil && outline[.query] == nil)
        }
    }

    @Test func aUUIDOrItsLackDecides() {
        #expect(outline(#"{"uuid":"1","tag":"t"}"#) { $0.looksLikeRequest })
        #expect(!outline(#"{"uuid":"1","timestamp":1}"#) { $0.looksLikeRequest })
        #expect(outline(#"{"node":"d","action":"a"}"#) { $0.looksLikeRequest })
        #expect(!outline(#"{"node":"d","group":"g","values":{}}"#) { $0.looksLikeRequest })
        #expect(!outline(#"{"uuid":null,"tag":"t"}"#) { $0.looksLikeRequest })
    }
}
