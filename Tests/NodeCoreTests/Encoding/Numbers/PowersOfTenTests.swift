// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct PowersOfTenTests {
    /// A whole number in base 2^32, lowest first.
    private struct Whole {
        var limbs: [UInt32] = [1]

        mutating func multiply(by factor: UInt32) {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let product = UInt64(limbs[index]) * UInt64(factor) + carry
                limbs[index] = UInt32(truncatingIfNeeded: product)
                carry = product >> 32
            }
            if carry > 0 { limbs.append(UInt32(carry)) }
        }

        mutating func divide(by divisor: UInt32) -> UInt32 {
            var remainder: UInt64 = 0
            for index in limbs.indices.reversed() {
                let part = remainder << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(part / UInt64(divisor))
                remainder = part % UInt64(divisor)
            }
            while limbs.count > 1 && limbs.last == 0 { limbs.removeLast() }
            return UInt32(remainder)
        }

        var bitWidth: Int { limbs.count * 32 - limbs.last!.leadingZeroBitCount }

        /// The upper 128 bits, and whether anything lies below them.
        var upper: (high: UInt64, low: UInt64, isExact: Bool) {
            let shift = bitWidth - 128
            var high: UInt64 = 0
            var low: UInt64 = 0
            var isExact = true
            for bit in 0..<bitWidth where limbs[bit / 32] >> UInt32(bit % 32) & 1 == 1 {
                let place = bit - shift
                if place >= 64 { high |= 1 << UInt64(place - 64) } else if place >= 0 { low |= 1 << UInt64(place) }
                if place < 0 { isExact = false }
            }
            return (high, low, isExact)
        }
    }

    private func expect(_ exponent: Int, _ value: (high: UInt64, low: UInt64, isExact: Bool)) {
        let index = (exponent - PowersOfTen.exponentMin) * 2
        let (low, overflow) = value.low.addingReportingOverflow(value.isExact ? 0 : 1)
        let high = value.high + (overflow ? 1 : 0)
        if PowersOfTen.words[index] != high || PowersOfTen.words[index + 1] != low { Issue.record("10^\(exponent)") }
    }

    @Test func positivePowersAreTheRoundedUpOnes() {
        var power = Whole()
        for exponent in 0...324 {
            expect(exponent, power.upper)
            power.multiply(by: 10)
        }
    }

    @Test func negativePowersAreTheRoundedUpOnes() {
        // 2^1300 / 10^n, divided step by step: each quotient is the floor of the exact one, which is never whole.
        var power = Whole(limbs: [UInt32](repeating: 0, count: 40) + [1 << 20])
        for exponent in 1...292 {
            _ = power.divide(by: 10)
            var value = power.upper
            value.isExact = false
            expect(-exponent, value)
        }
    }
}
