/// HTTP's dates (RFC 9110 §5.6.7), in the three forms that a recipient must take.
enum HTTPDate {
    /// Seconds since 1970, UTC; nil if the text is no date. Years 1 to 9999.
    ///
    ///     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
    ///     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850
    ///     Sun Nov  6 08:49:37 1994          asctime
    /// - Parameter nowSeconds: decides the century of a year of two digits.
    static func seconds(_ text: String, nowSeconds: Int64) -> Int64? {
        let words = text.split(whereSeparator: { $0 == " " }).map(String.init)
        guard let first = words.first, words.count <= 6 else { return nil }
        guard first.utf8.last == UInt8(ascii: ",") else { return asctime(words) }
        guard words.last == "GMT" else { return nil }
        if words.count == 6 {
            return seconds(day: words[1], month: words[2], year: number(words[3], digits: 4), time: words[4])
        }
        guard words.count == 4 else { return nil }
        let parts = words[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let short = number(parts[2], digits: 2) else { return nil }
        let year = fullYear(short, nowSeconds: nowSeconds)
        return seconds(day: parts[0], month: parts[1], year: year, time: words[2])
    }

    private static func asctime(_ words: [String]) -> Int64? {
        guard words.count == 5 else { return nil }
        let day = words[2].utf8.count == 1 ? "0" + words[2] : words[2]
        return seconds(day: day, month: words[1], year: number(words[4], digits: 4), time: words[3])
    }

    /// A date that would lie more than 50 years ahead is one of the century before.
    private static func fullYear(_ short: Int64, nowSeconds: Int64) -> Int64 {
        // The mean length of a year is near enough for this.
        let now = 1970 + min(max(nowSeconds, 0), 253_402_300_799) / 31_556_952
        let year = now / 100 * 100 + short
        return year > now + 50 ? year - 100 : year
    }

    private static func seconds(day: String, month: String, year: Int64?, time: String) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard clock.count == 3, let year, year >= 1, let day = number(day, digits: 2),
            let month = months.firstIndex(of: month).map({ Int64($0) + 1 }),
            let hour = number(clock[0], digits: 2), let minute = number(clock[1], digits: 2),
            let second = number(clock[2], digits: 2)
        else { return nil }
        guard (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        return days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func number(_ text: String, digits: Int) -> Int64? {
        guard text.utf8.count == digits else { return nil }
        var number: Int64 = 0
        for byte in text.utf8 {
            guard ASCII.isDigit(byte) else { return nil }
            number = number * 10 + Int64(byte - 0x30)
        }
        return number
    }

    /// Days from 1970-01-01 in the Gregorian calendar. The year begins in March here, so that the leap day is its last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = marchYear / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
