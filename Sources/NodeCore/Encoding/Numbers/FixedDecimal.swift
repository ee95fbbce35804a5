// SPDX-License-Identifier: Apache-2.0
/// Floating-point numbers with a fixed number of decimals, rounded from the exact binary value, ties to even: what
/// printf's "%.*f" writes in the C locale, without printf and whatever the locale.
enum FixedDecimal {
    /// The bytes that `write` may touch: a sign, 309 digits, a point, 17 decimals.
    static let byteCountMax = 352
    /// The most decimals; more are cut to this.
    static let decimalsMax = 17

    /// Writes a finite double with `decimals` decimals (1 to 17) and returns the place behind it. A float is its exact
    /// double. `byteCountMax` bytes must be free at `start`.
    static func write(
        _ value: Double, decimals: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let decimals = min(max(decimals, 1), decimalsMax)
        start.storeBytes(of: 0x2d, as: UInt8.self)
        let place = start + (value.sign == .minus ? 1 : 0)
        let bits = value.bitPattern & 0x7fff_ffff_ffff_ffff
        let biased = Int(bits >> 52)
        let fraction = bits & 0x000f_ffff_ffff_ffff
        let significand = biased == 0 ? fraction : fraction | 1 << 52
        let exponent = max(biased, 1) - 1075
        if exponent > 11 { return writeLarge(significand, exponent: exponent, decimals: decimals, at: place) }
        if exponent >= 0 { return writeParts(significand << UInt64(exponent), 0, decimals: decimals, at: place) }

        // The value is significand / 2^-exponent. Its fraction times 10^decimals is below 2^53 · 2^57: it fits 128
        // bits.
        let power = powersOfTen[decimals]
        let shift = -exponent
        // Below 2^-75 nothing is left of 17 decimals.
        if shift > 127 { return writeParts(0, 0, decimals: decimals, at: place) }
        let wide = UInt128(significand)
        var whole = UInt64(truncatingIfNeeded: wide >> UInt128(shift))
        let rest = (wide & (UInt128(1) << UInt128(shift) - 1)) * UInt128(power)
        var digits = UInt64(truncatingIfNeeded: rest >> UInt128(shift))
        let left = rest & (UInt128(1) << UInt128(shift) - 1)
        let half = UInt128(1) << UInt128(shift - 1)
        if left > half || (left == half && digits & 1 == 1) { digits += 1 }
        if digits == power {
            digits = 0
            whole += 1
        }
        return writeParts(whole, digits, decimals: decimals, at: place)
    }

    private static func writeParts(
        _ whole: UInt64, _ digits: UInt64, decimals: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let next = DecimalWriter.write(whole, at: start)
        next.storeBytes(of: 0x2e, as: UInt8.self)
        var left = digits
        var index = decimals
        while index > 0 {
            next.storeBytes(of: UInt8(truncatingIfNeeded: left % 10) | 0x30, toByteOffset: index, as: UInt8.self)
            left /= 10
            index -= 1
        }
        return next + (decimals + 1)
    }

    /// significand · 2^exponent from 2^64 on: a whole number of up to 309 digits, by long division in base 10^18.
    private static func writeLarge(
        _ significand: UInt64, exponent: Int, decimals: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        // 1,024 bits in 16 words, and one word where the significand straddles two.
        var words = InlineArray<17, UInt64>(repeating: 0)
        let first = exponent / 64
        let shift = UInt64(exponent % 64)
        words[first] = significand << shift
        words[first + 1] = shift == 0 ? 0 : significand >> (64 - shift)
        var count = first + 2
        // 10^18 per step and 18 · 18 = 324 ≥ 309 digits.
        var groups = InlineArray<18, UInt64>(repeating: 0)
        var groupCount = 0
        while count > 0 && groupCount < 18 {
            var remainder: UInt64 = 0
            var index = count
            while index > 0 {
                index -= 1
                let step = (1_000_000_000_000_000_000 as UInt64).dividingFullWidth((remainder, words[index]))
                words[index] = step.quotient
                remainder = step.remainder
            }
            groups[groupCount] = remainder
            groupCount += 1
            while count > 0 && words[count - 1] == 0 { count -= 1 }
        }
        groupCount -= 1
        var next = DecimalWriter.write(groups[groupCount], at: start)
        while groupCount > 0 {
            groupCount -= 1
            let group = groups[groupCount]
            let high = group / 10_000_000_000_000_000
            next.storeBytes(of: UInt8(truncatingIfNeeded: high / 10) | 0x30, as: UInt8.self)
            next.storeBytes(of: UInt8(truncatingIfNeeded: high % 10) | 0x30, toByteOffset: 1, as: UInt8.self)
            let low = group - high * 10_000_000_000_000_000
            next = DecimalWriter.writeEight(low / 100_000_000, at: next + 2)
            next = DecimalWriter.writeEight(low % 100_000_000, at: next)
        }
        next.storeBytes(of: 0x2e, as: UInt8.self)
        for index in 1...decimals { next.storeBytes(of: 0x30, toByteOffset: index, as: UInt8.self) }
        return next + (decimals + 1)
    }

    private static let powersOfTen: InlineArray<18, UInt64> = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000,
    ]
}
