// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MessageCachePaceTests {
    @Test func whatComesFromDiskIsPaced() {
        var settings = CacheBench.settings()
        settings.resendInterval = 100_000_000
        let bench = CacheBench(settings)
        bench.push(2)
        #expect(bench.paces() == nil)
        bench.backlog.pace(3, frameEnd: 0)
        #expect(bench.paces() == nil)
        let (end, isAllFramed) = (bench.backlog.frameEnd, bench.backlog.isAllFramed)
        #expect(end == 2 && !isAllFramed)
        // It waits for its turn, and the time of the one behind it counts from when it has gone.
        bench.wait(1000)
        #expect(bench.paces() == nil)
        bench.backlog.begin(at: 0)
        #expect(bench.paces() == bench.now + 100_000_000)
        bench.wait(100)
        #expect(bench.paces() == nil)
        let next = bench.backlog.frameEnd
        #expect(next == 3)
    }

    @Test func whatIsSentAgainIsPacedAgain() {
        let bench = CacheBench()
        bench.push(4)
        bench.backlog.pace(4, frameEnd: 4)
        let wasHeld = bench.backlog.isAllFramed
        let ending = Ending(reason: .NEURON_WS_REASON_NETWORK_ERROR, text: "cut")
        _ = bench.backlog.connectionEnded(ending, acknowledged: nil)
        let isHeld = bench.backlog.isAllFramed
        #expect(!wasHeld && isHeld)
    }

    @Test func theTimeOfTheNextOneWakesWhoFrames() {
        var settings = CacheBench.settings()
        settings.resendInterval = 100_000_000
        let bench = CacheBench(settings)
        bench.push(2)
        bench.backlog.pace(3, frameEnd: 0)
        _ = bench.paces()
        bench.backlog.begin(at: 0)
        _ = bench.paces()
        bench.backlog.rewind()
        _ = bench.backlog.takeWake()
        bench.wait(99)
        _ = bench.paces()
        var wakes = bench.backlog.takeWake()
        #expect(!wakes)
        bench.wait(1)
        _ = bench.paces()
        wakes = bench.backlog.takeWake()
        #expect(wakes)
    }
}
