import Testing

@testable import WebSocketCore

@Suite struct HTTPDateTests {
    private let now: Int64 = 1_795_000_000

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Fri, 31 Dec 9999 23:59:60 GMT", 253_402_300_800),
        ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800), ("Tuesday, 01-Jan-30 00:00:00 GMT", 1_893_456_000),
        ("Wed Feb 29 00:00:00 2096", 3_981_312_000),
    ] as [(String, Int64)])
    func takesAllThreeForms(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text, nowSeconds: now) == seconds)
    }

    @Test(arguments: [
        "", "GMT", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Brumaire 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT GMT", ",,,,,, GMT", "é, 06 Nov 1994 é GMT",
    ])
    func refusesWhatIsNone(text: String) {
        #expect(HTTPDate.seconds(text, nowSeconds: now) == nil)
    }
}
