// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The policy `latest-per-group`: when room is needed, first those go that a newer message of their group makes
/// needless. Only if that gives none the oldest go, as with `drop-oldest`.
extension MessageCache {
    var keepsLatest: Bool { settings.policy == .latestPerGroup }
    /// What is looked for in one pass at least is this part of the disk, so that it is not read for one message.
    private static let passShare: UInt64 = 8

    /// Takes what is superseded out of memory, the oldest first. What may lie on disk too is told when the disk has
    /// forgotten it: else it would come again after a restart.
    /// - Parameters:
    ///   - bytesMax: no more when so many bytes are free.
    ///   - isStored: only what lies on disk too.
    /// - Returns: how many bytes.
    mutating func removeSuperseded(_ backlog: inout Backlog, bytesMax: Int = .max, isStored: Bool = false) -> Int {
        guard keepsLatest, !isBusy else { return 0 }
        var removed = 0
        let (storedEnd, adopted, keepsDisk) = (storedEnd, adopted, keepsDisk)
        let parts = backlog.removeSuperseded(latest, bytesMax: bytesMax, into: &freed) { chunk in
            let isOnDisk = chunk.endNumber <= storedEnd
            return isStored ? isOnDisk : !keepsDisk || !isOnDisk && !adopted.contains(chunk.firstID)
        }
        for part in parts {
            conclude(part)
            removed += part.bytes
        }
        if isStored { return removed }
        var old = exchange(&tail, with: ChunkList())
        while let chunk = old.removeFirst() {
            // What has a copy on its way stays.
            guard chunk.endNumber <= backlog.liveStart, removed < bytesMax else {
                tail.append(chunk)
                continue
            }
            let bytes = chunk.memoryBytes
            let isOpen = hasOpen(chunk)
            tailBytes += isOpen ? chunk.memoryBytes - bytes : -bytes
            guard isOpen else {
                freed.append(chunk)
                continue
            }
            let parts = latest.superseded(in: chunk, from: chunk.firstID, bytesMax: bytesMax - removed)
            guard !parts.isEmpty, let rest = GroupLatest.rest(of: chunk, from: chunk.firstID, without: parts) else {
                tail.append(chunk)
                continue
            }
            tailBytes -= chunk.memoryBytes
            for each in rest {
                tailBytes += each.memoryBytes
                tail.append(each)
            }
            for part in parts {
                conclude(part)
                // What lies in front of them, on disk alone, and behind is one row of numbers.
                holes.insert(part.ids)
                removed += part.bytes
            }
            freed.append(chunk)
        }
        if removed > 0 { passStored(backlog) }
        return removed
    }

    private mutating func conclude(_ part: GroupLatest.Part) {
        let isNowhere = part.ids.lowerBound >= max(storedEnd, anew.upperBound) && !adopted.overlaps(part.ids)
        guard usesDisk, !isNowhere else {
            return conclude(part.ids, .NEURON_WS_DROPPED_OVERFLOW, bytes: UInt64(part.bytes))
        }
        var run = Backlog.Run(
            firstID: part.ids.lowerBound, count: UInt64(part.ids.count), outcome: .NEURON_WS_DROPPED_OVERFLOW)
        run.recordBytes = UInt64(part.bytes)
        owe(run)
        takenOut.append(part.ids)
    }

    /// Of what is in memory alone nothing superseded goes while the disk has some that is older.
    mutating func removeUnstoredSuperseded(_ backlog: inout Backlog) {
        guard keepsLatest, lookedThrough == .whole, isBeyondDisk(backlog) else { return }
        _ = removeSuperseded(&backlog)
    }

    enum LookedThrough {
        case not
        /// But for what lies in memory too, because some of it was on its way.
        case behindMemory
        case whole
    }

    /// Room is made by the oldest on disk alone: in memory there is nothing older to be dropped, and nothing
    /// superseded any more, nor anything on its way behind which there may be.
    func mayDropOldest(_ backlog: borrowing Backlog) -> Bool {
        backlog.chunkToDrop == nil && givesUpOldest(backlog)
    }

    /// The policy lets the oldest go, or there is nothing superseded any more that could go first.
    func givesUpOldest(_ backlog: borrowing Backlog) -> Bool {
        settings.policy == .dropOldest
            || keepsLatest && lookedThrough == .whole && backlog.isIdle && backlog.liveStart == .max
    }

