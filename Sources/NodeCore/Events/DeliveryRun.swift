// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// Consecutive messages with one outcome, as the host is told.
public struct DeliveryRun: Sendable {
    public var firstID: UInt64
    public var count: UInt64
    public var outcome: neuron_ws_outcome_t
    public var level: neuron_ws_level_t
    /// Of the Close frame by which the server refused it; 0: none.
    public var closeCode: UInt16 = 0
    /// The text of that frame; nil: none.
    public var closeReason: EventBytes?

    public init(firstID: UInt64, count: UInt64, outcome: neuron_ws_outcome_t, level: neuron_ws_level_t) {
        self.firstID = firstID
        self.count = count
        self.outcome = outcome
        self.level = level
    }

    /// Takes the messages of `next` in, if they follow and became the same. A refusal with a text stays alone.
    mutating func join(_ next: DeliveryRun) -> Bool {
        guard next.firstID == firstID &+ count, next.outcome == outcome, next.level == level,
            next.closeCode == closeCode, closeReason == nil, next.closeReason == nil
        else { return false }
        count &+= next.count
        return true
    }

    /// Takes the first message out.
    public mutating func removeFirst() -> DeliveryRun? {
        guard count > 0 else { return nil }
        var first = self
        first.count = 1
        firstID &+= 1
        count &-= 1
        return first
    }
}
