// SPDX-License-Identifier: Apache-2.0
/// The end of a run, from when its machine is idle: step by step, over as many turns as that takes. What has begun
/// once is not begun again, and a start in the middle of it makes another run, with another end.
public struct RunEnd: Sendable {
    /// Each is done before the next begins, and is looked at anew in each turn: until the last the host may push.
    public enum Step: CaseIterable, Sendable {
        /// The host hears of the messages that are through, and then of the state.
        case outcomes
        /// What is left goes to disk.
        case rest
        /// Commands end, and the host hears of each.
        case commands
    }

    /// What is left is on its way to disk.
    public private(set) var storesRest = false
    private var endsCommands = false
    /// The last connection is gone, and commands do not know it yet: those that were on their way; nil: they do.
    private var begun: [UInt64]?

    public init() {}

    /// It has begun, and takes another turn.
    public var isUnderWay: Bool { storesRest || endsCommands }

    /// - Returns: true, once.
    public mutating func beginsStoring() -> Bool { !exchange(&storesRest, with: true) }

    public mutating func beginsEndingCommands() {
        endsCommands = true
        begun = nil
    }

    /// - Parameter isIdle: the run ends with the connection.
    /// - Returns: the commands that were on their way, where the connection's end concerns commands now; nil: it was
    ///   never open, or they end as the run does.
    public mutating func connectionEnded(_ ended: EndedConnection, isIdle: Bool) -> [UInt64]? {
        guard ended.wasOpen else { return nil }
        if !isIdle { return ended.begun }
        begun = ended.begun
        return nil
    }

    /// The host has started again before commands have ended, and they go on: only their connection is gone.
    /// - Returns: as of `connectionEnded`; once.
    public mutating func commandsGoOn() -> [UInt64]? { exchange(&begun, with: nil) }
}
