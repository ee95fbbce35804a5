// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct JSONTests {
    private func compact(_ text: String) throws -> String {
        String(decoding: try JSON.parse(text).compactText, as: UTF8.self)
    }

    @Test func compactTextKeepsOrderAndShortensReals() throws {
        #expect(
            try compact("{ \"b\" : [ 1, 2.5, 0.1, null ], \"a\" : {\"c\": 1.1} }")
                == "{\"b\":[1,2.5,0.1,null],\"a\":{\"c\":1.1}}")
    }

    @Test(arguments: ["0.30000000000000004", "1.7976931348623157e308", "5e-324", "0.1", "100.0"])
    func realsReadBackAsTheSameNumbers(text: String) throws {
        let again = try JSON.parse(try compact(text))
        #expect(again.kind == .real && Double(String(decoding: again.compactText, as: UTF8.self)) == Double(text))
    }

    @Test func quotingEscapesWhatMustBeEscapedAndNothingElse() {
        #expect(JSONText.quoted("a\"b\\c/d\n\u{1}\u{7F}ü") == "\"a\\\"b\\\\c/d\\u000a\\u0001\\u007fü\"")
    }

    /// What a terminal would obey, or what misleads there, stands in texts alone, and means the same escaped.
    @Test func whatATerminalWouldObeyIsEscaped() throws {
        let text = "\u{9B}31m \u{7F} \u{202E} \u{FEFF} \u{E0041} é 温 😀"
        let expected = #""\u009b31m \u007f \u202e \ufeff \udb40\udc41 é 温 😀""#
        #expect(JSONText.quoted(text) == expected)
        #expect(String(decoding: JSON.text(text).compactText, as: UTF8.self) == expected)
        #expect(try JSON.parse(expected).string == text)
        // What is no UTF-8 stays as it is.
        #expect(JSONText.harmless([0x22, 0xC2, 0x22]) == [0x22, 0xC2, 0x22] && JSONText.harmless([0xE2]) == [0xE2])
    }

    @Test func aFailureSaysWhere() {
        do throws(JSON.Failure) {
            _ = try JSON.parse("{\"a\":}")
            Issue.record("that is no JSON")
        } catch { #expect(error.text.hasPrefix("column 6: ")) }
    }
}
