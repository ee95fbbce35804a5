import Testing

@testable import NodeCore

@Suite struct MailboxAnswersTests {
    @Test func answersGoPastTheLimitsSoFarAndNoFurther() {
        var mailbox = Mailbox(limits: Mailbox.Limits(bytesMax: 1000, messagesMax: 2))
        let beyond = Mailbox.Limits(bytesMax: 1000, messagesMax: 3)
        func append(_ byteCount: Int, _ beyond: Mailbox.Limits) -> Mailbox.Verdict {
            var chunk: MessageChunk? =
                mailbox.needsChunk(byteCount: byteCount) ? ChunkPool.make(byteCount: byteCount) : nil
            return [UInt8](repeating: 0, count: byteCount).withUnsafeBytes {
                mailbox.append($0, kind: 1, beyond: beyond, chunk: &chunk)
            }
        }
        #expect(append(8, Mailbox.none) == .accepted(1))
        #expect(append(8, Mailbox.none) == .accepted(2))
        #expect(append(8, Mailbox.none) == .full)
        #expect(append(8, beyond) == .accepted(3))
        #expect(append(8, Mailbox.none) == .full)
        #expect(append(2000, beyond) == .full)
        #expect(append(1500, beyond) == .accepted(4))
        #expect(append(8, beyond) == .accepted(5))
        #expect(append(8, beyond) == .full)
        mailbox.completed(count: 4, bytes: mailbox.queuedBytes - 24)
        #expect(append(8, Mailbox.none) == .accepted(6))
    }
}
