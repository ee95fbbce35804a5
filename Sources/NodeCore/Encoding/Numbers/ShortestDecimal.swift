// SPDX-License-Identifier: Apache-2.0
/// Floating-point numbers as the shortest decimal text that reads back as the same number, and of those the nearest.
///
/// The method is Raffaello Giulietti's ("The Schubfach way to render doubles", 2020): scale the number and the borders
/// of its rounding interval by a power of ten so that the interval is between 1 and 10 wide; at most one multiple of
/// ten lies in it then, and that is shorter than any other candidate; else the nearest integer wins. 128 bits of the
/// power and rounding to odd suffice for all comparisons to be exact. Before that come two shorter ways for what is
/// common: numbers of few decimals, and numbers whose interval's ends are not close to a candidate.
enum ShortestDecimal {
    /// The bytes that `write` may touch.
    static let byteCountMax = 40

    /// Writes a finite double and returns the place behind it. `byteCountMax` bytes must be free at `start`.
    ///
    /// Whole numbers keep their `.0`; from 10^16 on and below 10^-4 the text has an exponent, as in 1e+16 and 1e-05.
    @inline(__always)
    static func write(_ value: Double, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        start.storeBytes(of: 0x2d, as: UInt8.self)
        let bits = value.bitPattern
        let place = start + Int(truncatingIfNeeded: bits &>> 63)
        let magnitude = Double(bitPattern: bits & 0x7fff_ffff_ffff_ffff)
        // Measured values mostly have few decimals. Adding 3·2^51 rounds to the nearest whole number and leaves it in
        // the lower bits. If number / 10^4, which IEEE 754 rounds as reading the decimal would, gives the value back,
        // these digits read back as it; being at most 15, they are the only such text, and the shortest.
        let shifted = magnitude * 10_000 + 0x1.8p52
        if (shifted - 0x1.8p52) / 10_000 == magnitude && magnitude < 1e11 {
            let scaled = shifted.bitPattern &- (0x1.8p52 as Double).bitPattern
            return writeFourDecimals(scaled, at: place)
        }
        return writeAny(bits & 0x7fff_ffff_ffff_ffff, at: place)
    }

    /// number / 10^4 with at least one decimal and no zeros behind that.
    @inline(__always)
    private static func writeFourDecimals(
        _ number: UInt64, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let whole = number / 10_000
        let point = DecimalWriter.write(whole, at: start)
        let digits = DecimalWriter.fourDigitBytes(number &- whole &* 10_000)
        point.storeBytes(of: (digits | 0x3030_3030) &<< 8 | 0x2e, as: UInt64.self)
        // One byte for the point, one decimal at least, more up to the last digit that is not 0.
        let count = (71 &- (digits &<< 8 | 0x100).leadingZeroBitCount) &>> 3
        return point + count
    }

    /// A positive finite double with as many digits as it takes.
    @inline(never)
    private static func writeAny(_ bits: UInt64, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        let exponent = Int(truncatingIfNeeded: bits &>> 52)
        let fraction = bits & 0x000f_ffff_ffff_ffff
        if exponent == 0 { return writeSubnormal(fraction, exponent: -1074, at: start) }
        let scaled = scale(fraction | 1 &<< 52, exponent: exponent &- 1075, isPower: fraction == 0)
        // A normal double scales to 16 or 17 digits; the text is made from 17.
        let isShort = scaled.digits < 10_000_000_000_000_000
        let digits = isShort ? scaled.digits &* 10 : scaled.digits
        return writeDigits(digits, exponent: scaled.exponent &+ (isShort ? 15 : 16), at: start)
    }

    /// Writes a finite float, shortest among the texts that read back as the same float.
    static func write(_ value: Float, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        let bits = value.bitPattern
        start.storeBytes(of: 0x2d, as: UInt8.self)
        let place = start + Int(truncatingIfNeeded: bits &>> 31)
        let exponent = Int(truncatingIfNeeded: bits &>> 23) & 0xff
        let fraction = UInt64(bits & 0x007f_ffff)
        if exponent == 0 { return writeSubnormal(fraction, exponent: -149, at: place) }
        // A float is a double of 24 significant bits: the same scaling holds with the float's own rounding interval.
        let scaled = scaleExactly(
            fraction | 1 &<< 23, exponent: exponent &- 150, isIrregular: fraction == 0 && exponent > 1)
        return writeFew(scaled.digits, exponent: scaled.exponent, at: place)
    }

