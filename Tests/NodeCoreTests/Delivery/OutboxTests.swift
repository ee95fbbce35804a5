// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct OutboxTests {
    @Test func messagesArriveWholeAndInOrderWhateverTheBuffersSize() {
        // From a header and some of the first message to all of them.
        for room in 16...900 {
            var bench = OutboxBench()
            let texts = (0..<20).map { String(repeating: "abc", count: $0) + "\($0)" }
            for text in texts { bench.push(text) }
            while bench.fill(room: room) == .bufferFull {}
            #expect(bench.messages() == texts)
        }
    }

    @Test func fragmentsMakeUpTheSameMessages() {
        var bench = OutboxBench()
        bench.outbox.fragmentBytesMax = 7
        let texts = ["", "short", "exactly", "a longer text than seven bytes"]
        for text in texts { bench.push(text) }
        while bench.fill(room: 20) == .bufferFull {}
        #expect(bench.messages() == texts)
    }

    @Test func framesEndWhereControlFramesWait() {
        var bench = OutboxBench()
        bench.push("one")
        bench.push("two")
        #expect(bench.fill(room: 1000, stopsAtFrameEnd: true) == .frameEnded)
        #expect(bench.messages() == ["one"])
    }

    @Test func aMessageIsDoneWhenItsLastByteIsWritten() {
        var bench = OutboxBench()
        bench.push("one")
        bench.push("three")
        #expect(bench.fill(room: 1000) == .allFramed)
        // 2 bytes of header, 4 of key, 3 of payload.
        #expect(bench.settle(written: 8) == [])
        let first = bench.settle(written: 9)
        #expect(first == [delivered(1, payloadBytes: 3, recordBytes: 24)])
        #expect(bench.settle(written: 19) == [])
        let second = bench.settle(written: 20)
        #expect(second == [delivered(2, payloadBytes: 5, recordBytes: 24)])
        #expect(bench.isEmpty == true)
        #expect(bench.ledger.queuedCount == 0)
        #expect(bench.ledger.queuedBytes == 0)
    }

    private func delivered(_ id: UInt64, payloadBytes: UInt64, recordBytes: UInt64) -> Backlog.Run {
        var run = Backlog.Run(firstID: id, count: 1, outcome: .NEURON_WS_DELIVERED)
        run.payloadBytes = payloadBytes
        run.recordBytes = recordBytes
        return run
    }

    @Test func whatWasNotWrittenWholeIsFramedAgainOnTheNextConnection() {
        var bench = OutboxBench()
        let texts = ["one", "two", "three", "four"]
        for text in texts { bench.push(text) }
        #expect(bench.fill(room: 25) == .bufferFull)
        bench.settle(written: 12)
        #expect(bench.cut() == 2)
        bench.connectPlainly()
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.messages() == ["two", "three", "four"])
        let again = [bench.backlog.takeFramedAgain(), bench.backlog.takeFramedAgain()]
        #expect(again == [2, 0])
    }

    @Test func aRefusedMessageIsLeftOutAndSaidToBe() {
        var bench = OutboxBench()
        bench.backlog.inspectsMessages = true
        for text in ["one", "bad", "two"] { bench.push(text) }
        while bench.fill(room: 1000) == .uninspected {
            let message = bench.backlog.nextMessage()
            bench.backlog.markInspected(isRefused: message?.withBytes { $0.elementsEqual("bad".utf8) } == true)
        }
        #expect(bench.messages() == ["one", "two"])
        #expect(
            bench.settle(written: bench.stream.count).map(\.outcome) == [
                .NEURON_WS_DELIVERED, .NEURON_WS_DROPPED_REFUSED, .NEURON_WS_DELIVERED,
            ])
    }

    /// Also where it was sent to its own, which did not confirm it before it was gone.
    @Test func anAnswerGoesToItsServerAlone() {
        for isSentBefore in [false, true] {
            var bench = OutboxBench()
            bench.push("value", group: 7)
            bench.push("to 7", server: 7)
            bench.push("to 8", server: 8)
            if isSentBefore {
                bench.backlog.server = 7
                let isForAnother = bench.backlog.isNextForAnother
                #expect(bench.fill(room: 20) == .bufferFull && !isForAnother)
                #expect(bench.messages().last == "value")
                bench.cut()
                bench.connectPlainly()
            }
            bench.backlog.server = 8
            var leftOut: [String] = []
            while bench.fill(room: 1000) == .uninspected {
                let isForAnother = bench.backlog.isNextForAnother
                #expect(isForAnother)
                leftOut.append(bench.backlog.nextMessage()?.withBytes { String(decoding: $0, as: UTF8.self) } ?? "")
                bench.backlog.leaveOutNext()
            }
            #expect(leftOut == ["to 7"] && bench.messages() == ["value", "to 8"])
            #expect(
                bench.settle(written: bench.stream.count).map(\.outcome) == [
                    .NEURON_WS_DELIVERED, .NEURON_WS_DROPPED_OTHER_SERVER, .NEURON_WS_DELIVERED,
                ])
        }
    }

    @Test func aLentMessageStaysAsItIsWhateverBecomesOfTheOutbox() {
        for isLent in [true, false] {
            var bench = OutboxBench()
            bench.backlog.inspectsMessages = true
            bench.push("as it was")
            #expect(bench.fill(room: 1000) == .uninspected)
            let lent = isLent ? bench.backlog.nextMessage() : nil
            bench.backlog.abandon()
            var pool = ChunkPool(keptBytesMax: 16 << 20)
            while let action = bench.backlog.nextAction() {
                guard case .release(var freed) = consume action else { continue }
                pool.give(&freed)
                freed.removeAll()
            }
            // Nobody gets its chunk to write into.
            #expect((pool.takeKept(byteCount: 100) == nil) == isLent)
            #expect((lent?.withBytes { String(decoding: $0, as: UTF8.self) }) == (isLent ? "as it was" : nil))
        }
    }

    @Test func largeAndSmallMessagesShareTheOutbox() {
        var bench = OutboxBench()
        bench.ledger.limits.bytesMax = 8 << 20
        let texts = ["a", String(repeating: "x", count: 1 << 20), "b", String(repeating: "y", count: 300_000), "c"]
        for text in texts { #expect(bench.push(text) != nil) }
        while bench.fill(room: 65_536) == .bufferFull {}
        #expect(bench.messages() == texts)
    }
}
