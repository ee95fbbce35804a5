// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import neuron_ws

@Suite struct PageQueueTests {
    private func message(_ text: String, connection: Int = 1, at: Int64 = 5) -> PageQueue.Message {
        PageQueue.Message(
            connection: connection, unixMilliseconds: at, isText: true, byteCount: text.utf8.count,
            bytes: Array(text.utf8))
    }

    private func big(_ count: Int) -> PageQueue.Message {
        PageQueue.Message(
            connection: 1, unixMilliseconds: 0, isText: true, byteCount: count,
            bytes: [UInt8](repeating: 0x78, count: count))
    }

    private func text(_ step: PageQueue.Step) -> String? {
        guard case .send(let bytes) = step else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func gathersForAMoment() {
        var queue = PageQueue()
        #expect(queue.nextStep(nowMilliseconds: 0) == .idle)
        #expect(queue.add(message("a"), nowMilliseconds: 100) == true)
        #expect(queue.add(message("\"b\""), nowMilliseconds: 120) == false)
        #expect(queue.nextStep(nowMilliseconds: 149) == .wait(untilMilliseconds: 150))
        #expect(
            text(queue.nextStep(nowMilliseconds: 150))
                == #"{"type":"messages","list":[{"connection":1,"at":5,"kind":"text","bytes":1,"text":"a"},"#
                + #"{"connection":1,"at":5,"kind":"text","bytes":3,"text":"\"b\""}]}"#)
        #expect(queue.nextStep(nowMilliseconds: 150) == .idle)
        #expect(queue.queuedBytes == 0)
    }

    @Test func muchGoesAtOnce() {
        var queue = PageQueue()
        #expect(queue.add(big(200_000), nowMilliseconds: 0) == true)
        #expect(queue.add(big(200_000), nowMilliseconds: 0) == true)
        #expect(queue.add(big(200_000), nowMilliseconds: 0) == false)
        #expect(text(queue.nextStep(nowMilliseconds: 0))?.utf8.count ?? 0 > 400_000)
        // What is left waits for more.
        #expect(queue.nextStep(nowMilliseconds: 0) == .wait(untilMilliseconds: 50))
    }

    @Test func noticesGoAtOnceAndInOrder() {
        var queue = PageQueue()
        queue.add(notice: Array("first".utf8), nowMilliseconds: 0)
        _ = queue.add(message("a"), nowMilliseconds: 0)
        queue.add(notice: Array("second".utf8), nowMilliseconds: 0)
        _ = queue.add(message("b"), nowMilliseconds: 0)
        #expect(text(queue.nextStep(nowMilliseconds: 0)) == "first")
        let batch = text(queue.nextStep(nowMilliseconds: 0)) ?? ""
        #expect(batch.contains(#""text":"a""#) && !batch.contains(#""text":"b""#))
        #expect(text(queue.nextStep(nowMilliseconds: 0)) == "second")
        #expect(queue.nextStep(nowMilliseconds: 0) == .wait(untilMilliseconds: 50))
    }

    @Test func aSlowPageLosesTheOldestAndIsToldHowMany() {
        var queue = PageQueue()
        for number in 0..<20 {
            _ = queue.add(big(1 << 20), nowMilliseconds: Int64(number))
            #expect(queue.queuedBytes <= PageQueue.queuedBytesMax)
        }
        #expect(text(queue.nextStep(nowMilliseconds: 100)) == #"{"type":"skipped","count":13}"#)
        var shown = 0
        while case .send(let bytes) = queue.nextStep(nowMilliseconds: 100) {
            #expect(bytes.count < 2 << 20)
            shown += 1
        }
        #expect(shown == 7)
        #expect(queue.queuedBytes == 0)
    }

    @Test func smallOnesCountWithWhatTheyCost() {
        var queue = PageQueue()
        for _ in 0..<200_000 { _ = queue.add(message(""), nowMilliseconds: 0) }
        let kept = PageQueue.queuedBytesMax / PageQueue.entryBytes
        #expect(text(queue.nextStep(nowMilliseconds: 100)) == #"{"type":"skipped","count":\#(200_000 - kept)}"#)
    }

    @Test func noticesTakeTheRoomOfMessages() {
        var queue = PageQueue()
        for _ in 0..<7 { _ = queue.add(big(1 << 20), nowMilliseconds: 0) }
        queue.add(notice: [UInt8](repeating: 0x20, count: 3 << 20), nowMilliseconds: 0)
        #expect(queue.queuedBytes <= PageQueue.queuedBytesMax)
        #expect(text(queue.nextStep(nowMilliseconds: 0)) == #"{"type":"skipped","count":3}"#)
    }

    @Test func aPageThatDoesNotEvenTakeNoticesIsGivenUp() {
        var queue = PageQueue()
        for _ in 0..<9 { queue.add(notice: [UInt8](repeating: 0x20, count: 1 << 20), nowMilliseconds: 0) }
        #expect(queue.nextStep(nowMilliseconds: 0) == .giveUp)
        #expect(queue.queuedBytes == 0)
        #expect(queue.add(message("a"), nowMilliseconds: 0) == false)
        #expect(queue.nextStep(nowMilliseconds: 1000) == .giveUp)
    }

    /// Nothing is lost, doubled or out of order, however pushing and taking alternate.
    @Test func everyMessageIsShownOrSkippedOnce() {
        var queue = PageQueue()
        var chance: UInt32 = 7
        var added = 0
        var seen = 0
        var now: Int64 = 0
        func next(_ bound: UInt32) -> Int {
            chance = chance &* 1_664_525 &+ 1_013_904_223
            return Int(chance >> 8) % Int(bound)
        }
        for _ in 0..<300 {
            now += Int64(next(30))
            for _ in 0..<next(4) {
                _ = queue.add(big(next(400_000)), nowMilliseconds: now)
                added += 1
            }
            if next(10) == 0 { queue.add(notice: Array("n".utf8), nowMilliseconds: now) }
            #expect(queue.queuedBytes <= PageQueue.queuedBytesMax)
            for _ in 0..<next(3) { seen += count(queue.nextStep(nowMilliseconds: now)) }
        }
        while true {
            now += 50
            let step = queue.nextStep(nowMilliseconds: now)
            if step == .idle { break }
            seen += count(step)
        }
        #expect(queue.queuedBytes == 0)
        #expect(seen == added)
    }

    private func count(_ step: PageQueue.Step) -> Int {
        guard case .send(let bytes) = step, let document = bytes.withUnsafeBytes({ try? JSON.parse($0) }) else {
            return 0
        }
        return document["list"]?.count ?? Int(document["count"]?.integer ?? 0)
    }
}
