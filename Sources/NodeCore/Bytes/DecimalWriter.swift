// SPDX-License-Identifier: Apache-2.0
/// Integers as decimal text, eight digits at a time in one word: no table, no division by ten, hardly a branch.
enum DecimalWriter {
    /// The bytes that `write` may touch: a sign and 20 digits, rounded up to whole words.
    static let byteCountMax = 32

    /// Writes `value` and returns the place behind it. `byteCountMax` bytes must be free at `start`.
    @inline(__always)
    static func write(_ value: Int64, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        start.storeBytes(of: 0x2d, as: UInt8.self)
        return write(value.magnitude, at: start + (value < 0 ? 1 : 0))
    }

    /// Writes `value` and returns the place behind it. `byteCountMax` bytes must be free at `start`.
    @inline(__always)
    static func write(_ value: UInt64, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        if value < 100_000_000 { return writeLeading(value, at: start) }
        if value < 10_000_000_000_000_000 {
            let high = value / 100_000_000
            let next = writeLeading(high, at: start)
            return writeEight(value &- high &* 100_000_000, at: next)
        }
        let high = value / 100_000_000
        let top = high / 100_000_000
        var next = writeLeading(top, at: start)
        next = writeEight(high &- top &* 100_000_000, at: next)
        return writeEight(value &- high &* 100_000_000, at: next)
    }

    /// A number below 10^8 without leading zeros.
    @inline(__always)
    private static func writeLeading(_ value: UInt64, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        let digits = digitBytes(value)
        // The last digit stands even if it is 0: its byte counts as occupied.
        let skipped = (digits | 1 << 56).trailingZeroBitCount & ~7
        start.storeBytes(of: (digits | asciiZeros) &>> UInt64(truncatingIfNeeded: skipped), as: UInt64.self)
        return start + (8 &- skipped &>> 3)
    }

    /// A number below 10^8 as exactly eight digits.
    @inline(__always)
    static func writeEight(_ value: UInt64, at start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        start.storeBytes(of: digitBytes(value) | asciiZeros, as: UInt64.self)
        return start + 8
    }

    /// "00000000" as a word.
    static var asciiZeros: UInt64 { @inline(__always) get { 0x3030_3030_3030_3030 } }

    /// The eight decimal digits of a number below 10^8, one per byte, the first in the lowest byte (its place in memory
    /// on the little-endian machines this runs on). Each step splits all lanes at once: by 10^4, by 100, by 10. The
    /// divisions are multiplications by a rounded-up reciprocal, exact below the lane's limit; what moves up by a lane
    /// is x - 10^n·q, and the q left in the lower lane makes it one subtraction: (x << lane) - q·((10^n << lane) - 1).
    @inline(__always)
    static func digitBytes(_ value: UInt64) -> UInt64 {
        let fours = value &<< 32 &- value / 10_000 &* ((10_000 << 32) - 1)
        let hundreds = (fours &* 10_486) &>> 20 & 0x0000_007f_0000_007f
        let pairs = fours &<< 16 &- hundreds &* ((100 << 16) - 1)
        let tens = (pairs &* 103) &>> 10 & 0x000f_000f_000f_000f
        return pairs &<< 8 &- tens &* ((10 << 8) - 1)
    }

    /// The four decimal digits of a number below 10^4 in the lower four bytes, likewise.
    @inline(__always)
    static func fourDigitBytes(_ value: UInt64) -> UInt64 {
        let pairs = value &<< 16 &- (value &* 10_486) &>> 20 &* ((100 << 16) - 1)
        let tens = (pairs &* 103) &>> 10 & 0x000f_000f
        return pairs &<< 8 &- tens &* ((10 << 8) - 1)
    }
}
