// SPDX-License-Identifier: Apache-2.0
/// Outcomes that a connection's end has settled, and that the host has yet to hear: as much of them at a time as a turn
/// has time for, in their order, before any that comes later and before the state that ends a stop.
public struct OwedOutcomes {
    /// What comes next.
    public enum Action: ~Copyable {
        /// - Parameter refusal: how the server refused them.
        case tell(Backlog.Run, refusal: Ending?)
        case release(ChunkList)
    }

    private var runs = FirstInFirstOut<(run: Backlog.Run, refusal: Ending?)>()
    /// The session would end, and the host has yet to hear the last of them.
    public private(set) var holdsEnd = false

    public init() {}

    public var isEmpty: Bool { runs.isEmpty }

    /// The connection is about to go: what it has settled of these messages is owed from now on.
    /// - Returns: nothing in these is needed any more.
    public mutating func connectionEnds(_ backlog: inout Backlog) -> ChunkList {
        var freed = ChunkList()
        while let action = backlog.nextAction() {
            switch consume action {
            case .conclude(let run): append(run)
            case .release(let chunks): freed.append(chunks)
            }
        }
        return freed
    }

    /// - Parameter refusal: how the server refused them.
    public mutating func append(_ run: Backlog.Run, refusal: Ending? = nil) { runs.append((run, refusal)) }

    /// - Parameters:
    ///   - countMax: so many messages at most.
    ///   - isHeld: a refused message, by its number, is not kept where it is to be yet: it is told when it is, and what
    ///     comes behind it waits (`MessageCache.isSettingAside`).
    public mutating func removeFirst(
        countMax: UInt64, isHeld: (UInt64) -> Bool = { _ in false }
    ) -> (run: Backlog.Run, refusal: Ending?)? {
        guard var first = runs.first, first.refusal == nil || !isHeld(first.run.firstID) else { return nil }
        guard first.run.count > countMax else { return runs.removeFirst() }
        let rest = first.run.rest(behind: countMax)
        runs.changeFirst { $0.run = rest }
        first.run.count = countMax
        first.run.payloadBytes -= rest.payloadBytes
        first.run.recordBytes -= rest.recordBytes
        return first
    }

    /// What is to be told on an open connection: what is owed, and then what that has settled.
    /// - Parameters: as of `removeFirst`.
    public mutating func nextAction(
        _ backlog: inout Backlog, countMax: UInt64, isHeld: (UInt64) -> Bool = { _ in false }
    ) -> Action? {
        if let one = removeFirst(countMax: countMax, isHeld: isHeld) { return .tell(one.run, refusal: one.refusal) }
        guard runs.isEmpty, let action = backlog.nextAction(countMax: countMax) else { return nil }
        switch consume action {
        case .conclude(let run): return .tell(run, refusal: nil)
        case .release(let chunks): return .release(chunks)
        }
    }

    /// Whether the host may hear of a state now. - Parameter isIdle: of the one that ends a stop.
    public func letsTell(isIdle: Bool) -> Bool { !isIdle || isEmpty }

    /// The session would end. - Returns: false: it ends when the last of them is told.
    public mutating func letsEnd() -> Bool {
        holdsEnd = !isEmpty
        return isEmpty
    }

    /// The host wants another start meanwhile.
    public mutating func started() { holdsEnd = false }
}

extension Backlog.Run {
    /// Without its first messages, with about what the others took: that is known of all together.
    fileprivate func rest(behind count: UInt64) -> Backlog.Run {
        var rest = self
        rest.firstID &+= count
        rest.count &-= count
        rest.payloadBytes = payloadBytes / self.count &* rest.count
        rest.recordBytes = recordBytes / self.count &* rest.count
        return rest
    }
}
