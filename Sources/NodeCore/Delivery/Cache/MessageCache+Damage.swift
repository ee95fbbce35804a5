// SPDX-License-Identifier: Apache-2.0
/// Where a file was damaged, what is in memory too is stored once more, and what lay there alone is told as lost.
extension MessageCache {
    /// What lies on disk is what could be read of it.
    mutating func damaged(_ missing: [Range<UInt64>], _ backlog: borrowing Backlog, now: UInt64) {
        storeAnew(backlog, now: now)
        // What is live is in memory; the others that are missing are seen when it comes to them.
        let alone = away.lowerBound..<max(away.lowerBound, min(away.upperBound, backlog.liveStart))
        for each in missing {
            let ids = each.clamped(to: alone)
            guard !ids.isEmpty, holes.count < MessageHoles.countMax else { continue }
            miss(ids)
            holes.insert(ids)
        }
        passHoles()
    }

    private mutating func storeAnew(_ backlog: borrowing Backlog, now: UInt64) {
        let end = backlog.endID
        damagedEnd = takenEnd
        guard usesDisk, !backlog.isEmpty, backlog.openID < storedEnd || adopted.lowerBound < end else { return }
        let before = anew.isEmpty ? (end: 0, adopted: adopted) : storedBeforeDamage
        let from = min(before.adopted.lowerBound, adopted.lowerBound)
        storedBeforeDamage = (max(before.end, storedEnd), from..<max(before.adopted.upperBound, adopted.upperBound))
        // Of the first row there some may have had their outcome long ago.
        anew = 0..<end
        // What is on disk alone stays as it is: `storedEnd` passes it when what is in front of it lies there.
        adopted = end..<max(end, adopted.upperBound, storedEnd)
        storedEnd = min(storedEnd, backlog.openID)
        unstoredSince = unstoredSince ?? now
        store(before: end)
    }

    func isStoredAnew(_ chunk: MessageChunk) -> Bool {
        guard !anew.isEmpty, chunk.firstID < anew.upperBound else { return false }
        return chunk.endNumber <= storedBeforeDamage.end || storedBeforeDamage.adopted.contains(chunk.firstID)
    }
}
