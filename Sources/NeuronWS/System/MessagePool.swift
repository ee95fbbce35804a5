// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// The process's memory for messages, a chunk at a time. What nobody needs is kept for the next ones for a while. Any
/// thread.
final class MessagePool: @unchecked Sendable {
    static let shared = MessagePool()

    /// Memory that is kept while nobody needs it, bytes: 64 MiB, so that queues of the default size find again what
    /// comes back in one go when the server confirms half of one.
    private static let keptBytesMax = 64 * 1024 * 1024
    /// Images up to this size get chunks of their size, bytes: there may be very many of them.
    private static let smallImageBytesMax = 16 * 1024

    private let lock = Lock()
    private var pool = ChunkPool(keptBytesMax: keptBytesMax)
    private static let memory = ChunkMemory(
        take: { Syscalls.mapMemory($0) }, giveBack: { Syscalls.unmapMemory($0, $1) })

    /// nil: no memory.
    func takeChunk(byteCount: Int) -> MessageChunk? {
        lock.withLock { pool.takeKept(byteCount: byteCount) }
            ?? ChunkPool.make(byteCount: byteCount, memory: Self.memory)
    }

    /// For an image of messages; nil: no memory.
    func takeChunk(imageBytes: Int) -> MessageChunk? {
        imageBytes <= Self.smallImageBytesMax ? .fitting(imageBytes) : takeChunk(byteCount: imageBytes)
    }

    func give(_ chunks: inout ChunkList) {
        lock.lock()
        pool.give(&chunks)
        lock.unlock()
        chunks.removeAll()
    }

    /// Gives back what nobody has needed since the last call.
    func trim() {
        var idle = lock.withLock { pool.takeIdle() }
        idle.removeAll()
    }

    /// Gives back all that is kept.
    func removeAll() {
        var kept = lock.withLock { pool.takeAll() }
        kept.removeAll()
    }

    func forkPrepares() { lock.lock() }
    func forkEnded() { lock.unlock() }
}
