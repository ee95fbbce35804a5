// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct CacheSettingsTests {
    private func settings(memory: Int? = nil) -> CacheSettings {
        CacheSettings(
            memoryBytes: memory, diskBytes: 1000, policy: .dropNewest, resendMilliseconds: 5, timeToLiveMilliseconds: 7,
            syncMilliseconds: 3, survivesPowerLoss: true, directory: "/data")
    }

    @Test func timesBecomeNanoseconds() {
        let cache = settings().forCache(queueBytes: 2000, queueMessages: 70)
        #expect(cache.syncInterval == 3_000_000 && cache.resendInterval == 5_000_000 && cache.timeToLive == 7_000_000)
        #expect(cache.diskBytes == 1000 && cache.policy == .dropNewest)
    }

    @Test func memoryIsTheQueuesWhereTheCacheSaysNothingOfIt() {
        #expect(settings().forCache(queueBytes: 2000, queueMessages: 70).memoryBytes == 2000)
        #expect(settings(memory: 500).forCache(queueBytes: 2000, queueMessages: 70).memoryBytes == 500)
    }
}
