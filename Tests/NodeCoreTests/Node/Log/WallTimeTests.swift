// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct WallTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_650_006_388_943, "2022-04-15T07:06:28.943Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func aMomentIsWrittenInUTC(_ milliseconds: Int64, _ text: String) {
        #expect(WallTime.text(milliseconds: milliseconds) == text)
    }

    @Test func noClockIsTooWrong() {
        _ = WallTime.text(milliseconds: .max)
        _ = WallTime.text(milliseconds: .min)
    }
}
