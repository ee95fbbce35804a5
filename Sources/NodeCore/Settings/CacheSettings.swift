// SPDX-License-Identifier: Apache-2.0
/// The settings of a node's cache.
public struct CacheSettings: Equatable, Sendable {
    /// Nil: as `queue-max-bytes` says.
    public let memoryBytes: Int?
    /// 0: in memory only.
    public let diskBytes: UInt64
    public let policy: MessageCache.Policy
    public let resendMilliseconds: UInt64
    /// 0: messages do not expire.
    public let timeToLiveMilliseconds: UInt64
    public let syncMilliseconds: UInt64
    /// What is stored is synced.
    public let survivesPowerLoss: Bool
    /// Not empty where `diskBytes` is not 0.
    public let directory: String

    /// For a `MessageCache`.
    /// - Parameters:
    ///   - queueBytes: memory for messages where the cache says nothing of it.
    ///   - queueMessages: how many may wait in memory.
    public func forCache(queueBytes: Int, queueMessages: Int) -> MessageCache.Settings {
        var settings = MessageCache.Settings(
            memoryBytes: memoryBytes ?? queueBytes, diskBytes: diskBytes, syncInterval: syncMilliseconds &* 1_000_000,
            policy: policy)
        settings.messagesMax = queueMessages
        settings.resendInterval = resendMilliseconds &* 1_000_000
        settings.timeToLive = timeToLiveMilliseconds &* 1_000_000
        return settings
    }
}
