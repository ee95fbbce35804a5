// SPDX-License-Identifier: Apache-2.0
/// A moment as people write it, in UTC (RFC 3339).
public enum WallTime {
    /// "2026-02-28T13:05:09.042Z"; `milliseconds` since 1970, as the system's clock has it.
    public static func text(milliseconds: Int64) -> String {
        let seconds = floored(milliseconds, 1000)
        let days = floored(seconds.quotient, 86_400)
        let (year, month, day) = date(days: days.quotient)
        let time = days.remainder
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(time / 3600, 2)):"
            + "\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(seconds.remainder, 3))Z"
    }

    /// The Gregorian calendar, counted in eras of 400 years that begin in March.
    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floored(days &+ 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (era &* 400 &+ yearOfEra &+ (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
