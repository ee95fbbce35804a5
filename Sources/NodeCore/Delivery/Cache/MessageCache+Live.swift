// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Messages that go out in front of those that wait (`resend-priority` `live-first`). Each lies in `tail` as if it had
/// to wait, goes to disk and may go `away` as the others do; a copy of it is in the backlog's `LiveLane`. What has its
/// outcome there is a hole here, and nothing comes into the backlog that is not older than all in that lane, so that no
/// message goes out twice on one connection.
extension MessageCache {
    /// Of the memory for messages the copies take this part at most, beside it.
    private static let liveShare = 8
    /// Of what is in memory and has its outcome this part may stay there, for it is looked for in one pass.
    private static let endedShare: UInt64 = 4

    /// What has just come goes out next: others wait, and there is room for its copy.
    func goesLive(_ chunk: MessageChunk, _ backlog: borrowing Backlog) -> Bool {
        guard let live = backlog.live, mayGoLive(backlog) else { return false }
        return live.take(chunk, bytesMax: settings.memoryBytes / Self.liveShare, openID: backlog.openID)
    }

    /// One that waits alone is as good as live.
    func mayGoLive(_ backlog: borrowing Backlog) -> Bool {
        guard let live = backlog.live, live.isOpen, !backlog.isSuspecting, !isOutOfRoom,
            holes.count < MessageHoles.countMax / 2
        else { return false }
        if !live.messages.isEmpty { return !isLiveClosed }
        return backlog.nextID != backlog.endID || !away.isEmpty || !tail.isEmpty || movedBytes > 0
    }

    /// Takes note of what has its outcome in the live lane.
    mutating func noteLive(_ backlog: borrowing Backlog) {
        guard let live = backlog.live else { return }
        if live.messages.isEmpty { (keptBytes, isLiveClosed) = (0, false) }
        if live.ended.isEmpty { return }
        while let run = live.ended.removeFirst() {
            let ids = run.firstID..<run.firstID &+ run.count
            let part = ids.clamped(to: away)
            let bytes = Self.share(of: run.recordBytes, UInt64(part.count), of: run.count)
            awayBytes -= min(awayBytes, bytes)
            keptBytes -= min(keptBytes, bytes)
            endedBytes += run.recordBytes - bytes
            holes.insert(ids)
            forgetLive(ids, backlog)
        }
        passHoles()
        let isDue = endedBytes > UInt64(tailBytes) / Self.endedShare || live.messages.isEmpty
        if isDue, endedBytes > 0 { sweepTail() }
        passStored(backlog)
    }

    /// What lies in front of the tail, or all that came, is on disk or has its outcome.
    mutating func passStored(_ backlog: borrowing Backlog) {
        guard storesToDisk, movedBytes == 0, firstUnstored(backlog) == nil else { return }
        storedEnd = max(storedEnd, tail.first?.firstID ?? takenEnd)
    }

    /// A cache may be opened whose messages come behind all that there are: none of these lies elsewhere then.
    public func mayBeOpened(_ backlog: borrowing Backlog) -> Bool {
        backlog.liveStart == .max && tail.isEmpty && movedBytes == 0
    }

    /// About: the messages are of different sizes.
    static func share(of bytes: UInt64, _ count: UInt64, of all: UInt64) -> UInt64 {
        count == all ? bytes : min(bytes, bytes / max(1, all) &* count)
    }

    /// What lies on disk of them goes there, as far as it is a whole batch.
    private mutating func forgetLive(_ ids: Range<UInt64>, _ backlog: borrowing Backlog) {
        let end = max(storedEnd, storingEnd)
        guard ids.lowerBound < end, let hole = holes.overlapping(ids).first else { return }
        // Where nothing is open in front of them on disk alone, the batch may begin with some that were passed already.
        let isFirst = hole.lowerBound <= away.lowerBound
        let gone = (isFirst ? min(backlog.endID, hole.lowerBound) : hole.lowerBound)..<min(hole.upperBound, end)
        if takenOut.count > takenOutInWork, let last = takenOut.last, gone.lowerBound <= last.lowerBound,
            gone.upperBound >= last.upperBound
        {
            takenOut.removeLast()
        }
        takenOut.append(gone)
    }

    /// What lies on disk alone and is older than all that is live.
    func droppableBytes(_ backlog: borrowing Backlog) -> UInt64 {
        if backlog.liveStart == .max { return awayBytes }
        return away.lowerBound < backlog.liveStart ? awayBytes - min(awayBytes, keptBytes) : 0
    }

    /// From where on those on disk alone may be too old; nil: none of them may go. Behind the live ones only where all
    /// that lies there in front of them does so for them.
    /// - Parameter isRoomMade: the oldest go because of that already.
    func firstToExpire(_ backlog: borrowing Backlog, isRoomMade: Bool) -> UInt64? {
        guard let live = backlog.live, away.lowerBound >= backlog.liveStart else { return away.lowerBound }
        let from = max(away.lowerBound, live.messages.endID)
        return from < away.upperBound && !isRoomMade ? from : nil
    }

    private mutating func sweepTail() {
        endedBytes = 0
        var old = exchange(&tail, with: ChunkList())
        while let chunk = old.removeFirst() {
            tailBytes -= chunk.memoryBytes
            guard hasOpen(chunk) else {
                freed.append(chunk)
                continue
            }
            tailBytes += chunk.memoryBytes
            tail.append(chunk)
        }
        passHoles()
    }

    /// Takes those out of a chunk that have their outcome: its first ones. - Returns: false: all of them.
    func hasOpen(_ chunk: MessageChunk) -> Bool {
        guard !holes.isEmpty else { return true }
        let ids = chunk.firstID..<chunk.endNumber
        guard let hole = holes.overlapping(ids).first, hole.lowerBound <= ids.lowerBound else { return true }
        if hole.upperBound >= ids.upperBound { return false }
        chunk.removeMessages(before: hole.upperBound)
        return true
    }

    /// The first chunk of the tail without those that have their outcome; nil: there is none.
    mutating func firstOfTail() -> MessageChunk? {
        while let chunk = tail.first {
            let bytes = chunk.memoryBytes
            if hasOpen(chunk) {
                tailBytes += chunk.memoryBytes - bytes
                return chunk
            }
            _ = tail.removeFirst()
            tailBytes -= bytes
            freed.append(chunk)
        }
        return nil
    }

    /// Takes the oldest chunk out of the tail of which no copy is on its way; the last one, with the newest of all,
    /// stays.
    mutating func removeOldestOfTail(_ backlog: borrowing Backlog) -> MessageChunk? {
        guard let first = firstOfTail(), first.next != nil else { return nil }
        guard first.endNumber > backlog.liveStart, let live = backlog.live else {
            tailBytes -= first.memoryBytes
            return tail.removeFirst()
        }
        var before = first
        while let next = before.next, next.next != nil {
            if !live.taken.contains(next.firstID) {
                tail.remove(next, behind: before)
                tailBytes -= next.memoryBytes
                return next
            }
            before = next
        }
        return nil
    }
}