    /// The disk has no room for so many bytes. - Returns: false: it was looked through.
    mutating func looksThroughDisk(_ work: inout SpoolWork, _ backlog: inout Backlog, short: UInt64) -> Bool {
        guard keepsLatest, lookedThrough == .not || lookedThrough == .behindMemory && backlog.isIdle,
            work.dropsBytes == 0, backlog.liveStart == .max
        else { return false }
        let isIdle = backlog.isIdle
        let from = isIdle ? openID(backlog) : away.lowerBound
        lookedThrough = isIdle ? .whole : .behindMemory
        guard from < max(away.upperBound, backlog.endID), holes.count < MessageHoles.countMax else { return false }
        // The oldest are in memory too, and go from there first, unless something is on its way.
        let bytes = max(short, settings.diskBytes / Self.passShare)
        let removed = isIdle ? removeSuperseded(&backlog, bytesMax: Int(clamping: bytes), isStored: true) : 0
        work.latest = latest
        work.compactsFrom = from
        work.latestFrom = away.isEmpty ? .max : away.lowerBound
        work.compactsPartsMax = MessageHoles.countMax - holes.count
        work.compactsBytes = bytes - min(bytes, UInt64(removed))
        if UInt64(removed) >= bytes { lookedThrough = .not }
        return true
    }

    /// Those that were on disk alone have their outcome now.
    mutating func concludeCompacted(_ parts: [GroupLatest.Part]) {
        for part in parts {
            let ids = part.ids.clamped(to: away)
            guard !ids.isEmpty else { continue }
            var stray = min(awayBytes, UInt64(part.bytes))
            awayBytes -= stray
            for rest in holes.rest(of: ids) where rest == ids {
                conclude(rest, .NEURON_WS_DROPPED_OVERFLOW, bytes: exchange(&stray, with: 0))
            }
            for rest in holes.rest(of: ids) where rest != ids {
                conclude(rest, .NEURON_WS_DROPPED_OVERFLOW, bytes: 0)
            }
            strayBytes += stray
            holes.insert(ids)
        }
        passHoles()
    }

    /// A chunk from disk without what has its outcome, and lies there because a commit was done that seemed to have
    /// failed; nil: there is no memory.
    mutating func withoutHoles(_ chunk: MessageChunk) -> [MessageChunk]? {
        let ids = chunk.firstID..<chunk.endNumber
        let parts = holes.overlapping(ids).map { GroupLatest.Part(ids: $0.clamped(to: ids), bytes: 0) }
        if parts.isEmpty { return [chunk] }
        freed.append(chunk)
        return GroupLatest.rest(of: chunk, from: chunk.firstID, without: parts)
    }

    /// What lies on disk alone begins with a message that is there.
    mutating func passHoles() {
        holes.remove(before: away.lowerBound)
        if let first = holes.first, first.lowerBound <= away.lowerBound, first.upperBound > away.lowerBound {
            away = min(first.upperBound, away.upperBound)..<away.upperBound
        }
        if away.isEmpty { strayBytes += exchange(&awayBytes, with: 0) }
        // In front of all that is here nobody asks for any.
        guard let first = away.isEmpty ? movedBytes > 0 ? movedFrom : tail.first?.firstID : away.lowerBound else {
            return holes.removeAll()
        }
        holes.remove(before: first)
    }
}

extension Backlog {
    /// Takes out what is superseded, if nothing is on its way; what is known to have arrived stays, and is told so.
    /// - Parameter mayGo: of this chunk some may.
    mutating func removeSuperseded(
        _ latest: GroupLatest, bytesMax: Int, into freed: inout ChunkList, from mayGo: (MessageChunk) -> Bool
    ) -> [GroupLatest.Part] {
        guard isIdle, isUndecided else { return [] }
        let open = openID
        let (confirmedID, acknowledged, acknowledgedLive) = (confirmedID, acknowledged, acknowledgedLive)
        let hasArrived = { (id: UInt64) in
            id < confirmedID || acknowledged.contains(id) || acknowledgedLive.contains(id)
        }
        var gone: [GroupLatest.Part] = []
        var chunk = list.first
        while let each = chunk {
            gone += latest.superseded(in: each, from: open, but: hasArrived)
            chunk = each.next
        }
        if gone.isEmpty { return gone }
        gone = []
        var bytes = 0
        var old = takeAll()
        var kept = ChunkList()
        while let each = old.removeFirst() {
            let parts =
                mayGo(each)
                ? latest.superseded(in: each, from: open, bytesMax: bytesMax - bytes, but: hasArrived) : []
            guard !parts.isEmpty || each.firstID < open,
                let rest = GroupLatest.rest(of: each, from: open, without: parts)
            else {
                // Without memory all of it stays, but for what has its outcome.
                each.removeMessages(before: open)
                if each.count > 0 { kept.append(each) } else { freed.append(each) }
                continue
            }
            gone += parts
            for part in parts { bytes += part.bytes }
            for part in rest { kept.append(part) }
            freed.append(each)
        }
        add(kept)
        return gone
    }
}
