// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct CustomTemplateTests {
    private func parsed(_ json: String) throws -> CustomTemplate {
        try CustomTemplate.parse(try JSONDocument.parse(json, byteCountMax: 1 << 20).root)
    }

    private func rendered(_ json: String, reportsErrors: Bool = true, staticTags: StaticTags? = nil) throws -> String {
        let group = TestGroup(
            driver: "p\"1", group: "ü",
            [
                TestTag("i", 7, .integer(1), metas: [TestTag("q", 7, .integer(9)), TestTag("name", 7, .integer(0))]),
                TestTag("x", error: 1011), TestTag("d", 10, .double(0.1), precision: 3),
            ])
        let outcome = encoded(
            group, .custom, reportsErrors: reportsErrors, staticTags: staticTags, template: try parsed(json))
        guard case .message(let text, let values, let errors) = outcome else { return "\(outcome)" }
        #expect(values == 2)
        #expect(errors == (reportsErrors ? 1 : 0))
        return text
    }

    @Test(arguments: [
        (#""${timestamp}""#, "1700000000123"), (#""${node}""#, #""p\"1""#), (#""${group}""#, #""ü""#),
        (#""${tags}""#, #"[{"name":"i","value":1,"q":9},{"name":"d","value":0.100}]"#),
        (#""${tag_values}""#, #"{"i":1,"d":0.100}"#), (#""${tag_errors}""#, #"[{"name":"x","error":1011}]"#),
        (#""${tag_error_values}""#, #"{"x":1011}"#), (#""${static_tags}""#, "[]"), (#""${static_tag_values}""#, "{}"),
        (#"["a ${node}/${group} at ${timestamp}!"]"#, #"["a p\"1/ü at 1700000000123!"]"#),
        (
            #"{"${node}":1,"a${timestamp}":[true,null,1.5,"\n$","${","$ {node}","${node"]}"#,
            #"{"p\"1":1,"a1700000000123":[true,null,1.5,"\u000a$","${","$ {node}","${node"]}"#
        ),
        ("5", "5"), ("[]", "[]"), (#"[""]"#, #"[""]"#), (#""\"x ${group}\"""#, #""x ü""#),
        (#"["${timestamp}","${timestamp}"]"#, "[1700000000123,1700000000123]"),
    ])
    func isFilledIn(_ json: String, _ expected: String) throws { #expect(try rendered(json) == expected) }

    @Test func unreportedErrorsLeaveEmptyContainers() throws {
        #expect(try rendered(#"["${tag_errors}","${tag_error_values}"]"#, reportsErrors: false) == "[[],{}]")
    }

    @Test func staticTagsStandWhereTheyAreAskedFor() throws {
        let tags = try StaticTags.parse(try JSONDocument.parse(#"{"a":1,"b":"x"}"#, byteCountMax: 100).root)
        #expect(
            try rendered(#"["${static_tags}","${static_tag_values}"]"#, staticTags: tags)
                == #"[[{"name":"a","value":1},{"name":"b","value":"x"}],{"a":1,"b":"x"}]"#)
    }

    @Test func aTextThatHoldsJSONIsTheTemplate() throws {
        #expect(try rendered(#""{\"k\": \"${group}\"}""#) == #"{"k":"ü"}"#)
    }

    @Test func sixteenLevelsAreTakenAndSeventeenRefused() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(try rendered(nested(16)) == nested(16))
        #expect(throws: EncodingError.invalidTemplate("schema has more than 16 levels of objects and arrays")) {
            try parsed(nested(17))
        }
    }

    @Test(arguments: [#""${nope}""#, #"{"${nope}":1}"#, #"["a ${nope}"]"#, #"{"a":{"b":["${nope}"]}}"#])
    func anUnknownNameIsRefusedByName(_ json: String) {
        #expect {
            try parsed(json)
        } throws: {
            guard case .invalidTemplate(let text)? = $0 as? EncodingError else { return false }
            return text.hasPrefix("${nope} in schema is unknown")
        }
    }

    @Test(arguments: [#"["a ${tags}"]"#, #"["${tags} "]"#, #"{"${tag_values}":1}"#])
    func aWholeValueInsideATextIsRefused(_ json: String) {
        #expect {
            try parsed(json)
        } throws: {
            guard case .invalidTemplate(let text)? = $0 as? EncodingError else { return false }
            return text.hasSuffix("in schema must be a value by itself, not part of a text")
        }
    }

    @Test func aTextThatIsNoJSONIsRefused() {
        #expect {
            try parsed(#""{\"k\"""#)
        } throws: {
            guard case .invalidTemplate(let text)? = $0 as? EncodingError else { return false }
            return text.contains("line 1")
        }
    }

    @Test func withoutATemplateNothingIsWritten() {
        #expect(
            encoded(TestGroup([TestTag("a", 7, .integer(1))]), .custom)
                == .failed(.invalidTemplate("format custom has no schema")))
    }

    @Test func namesThatComeOutTheSameStandOnce() throws {
        func rendered(_ json: String, driver: String, group: String) throws -> String {
            let group = TestGroup(driver: driver, group: group, [TestTag("i", 7, .integer(1))])
            guard case .message(let text, _, _) = encoded(group, .custom, template: try parsed(json)) else { return "" }
            return text
        }
        let json = #"{"x":0,"${node}":{"${group}":1,"g":2},"${group}":"${tag_values}","y":[{"a${node}":1,"ad":2}]}"#
        #expect(
            try rendered(json, driver: "d", group: "g") == #"{"x":0,"d":{"g":2},"g":{"i":1},"y":[{"ad":2}]}"#)
        #expect(
            try rendered(json, driver: "x", group: "y")
                == #"{"x":{"y":1,"g":2},"y":[{"ax":1,"ad":2}]}"#)
        #expect(
            try rendered(json, driver: "d", group: "d") == #"{"x":0,"d":{"i":1},"y":[{"ad":2}]}"#)
    }

    @Test func tagsOfOneNameStandOnceInObjectsAndOftenInLists() throws {
        let group = TestGroup([
            TestTag("x", 7, .integer(1)), TestTag("x", error: 3), TestTag("x", 7, .integer(2)), TestTag("x", error: 4),
        ])
        let statics = try StaticTags.parse(JSONDocument.parse(#"{"x":9}"#, byteCountMax: 99).root)
        let json = #"["${tag_values}","${tag_error_values}","${tags}","${tag_errors}","${static_tag_values}"]"#
        let outcome = encoded(group, .custom, staticTags: statics, template: try parsed(json))
        #expect(
            outcome
                == .message(
                    #"[{"x":2},{"x":4},[{"name":"x","value":1},{"name":"x","value":2}],"#
                        + #"[{"name":"x","error":3},{"name":"x","error":4}],{"x":9}]"#, values: 2, errors: 2))
    }
}
