// SPDX-License-Identifier: Apache-2.0
/// Messages among which one makes the server end connections, as it seems, and how many of them may be on their way at
/// a time: one at first, so that it shows which one it is, and more behind some that were delivered, so that the others
/// do not wait for an answer each. Where the server ends a connection again, those that were on their way go alone.
struct SuspectWindow {
    /// So many at most, and that part of those that were delivered in a row: what goes alone again because one of them
    /// was among it is little.
    static let togetherMax: UInt64 = 64
    static let share: UInt64 = 4

    /// Those before this one are suspects; and those before that one go alone.
    private var endID: UInt64 = 0
    private var aloneEndID: UInt64 = 0
    /// So many were delivered since a connection ended at them.
    private var delivered: UInt64 = 0

    /// Some of these are. - Parameter openID: the first without outcome.
    func suspects(_ openID: UInt64) -> Bool { openID < endID }

    /// The message `nextID` may not go out before others have their outcome.
    func holds(_ nextID: UInt64, behind openID: UInt64) -> Bool {
        suspects(openID) && nextID &- openID >= (openID < aloneEndID ? 1 : together)
    }

    private var together: UInt64 { max(1, min(Self.togetherMax, delivered / Self.share)) }

    /// It is one of those from `openID` on, before `begunEnd`.
    mutating func suspect(from openID: UInt64, before begunEnd: UInt64) {
        if suspects(openID) { aloneEndID = max(aloneEndID, begunEnd) }
        endID = max(endID, begunEnd)
        delivered = 0
    }

    /// So many more were delivered, and this one is the first without outcome.
    mutating func delivered(_ count: UInt64, to openID: UInt64) {
        delivered = suspects(openID) ? delivered &+ count : 0
    }
}
