// SPDX-License-Identifier: Apache-2.0
import CJansson
import Testing

@testable import NodeCore

@Suite struct LongTextsTests {
    private let long = String(repeating: "x", count: LongTexts.byteCountMin + 1)

    /// The tree's texts of an array, after they were taken out and put back; nil: there were no long ones.
    private func restored(_ text: String) throws -> [String?]? {
        try Array(text.utf8).withUnsafeBytes { bytes -> [String?]? in
            guard let found = try LongTexts.find(in: bytes) else { return nil }
            var error = json_error_t()
            let root = found.document.withBytes { JSONDocument.loaded($0, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error) }
            guard let root, let whole = found.restored(root, bytes) else { return [] }
            defer { neuron_ws_json_decref(whole) }
            if neuron_ws_json_typeof(whole) == JSON_STRING { return [String(cString: json_string_value(whole))] }
            return (0..<json_array_size(whole)).map { index in
                let element = json_array_get(whole, index)
                if neuron_ws_json_typeof(element) == JSON_OBJECT {
                    return json_string_value(json_object_get(element, "a")).map { String(cString: $0) }
                }
                return json_string_value(element).map { String(cString: $0) }
            }
        }
    }

    @Test func shortTextsAreJanssons() throws {
        #expect(try restored("[\"\(long.dropLast())\"]") == nil)
        #expect(try restored("[]") == nil)
    }

    @Test func longOnesComeBackWhereTheyStood() throws {
        let texts = try restored("[\"\(long)\",\"short\",{\"a\":\"\(long)y\"}]")
        let isRight = texts == [long, "short", long + "y"]
        #expect(isRight)
        let root = try restored("\"\(long)\"") == [long]
        #expect(root)
    }

    @Test func escapesAreReadAsJanssonWould() throws {
        let texts = try restored("[\"\\\"\\u00e4\\n\(long)\"]")
        let isRight = texts == ["\"ä\n" + long]
        #expect(isRight)
    }

    @Test func whatJanssonSeesIsAsLongAndHasItsLines() throws {
        let text = "[\n\"\(long)\",\n1]"
        try Array(text.utf8).withUnsafeBytes { bytes in
            guard let found = try LongTexts.find(in: bytes) else {
                Issue.record("it was not found")
                return
            }
            let seen = found.document.text
            let isRight =
                seen.utf8.count == bytes.count && seen.hasPrefix("[\n\"\\u0000") && seen.hasSuffix(" ,\n1]")
                && !seen.contains("x")
            #expect(isRight)
        }
    }

    @Test func aLongNameIsRefused() {
        let text = Array("{\"\(long)\" :1}".utf8)
        text.withUnsafeBytes { bytes in
            do throws(LongTexts.Fault) {
                _ = try LongTexts.find(in: bytes)
                Issue.record("it was taken")
            } catch {
                #expect(error.text == "a name has 16385 bytes, at most 16384 are taken")
            }
        }
    }

    @Test func aLongTextThatIsNoneIsLeftForJanssonToRefuse() throws {
        let text = "[\"\(long)\\q\"]"
        try Array(text.utf8).withUnsafeBytes { bytes in
            guard let found = try LongTexts.find(in: bytes) else {
                Issue.record("it was not found")
                return
            }
            let isUntouched = found.document.text == text
            #expect(isUntouched)
        }
    }
}
