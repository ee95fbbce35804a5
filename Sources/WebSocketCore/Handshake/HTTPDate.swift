// SPDX-License-Identifier: Apache-2.0
/// A point in time as HTTP writes it, in any of its three forms (RFC 9110 §5.6.7).
public enum HTTPDate {
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays: [StaticString] = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// Seconds since 1970 in UTC; nil: that is no date. The day's name is not held against the date.
    /// - Parameter nowSeconds: the present, which a year of two digits is near to.
    static func seconds(_ text: String, nowSeconds: Int64) -> Int64? {
        var reader = Reader(bytes: Array(text.utf8)[...])
        let result: Int64?
        if reader.takeName(longDays) != nil {
            result = obsolete(&reader, nowSeconds)
        } else if reader.takeName(days) != nil {
            result = reader.take(", ") ? fixed(&reader) : asctime(&reader)
        } else {
            return nil
        }
        return reader.bytes.isEmpty ? result : nil
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, behind the comma.
    private static func fixed(_ reader: inout Reader) -> Int64? {
        guard let day = reader.takeNumber(digits: 2), reader.take(" "), let month = reader.takeName(months),
            reader.take(" "), let year = reader.takeNumber(digits: 4), reader.take(" "),
            let time = reader.takeTime(), reader.take(" GMT")
        else { return nil }
        return seconds(year: year, month: month + 1, day: day, time: time)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850), behind the name.
    private static func obsolete(_ reader: inout Reader, _ nowSeconds: Int64) -> Int64? {
        guard reader.take(", "), let day = reader.takeNumber(digits: 2), reader.take("-"),
            let month = reader.takeName(months), reader.take("-"), var year = reader.takeNumber(digits: 2),
            reader.take(" "), let time = reader.takeTime(), reader.take(" GMT")
        else { return nil }
        // "more than 50 years in the future" means the past; good enough by the year.
        let present = 1970 + Int(min(max(nowSeconds, 0), 253_402_300_799) / 31_556_952)
        year += present / 100 * 100
        if year > present + 50 { year -= 100 }
        if year <= present - 50 { year += 100 }
        return seconds(year: year, month: month + 1, day: day, time: time)
    }

    /// `Sun Nov  6 08:49:37 1994` (C's asctime), behind the name.
    private static func asctime(_ reader: inout Reader) -> Int64? {
        guard reader.take(" "), let month = reader.takeName(months), reader.take(" ") else { return nil }
        let digits = reader.take(" ") ? 1 : 2
        guard let day = reader.takeNumber(digits: digits), reader.take(" "), let time = reader.takeTime(),
            reader.take(" "), let year = reader.takeNumber(digits: 4)
        else { return nil }
        return seconds(year: year, month: month + 1, day: day, time: time)
    }

    /// Of a date and the seconds of its day; nil: there is no such day.
    public static func seconds(year: Int, month: Int, day: Int, time: Int) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = month == 2 ? (isLeap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
        guard year >= 1, (1...12).contains(month), day >= 1, day <= length else { return nil }
        // Days since 1970 in years that begin in March, whose leap day is their last.
        let shifted = month <= 2 ? year - 1 : year
        let yearDay = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400
        return Int64(365 * shifted + leapDays + yearDay - 719_468) * 86_400 + Int64(time)
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func take(_ text: StaticString) -> Bool {
            let matches = text.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0) }
            if matches { bytes = bytes.dropFirst(text.utf8CodeUnitCount) }
            return matches
        }

        mutating func takeName(_ names: [StaticString]) -> Int? {
            for index in names.indices where take(names[index]) { return index }
            return nil
        }

        mutating func takeNumber(digits: Int) -> Int? {
            guard bytes.count >= digits else { return nil }
            var number = 0
            for byte in bytes.prefix(digits) {
                guard let digit = ASCII.digit(byte) else { return nil }
                number = number * 10 + Int(digit)
            }
            bytes = bytes.dropFirst(digits)
            return number
        }

        /// `08:49:37`, as seconds of the day, 00:00:00 to 23:59:60, a leap second (RFC 9110 §5.6.7).
        mutating func takeTime() -> Int? {
            guard let hour = takeNumber(digits: 2), take(":"), let minute = takeNumber(digits: 2), take(":"),
                let second = takeNumber(digits: 2), hour < 24, minute < 60,
                second < 60 || hour == 23 && minute == 59 && second == 60
            else { return nil }
            return (hour * 60 + minute) * 60 + second
        }
    }
}
