// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What the end of a connection means for the messages, and that of a life or of the node.
extension Backlog {
    /// After so many tries with all that is not confirmed, few of its messages go out at a time.
    private static let triesTogetherMax = 2

    /// What is not confirmed is framed again on the next connection, in order.
    /// - Parameter acknowledged: how many bytes of the connection's stream the peer has; nil: it was never open.
    public mutating func connectionEnded(_ ending: Ending, acknowledged: UInt64?) -> ConnectionEnd {
        var end = ConnectionEnd(isFirstRefused: false)
        endLive()
        if let acknowledged {
            let suspect = interrupted(acknowledged: acknowledged)
            let isConfirmed = level != .NEURON_WS_LEVEL_WRITTEN
            let isAlone = !isConfirmed || begunEnd &- openID <= 1
            end.isFirstRefused =
                refusals.connectionEnded(ending, during: suspect, isConfirmed: isConfirmed, isAlone: isAlone)
                && suspect != nil
            if suspect == nil, !isEmpty { refusals.endedWithout(openID) }
            end.keptCount = refusals.keptToTell
            // It may be any that was on its way: the first of them alone would say nothing of the others.
            if suspect != nil, isConfirmed, ending.isByPeer,
                refusals.tries >= Self.triesTogetherMax || suspects.suspects(openID)
            {
                suspects.suspect(from: openID, before: begunEnd)
            }
        }
        begunBeforeID = max(begunBeforeID, begunEnd)
        repeatsEndID = max(repeatsEndID, level == .NEURON_WS_LEVEL_WRITTEN ? openID : unwrittenID)
        rewind()
        if end.isFirstRefused { verdict = .firstRefused }
        return end
    }

    /// The message in whose middle the connection ended: the first without outcome, if the peer has got some of it.
    func interrupted(acknowledged: UInt64) -> RefusalWatch.Suspect? {
        guard let chunk = list.first, isNextBegun || nextID > openID, acknowledged > firstStart else { return nil }
        let first = openOffset < chunk.used ? (chunk, openOffset) : chunk.next.map { ($0, 0) }
        guard let (chunk, offset) = first else { return nil }
        return RefusalWatch.Suspect(
            id: openID, byteCount: Int(chunk.record(at: offset).pointee.byteCount),
            place: acknowledged &- firstStart)
    }

    mutating func rewind() {
        nextID = openID
        // What was paced once is when it is sent again.
        frameEnd = min(frameEnd, openID)
        nextChunk = list.first
        nextOffset = openOffset
        isNextBegun = false
        isNextInDeflater = false
        firstStart = 0
        written = 0
        numberedEndID = 0
        rewindUnwritten()
    }

    mutating func rewindUnwritten() {
        unwrittenID = openID
        unwrittenChunk = list.first
        unwrittenOffset = openOffset
    }

    /// They may have arrived in an earlier life. What lies in front of them need not have, and is perhaps begun.
    mutating func mayHaveArrived(_ ids: Range<UInt64>) {
        guard ids.lowerBound > max(repeatsEndID, openID) else {
            return repeatsEndID = max(repeatsEndID, ids.upperBound)
        }
        repeats.insert(ids)
    }

    /// The next message may have arrived before.
    var isNextRepeat: Bool { nextID < repeatsEndID || !repeats.isEmpty && repeats.contains(nextID) }

    /// The node ends: what is left has its outcome.
    /// - Parameters:
    ///   - storedBefore: the messages before this one lie on disk.
    ///   - found: and so do these.
    public mutating func abandon(storedBefore: UInt64 = 0, found: Range<UInt64> = 0..<0) {
        endLive()
        verdict = .abandoned(storedBefore: storedBefore, found: found)
        nextID = endID
        isNextBegun = false
        isNextInDeflater = false
    }
}
