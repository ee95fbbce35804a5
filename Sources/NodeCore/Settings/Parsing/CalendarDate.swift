// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// A day as `YYYY-MM-DD`.
enum CalendarDate {
    /// Its beginning in UTC, seconds since 1970; nil: that is no day from 1970 to 9999.
    static func seconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count == 10, bytes[4] == dash, bytes[7] == dash, let year = number(bytes[0..<4]), year >= 1970,
            let month = number(bytes[5..<7]), let day = number(bytes[8..<10])
        else { return nil }
        return HTTPDate.seconds(year: year, month: month, day: day, time: 0)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in digits {
            guard let digit = ASCII.digit(byte) else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
