// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct HTTPDateTests {
    /// 784,111,777 is the example of RFC 9110 §5.6.7, in its three forms.
    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed Nov 16 08:49:37 1994", 784_975_777), ("Tue, 29 Feb 2000 23:59:60 GMT", 951_868_800),
            ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
        ] as [(String, Int64)])
    func theThreeFormsAreRead(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text, nowSeconds: 784_111_777) == seconds)
    }

    @Test(arguments: [
        "", "Sun", "Sun,", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 Nov 1994 23:58:60 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT", "Thu, 29 Feb 1900 00:00:00 GMT", "Sat, 01 Jan 0000 00:00:00 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 06 08:49:37 1994 GMT",
        "Sun Nov   6 08:49:37 1994", "Son, 06 Nov 1994 08:49:37 GMT", "-5", "1.5", "+7", "١٢",
    ])
    func whatIsNoDateIsNone(text: String) {
        #expect(HTTPDate.seconds(text, nowSeconds: 784_111_777) == nil)
    }

    @Test func aYearOfTwoDigitsIsNearThePresent() {
        func year(_ digits: String, _ present: Int64) -> Int64? {
            HTTPDate.seconds("Monday, 02-Jan-\(digits) 00:00:00 GMT", nowSeconds: present).map {
                1970 + $0 / 31_556_952
            }
        }
        let in2026: Int64 = 1_780_000_000
        #expect(year("26", in2026) == 2026)
        #expect(year("76", in2026) == 2076)
        #expect(year("77", in2026) == 1977)
        #expect(year("00", 946_000_000) == 2000)
        for present in [Int64.min, -1, 0, .max] { _ = year("99", present) }
    }

    @Test func everyCutOfADateIsRefusedWithoutATrap() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            for length in 0..<text.utf8.count {
                #expect(HTTPDate.seconds(String(text.prefix(length)), nowSeconds: 0) == nil)
            }
        }
    }
}
