// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct DecimalWriterTests {
    private func text(_ value: Int64) -> String {
        TestText.made { DecimalWriter.write(value, at: $0) }
    }

    private func text(_ value: UInt64) -> String {
        TestText.made { DecimalWriter.write(value, at: $0) }
    }

    @Test func everyNumberOfDigitsAndItsNeighbours() {
        var power: UInt64 = 1
        for _ in 0..<20 {
            for value in [power - 1, power, power &+ 1, power &* 9, power &* 9 &+ 9] {
                #expect(text(value) == "\(value)")
            }
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        #expect(text(UInt64.max) == "18446744073709551615")
    }

    @Test func theSmallAndTheExtremes() {
        for value in Int64(-20_000)...20_000 where text(value) != "\(value)" { Issue.record("\(value)") }
        #expect(text(Int64.min) == "-9223372036854775808")
        #expect(text(Int64.max) == "9223372036854775807")
    }

    @Test func randomNumbersOfAllSizes() {
        var random = TestRandom(1)
        for _ in 0..<200_000 {
            let value = Int64(bitPattern: random.next()) >> Int64(random.below(64))
            if text(value) != "\(value)" { Issue.record("\(value)") }
        }
    }

    @Test func fourDigitsAreFourWithTheirZeros() {
        for value in 0..<10_000 as Range<UInt64> {
            let bytes = DecimalWriter.fourDigitBytes(value)
            let text = (0..<4).map { bytes >> UInt64($0 * 8) & 0xff }
            let expected = [value / 1000, value / 100 % 10, value / 10 % 10, value % 10]
            if text != expected || bytes >> 32 != 0 { Issue.record("\(value)") }
        }
    }

    @Test func eightDigitsAreEightWithTheirZeros() {
        #expect(TestText.made { DecimalWriter.writeEight(120, at: $0) } == "00000120")
        #expect(TestText.made { DecimalWriter.writeEight(99_999_999, at: $0) } == "99999999")
    }
}

/// Room for a writer that takes a raw place.
enum TestText {
    static func made(_ write: (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer) -> String {
        withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { raw in
            let start = raw.baseAddress!
            let count = write(start) - start
            return String(decoding: raw[0..<count], as: UTF8.self)
        }
    }
}
