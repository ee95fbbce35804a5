// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// The disk is given another size, and loses what lay there.
extension CacheWorld {
    func resize() {
        sizeBefore = max(sizeBefore, settings.diskBytes)
        settings.diskBytes = UInt64(sizes.pick([0, 15_000, 20_000, 60_000, 100_000, 1 << 20]))
        cache.settings.diskBytes = settings.diskBytes
        resizedAt = now
        tell("\(settings.diskBytes) bytes may lie on disk now")
    }

    func noteStored() {
        guard cache.isOpen else { return sendQueue.ledger.lostStored() }
        let through = cache.storedEnd &- 1
        guard through > sendQueue.ledger.storedThrough else { return }
        let from = min(max(sendQueue.ledger.storedThrough, sendQueue.ledger.endedThrough), through)
        for id in (from &+ 1)..<(through &+ 1) where !ended.contains(id) {
            if let content = contents[id] { stored.insert(content) }
        }
        sendQueue.ledger.stored(through: through)
    }

    /// What is in memory and was damaged on disk lies there again when the cache says so.
    func noteDamaged() {
        anew = backlog.isEmpty ? 0..<0 : backlog.openID..<backlog.endID
        for content in disk.takeDamaged() {
            let isHeld = ids[content].map { $0 >= backlog.openID && $0 < backlog.endID } == true && !backlog.isEmpty
            if isHeld { damagedInMemory.insert(content) } else { lost.insert(content) }
        }
    }

    /// They lie there once more as soon as the cache says so.
    func passDamaged() {
        for content in damagedInMemory {
            if let id = ids[content], id < cache.storedEnd { damagedInMemory.remove(content) }
        }
    }

    /// No more lies on disk than may; where more could before it becomes as little as may, at once.
    func checkSize() {
        // What a disk that lied has is an earlier state of it.
        if disk.hasLied { sizeBefore = max(sizeBefore, 1 << 20) }
        if work == nil, !disk.hasLied { sizeBefore = min(sizeBefore, disk.state.bytes) }
        // A drop that was done though it seemed to have failed is believed to have room to give yet, and so is what was
        // damaged.
        let isBelieved = disk.hasFailed || disk.hasDamaged
        let limit = max(settings.diskBytes, sizeBefore) + (isBelieved ? UInt64(settings.memoryBytes) : 0)
        if disk.state.bytes > limit { fail("\(disk.state.bytes) bytes are on disk, the limit is \(limit)") }
        // What is on its way, or has a copy that is, stays.
        guard settings.policy == .dropOldest, !disk.hasFailed, cache.isOpen, work == nil, connection == nil,
            disk.state.bytes > settings.diskBytes, settings.diskBytes > 0
        else { return }
        let since = max(resizedAt, openedAt, healedAt)
        // What is in memory alone, and in front of it, goes first: when it was to be stored.
        if now - min(now, since) > settings.syncInterval + 200_000_000,
            !contents.keys.contains(where: { backlog.isLive($0) })
        {
            fail("\(disk.state.bytes) bytes are on disk, and \(settings.diskBytes) may be")
        }
    }
}
