import Testing
import WebSocketCore

@testable import NodeCore

/// A mailbox, an outbox and the peer that reads what they frame.
private struct Bench: ~Copyable {
    var mailbox = Mailbox(limits: Mailbox.Limits(bytesMax: 1 << 20, messagesMax: 1000))
    var outbox = Outbox()
    var writer = FrameWriter(role: .client)
    var keys = MaskingKeyPool()
    var stream: [UInt8] = []

    mutating func push(_ text: String, kind: UInt8 = 1) -> Mailbox.Verdict {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { raw in
            var chunk: MessageChunk? =
                mailbox.needsChunk(byteCount: raw.count) ? ChunkPool.make(byteCount: raw.count) : nil
            return mailbox.append(raw, kind: kind, chunk: &chunk)
        }
    }

    /// Frames up to `room` bytes and appends them to the stream.
    mutating func fill(room: Int, stopsAtFrameEnd: Bool = false) -> Outbox.Stop {
        outbox.add(mailbox.takeAll())
        let random = [UInt8](repeating: 0x5A, count: 4096)
        keys.refill(random.span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { output.deallocate() }
        var position = 0
        let stop = outbox.fill(
            output, at: &position, streamOffset: UInt64(stream.count), writer: &writer, keys: &keys,
            stopsAtFrameEnd: stopsAtFrameEnd)
        stream.append(contentsOf: output[..<position])
        outbox.checkInvariants()
        return stop
    }

    /// What a server makes of the stream.
    func messages() -> [String] {
        var server = WebSocketEndpoint(role: .server, limits: EndpointLimits())
        var texts: [String] = []
        var offset = 0
        while let event = server.bytesReceived(stream.span.bytes, from: &offset) {
            guard case .message = event else {
                texts.append("\(event)")
                continue
            }
            texts.append(String(decoding: (server.message?.array ?? []), as: UTF8.self))
        }
        return texts
    }

    mutating func settle(written: Int) -> [Outbox.Run] {
        var runs: [Outbox.Run] = []
        while let run = outbox.nextCompleted(written: UInt64(written)) {
            mailbox.completed(count: run.count, bytes: run.recordBytes)
            runs.append(run)
        }
        return runs
    }
}

@Suite struct OutboxTests {
    @Test func messagesArriveWholeAndInOrderWhateverTheBuffersSize() {
        for room in 16..<80 {
            var bench = Bench()
            let texts = (0..<20).map { String(repeating: "abc", count: $0) + "\($0)" }
            for text in texts { _ = bench.push(text) }
            while bench.fill(room: room) == .bufferFull {}
            #expect(bench.messages() == texts)
        }
    }

    @Test func fragmentsMakeUpTheSameMessages() {
        var bench = Bench()
        bench.outbox.fragmentBytesMax = 7
        let texts = ["", "short", "exactly", "a longer text than seven bytes"]
        for text in texts { _ = bench.push(text) }
        while bench.fill(room: 20) == .bufferFull {}
        #expect(bench.messages() == texts)
    }

    @Test func framesEndWhereControlFramesWait() {
        var bench = Bench()
        _ = bench.push("one")
        _ = bench.push("two")
        #expect(bench.fill(room: 1000, stopsAtFrameEnd: true) == .frameEnded)
        #expect(bench.messages() == ["one"])
    }

    @Test func aMessageIsDoneWhenItsLastByteIsWritten() {
        var bench = Bench()
        _ = bench.push("one")
        _ = bench.push("three")
        #expect(bench.fill(room: 1000) == .allFramed)
        // 2 bytes of header, 4 of key, 3 of payload.
        #expect(bench.settle(written: 8) == [])
        let first = bench.settle(written: 9)
        #expect(first == [Outbox.Run(firstID: 1, count: 1, payloadBytes: 3, recordBytes: 24, isRefused: false)])
        #expect(bench.settle(written: 19) == [])
        let second = bench.settle(written: 20)
        #expect(second == [Outbox.Run(firstID: 2, count: 1, payloadBytes: 5, recordBytes: 24, isRefused: false)])
        #expect(bench.outbox.isEmpty)
        #expect(bench.mailbox.queuedCount == 0)
        #expect(bench.mailbox.queuedBytes == 0)
    }

    @Test func whatWasNotWrittenWholeIsFramedAgainOnTheNextConnection() {
        var bench = Bench()
        let texts = ["one", "two", "three", "four"]
        for text in texts { _ = bench.push(text) }
        #expect(bench.fill(room: 25) == .bufferFull)
        _ = bench.settle(written: 12)
        #expect(bench.outbox.rewind() == 2)
        bench.stream = []
        bench.writer = FrameWriter(role: .client)
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.messages() == ["two", "three", "four"])
    }

