// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct LargeIntegersTests {
    private func rewritten(_ text: String) throws -> String? {
        try Array(text.utf8).withUnsafeBytes { try LargeIntegers.rewritten($0) }?.text
    }

    @Test func onlyWhatJanssonCannotReadIsMarked() throws {
        #expect(
            try rewritten("[9223372036854775808,18446744073709551615]")
                == #"["\u0000u64:9223372036854775808","\u0000u64:18446744073709551615"]"#)
        #expect(try rewritten("[9223372036854775807]") == nil)
        #expect(try rewritten("[-9223372036854775808]") == nil)
        // More than 64 bits, a fraction, an exponent and a leading zero are no such integers.
        for text in ["18446744073709551616", "9223372036854775808.0", "9223372036854775808e0", "09223372036854775808"] {
            #expect(try rewritten("[\(text)]") == nil, "\(text)")
        }
    }

    @Test func textsStayAsTheyAre() throws {
        #expect(
            try rewritten(#"{"9223372036854775808":"9223372036854775808\"","n":9223372036854775808}"#)
                == #"{"9223372036854775808":"9223372036854775808\"","n":"\u0000u64:9223372036854775808"}"#)
    }

    @Test func whereATextCouldBeTakenForAMarkNothingIsMarked() throws {
        #expect(try rewritten(#"["\u0000u64:1",9223372036854775808]"#) == nil)
        #expect(try rewritten(#"[9223372036854775808,"never ends"#) == nil)
        #expect(try rewritten(#"["\\u0000",9223372036854775808]"#) != nil)
    }

    @Test func aTextCutAnywhereIsLeftAlone() throws {
        let text = #"{"a\"":9223372036854775808}"#
        for length in 0..<text.utf8.count { _ = try rewritten(String(text.prefix(length))) }
    }

    @Test func aMarkedTextIsKnownAgainInADocumentThatHasMarksAlone() throws {
        let text = #"["\u0000u64:18446744073709551615","\u0000u64:","u64:1"]"#
        let document = try JSONDocument.parse(text, byteCountMax: 100)
        let root = document.root
        #expect(root[0].flatMap { LargeIntegers.value(of: $0) } == nil)
        document.marksLargeIntegers = true
        #expect(root[0].flatMap { LargeIntegers.value(of: $0) } == .max)
        #expect(root[1].flatMap { LargeIntegers.value(of: $0) } == nil)
        #expect(root[2].flatMap { LargeIntegers.value(of: $0) } == nil)
    }
}
