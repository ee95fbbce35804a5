// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct FixedDecimalTests {
    private func text(_ value: Double, _ decimals: Int) -> String {
        TestText.made { FixedDecimal.write(value, decimals: decimals, at: $0) }
    }

    @Test(arguments: [
        (1.25, 1, "1.2"), (1.35, 1, "1.4"), (-1.005, 2, "-1.00"), (0.5, 1, "0.5"), (0.1, 17, "0.10000000000000001"),
        (1e6, 3, "1000000.000"), (123456789.5, 17, "123456789.50000000000000000"), (0.05, 1, "0.1"), (0.25, 1, "0.2"),
        (0.75, 1, "0.8"), (9.96, 1, "10.0"), (999.9999, 2, "1000.00"), (-0.0, 2, "-0.00"), (-0.001, 2, "-0.00"),
        (5e-324, 17, "0.00000000000000000"), (1e-18, 17, "0.00000000000000000"), (6e-18, 17, "0.00000000000000001"),
        (Double(Float(1.26)), 1, "1.3"), (18446744073709551616, 1, "18446744073709551616.0"),
        (1e22, 2, "10000000000000000000000.00"),
    ])
    func isExactlyRounded(_ value: Double, _ decimals: Int, _ expected: String) {
        #expect(text(value, decimals) == expected)
    }

    @Test func decimalsOutOfRangeAreCut() {
        #expect(text(1.5, 200) == "1.50000000000000000")
        #expect(text(1.5, -1) == "1.5")
    }

    private func check(_ value: Double, _ decimals: Int) {
        let mine = text(value, decimals)
        let expected = printed(value, decimals: decimals)
        if mine != expected { Issue.record("\(mine) is not \(expected)") }
    }

    @Test func agreesWithPrintfOnRandomBits() {
        var random = TestRandom(5)
        for _ in 0..<(runsLong ? 3_000_000 : 50_000) {
            let value = Double(bitPattern: random.next())
            if value.isFinite { check(value, 1 + random.below(17)) }
        }
    }

    @Test func agreesWithPrintfOnCommonMagnitudesAndTies() {
        var random = TestRandom(6)
        for _ in 0..<(runsLong ? 3_000_000 : 40_000) {
            let decimals = 1 + random.below(17)
            let number = Int64(bitPattern: random.next()) >> Int64(random.below(63))
            // Multiples of a power of two have ties among their decimals.
            check(Double(number) / Double(1 << random.below(40)), decimals)
            check(Double(number) / 1000, decimals)
            check(Double(Float(number) / 10), decimals)
        }
    }

    @Test func agreesWithPrintfOnEveryMagnitude() {
        for exponent in -1074...1023 {
            let power = Double(sign: .plus, exponent: exponent, significand: 1)
            for decimals in [1, 2, 9, 17] {
                check(power, decimals)
                check(power * 1.9999999, decimals)
                check(-power.nextUp, decimals)
            }
        }
        check(.greatestFiniteMagnitude, 17)
    }
}
