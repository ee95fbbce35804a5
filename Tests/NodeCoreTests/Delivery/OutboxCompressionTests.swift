// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct OutboxCompressionTests {
    private let texts = (0..<30).map {
        #"{"node":"plc1","group":"fast","timestamp":\#(1_650_006_388_943 + $0),"values":{"tag0":\#($0 * $0)}}"#
    }

    @Test func messagesArriveWholeAndInOrderWhateverTheBuffersSize() {
        for takeover in [true, false] {
            for room in 16...400 {
                var bench = OutboxBench(compressingFrom: 20, takeover: takeover)
                for text in texts { bench.push(text) }
                while bench.fill(room: room) == .bufferFull {}
                #expect(bench.messages(takeover: takeover) == texts.map { "~" + $0 })
            }
        }
    }

    @Test func shortOnesAndNoiseGoOutAsTheyAreInBetween() {
        var bench = OutboxBench(compressingFrom: 20)
        bench.push(texts[0])
        bench.push("short")
        bench.push("")
        bench.push(texts[1])
        bench.push(String("abcdefghijklmnopqrstuvw"))
        bench.push(texts[2])
        #expect(bench.fill(room: 65_536) == .allFramed)
        #expect(
            bench.messages()
                == ["~" + texts[0], "short", "", "~" + texts[1], "abcdefghijklmnopqrstuvw", "~" + texts[2]])
    }

    @Test func onlyTheFirstFragmentHasRSV1() {
        var bench = OutboxBench(compressingFrom: 20)
        bench.outbox.fragmentBytesMax = 7
        for text in texts { bench.push(text) }
        #expect(bench.fill(room: 65_536) == .allFramed)
        #expect(bench.messages() == texts.map { "~" + $0 })
        // Text with RSV1 and without FIN, masked, 7 bytes; behind it a continuation without RSV1.
        #expect(bench.stream[0..<2] == [0x41, 0x87])
        #expect(bench.stream[13..<15] == [0x00, 0x87])
    }

    @Test func theNextConnectionBeginsAnewWithWhatItsServerCanDo() {
        for cut in [0, 30, 100, 300] {
            var bench = OutboxBench(compressingFrom: 20)
            for text in texts { bench.push(text) }
            _ = bench.fill(room: 400)
            let done = bench.settle(written: cut).reduce(0) { $0 + Int($1.count) }
            bench.cut()
            if cut == 100 {
                // A server that declines.
                bench.connectPlainly()
                while bench.fill(room: 1000) == .bufferFull {}
                #expect(bench.messages() == Array(texts[done...]))
            } else {
                bench.connect()
                while bench.fill(room: 1000) == .bufferFull {}
                #expect(bench.messages() == texts[done...].map { "~" + $0 })
            }
        }
    }

    @Test func theHostSeesMessagesAsTheyWereAndRefusedOnesAreNotCompressed() {
        var bench = OutboxBench(compressingFrom: 20)
        bench.backlog.inspectsMessages = true
        for text in texts.prefix(4) { bench.push(text) }
        var seen: [String] = []
        while bench.fill(room: 65_536) == .uninspected {
            let message = bench.backlog.nextMessage()?.withBytes { String(decoding: $0, as: UTF8.self) } ?? ""
            seen.append(message)
            bench.backlog.markInspected(isRefused: message == texts[1])
        }
        #expect(seen == Array(texts.prefix(4)))
        #expect(bench.messages() == [0, 2, 3].map { "~" + texts[$0] })
    }

    /// Calls `fill` until all is framed. Returns how often it stopped because enough had been compressed.
    private func fillAll(_ bench: inout OutboxBench, room: Int) -> Int {
        var pauses = 0
        while true {
            switch bench.fill(room: room) {
            case .deflating: pauses += 1
            case .bufferFull: break
            default: return pauses
            }
        }
    }

    @Test func compressesOnlySoMuchAtATime() {
        var pausesBefore = 0
        for count in [1, 2, 4] {
            var bench = OutboxBench(compressingFrom: 20)
            let large = String(repeating: texts[0], count: 5000 * count)
            for _ in 0..<5 { bench.push(large) }
            var pauses = 0
            var stop = Outbox.Stop.deflating
            while stop != .allFramed {
                stop = bench.fill(room: 1 << 20)
                if stop == .deflating { pauses += 1 }
                #expect(bench.outbox.takeDeflatedBytes().worked <= 2 * Outbox.deflateBytesMax)
            }
            // One for each piece: double the input, double the turns.
            #expect(pauses >= 5 * large.utf8.count / Deflater.pieceBytes)
            #expect(pausesBefore == 0 || abs(pauses - 2 * pausesBefore) <= 10)
            pausesBefore = pauses
            let arrived = bench.messages()
            #expect(arrived.count == 5)
            #expect(arrived.allSatisfy { $0 == "~" + large })
        }
    }

    @Test func manySmallMessagesAreManyPausesToo() {
        var bench = OutboxBench(compressingFrom: 20)
        let small = String(repeating: "a", count: 30)
        for _ in 0..<1000 { bench.push(small) }
        #expect(fillAll(&bench, room: 1 << 20) >= 1000 * 1024 / Outbox.deflateBytesMax)
        #expect(bench.messages() == [String](repeating: "~" + small, count: 1000))
    }

    @Test func aConnectionThatEndsInTheMiddleOfCompressingLosesNothing() {
        let large = String(repeating: texts[0], count: 5000)
        for takeover in [true, false] {
            for pieces in 1..<14 {
                var bench = OutboxBench(compressingFrom: 20, takeover: takeover)
                bench.push(texts[1])
                bench.push(large)
                bench.push(texts[2])
                for _ in 0..<pieces { _ = bench.fill(room: 1 << 20) }
                bench.settle(written: 0)
                bench.cut()
                bench.connect(takeover: takeover)
                _ = fillAll(&bench, room: 10_000)
                let arrived = bench.messages(takeover: takeover)
                #expect(arrived.count == 3)
                #expect(arrived.elementsEqual([texts[1], large, texts[2]].map { "~" + $0 }))
            }
        }
    }

    @Test func controlFramesMayGoBetweenThePiecesOfOneThatIsBeingCompressed() {
        var bench = OutboxBench(compressingFrom: 20)
        bench.push(String(repeating: texts[0], count: 5000))
        #expect(bench.fill(room: 1 << 20) == .deflating)
        #expect(bench.stream.isEmpty)
        #expect(!bench.writer.isMidFrame)
    }

    /// The next one would be compressed as the rest of it.
    @Test func oneThatIsBeingCompressedIsNotDroppedForRoom() {
        var bench = OutboxBench(compressingFrom: 20)
        let large = String(repeating: texts[0], count: 5000)
        bench.push(large)
        #expect(bench.fill(room: 1 << 20) == .deflating)
        bench.push(large)
        #expect(bench.fill(room: 1 << 20) == .deflating)
        bench.push(texts[1])
        var freed = ChunkList()
        _ = bench.backlog.removeOldest(.NEURON_WS_DROPPED_OVERFLOW, into: &freed)
        _ = fillAll(&bench, room: 1 << 20)
        #expect(bench.messages() == ["~" + large, "~" + texts[1]])
    }

    @Test func countsWhatItSaved() {
        var bench = OutboxBench(compressingFrom: 20)
        for text in texts { bench.push(text) }
        bench.push("short")
        _ = fillAll(&bench, room: 65_536)
        let bytes = bench.outbox.takeDeflatedBytes()
        #expect(bytes.before == UInt64(texts.map(\.utf8.count).reduce(0, +)))
        // Six bytes of header and key for each, and for "short".
        #expect(bytes.after == UInt64(bench.stream.count - 6 * 31 - 5))
        #expect(bench.outbox.takeDeflatedBytes() == Outbox.DeflatedBytes())
    }
}
