// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct NumberMembersTests {
    private func own(_ text: String) -> String? {
        Array(text.utf8).withUnsafeBytes { NumberMembers.own(in: $0).map { "\($0)" } }
    }

    @Test(arguments: ["seq", "stream", "resent"])
    func aMemberOfTheOutermostObjectIsFoundWhereverItStands(name: String) {
        for length in 0..<80 {
            let filler = String(repeating: "s", count: length)
            #expect(own("{\"a\":\"\(filler)\",\"\(name)\":1}") == name, "\(length)")
            #expect(own("{\"\(name)\" : {},\"a\":\"\(filler)\"}") == name, "\(length)")
        }
        #expect(own("\u{FEFF} {\n\t\"a\":[{}],\"b\":{\"c\":\"\\\"\"},\"\(name)\"\n:null}") == name)
    }

    @Test func escapesInItsNameAreLettersToAReader() {
        #expect(own(#"{"a":1,"\u0073eq":1}"#) == "seq")
        #expect(own(#"{"\u0073\u0074\u0072\u0065\u0061\u006D":1}"#) == "stream")
        #expect(own(#"{"resen\u0074":1}"#) == "resent")
        #expect(own(#"{"\\u0073eq":1,"\u00e9":"\u0073eq"}"#) == nil)
    }

    @Test(arguments: [
        "{}", #"{"a":1}"#, #"{"a":{"seq":1,"stream":2},"b":[{"resent":true}]}"#, #"{"a":"seq"}"#,
        #"{"a":["seq","stream"]}"#, #"{"seq2":1,"Seq":2,"sequence":3,"seq ":4,"":5}"#,
        #"{"a":"\"seq\":1","b":"\\"}"#, #"{"status":"resent","r":"s"}"#,
    ])
    func whatLiesDeeperOrIsNoNameIsTheMessagesOwn(text: String) { #expect(own(text) == nil) }

    @Test func onlyAMessageWithANameInQuotesOrALettersEscapeIsReadThrough() {
        func mayHave(_ text: String) -> Bool {
            Array(text.utf8).withUnsafeBytes { NumberMembers.mayHave($0) }
        }
        for length in 0..<80 {
            let filler = String(repeating: "r", count: length)
            for text in ["\"seq\"", "\"resent\"", "\"stream\"", "\\u"] { #expect(mayHave(filler + text + "x")) }
            for text in ["\"seq", "\"sex\"", "seq\"", "\"r", "\"", "\\", "\\n", "\"site\":\"s\""] {
                #expect(!mayHave(filler + text))
            }
        }
    }
}
