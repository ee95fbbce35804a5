// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct CalendarDateTests {
    @Test func daysAreSecondsOfUTC() {
        #expect(CalendarDate.seconds("1970-01-01") == 0)
        #expect(CalendarDate.seconds("2026-11-26") == 1_795_651_200)
        #expect(CalendarDate.seconds("2024-02-29") == 1_709_164_800)
    }

    @Test func whatIsNoDayIsNone() {
        for text in [
            "", "2026-13-01", "2026-00-01", "2026-02-29", "2026-1-1", "26-01-01", "1969-12-31", "2026/01/01",
            "2026-01-0x",
        ] {
            #expect(CalendarDate.seconds(text) == nil, "\(text)")
        }
    }
}
