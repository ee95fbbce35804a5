// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct ShortestDecimalTests {
    private func text(_ value: Double) -> String { TestText.made { ShortestDecimal.write(value, at: $0) } }
    private func text(_ value: Float) -> String { TestText.made { ShortestDecimal.write(value, at: $0) } }

    @Test(arguments: [
        (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.1, "0.1"), (100, "100.0"), (21.5, "21.5"),
        (0.30000000000000004, "0.30000000000000004"), (123456789012345.67, "123456789012345.67"),
        (1e15, "1000000000000000.0"), (9007199254740993, "9007199254740992.0"), (1e16, "1e+16"), (1e22, "1e+22"),
        (1e23, "1e+23"), (0.0001, "0.0001"), (0.00012, "0.00012"), (1e-05, "1e-05"), (1e-07, "1e-07"),
        (1.5e300, "1.5e+300"), (5e-324, "5e-324"), (2.2250738585072014e-308, "2.2250738585072014e-308"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (99999999999.9999, "99999999999.9999"),
        (100000000000.0001, "100000000000.0001"), (0.9999, "0.9999"), (12.34567, "12.34567"), (8192, "8192.0"),
    ])
    func doubles(_ value: Double, _ expected: String) { #expect(text(value) == expected) }

    @Test func aDenormalOfTwoUnitsHasOneDigit() { #expect(text(Double(bitPattern: 2)) == "1e-323") }

    @Test(arguments: [
        (0 as Float, "0.0"), (-0.0, "-0.0"), (1.1, "1.1"), (0.1, "0.1"), (16_777_216, "16777216.0"),
        (4_294_967_296, "4294967300.0"), (1e18, "1e+18"), (3.4e38, "3.4e+38"), (1e-6, "1e-06"), (5.4996, "5.4996"),
        (Float(bitPattern: 1), "1e-45"), (.greatestFiniteMagnitude, "3.4028235e+38"),
    ])
    func floats(_ value: Float, _ expected: String) { #expect(text(value) == expected) }

    /// The significant digits of a text, without zeros at either end.
    private func digits(_ text: String) -> [UInt8] {
        var digits = text.utf8.prefix { $0 != 0x65 }.filter { $0 >= 0x30 && $0 <= 0x39 }
        while digits.last == 0x30 { digits.removeLast() }
        return Array(digits.drop { $0 == 0x30 })
    }

    private func check(_ value: Double) {
        let mine = text(value)
        if Double(mine)?.bitPattern != value.bitPattern { Issue.record("\(mine) is not \(value)") }
        // Swift's own description is shortest and nearest too.
        if digits(mine) != digits(value.description) { Issue.record("\(mine) has other digits than \(value)") }
    }

    private func check(_ value: Float) {
        let mine = text(value)
        if Float(mine)?.bitPattern != value.bitPattern { Issue.record("\(mine) is not \(value)") }
        if digits(mine) != digits(value.description) { Issue.record("\(mine) has other digits than \(value)") }
    }

    @Test func randomBitPatternsReadBackAndAreShortest() {
        var random = TestRandom(2)
        for _ in 0..<(runsLong ? 10_000_000 : 100_000) {
            let value = Double(bitPattern: random.next())
            if value.isFinite { check(value) }
        }
    }

    @Test func randomFloatsReadBackAndAreShortest() {
        var random = TestRandom(3)
        for _ in 0..<(runsLong ? 10_000_000 : 100_000) {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            if value.isFinite { check(value) }
        }
    }

    @Test func measuredValuesReadBackAndAreShortest() {
        var random = TestRandom(4)
        for _ in 0..<(runsLong ? 3_000_000 : 30_000) {
            let scale: [Double] = [1, 10, 100, 1000, 10_000, 100_000, 3, 7, 0x1p30]
            let value = Double(Int64(bitPattern: random.next()) >> Int64(random.below(60))) / scale[random.below(9)]
            check(value)
            check(value.nextUp)
            check(Float(value))
        }
    }

    @Test func powersOfTwoAndTheirNeighboursReadBackAndAreShortest() {
        for exponent in -1074...1023 {
            let power = Double(sign: .plus, exponent: exponent, significand: 1)
            check(power)
            check(power.nextUp)
            if power.nextDown > 0 { check(power.nextDown) }
        }
        for exponent in -149...127 {
            let power = Float(sign: .plus, exponent: exponent, significand: 1)
            check(power)
            check(power.nextUp)
            if power.nextDown > 0 { check(power.nextDown) }
        }
    }

    @Test func powersOfTenAndTheirNeighboursReadBackAndAreShortest() {
        for exponent in -323...308 {
            let power = Double("1e\(exponent)")!
            check(power)
            check(power.nextUp)
            check(power.nextDown)
        }
    }
}
