// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// The messages that go out in front of the others; see `LiveLane`.
extension Backlog {
    /// So many rows of messages are told apart that may have arrived in front of others; of more, all that lie between
    /// them count as such. And so many of those that the application has, out of order: more are sent again.
    private static let rowsMax = 1024

    /// Nothing waits to be framed, or may be framed now.
    public var isAllFramed: Bool { isRestFramed && live?.messages.isRestFramed != false }

    /// Whether live ones wait to be framed, and others; for tests and the simulator.
    public var waits: (live: Bool, others: Bool) { (live?.messages.isRestFramed == false, !isRestFramed) }

    /// A message has been framed in part.
    public var isMessageBegun: Bool { isNextBegun || live?.messages.isNextBegun == true }

    /// All live ones before this one are framed; 0: none are.
    var liveNextID: UInt64 { live?.framedEnd ?? 0 }

    /// The first live one without outcome; `.max`: there is none.
    var liveStart: UInt64 { live?.start ?? .max }

    /// What waits in the mailbox may go out now.
    public var takesMail: Bool { isAllFramed || live?.isReady == true && !isSuspecting }

    /// Some of these make the server end connections, as it seems: which ones is not found while others go out too.
    var isSuspecting: Bool { suspects.suspects(openID) || !isEmpty && refusals.suspects(openID) }

    /// A message with this number is on its way in front of others, or about to be.
    public func isLive(_ id: UInt64) -> Bool { id >= liveStart && wasLive(id) }

    /// The same, or it was on this connection.
    public func wasLive(_ id: UInt64) -> Bool { live?.taken.contains(id) == true }

    /// The connection is open, or the setting has changed. What is in the lane stays there.
    public mutating func setLiveFirst(_ isLiveFirst: Bool) {
        if live == nil, isLiveFirst { live = LiveLane() }
        live?.isOpen = isLiveFirst
        live?.messages.setLevel(level)
        live?.messages.inspectsMessages = inspectsMessages
        live?.messages.server = server
    }

    /// Which lane's frame is next; nil: not the live one's.
    mutating func laneInTurn(isBusy: Bool) -> LiveLane? {
        guard let live else { return nil }
        live.takeTurn(isBusy: isBusy || isMessageBegun || isEitherInDeflater, rest: !isRestFramed)
        return live.hasTurn ? live : nil
    }

    private var isEitherInDeflater: Bool { isNextInDeflater || live?.messages.isNextInDeflater == true }

    /// The connection is gone: each goes out in its place, and says that it may have arrived.
    mutating func endLive() {
        guard let live else { return }
        if live.messages.begunEnd > live.messages.openID, level != .NEURON_WS_LEVEL_WRITTEN {
            noteArrived(live.messages)
        }
        freed.append(live.end())
    }

    /// Which of the live ones may have arrived, and which of those have.
    private mutating func noteArrived(_ live: borrowing Backlog) {
        repeats.remove(before: openID)
        acknowledgedLive.remove(before: openID)
        var chunk = live.list.first
        while let each = chunk, each.firstID < live.unwrittenID {
            chunk = each.next
            let (from, end) = (max(live.openID, each.firstID), min(each.endNumber, live.unwrittenID))
            guard from < end else { continue }
            repeats.insert(from..<end)
            if live.acknowledged.isEmpty { continue }
            for id in from..<end where live.acknowledged.contains(id) && acknowledgedLive.count < Self.rowsMax {
                acknowledgedLive.insert(id..<id &+ 1)
            }
        }
        if repeats.count > Self.rowsMax, let first = repeats.first {
            repeats.removeAll()
            repeats.insert(first.lowerBound..<live.unwrittenID)
        }
    }
}
