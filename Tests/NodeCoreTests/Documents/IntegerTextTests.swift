// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct IntegerTextTests {
    private func parse(_ text: String) -> IntegerText? { Array(text.utf8).withUnsafeBytes { IntegerText.parse($0) } }

    @Test(
        arguments: [
            ("0", false, 0), ("7", false, 7), ("-7", true, 7), ("007", false, 7), ("0x1F", false, 31),
            ("0Xff", false, 255),
            ("18446744073709551615", false, .max), ("-9223372036854775808", true, 1 << 63),
            ("0xFFFFFFFFFFFFFFFF", false, .max),
        ] as [(String, Bool, UInt64)])
    func integersOf64BitsAreTaken(text: String, isNegative: Bool, magnitude: UInt64) {
        #expect(parse(text) == IntegerText(isNegative: isNegative, magnitude: magnitude))
    }

    @Test(arguments: ["", "-", "+1", "0x", "-0x1", "0xG", "1.0", "1e3", " 1", "1 ", "18446744073709551616", "--1"])
    func anythingElseIsNone(text: String) { #expect(parse(text) == nil) }

    @Test func seventeenHexadecimalDigitsAreTooMany() { #expect(parse("0x00000000000000001") == nil) }
}
