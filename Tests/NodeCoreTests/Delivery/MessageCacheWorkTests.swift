// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MessageCacheWorkTests {
    /// Who waits for it hears of each failure, and has it tried at once, however long ago the next try was put off.
    @Test func aFaultIsCountedAndWhoWaitsHasItTriedAgain() {
        let bench = CacheBench()
        bench.push(3)
        for failures in 1...8 as ClosedRange<UInt64> {
            bench.cache.storeAll(bench.backlog)
            guard let work = bench.work() else { return bench.missing() }
            bench.failed(work, .full)
            #expect(bench.cache.failedStores == failures)
            bench.expectsNoWork()
        }
        bench.wait(29_000)
        bench.expectsNoWork()
        bench.wait(1_000)
        guard let work = bench.work() else { return bench.missing() }
        bench.done(work, bytes: 300)
        #expect(bench.storedEnd == 4 && bench.cache.failedStores == 8)
        // What is stored is not tried again.
        bench.cache.storeAll(bench.backlog)
        bench.expectsNoWork()
    }
}