    @Test func aRefusedMessageIsLeftOutAndSaidToBe() {
        var bench = Bench()
        bench.outbox.inspectsMessages = true
        for text in ["one", "bad", "two"] { _ = bench.push(text) }
        while bench.fill(room: 1000) == .uninspected {
            let message = bench.outbox.nextMessage()
            bench.outbox.markInspected(isRefused: message?.withBytes { $0.elementsEqual("bad".utf8) } == true)
        }
        #expect(bench.messages() == ["one", "two"])
        #expect(bench.settle(written: bench.stream.count).map(\.isRefused) == [false, true, false])
    }

    @Test func aLentMessageStaysAsItIsWhateverBecomesOfTheOutbox() {
        for isLent in [true, false] {
            var bench = Bench()
            bench.outbox.inspectsMessages = true
            _ = bench.push("as it was")
            #expect(bench.fill(room: 1000) == .uninspected)
            let lent = isLent ? bench.outbox.nextMessage() : nil
            while bench.outbox.nextAbandoned() != nil {}
            var freed = bench.outbox.takeFreed()
            var pool = ChunkPool(keptBytesMax: 16 << 20)
            pool.give(&freed)
            freed.removeAll()
            // Nobody gets its chunk to write into.
            #expect((pool.takeKept(byteCount: 100) == nil) == isLent)
            #expect((lent?.withBytes { String(decoding: $0, as: UTF8.self) }) == (isLent ? "as it was" : nil))
        }
    }

    @Test func abandonedMessagesAreAllAccountedFor() {
        var bench = Bench()
        for index in 0..<100 { _ = bench.push("message \(index)") }
        _ = bench.fill(room: 100)
        var count: UInt64 = 0
        while let run = bench.outbox.nextAbandoned() { count += run.count }
        #expect(count == 100)
        #expect(bench.outbox.isEmpty)
    }

    @Test func theMessageInWhoseMiddleTheConnectionEndedIsNamed() {
        var bench = Bench()
        for text in ["one", "three", "five5"] { _ = bench.push(text) }
        #expect(bench.outbox.interrupted(acknowledged: 100) == nil)
        #expect(bench.fill(room: 28) == .bufferFull)
        // "one" ends at 9, "three" at 20; of "five5" there are 8 bytes.
        #expect(bench.outbox.interrupted(acknowledged: 0) == nil)
        #expect(bench.outbox.interrupted(acknowledged: 4)?.id == 1)
        _ = bench.settle(written: 9)
        #expect(bench.outbox.interrupted(acknowledged: 9) == nil)
        #expect(
            bench.outbox.interrupted(acknowledged: 12) == RefusalWatch.Suspect(id: 2, byteCount: 5, place: 3))
        _ = bench.settle(written: 25)
        #expect(
            bench.outbox.interrupted(acknowledged: 25) == RefusalWatch.Suspect(id: 3, byteCount: 5, place: 5))
        // What the peer has not acknowledged it cannot have refused.
        #expect(bench.outbox.interrupted(acknowledged: 20) == nil)
        _ = bench.outbox.rewind()
        #expect(bench.outbox.interrupted(acknowledged: 100) == nil)
        // The next connection begins with the handshake's bytes.
        bench.stream = Array(repeating: 0, count: 1000)
        bench.writer = FrameWriter(role: .client)
        #expect(bench.fill(room: 8) == .bufferFull)
        #expect(bench.outbox.interrupted(acknowledged: 1000) == nil)
        #expect(bench.outbox.interrupted(acknowledged: 1001)?.place == 1)
        _ = bench.outbox.rewind()
    }

    @Test(arguments: [0, 1, 2]) func aMessageThatIsGivenUpIsNoMoreAndTheRestFlows(before: Int) {
        var bench = Bench()
        bench.mailbox.limits.bytesMax = 8 << 20
        let texts = ["a", "b", String(repeating: "x", count: 1 << 20), "c", "d"]
        for text in texts { _ = bench.push(text) }
        _ = bench.fill(room: 1000)
        let done = bench.settle(written: 7 * before).reduce(0) { $0 + Int($1.count) }
        #expect(done == before)
        _ = bench.outbox.rewind()
        bench.stream = []
        bench.writer = FrameWriter(role: .client)
        let run = bench.outbox.giveUpFirst()
        #expect(run?.firstID == UInt64(before + 1) && run?.count == 1)
        #expect(run?.payloadBytes == UInt64(texts[before].utf8.count))
        bench.mailbox.completed(count: 1, bytes: run!.recordBytes)
        while bench.fill(room: 65_536) == .bufferFull {}
        #expect(bench.messages() == Array(texts[(before + 1)...]))
        _ = bench.settle(written: bench.stream.count)
        #expect(bench.outbox.isEmpty && bench.mailbox.queuedCount == 0 && bench.mailbox.queuedBytes == 0)
        let none = bench.outbox.giveUpFirst()
        #expect(none == nil)
    }

    @Test func largeAndSmallMessagesShareTheOutbox() {
        var bench = Bench()
        bench.mailbox.limits.bytesMax = 8 << 20
        let texts = ["a", String(repeating: "x", count: 1 << 20), "b", String(repeating: "y", count: 300_000), "c"]
        for text in texts { #expect(bench.push(text) != .full) }
        while bench.fill(room: 65_536) == .bufferFull {}
        #expect(bench.messages() == texts)
    }
}

