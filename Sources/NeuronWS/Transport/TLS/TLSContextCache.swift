// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// TLS contexts that nodes share. A context with its trusted certificates is most of what a TLS connection costs; one
/// that nobody uses any more goes at once, with the key in it, and so a certificate that was replaced on disk is read
/// again. Any thread.
final class TLSContextCache: @unchecked Sendable {
    private struct Entry {
        let settings: TLSSettings
        /// One reference of its own.
        let pointer: OpaquePointer
        /// `TLSContext`s that share it, at least one.
        var users: Int
    }

    private let lock = Lock()
    private var entries: [Entry] = []

    /// A context for these settings: one that another node uses already, if there is one.
    func context(_ settings: TLSSettings) throws(TLSConfigurationError) -> TLSContext {
        if let shared = lock.withLock({ useLocked(settings) }) { return TLSContext(shared, settings, cache: self) }
        // Files are read for this, and the loop may want the lock meanwhile.
        let made = try TLSContext.make(settings)
        let shared = lock.withLock {
            if let other = useLocked(settings) { return other }
            SSL_CTX_up_ref(made.pointer)
            SSL_CTX_up_ref(made.pointer)
            entries.append(Entry(settings: settings, pointer: made.pointer, users: 1))
            return made.pointer
        }
        return TLSContext(shared, settings, cache: self)
    }

    /// With one more reference, which the caller gives back by `leave`.
    private func useLocked(_ settings: TLSSettings) -> OpaquePointer? {
        for index in entries.indices where entries[index].settings == settings {
            entries[index].users += 1
            SSL_CTX_up_ref(entries[index].pointer)
            return entries[index].pointer
        }
        return nil
    }

    /// A user is gone, with its reference.
    func leave(_ pointer: OpaquePointer) {
        let unused: Entry? = lock.withLock {
            guard let index = entries.firstIndex(where: { $0.pointer == pointer }) else { return nil }
            entries[index].users -= 1
            return entries[index].users == 0 ? entries.remove(at: index) : nil
        }
        if let unused { SSL_CTX_free(unused.pointer) }
    }

    /// How many there are; for tests.
    var count: Int { lock.withLock { entries.count } }

    func forkPrepares() { lock.lock() }
    func forkEnded() { lock.unlock() }
}
