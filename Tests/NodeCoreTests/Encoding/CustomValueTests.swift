// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// A JSON document as a tag's value.
@Suite struct CustomValueTests {
    private enum Came: Equatable {
        case text(String)
        case refused(String)
    }

    private func write(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer, TagView, inout ByteWriter) throws(EncodingError) -> Void
    ) -> Came {
        var tag = neuron_ws_tag_t()
        return "tag".withCString { name in
            tag.name = name
            return withUnsafePointer(to: tag) { pointer in
                bytes.withUnsafeBytes { text in
                    do throws(EncodingError) {
                        let buffer = ByteBuffer(byteCountMax: 1 << 20)
                        var writer = try ByteWriter.open(buffer)
                        try body(text, TagView(pointer), &writer)
                        try writer.finish()
                        return .text(buffer.text)
                    } catch { return .refused(error.text) }
                }
            }
        }
    }

    private func written(_ bytes: [UInt8]) -> Came {
        write(bytes) { text, tag, writer throws(EncodingError) in
            try CustomValue.write(text, tag: tag, index: 2, to: &writer)
        }
    }

    private func written(_ text: String) -> Came { written(Array(text.utf8)) }

    @Test func whiteSpaceGoesAndNothingElse() {
        let text = " { \"a b\" : [ 1.50 , 1E2 , \"\\u00e4 \\\" \" ] }\r\n"
        #expect(written(text) == .text(#"{"a b":[1.50,1E2,"\u00e4 \" "]}"#))
        #expect(written("\u{FEFF}[1]") == .text("[1]"))
        #expect(written(" null ") == .text("null"))
    }

    @Test func numbersStayAsTheyWereWritten() {
        for text in ["18446744073709551615", "123456789012345678901234567890", "1.0000000000000000001", "-0"] {
            #expect(written(text) == .text(text))
        }
    }

    @Test func ofANameThatStandsTwiceTheLastCounts() {
        #expect(written(#"{"a":1,"b":2,"a":3}"#) == .text(#"{"a":3,"b":2}"#))
    }

    @Test func whatIsNoUTF8IsReplaced() {
        #expect(written([0x22, 0x61, 0xFF, 0x62, 0xC3, 0x22]) == .text("\"a\u{FFFD}b\u{FFFD}\""))
    }

    @Test(arguments: ["", "{", "[1,]", "text", "1 2", "{\"a\"}", "\"\\q\""])
    func whatIsNoJSONIsRefusedByItsPlace(text: String) {
        guard case .refused(let why) = written(text) else {
            Issue.record("it was taken")
            return
        }
        #expect(why.contains("has a CUSTOM value that is no JSON: line "))
    }

    @Test func oneThatIsTooLongIsNotRead() {
        let came = written([UInt8](repeating: 0x20, count: CustomValue.bytesMax + 1))
        guard case .refused(let why) = came else {
            Issue.record("it was taken")
            return
        }
        #expect(why.contains("at most \(CustomValue.bytesMax) are taken"))
    }

    @Test func forECPScalarsHaveTheirTypeAndContainersAreTexts() {
        for (text, type, expected) in [
            ("true", .boolean, "true"), ("7", .integer, "7"),
            ("18446744073709551615", .integer, "18446744073709551615"), ("1.5", .real, "1.5"),
            ("\"t\"", .text, "\"t\""), ("{ \"a\" : 1 }", .text, #""{\"a\":1}""#),
            ("null", .text, "\"null\""),
        ] as [(String, ECPType, String)] {
            var found: ECPType?
            let came = write(Array(text.utf8)) { text, tag, writer throws(EncodingError) in
                found = try CustomValue.writeECP(text, tag: tag, index: 0, to: &writer)
            }
            #expect(came == .text(expected) && found == type)
        }
    }
}