@Suite struct MailboxTests {
    @Test func numbersCountFromOne() {
        var bench = Bench()
        #expect(bench.push("a") == .accepted(1))
        #expect(bench.push("b") == .accepted(2))
    }

    @Test func theLimitInMessagesHoldsUntilSomeAreDone() {
        var bench = Bench()
        bench.mailbox.limits.messagesMax = 2
        _ = bench.push("a")
        _ = bench.push("b")
        #expect(bench.push("c") == .full)
        _ = bench.fill(room: 1000)
        #expect(bench.push("c") == .full)
        _ = bench.settle(written: bench.stream.count)
        #expect(bench.push("c") == .accepted(3))
    }

    @Test func theLimitInBytesCountsTheMemoryTaken() {
        var bench = Bench()
        bench.mailbox.limits.bytesMax = 48
        #expect(bench.push("12345678") == .accepted(1))
        #expect(bench.push("12345678") == .accepted(2))
        #expect(bench.push("") == .full)
        #expect(bench.mailbox.queuedBytes == 48)
    }

    @Test func aMessageLargerThanTheLimitIsTakenWhenNothingWaits() {
        var bench = Bench()
        bench.mailbox.limits.bytesMax = 64
        let large = String(repeating: "x", count: 1000)
        #expect(bench.push(large) == .accepted(1))
        #expect(bench.push(large) == .full)
    }

    @Test func thePoolGivesChunksAgain() {
        var pool = ChunkPool(keptBytesMax: MessageChunk.capacityDefault)
        // By where they are: a chunk that somebody holds is not kept.
        var places: [UnsafeMutableRawPointer] = []
        var list = ChunkList()
        for _ in 0..<2 {
            let chunk = ChunkPool.make(byteCount: 10)!
            places.append(chunk.base)
            list.append(chunk)
        }
        pool.give(&list)
        #expect(pool.takeKept(byteCount: 10)?.base == places[0])
        #expect(pool.takeKept(byteCount: 10) == nil)
        // What is not kept comes back, to be freed by whoever holds no lock.
        #expect(list.removeFirst()?.base == places[1])
        #expect(list.isEmpty)
    }

    @Test func aLargeMessageComesInAChunkOfItsOwnAndKeepsItsPlace() {
        var mailbox = Mailbox(limits: Mailbox.Limits(bytesMax: 1 << 20, messagesMax: 3))
        func send(_ byte: UInt8, _ count: Int) -> Mailbox.Verdict {
            [UInt8](repeating: byte, count: count).withUnsafeBytes { bytes in
                if count >= Mailbox.aloneBytesMin {
                    let chunk = ChunkPool.make(byteCount: count)!
                    chunk.append(bytes, kind: 2)
                    return mailbox.append(chunk, byteCount: count)
                }
                var chunk: MessageChunk? =
                    mailbox.needsChunk(byteCount: count) ? ChunkPool.make(byteCount: count) : nil
                return mailbox.append(bytes, kind: 1, chunk: &chunk)
            }
        }
        #expect(send(1, 10) == .accepted(1))
        #expect(send(2, Mailbox.aloneBytesMin) == .accepted(2))
        #expect(send(3, 10) == .accepted(3))
        #expect(send(4, Mailbox.aloneBytesMin) == .full)
        #expect(mailbox.queuedBytes == UInt64(2 * MessageRecord.size(byteCount: 10) + 131_088))
        var list = mailbox.takeAll()
        var seen: [UInt8] = []
        while let chunk = list.removeFirst() {
            var offset = 0
            for _ in 0..<chunk.count {
                seen.append(chunk.payload(at: offset)[0])
                offset += MessageRecord.size(byteCount: chunk.payload(at: offset).count)
            }
        }
        #expect(seen == [1, 2, 3])
    }
}
