// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Synchronization

extension Node {
    func configure(_ settings: UnsafeRawBufferPointer) throws(NodeError) {
        let new = try Configuration.make(settings, mayBeAskedForTLS: host.host.before_connect != nil)
        publishGathered()
        try checkCache(new)
        lock.lock()
        let old = configuration
        configuration = new
        numbersMessages.store(new.settings.numbersMessages, ordering: .relaxed)
        messageKind.store(new.messageKind, ordering: .relaxed)
        settingsNumber &+= 1
        sendQueue.ledger.limits = new.queueLimits
        sendQueue.diskBytes = new.cacheSettings.diskBytes
        logLevel = new.logLevel
        logLevelRevertsAt = nil
        wishes.configure(reconnects: !new.needsNoReconnect(from: old))
        let session = self.session
        cache?.value.settings = new.cacheSettings
        if let wanted = new.settings.cache { spool?.setSynced(wanted.survivesPowerLoss) }
        if spool == nil, new.cacheSettings.diskBytes == 0 { cacheError = nil }
        if session == nil {
            sendQueue.ledger.level = new.settings.delivery
            status.url = new.shownURL(0)
            status.target = new.target(url: new.url(0)).text
        }
        lock.unlock()
        requests.setTimeout(new.requestTimeout)
        // Whoever holds it is told of in the state: the settings are in force.
        try? openCache()
        session?.signal()
    }

    // MARK: Log

    func setLogLevel(_ level: neuron_ws_log_level_t, seconds: UInt32) {
        let revertsAt = seconds == 0 ? nil : Clock.monotonicNanoseconds &+ UInt64(seconds) &* 1_000_000_000
        lock.withLock {
            logLevel = level
            logLevelRevertsAt = revertsAt
        }
    }

    /// Whether a line of this level is wanted at all; ask before building an expensive one.
    func logs(_ level: neuron_ws_log_level_t) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if let revertsAt = logLevelRevertsAt, Clock.monotonicNanoseconds >= revertsAt {
            logLevel = configuration.logLevel
            logLevelRevertsAt = nil
        }
        return level.rawValue >= logLevel.rawValue
    }
}
