// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

@Suite struct ASCIITests {
    @Test func everyByteIsWhatTheTableSays() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let isASCII = byte < 0x80
            #expect(ASCII.isDigit(byte) == (isASCII && character.isNumber))
            #expect(ASCII.isLetter(byte) == (isASCII && character.isLetter))
            #expect(ASCII.isAlphanumeric(byte) == (isASCII && (character.isNumber || character.isLetter)))
            #expect(ASCII.digit(byte).map(Int.init) == (ASCII.isDigit(byte) ? character.wholeNumberValue : nil))
            #expect(ASCII.hexDigit(byte).map(Int.init) == (isASCII ? character.hexDigitValue : nil))
            #expect(ASCII.isSpace(byte) == [9, 10, 11, 12, 13, 32].contains(byte))
            let lower = isASCII && character.isUppercase ? character.lowercased().utf8.first! : byte
            #expect(ASCII.lowercased(byte) == lower)
            let upper = isASCII && character.isLowercase ? character.uppercased().utf8.first! : byte
            #expect(ASCII.uppercased(byte) == upper)
            #expect(ASCII.isSmallLetter(byte) == (isASCII && character.isLowercase))
            #expect(ASCII.isUnreserved(byte) == (ASCII.isAlphanumeric(byte) || "-._~".utf8.contains(byte)))
        }
    }

    @Test func digitsAreANumberIfItFits() {
        #expect(ASCII.decimal("18446744073709551615".utf8) == .max)
        #expect(ASCII.decimal("007".utf8) == 7)
        for text in ["18446744073709551616", "99999999999999999999", "", "1a", "-1"] {
            #expect(ASCII.decimal(text.utf8) == nil)
        }
        #expect(ASCII.hexadecimal("FFFFffffFFFFffff".utf8) == .max)
        #expect(ASCII.hexadecimal("0000000000000000A".utf8) == 10)
        for text in ["10000000000000000", "", "1g", "-1"] { #expect(ASCII.hexadecimal(text.utf8) == nil) }
    }

    @Test func digitsOfAValueReadBack() {
        for value in UInt8(0)..<16 {
            #expect(ASCII.hexDigit(ASCII.hexDigit(of: value)) == value)
            #expect(ASCII.hexDigit(ASCII.capitalHexDigit(of: value)) == value)
            #expect(ASCII.uppercased(ASCII.hexDigit(of: value)) == ASCII.capitalHexDigit(of: value))
        }
    }
}
