// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct SubscriptionParametersTests {
    private func parse(_ json: String) throws(JSONError) -> SubscriptionParameters {
        let result: Result<SubscriptionParameters, JSONError> = Array(json.utf8).withUnsafeBytes { bytes in
            do throws(JSONError) {
                return .success(try SubscriptionParameters.parse(json: bytes))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    @Test func staticTagsAreTakenAsAnObjectOrInAText() throws {
        let tags = #""site":"A","x":0.1"#
        #expect(try parse(#"{"static_tags":{"site":"A", "x":0.1}}"#).staticTags?.text(.values) == tags)
        #expect(try parse(#"{"static_tags":"{\"site\":\"A\",\"x\":0.1}"}"#).staticTags?.text(.values) == tags)
        #expect(
            try parse(#"{"static_tags":"{\"static_tags\":{\"site\":\"A\",\"x\":0.1}}"}"#).staticTags?.text(.values)
                == tags)
        #expect(try parse("{}").staticTags == nil)
        #expect(try parse(#"{"static_tags":""}"#).staticTags == nil)
    }

    @Test func everythingElseIsRefused() {
        let cases: [(String, String)] = [
            ("[]", "the parameters are an array; they must be an object"),
            (#"{"topic":"x"}"#, #""topic" is no parameter of a subscription; it takes "static_tags""#),
            (#"{"static_tags":[]}"#, #""static_tags" is an array; it takes an object, or a text holding one"#),
            (#"{"static_tags":"3"}"#, "static_tags is a text with an integer, it takes an object"),
            (#"{"static_tags":null}"#, #""static_tags" is null; it takes an object, or a text holding one"#),
            ("", "the document is empty"),
        ]
        for (json, text) in cases { #expect(throws: JSONError(text: text), "\(json)") { try parse(json) } }
        #expect(throws: JSONError.self) { try parse(#"{"static_tags":"{"}"#) }
    }
}
