// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What the server's application says that it has.
extension Backlog {
    /// What becomes of an acknowledgement by the server's application.
    public enum Acknowledgement: Equatable, Sendable {
        case new
        /// It was said before.
        case repeated
        /// There is no such message, or it cannot have arrived.
        case unknown
    }

    /// The server's application has the message that bears this number: it alone, or all before it too, whose numbers
    /// are lower.
    /// That goes for the live ones among each other, and for the others.
    public mutating func acknowledge(_ number: UInt64, isCumulative: Bool) -> Acknowledgement {
        if let live, live.taken.contains(number) {
            return live.messages.acknowledge(number, isCumulative: isCumulative)
        }
        guard let id = message(bearing: number, orBefore: isCumulative) else { return .unknown }
        guard id > 0, id < max(unwrittenID, repeatsEndID) else { return .unknown }
        // One that is known alone still says something of those before it.
        if id < openID || id < confirmedID || !isCumulative && isAcknowledged(id) { return .repeated }
        if isCumulative {
            confirmedID = id &+ 1
        } else if id == max(openID, confirmedID) {
            confirmedID = id &+ 1
        } else if !acknowledged.insert(id, first: max(openID, confirmedID)) {
            return .unknown
        }
        acknowledgedEndID = max(acknowledgedEndID, id &+ 1)
        wake()
        return .new
    }

    /// Which message bears this number, or the last one with a lower one; nil: none. Those of earlier lives bear the
    /// numbers that they had there.
    private func message(bearing number: UInt64, orBefore: Bool) -> UInt64? {
        guard hasShiftedNumbers else { return number }
        var before: UInt64 = 0
        var chunk = list.first
        while let each = chunk, number >= each.sequence {
            if number &- each.sequence < UInt64(each.count) { return number &- each.numberShift }
            before = each.endNumber &- 1
            chunk = each.next
        }
        // Those of this life that are not there have their outcome, or have yet to come.
        if chunk == nil, list.last?.numberShift ?? 0 == 0 { return number }
        // Behind all that is here it is one of this life that went out before, or none.
        if chunk == nil, number >= max(unwrittenID, repeatsEndID) { return nil }
        if before == 0 { return openID &- 1 }
        return orBefore ? before : nil
    }

    /// The server's application has it, alone.
    func isAcknowledged(_ id: UInt64) -> Bool { acknowledged.contains(id) || acknowledgedLive.contains(id) }

    /// These in pieces of which the server's application has all, as it said of each alone, or none.
    func forEachPiece(of ids: Range<UInt64>, _ body: (Range<UInt64>, _ isAcknowledged: Bool) -> Void) {
        var from = ids.lowerBound
        acknowledgedLive.forEach(from: ids.lowerBound) { each in
            let known = each.clamped(to: ids)
            guard each.lowerBound < ids.upperBound else { return false }
            if known.isEmpty { return true }
            if from < known.lowerBound { body(from..<known.lowerBound, false) }
            body(known, true)
            from = known.upperBound
            return true
        }
        if from < ids.upperBound { body(from..<ids.upperBound, false) }
    }

    mutating func forgetAcknowledged() {
        acknowledged.remove(before: openID)
        acknowledgedLive.remove(before: openID)
    }

    /// The next message need not go out: the host refused it, or the server has it.
    func leavesOutNext(_ record: MessageRecord) -> Bool {
        if record.has(MessageRecord.refused) { return true }
        guard level == .NEURON_WS_LEVEL_APP_ACKED, !isNextBegun else { return false }
        return nextID < confirmedID || isAcknowledged(nextID)
    }
}
