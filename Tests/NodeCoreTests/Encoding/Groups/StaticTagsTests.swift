// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct StaticTagsTests {
    private func parsed(_ json: String) throws -> StaticTags {
        try StaticTags.parse(try JSONDocument.parse(json, byteCountMax: 1 << 20).root)
    }

    @Test func eachKindOfValueBecomesItsFragment() throws {
        let tags = try parsed(#"{"s":"a\"é","i":-7,"r":0.1,"w":3.0,"b":true,"n":null,"o":{"k":[1,2]},"a":[1,"x"]}"#)
        #expect(
            try tags.text(.values)
                == #""s":"a\"é","i":-7,"r":0.1,"w":3.0,"b":true,"n":"null","o":"{\"k\": [1, 2]}","a":"[1, \"x\"]""#)
        #expect(try tags.text(.tags).hasPrefix(#"{"name":"s","value":"a\"é"},{"name":"i","value":-7}"#))
        #expect(
            try parsed(#"{"b":false,"i":1,"r":1e300,"s":"","n":null}"#).text(.ecp)
                == #"{"name":"b","value":false,"type":1},{"name":"i","value":1,"type":2},"#
                + #"{"name":"r","value":1e+300,"type":3},{"name":"s","value":"","type":4},"#
                + #"{"name":"n","value":"null","type":4}"#)
    }

    @Test func aTextThatHoldsThemIsTheSame() throws {
        #expect(try parsed(#""{\"a\":1}""#).text(.values) == #""a":1"#)
        #expect(try parsed(#""{\"static_tags\":{\"a\":1}}""#).text(.values) == #""a":1"#)
        #expect(try parsed(#"{"static_tags":{"a":1}}"#).text(.values) == #""static_tags":"{\"a\": 1}""#)
    }

    @Test func noneAreEmpty() throws {
        #expect(try parsed("null").isEmpty)
        #expect(try parsed("{}").isEmpty)
        #expect(try parsed("{}").text(.tags) == "")
    }

    @Test func laterOnesTakeThePlaceOfThoseOfTheSameName() throws {
        let node = try parsed(#"{"a":1,"b":2,"c":3}"#)
        #expect(
            try node.text(.values, own: parsed(#"{"d":4,"b":"x"}"#)) == #""a":1,"b":"x","c":3,"d":4"#)
        #expect(try node.text(.values, own: parsed(#"{"c":4,"a":5,"b":6}"#)) == #""a":5,"b":6,"c":4"#)
        #expect(
            try node.text(.values, own: parsed(#"{"x":7,"c":8,"y":9}"#)) == #""a":1,"b":2,"c":8,"x":7,"y":9"#)
        #expect(try node.text(.values, own: parsed("{}")) == #""a":1,"b":2,"c":3"#)
        #expect(try parsed("{}").text(.values, own: node) == #""a":1,"b":2,"c":3"#)
        #expect(
            try node.text(.tags, own: parsed(#"{"b":"x"}"#))
                == #"{"name":"a","value":1},{"name":"b","value":"x"},{"name":"c","value":3}"#)
    }

    @Test(arguments: [
        ("5", "static_tags is an integer, it takes an object"), ("[1]", "static_tags is an array, it takes an object"),
        (#""[1]""#, "static_tags is a text with an array, it takes an object"),
    ])
    func otherFormsAreRefused(_ json: String, _ expected: String) throws {
        #expect(throws: EncodingError.invalidOptions(expected)) { try parsed(json) }
    }

    @Test func aTextThatIsNoJSONIsRefusedWithItsPlace() throws {
        #expect {
            try parsed(#""{x""#)
        } throws: { error in
            guard case .invalidJSON(let text)? = error as? EncodingError else { return false }
            return text.contains("line 1")
        }
    }
}
