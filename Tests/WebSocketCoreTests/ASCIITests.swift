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
        }
    }
}
