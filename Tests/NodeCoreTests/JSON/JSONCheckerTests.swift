// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct JSONCheckerTests {
    private func fault(_ bytes: [UInt8]) -> String? {
        bytes.withUnsafeBytes { bytes in
            do throws(JSONError) {
                try JSONChecker.check(bytes)
                return nil
            } catch { return error.text }
        }
    }

    private func janssonTakes(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { (try? JSONDocument.parse($0, byteCountMax: $0.count)) != nil }
    }

    private static let documents = [
        "{}", "[]", "0", "-0", "-1.5e+10", "1E5", "true", "false", "null", "\"\"", " [1 , 2 ]\n", "{\"a\":{\"b\":[]}}",
        #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000""#, "\"é温😀\"", "{\"a\":1,\"a\":2}", "[[],{},[{}]]",
        "\"0123456789012345678901234567890123456789\"", "\"01234567é8901234567890\\n123456789\"",
    ]
    private static let broken = [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
        "[1 2]", "1 2", "{} {}", "01", "-", "1.", ".5", "1e", "1e+", "+1", "tru", "True", "nul", "NaN", "\"", "\"a",
        "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", #""\ud800""#, #""\ud800A""#, #""\udc00""#, "\"\n\"", "[}",
        "{]", "]", "}", "\"0123456\u{1}\"", "'a'", "[1}", "{\"a\":1]", "/**/1",
    ]

    @Test(arguments: documents) func whatIsJSONIsTaken(_ text: String) { #expect(fault(Array(text.utf8)) == nil) }

    @Test(arguments: broken) func whatIsNoneIsRefused(_ text: String) { #expect(fault(Array(text.utf8)) != nil) }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
            [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
        ] as [[UInt8]])
    func textsAreUTF8(_ bytes: [UInt8]) {
        #expect(fault([0x22] + bytes + [0x22]) != nil)
        #expect(fault(Array("\"0123456789abcdef".utf8) + bytes + Array("0123456789abcdef\"".utf8)) != nil)
    }

    @Test func whereItIsWrongIsSaid() {
        #expect(fault(Array("{\"a\":1,\n \"b\":x}".utf8)) == "line 2, column 6: a value is expected")
        #expect(fault(Array("[1,2".utf8)) == "line 1, column 5: the document is cut off")
        #expect(fault(Array("{} 5".utf8)) == "line 1, column 4: something follows the document's end")
    }

    @Test func itIsNestedAsDeepAsRequestsMayBe() {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: 0x5B, count: depth) + [UInt8](repeating: 0x5D, count: depth)
        }
        #expect(fault(nested(64)) == nil)
        #expect(fault(nested(65)) != nil)
        #expect(fault([UInt8](repeating: 0x5B, count: 1_000_000)) != nil)
        let mixed = String(repeating: "[{\"a\":", count: 32) + "1" + String(repeating: "}]", count: 32)
        #expect(fault(Array(mixed.utf8)) == nil)
    }

    @Test func numbersOfAnySizeAreTaken() {
        #expect(fault(Array(("1" + String(repeating: "0", count: 400)).utf8)) == nil)
        #expect(fault(Array("1e999".utf8)) == nil)
    }

    /// Each document with each byte changed or taken away: it is taken if jansson takes it.
    @Test func itAgreesWithJansson() {
        var differing: [String] = []
        func compare(_ bytes: [UInt8]) {
            // jansson takes a NUL behind a number for a blank.
            if (fault(bytes) == nil) != janssonTakes(bytes), !bytes.contains(0) {
                differing.append(String(decoding: bytes, as: UTF8.self))
            }
        }
        let large = #"{"uuid":"1\"","node":"d","tags":[{"tag":"t","value":[1.5e3,{"a":"\u00e9é"}]}],"x":null}"#
        for document in Self.documents + [large] {
            let text = Array(document.utf8)
            for index in text.indices {
                for byte: UInt8 in [
                    0x00, 0x09, 0x20, 0x22, 0x2C, 0x2D, 0x2E, 0x30, 0x3A, 0x5B, 0x5C, 0x5D, 0x65, 0x75, 0x7B, 0x7D,
                    0x80, 0xC3, 0xFF,
                ] {
                    var changed = text
                    changed[index] = byte
                    compare(changed)
                }
                compare(Array(text[..<index]))
                compare(Array(text[..<index]) + text[(index + 1)...])
            }
        }
        #expect(differing == [])
    }
}
