// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// A look at messages where they lie.
extension Backlog {
    /// None from this one on was begun on this connection.
    public var begunEnd: UInt64 { isNextBegun ? nextID &+ 1 : nextID }

    /// The message that the outbox stopped at as `.uninspected`; nil if there is none. Its bytes outlive this backlog,
    /// which the host's callback may end, and are not copied for that: a large one would keep all others waiting.
    public func nextMessage() -> LentMessage? {
        if let live, live.hasTurn { return live.messages.nextMessage() }
        guard let chunk = nextChunk, nextOffset < chunk.used else { return nil }
        return LentMessage(chunk, at: nextOffset, id: nextID)
    }

    /// The first without outcome; nil if there is none.
    public func firstMessage() -> LentMessage? {
        guard let chunk = list.first else { return nil }
        if openOffset < chunk.used { return LentMessage(chunk, at: openOffset, id: openID) }
        return chunk.next.map { LentMessage($0, at: 0, id: openID) }
    }

    /// What the host said of it.
    public mutating func markInspected(isRefused: Bool) {
        if let live, live.hasTurn { return live.messages.markInspected(isRefused: isRefused) }
        guard let chunk = nextChunk, nextOffset < chunk.used else { return }
        chunk.record(at: nextOffset).pointee.packed |=
            isRefused ? MessageRecord.inspected | MessageRecord.refused : MessageRecord.inspected
    }

    /// A message that answers a request of another server than the one that is connected.
    func isForAnother(_ record: MessageRecord) -> Bool {
        server > 0 && record.server > 0 && record.server != Int(server) && !record.has(MessageRecord.refused)
    }

    /// The next message is one.
    public var isNextForAnother: Bool {
        if let live, live.hasTurn { return live.messages.isNextForAnother }
        guard let chunk = nextChunk, nextOffset < chunk.used else { return false }
        return isForAnother(chunk.record(at: nextOffset).pointee)
    }

    /// Nobody hears the next message.
    public mutating func leaveOutNext() {
        if let live, live.hasTurn { return live.messages.leaveOutNext() }
        guard let chunk = nextChunk, nextOffset < chunk.used else { return }
        chunk.record(at: nextOffset).pointee.markUntold()
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants() {
        precondition(openID <= nextID && nextID <= endID)
        if case .confirmed = verdict, level != .NEURON_WS_LEVEL_WRITTEN {
            precondition(openID <= unwrittenID && unwrittenID <= nextID)
        }
        acknowledged.checkInvariants()
        precondition(nextID <= heldEndID && heldEndID <= endID)
        precondition(isEmpty || !list.isEmpty)
        precondition(!isNextBegun || nextID < endID)
        repeats.checkInvariants()
        guard let live else { return }
        precondition(isEmpty || endID <= live.start)
        live.messages.checkInvariants()
    }
}