    /// fraction · 2^exponent below the normal range, 0 included.
    @inline(never)
    private static func writeSubnormal(
        _ fraction: UInt64, exponent: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        if fraction == 0 {
            start.storeBytes(of: 0x30_2e30, as: UInt32.self)
            return start + 3
        }
        let scaled = scaleExactly(fraction, exponent: exponent, isIrregular: false)
        return writeFew(scaled.digits, exponent: scaled.exponent, at: start)
    }

    /// digits · 10^exponent with 1 to 17 digits, filled up to 17.
    private static func writeFew(
        _ digits: UInt64, exponent: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var digits = digits
        var exponent = exponent &+ 16
        while digits < 10_000_000_000_000_000 {
            digits &*= 10
            exponent &-= 1
        }
        return writeDigits(digits, exponent: exponent, at: start)
    }

    /// The shortest digits · 10^exponent in the rounding interval of significand · 2^exponent, for a normal double.
    ///
    /// One 192-bit product gives the scaled number with 64 bits behind the point, off by less than two units of the
    /// last; the half width of the interval is the power itself, shifted. What is decided by less than `doubt` goes the
    /// exact way, as do powers of two.
    @inline(__always)
    private static func scale(_ significand: UInt64, exponent: Int, isPower: Bool) -> (digits: UInt64, exponent: Int) {
        let power = (exponent &* 1_262_611) &>> 22
        let shift = UInt64(truncatingIfNeeded: exponent &+ (0 &- power &* 1_741_647) &>> 19 &+ 1)
        let index = (0 &- power &- PowersOfTen.exponentMin) &* 2
        let high = PowersOfTen.words[unchecked: index]
        let factor = significand &<< shift
        let below = PowersOfTen.words[unchecked: index &+ 1].multipliedFullWidth(by: factor).high
        let above = high.multipliedFullWidth(by: factor)
        let (fraction, carried) = above.low.addingReportingOverflow(below)
        let unit = above.high &+ (carried ? 1 : 0)

        // From here on in units of 2^-59: how far above the last multiple of ten, below the next, and the half width.
        let ten = unit / 10
        let last = unit &- ten &* 10
        let over = last &<< 59 | fraction &>> 5
        let under = (10 << 59) &- over
        let half = high &>> (6 &- shift)
        let isDoubtful =
            over &- half &+ doubt <= 2 * doubt || under &- half &+ doubt <= 2 * doubt
            || fraction &- (1 << 63) &+ doubt <= 2 * doubt || isPower
        if isDoubtful { return scaleExactly(significand, exponent: exponent, isIrregular: isPower && exponent > -1074) }
        // By sign bits and masks: a compiler makes branches of conditions, and random doubles mispredict them.
        let isUnder = (under &- half) &>> 63
        let isTen = 0 &- (isUnder | (over &- half) &>> 63)
        let up = (isUnder &* 10 &- last) & isTen | fraction &>> 63 & ~isTen
        return (unit &+ up, power)
    }

    /// More than the sum of all rounding errors in `scale`, in its units.
    private static var doubt: UInt64 { @inline(__always) get { 8 } }

    /// The same for every significand and float, by Schubfach's comparisons, which are exact.
    ///
    /// significand < 2^53, -1074 ≤ exponent ≤ 971. Irregular is a significand that is a power of two, below which the
    /// neighbour is only half as far.
    @inline(never)
    private static func scaleExactly(
        _ significand: UInt64, exponent: Int, isIrregular: Bool
    ) -> (digits: UInt64, exponent: Int) {
        // ⌊log10(2^exponent)⌋, or of ¾ · 2^exponent: exact for these exponents.
        let power = (exponent &* 1_262_611 &- (isIrregular ? 524_031 : 0)) &>> 22
        let shift = UInt64(truncatingIfNeeded: exponent &+ (0 &- power &* 1_741_647) &>> 19 &+ 1)
        let index = (0 &- power &- PowersOfTen.exponentMin) &* 2
        let high = PowersOfTen.words[unchecked: index]
        let low = PowersOfTen.words[unchecked: index &+ 1]

        // The number and the ends of its interval, in quarters of a unit.
        let quarters = significand &<< 2
        let value = multiply(high, low, quarters &<< shift)
        let odd = significand & 1
        // The ends belong to the interval if the significand is even, since ties round to even.
        let lower = multiply(high, low, (quarters &- 2 &+ (isIrregular ? 1 : 0)) &<< shift) &+ odd
        let upper = multiply(high, low, (quarters &+ 2) &<< shift) &- odd

        let unit = value &>> 2
        let ten = unit / 10
        let isTenBelow = lower <= ten &* 40
        let isTenAbove = ten &* 40 &+ 40 <= upper
        let isUnitBelow = lower <= unit &* 4
        let isUnitAbove = unit &* 4 &+ 4 <= upper
        // The middle between two units: up if above it, to even if on it.
        let roundsUp = value & 3 &+ unit & 1 > 2
        let up: UInt64 = (isUnitBelow != isUnitAbove ? isUnitAbove : roundsUp) ? 1 : 0
        let tens = (ten &+ (isTenAbove ? 1 : 0)) &* 10
        return (isTenBelow != isTenAbove ? tens : unit &+ up, power)
    }

