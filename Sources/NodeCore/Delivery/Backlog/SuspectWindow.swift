// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Messages among which one makes the server end connections, as it seems, and how many of them may be on their way at
/// a time: one at first, so that it shows which one it is, and more behind some that were delivered, so that the others
/// do not wait for an answer each. Where the server ends a connection again, those that were on their way go alone.
///
/// A server may confirm many with one word, and wait for more of them meanwhile: where it ends no connection and
/// confirms nothing, more go out after a while (`waited`), and at last all.
public struct SuspectWindow {
    /// How long, in nanoseconds.
    static let patience: UInt64 = 5_000_000_000
    public static var patienceSeconds: UInt64 { patience / 1_000_000_000 }

    /// So many at most, and that part of those that were delivered in a row: what goes alone again because one of them
    /// was among it is little.
    static let togetherMax: UInt64 = 64
    static let share: UInt64 = 4

    /// Those before this one are suspects; and those before that one go alone.
    private var endID: UInt64 = 0
    private var aloneEndID: UInt64 = 0
    /// So many were delivered since a connection ended at them.
    private var delivered: UInt64 = 0
    /// So many may be on their way however few were delivered; 0: nobody has waited.
    private var widened: UInt64 = 0

    /// Some of these are. - Parameter openID: the first without outcome.
    func suspects(_ openID: UInt64) -> Bool { openID < endID }

    /// The message `nextID` may not go out before others have their outcome.
    func holds(_ nextID: UInt64, behind openID: UInt64) -> Bool {
        suspects(openID) && nextID &- openID >= max(widened, openID < aloneEndID ? 1 : together)
    }

    /// For its patience nothing was confirmed, and no connection ended.
    mutating func waited(nextID: UInt64, behind openID: UInt64) {
        widened = max(2, (nextID &- openID) &* 2)
        if widened > Self.togetherMax { (endID, aloneEndID, widened) = (0, 0, 0) }
    }

    private var together: UInt64 { max(1, min(Self.togetherMax, delivered / Self.share)) }

    /// It is one of those from `openID` on, before `begunEnd`.
    mutating func suspect(from openID: UInt64, before begunEnd: UInt64) {
        if suspects(openID) { aloneEndID = max(aloneEndID, begunEnd) }
        endID = max(endID, begunEnd)
        delivered = 0
        widened = 0
    }

    /// So many more were delivered, and this one is the first without outcome.
    mutating func delivered(_ count: UInt64, to openID: UInt64) {
        delivered = suspects(openID) ? delivered &+ count : 0
    }
}

extension Backlog {
    /// The first without outcome, where it and what is out behind it keep others from going, though the server has had
    /// the time to say something of them; nil: nothing waits so.
    var holdingID: UInt64? {
        guard level == .NEURON_WS_LEVEL_APP_ACKED, !isNextBegun, nextID < endID, nextID > openID,
            unwrittenID == nextID, suspects.holds(nextID, behind: openID)
        else { return nil }
        return openID
    }

    /// How many are out whose fate holds up others.
    public var heldBehindCount: UInt64 { nextID &- openID }

    /// They have had their time: more may go.
    mutating func passHolding() {
        suspects.waited(nextID: nextID, behind: openID)
        wake()
    }
}

/// How long messages keep others from going out of which the server says nothing; of one connection.
public struct HoldWatch: Sendable {
    private var held: (id: UInt64, next: UInt64)?
    /// When `look` is due; nil: nothing waits.
    public private(set) var deadline: UInt64?

    public init() {}

    /// Something may have changed. - Returns: the deadline is another now.
    public mutating func note(_ backlog: borrowing Backlog, now: @autoclosure () -> UInt64) -> Bool {
        let holding = backlog.holdingID.map { (id: $0, next: backlog.nextID) }
        if holding?.id == held?.id, holding?.next == held?.next { return false }
        held = holding
        deadline = holding == nil ? nil : now() &+ SuspectWindow.patience
        return true
    }

    /// - Returns: true: more may go out now.
    public mutating func look(_ backlog: inout Backlog, now: UInt64) -> Bool {
        guard let due = deadline, now >= due else { return false }
        self = HoldWatch()
        backlog.passHolding()
        return true
    }
}
