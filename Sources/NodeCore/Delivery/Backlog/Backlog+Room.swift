// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Room is made by the oldest messages of which none is on its way, a chunk at a time.
extension Backlog {
    /// The oldest chunk with messages that have no outcome, of which none is on its way; nil: there is none.
    var chunkToDrop: MessageChunk? {
        if isIdle {
            guard let first = list.first, openOffset >= first.used else { return list.first }
            return first.next
        }
        guard let next = nextChunk else { return nil }
        return isNextChunkTouched ? next.next : next
    }

    /// Those before this one are on their way, or in a chunk with such.
    public var heldEndID: UInt64 {
        guard !isIdle, let next = nextChunk, isNextChunkTouched else { return nextID }
        return next.endNumber
    }

    private var isNextChunkTouched: Bool { nextOffset > 0 || isNextBegun || isNextInDeflater }

    /// Takes `chunkToDrop` out. - Returns: what becomes of its messages, in order; empty: nothing can be taken out.
    /// - Parameters:
    ///   - outcome: of those that have no other yet.
    ///   - end: the messages from this one on have none by that; the caller has copies of them.
    ///   - freed: gets the chunk.
    mutating func removeOldest(
        _ outcome: neuron_ws_outcome_t, before end: UInt64 = .max, into freed: inout ChunkList
    ) -> [Run] {
        guard isUndecided else { return [] }
        return isIdle ? removeFirst(outcome, end, &freed) : removeBehindNext(outcome, end, &freed)
    }

    /// A copy of the newer half of the messages of `chunkToDrop` that have no outcome, one at least; nil: there is one
    /// alone, or no memory for it.
    func newerHalf(of chunk: MessageChunk) -> MessageChunk? {
        let from = max(openID, chunk.firstID)
        guard isUndecided, chunk.endNumber &- from > 1, chunk.endNumber > from else { return nil }
        let middle = from &+ (chunk.endNumber &- from) / 2
        let bytes = chunk.used - chunk.place(of: middle).offset
        guard let half = MessageChunk.fitting(bytes), chunk.copy(from: middle, into: half) else { return nil }
        return half
    }

    private mutating func removeFirst(
        _ outcome: neuron_ws_outcome_t, _ end: UInt64, _ freed: inout ChunkList
    ) -> [Run] {
        if let first = list.first, openOffset >= first.used, let old = takeFirst() { freed.append(old) }
        let (id, offset) = (openID, openOffset)
        guard let chunk = takeFirst() else { return [] }
        let runs = runs(of: chunk, from: id, at: offset, before: end, outcome)
        freed.append(chunk)
        forgetAcknowledged()
        rewind()
        // A barrier that waits for the next one's end may ask now.
        wake()
        return runs
    }

    /// What is on its way lies in front of it.
    private mutating func removeBehindNext(
        _ outcome: neuron_ws_outcome_t, _ end: UInt64, _ freed: inout ChunkList
    ) -> [Run] {
        guard let dropped = chunkToDrop, let before = predecessor(of: dropped) else { return [] }
        let runs = runs(of: dropped, from: dropped.firstID, at: 0, before: end, outcome)
        list.remove(dropped, behind: before)
        heldBytes -= dropped.memoryBytes
        chunkCount -= 1
        if before.next == nil { endID = before.endNumber }
        if nextChunk === dropped {
            // Where there is none behind it, all that is left is framed.
            (nextChunk, nextOffset) = before.next.map { ($0, 0) } ?? (before, before.used)
            nextID = before.next?.firstID ?? endID
        }
        if unwrittenChunk === dropped {
            (unwrittenChunk, unwrittenOffset, unwrittenID) = (nextChunk, nextOffset, nextID)
        }
        freed.append(dropped)
        wake()
        return runs
    }

    func predecessor(of chunk: MessageChunk) -> MessageChunk? {
        if nextChunk !== chunk { return nextChunk }
        var each = list.first
        while let before = each, before.next !== chunk { each = before.next }
        return each
    }

    /// What becomes of the messages of a chunk that is taken out, from this one on: some may be known to have arrived.
    private func runs(
        of chunk: MessageChunk, from id: UInt64, at offset: Int, before end: UInt64, _ outcome: neuron_ws_outcome_t
    ) -> [Run] {
        var runs: [Run] = []
        var (id, offset) = (id, offset)
        while offset < chunk.used, id != end {
            let record = chunk.record(at: offset).pointee
            let size = MessageRecord.size(byteCount: Int(record.byteCount))
            var became = outcome
            if let refusal = record.refusal {
                became = refusal
            } else if id < confirmedID || isAcknowledged(id) {
                became = .NEURON_WS_DELIVERED
            }
            var run = Run(firstID: id, count: 1, outcome: became, level: known(of: record, id))
            run.payloadBytes = UInt64(record.byteCount)
            run.recordBytes = UInt64(size)
            if runs.last.map({ run.follows($0) }) == true {
                runs[runs.count - 1].join(run)
            } else {
                runs.append(run)
            }
            offset &+= size
            id &+= 1
        }
        return runs
    }
}

extension Backlog.Run {
    /// It goes on where the other ends, with the same outcome.
    func follows(_ other: Backlog.Run) -> Bool {
        other.outcome == outcome && other.level == level && other.firstID &+ other.count == firstID
    }

    mutating func join(_ next: Backlog.Run) {
        count &+= next.count
        payloadBytes &+= next.payloadBytes
        recordBytes &+= next.recordBytes
    }
}