    /// The upper 64 bits of a 192-bit product, rounded to odd: the last bit says whether anything was lost. The power
    /// is rounded up, so that an exact product may show as 1 below.
    @inline(__always)
    private static func multiply(_ high: UInt64, _ low: UInt64, _ factor: UInt64) -> UInt64 {
        let below = low.multipliedFullWidth(by: factor).high
        let above = high.multipliedFullWidth(by: factor)
        let (middle, carried) = above.low.addingReportingOverflow(below)
        return above.high &+ (carried ? 1 : 0) | (middle > 1 ? 1 : 0)
    }

    /// Seventeen digits d.dddddddddddddddd · 10^exponent, without the zeros at their end.
    @inline(__always)
    private static func writeDigits(
        _ digits: UInt64, exponent: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let high = digits / 100_000_000
        let first = high / 100_000_000
        let upper = DecimalWriter.digitBytes(high &- first &* 100_000_000)
        let lower = DecimalWriter.digitBytes(digits &- high &* 100_000_000)
        let count =
            lower == 0
            ? 9 &- upper.leadingZeroBitCount &>> 3
            : 17 &- lower.leadingZeroBitCount &>> 3
        let firstASCII = UInt8(truncatingIfNeeded: first) | 0x30
        let upperASCII = upper | DecimalWriter.asciiZeros
        let lowerASCII = lower | DecimalWriter.asciiZeros

        if UInt(bitPattern: exponent) < 16 {
            // ddd.ddd: all digits, then the point over the first behind it, then those again one further.
            start.storeBytes(of: firstASCII, as: UInt8.self)
            start.storeBytes(of: upperASCII, toByteOffset: 1, as: UInt64.self)
            start.storeBytes(of: lowerASCII, toByteOffset: 9, as: UInt64.self)
            start.storeBytes(of: 0x2e, toByteOffset: exponent &+ 1, as: UInt8.self)
            let behind = UInt128(upperASCII) | UInt128(lowerASCII) &<< 64
            start.storeBytes(
                of: behind &>> UInt128(truncatingIfNeeded: exponent &<< 3), toByteOffset: exponent &+ 2,
                as: UInt128.self)
            return start + (max(count, exponent &+ 2) &+ 1)
        }
        return writeSmallOrLarge(
            firstASCII, upperASCII, lowerASCII, count: count, exponent: exponent, at: start)
    }

    /// The notations for numbers below 1 and from 10^16 on.
    @inline(__always)
    private static func writeSmallOrLarge(
        _ first: UInt8, _ upper: UInt64, _ lower: UInt64, count: Int, exponent: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        if exponent < 0 && exponent >= -4 {
            start.storeBytes(of: 0x3030_3030_3030_2e30, as: UInt64.self)
            let place = start + (1 &- exponent)
            place.storeBytes(of: first, as: UInt8.self)
            place.storeBytes(of: upper, toByteOffset: 1, as: UInt64.self)
            place.storeBytes(of: lower, toByteOffset: 9, as: UInt64.self)
            return place + count
        }
        return writeExponent(first, upper, lower, count: count, exponent: exponent, at: start)
    }

    @inline(never)
    private static func writeExponent(
        _ first: UInt8, _ upper: UInt64, _ lower: UInt64, count: Int, exponent: Int, at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        start.storeBytes(of: first, as: UInt8.self)
        start.storeBytes(of: 0x2e, toByteOffset: 1, as: UInt8.self)
        start.storeBytes(of: upper, toByteOffset: 2, as: UInt64.self)
        start.storeBytes(of: lower, toByteOffset: 10, as: UInt64.self)
        var next = start + (count == 1 ? 1 : count &+ 1)
        next.storeBytes(of: 0x65, as: UInt8.self)
        next.storeBytes(of: exponent < 0 ? 0x2d : 0x2b, toByteOffset: 1, as: UInt8.self)
        next += 2
        // Two digits at least, as in 1e-05.
        if exponent.magnitude < 10 {
            next.storeBytes(of: 0x30, as: UInt8.self)
            next += 1
        }
        return DecimalWriter.write(UInt64(exponent.magnitude), at: next)
    }
}
