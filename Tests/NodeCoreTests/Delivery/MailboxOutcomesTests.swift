import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct MailboxOutcomesTests {
    private func append(_ mailbox: inout Mailbox) -> Bool {
        guard mailbox.hasRoom(byteCount: 1) else { return false }
        var chunk = mailbox.needsChunk(byteCount: 1) ? ChunkPool.make(byteCount: 1) : nil
        return [UInt8](repeating: 0, count: 1).withUnsafeBytes {
            if case .accepted = mailbox.append($0, kind: 1, chunk: &chunk) { true } else { false }
        }
    }

    /// A host that reads nothing, while each message becomes something else than the one before it.
    @Test func outcomesThatAlternateAndAreNotReadStopTheNodeFromTakingMore() {
        let messagesMax = 1000
        var mailbox = Mailbox(limits: Mailbox.Limits(bytesMax: 1 << 30, messagesMax: messagesMax))
        var backlog = EventBacklog()
        var accepted: UInt64 = 0
        func tell(_ id: UInt64, _ mailbox: inout Mailbox) {
            let outcome: neuron_ws_outcome_t = id % 2 == 0 ? .NEURON_WS_DELIVERED : .NEURON_WS_DROPPED_REFUSED
            let run = DeliveryRun(firstID: id, count: 1, outcome: outcome, level: .NEURON_WS_LEVEL_ACCEPTED)
            #expect(backlog.append(.delivery(run)) == .held(wasEmpty: id == 1))
            mailbox.completed(count: 1, bytes: UInt64(MessageRecord.size(byteCount: 1)))
        }
        while append(&mailbox) {
            accepted += 1
            tell(accepted, &mailbox)
            mailbox.unreadRuns = backlog.runs
            #expect(backlog.runs + Int(mailbox.queuedCount) <= messagesMax + EventBacklog.runsMax)
        }
        #expect(accepted == UInt64(messagesMax + EventBacklog.runsMax) && backlog.droppedCount == 0)
        #expect(!mailbox.hasRoomForOutcome())
        // As soon as the host reads one there is room for one.
        _ = backlog.take()
        mailbox.unreadRuns = backlog.runs
        #expect(append(&mailbox) && !append(&mailbox))
    }
}
