// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// A host waits until all that was accepted before has reached a level.
extension Node {
    func flush(_ level: neuron_ws_level_t, timeoutMilliseconds: UInt32) throws(NodeError) {
        if lock.withLock({ session?.isOnLoop ?? false }) {
            throw .wrongThread("flush in a callback would wait for itself")
        }
        switch level {
        case .NEURON_WS_LEVEL_ACCEPTED: return
        case .NEURON_WS_LEVEL_WRITTEN: break
        case .NEURON_WS_LEVEL_PEER_PARSED, .NEURON_WS_LEVEL_APP_ACKED: try checkLevel(level)
        case .NEURON_WS_LEVEL_STORED:
            // Whatever has failed before: who waits for it wants it to be tried now.
            try? openCache()
            try checkStoring()
        @unknown default: throw .invalidArgument("level \(level.rawValue) is none")
        }
        let deadline = Clock.monotonicNanoseconds &+ UInt64(timeoutMilliseconds) &* 1_000_000
        publishGathered()
        lock.lock()
        defer { lock.unlock() }
        let target = sendQueue.ledger.acceptedCount
        var look: UInt64 = 0
        if level == .NEURON_WS_LEVEL_STORED {
            // What was stored long ago may be gone.
            look = sendQueue.ledger.askLook()
            wishes.store()
            session?.signal()
        }
        flushWaiters += 1
        defer { flushWaiters -= 1 }
        let failed = sendQueue.ledger.failedStores
        while true {
            // Who does not wait hears what is known: the disk's word would come behind each such call.
            if session == nil || timeoutMilliseconds == 0 { look = 0 }
            let progress = sendQueue.ledger.progress(through: target, level, failedStores: failed, look: look)
            if progress == .reached { break }
            let left = sendQueue.ledger.openCount(through: target, level)
            if progress == .unstorable {
                let what =
                    left == 0
                    ? "what was stored cannot be looked for" : "\(waiting(left)), and cannot be stored"
                throw .system("\(what). \(whyUnstorableLocked)")
            }
            if session == nil { throw .notRunning("\(waiting(left)), and the node is not running. \(causeLocked)") }
            if changed.wait(lock, until: deadline) { continue }
            // It may have come with the time's end.
            if sendQueue.ledger.progress(through: target, level, failedStores: failed, look: look) == .reached {
                break
            }
            if sendQueue.ledger.reachedThrough(level) >= target {
                throw .timeout("the cache's disk has not answered after \(timeoutMilliseconds) ms. \(causeLocked)")
            }
            let open = sendQueue.ledger.openCount(through: target, level)
            throw .timeout("\(waiting(open)) after \(timeoutMilliseconds) ms. \(causeLocked)")
        }
        if level != .NEURON_WS_LEVEL_WRITTEN { try checkLevelLocked(level) }
    }

    private func checkLevel(_ level: neuron_ws_level_t) throws(NodeError) {
        lock.lock()
        defer { lock.unlock() }
        try checkLevelLocked(level)
    }

    /// The level in force must be this one at least, or all is called delivered that has less.
    private func checkLevelLocked(_ level: neuron_ws_level_t) throws(NodeError) {
        if sendQueue.ledger.level.rawValue >= level.rawValue { return }
        let why =
            configuration.settings.delivery.rawValue >= level.rawValue
            ? "the server does not answer Pings with their own bytes" : "the setting delivery asks for no more"
        let name = sendQueue.ledger.level == .NEURON_WS_LEVEL_PEER_PARSED ? "peer-parsed" : "written"
        throw .unsupported("the delivery level in force is `\(name)`: \(why)")
    }

    private func checkStoring() throws(NodeError) {
        lock.lock()
        defer { lock.unlock() }
        guard let cache = configuration.settings.cache, cache.diskBytes > 0 else {
            throw .unsupported(
                "nothing is stored: the settings offline-cache and cache-disk-size ask for nothing on disk")
        }
        if spool == nil { throw .system(cacheError?.text ?? Self.closedCache) }
    }

    private static let closedCache =
        "the node's cache is not open: it was deleted by neuron_ws_node_forget, or is being opened; start opens it"

    private func waiting(_ count: UInt64) -> String {
        count == 1 ? "one message was still waiting" : "\(count) messages were still waiting"
    }

    private var whyUnstorableLocked: String {
        if cacheError == nil, let file = spool?.file {
            return "The cache \(file.path) is full (settings cache-disk-size and cache-policy). \(causeLocked)"
        }
        return causeLocked
    }

    /// Why messages wait: what the state says.
    private var causeLocked: String {
        let status = status.text(now: Clock.monotonicNanoseconds)
        return cacheError.map { "\($0.text). \(status)" } ?? status
    }
}
