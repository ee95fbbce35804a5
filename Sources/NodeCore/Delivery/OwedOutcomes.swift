// SPDX-License-Identifier: Apache-2.0
/// Outcomes that a connection's end has settled, and that the host has yet to hear: as much of them at a time as a turn
/// has time for, in their order.
public struct OwedOutcomes {
    private var runs = FirstInFirstOut<(run: Backlog.Run, refusal: Ending?)>()

    public init() {}

    public var isEmpty: Bool { runs.isEmpty }

    /// - Parameter refusal: how the server refused them.
    public mutating func append(_ run: Backlog.Run, refusal: Ending? = nil) { runs.append((run, refusal)) }

    /// - Parameter countMax: so many messages at most.
    public mutating func removeFirst(countMax: UInt64) -> (run: Backlog.Run, refusal: Ending?)? {
        guard var first = runs.first else { return nil }
        guard first.run.count > countMax else { return runs.removeFirst() }
        runs.changeFirst { $0.run.cut(countMax) }
        first.run.count = countMax
        return first
    }
}

extension Backlog.Run {
    /// Without its first messages. What they all took has been counted with those.
    fileprivate mutating func cut(_ count: UInt64) {
        firstID &+= count
        self.count &-= count
        payloadBytes = 0
        recordBytes = 0
    }
}
