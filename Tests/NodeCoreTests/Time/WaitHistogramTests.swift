// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct WaitHistogramTests {
    @Test func eachBucketHoldsThoseBeforeIt() {
        var waits = WaitHistogram()
        for time in [0, 1000, 1001, 20_000, 100_001, 2_000_000, 10_000_001] as [UInt64] {
            waits.note(microseconds: time)
        }
        #expect(waits.within1ms == 2 && waits.within5ms == 3 && waits.within20ms == 4 && waits.within100ms == 4)
        #expect(waits.within500ms == 5 && waits.within2s == 6 && waits.within10s == 6 && waits.count == 7)
        #expect(waits.microseconds == 12_122_003)
    }

    @Test func whatIsTooLongForTheSumWraps() {
        var waits = WaitHistogram()
        for _ in 0..<2 { waits.note(microseconds: .max) }
        #expect(waits.count == 2 && waits.microseconds == .max - 1)
    }
}
