// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// What comes of messages that are handed over: their numbers, their refusals, and what is counted of both.
@Suite struct SendQueueTests {
    private static let stamp = MessageStamp(kind: 1, timeMilliseconds: 0)

    private static func queue(messages: Int = 100, bytes: Int = 1 << 20) -> SendQueue {
        SendQueue(limits: DeliveryLedger.Limits(bytesMax: bytes, messagesMax: messages), stream: 0xAB)
    }

    /// What came of a message; with a chunk, if it asks for one.
    private enum Came: Equatable {
        case id(UInt64)
        case refused(SendQueue.Refusal)
    }

    private static func put(
        _ queue: inout SendQueue, _ text: String = "text", numbered: Bool = false, unreadRuns: Int = 0,
        beyond: DeliveryLedger.Limits = DeliveryLedger.none
    ) -> Came {
        Array(text.utf8).withUnsafeBytes { raw in
            let message = numbered ? OutgoingMessage(numbered: raw, stamp)! : OutgoingMessage(raw, stamp)
            do throws(SendQueue.Refusal) {
                var chunk: MessageChunk?
                if let id = try queue.put(message, beyond: beyond, unreadRuns: unreadRuns, chunk: &chunk, now: 0) {
                    return .id(id)
                }
                chunk = ChunkPool.make(byteCount: message.byteCount)
                let id = try queue.put(message, beyond: beyond, unreadRuns: unreadRuns, chunk: &chunk, now: 0)
                return .id(id ?? 0)
            } catch { return .refused(error) }
        }
    }

    private static func texts(_ list: consuming ChunkList) -> [String] {
        var texts: [String] = []
        list.forEach { chunk in
            var offset = 0
            for _ in 0..<chunk.count {
                let payload = chunk.payload(at: offset)
                texts.append(String(decoding: payload, as: UTF8.self))
                offset += MessageRecord.size(byteCount: payload.count)
            }
        }
        return texts
    }

    @Test func messagesAreNumberedInTheirOrderAndWaitInIt() {
        var queue = Self.queue()
        #expect(Self.put(&queue, "one") == .id(1))
        #expect(Self.put(&queue, "two") == .id(2))
        let (counts, hasMail) = (queue.counts, queue.hasMail())
        #expect(counts == SendQueue.Counts(accepted: 2) && hasMail)
        let texts = Self.texts(queue.takeMessages())
        let isTaken = !queue.hasMail()
        #expect(texts == ["one", "two"] && isTaken)
        queue.ledger.checkInvariants()
    }

    @Test func whereAChunkIsNeededNothingHasHappenedYet() throws {
        var queue = Self.queue()
        try Array("text".utf8).withUnsafeBytes { raw in
            var chunk: MessageChunk?
            let id = try queue.put(OutgoingMessage(raw, Self.stamp), unreadRuns: 0, chunk: &chunk, now: 0)
            #expect(id == nil)
        }
        let (counts, accepted) = (queue.counts, queue.ledger.acceptedCount)
        #expect(counts == SendQueue.Counts() && accepted == 0)
    }

    @Test func aChunkThatIsNotNeededStaysTheCallers() throws {
        var queue = Self.queue()
        _ = Self.put(&queue)
        try Array("text".utf8).withUnsafeBytes { raw in
            var chunk = ChunkPool.make(byteCount: 4)
            let id = try queue.put(OutgoingMessage(raw, Self.stamp), unreadRuns: 0, chunk: &chunk, now: 0)
            #expect(id == 2 && chunk != nil)
        }
    }

    @Test func oneThatBearsItsNumberBearsTheOneItGets() {
        var queue = Self.queue()
        _ = Self.put(&queue, "plain")
        #expect(Self.put(&queue, #"{"a":1}"#, numbered: true) == .id(2))
        let bytes = queue.ledger.queuedBytes
        let texts = Self.texts(queue.takeMessages())
        #expect(texts == ["plain", #"{"seq":2,"stream":"00000000000000ab","a":1}"#])
        // 16 and 5, 16 and 43 bytes, in steps of 8.
        #expect(bytes == 24 + 64)
    }

    @Test func aLargeOneComesInAChunkOfItsOwn() throws {
        var queue = Self.queue()
        _ = Self.put(&queue, "small")
        let text = Array("{\"a\":1}".utf8)
        try text.withUnsafeBytes { raw in
            let message = OutgoingMessage(numbered: raw, Self.stamp)!
            let chunk = ChunkPool.make(byteCount: message.byteCount)!
            chunk.append(message)
            let id = try queue.put(message, alone: chunk, unreadRuns: 0, now: 0)
            #expect(id == 2)
        }
        #expect(Self.put(&queue, "behind") == .id(3))
        let texts = Self.texts(queue.takeMessages())
        let head = #"{"seq":2,"stream":"00000000000000ab","#
        let filled = head + String(repeating: " ", count: OutgoingMessage.headBytesMax - head.utf8.count)
        #expect(texts == ["small", filled + #""a":1}"#, "behind"])
    }

    @Test func aFullQueueRefusesAndCountsIt() {
        var queue = Self.queue(messages: 1)
        _ = Self.put(&queue)
        #expect(Self.put(&queue) == .refused(.full))
        let (counts, awaitsRoom, queued) = (queue.counts, queue.ledger.awaitsRoom, queue.ledger.queuedCount)
        #expect(counts == SendQueue.Counts(accepted: 1, rejected: 1, full: 1) && awaitsRoom && queued == 1)
        #expect(Self.put(&queue, beyond: DeliveryLedger.Limits(bytesMax: 100, messagesMax: 1)) == .id(2))
    }

    @Test func outcomesThatNobodyReadsTakeTheRoomToo() {
        var queue = Self.queue(messages: 1)
        #expect(Self.put(&queue, unreadRuns: EventBacklog.runsMax + 1) == .refused(.outcomesUnread))
        let unread = queue.ledger.unreadRuns
        #expect(unread == EventBacklog.runsMax + 1)
        #expect(Self.put(&queue, unreadRuns: 0) == .id(1))
    }

    @Test func oneThatTheWholeCacheHasNoRoomForIsRefused() {
        var queue = Self.queue()
        queue.diskBytes = 40
        #expect(Self.put(&queue, "12345678") == .id(1))
        #expect(Self.put(&queue, "123456789") == .refused(.tooBigForCache))
        let counts = queue.counts
        #expect(counts == SendQueue.Counts(accepted: 1, rejected: 1))
    }

    @Test func aClosedOneTakesNothing() {
        var queue = Self.queue()
        queue.isClosed = true
        #expect(Self.put(&queue) == .refused(.closed))
        #expect(throws: SendQueue.Refusal.closed) { try queue.checkRoom(byteCount: 0, unreadRuns: 0) }
        let (counts, awaitsRoom) = (queue.counts, queue.ledger.awaitsRoom)
        #expect(counts == SendQueue.Counts(rejected: 2) && !awaitsRoom)
    }

    @Test func whatNeverCameThisFarIsCounted() {
        var queue = Self.queue()
        queue.countRejected()
        queue.countSkipped()
        queue.countTags(3, errors: 2)
        let counts = queue.counts
        #expect(counts == SendQueue.Counts(rejected: 1, skipped: 1, tags: 3, tagErrors: 2))
    }
}
