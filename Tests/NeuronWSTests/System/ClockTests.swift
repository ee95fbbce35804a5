// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct ClockTests {
    @Test func isMonotonicAndInNanoseconds() {
        var last = NeuronWS.Clock.monotonicNanoseconds
        for _ in 0..<10_000 {
            let now = NeuronWS.Clock.monotonicNanoseconds
            #expect(now >= last)
            last = now
        }
    }

    @Test func theWallClockIsInMillisecondsSince1970() {
        // 2024-01-01 and 2100-01-01.
        #expect((1_704_067_200_000..<4_102_444_800_000).contains(NeuronWS.Clock.wallMilliseconds))
    }
}
