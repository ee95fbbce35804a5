import Testing
import WebSocketCore

@testable import NodeCore

/// A mailbox, an outbox that compresses, and the peer that reads what they frame.
private struct Bench: ~Copyable {
    var mailbox = Mailbox(limits: Mailbox.Limits(bytesMax: 8 << 20, messagesMax: 1000))
    var outbox = Outbox()
    var writer = FrameWriter(role: .client)
    var keys = MaskingKeyPool()
    var stream: [UInt8] = []

    init(threshold: Int = 20, takeover: Bool = true) { connect(threshold: threshold, takeover: takeover) }

    mutating func connect(threshold: Int = 20, takeover: Bool = true) {
        outbox.deflater = makeDeflater(takeover: takeover, threshold: threshold)
        stream = []
        writer = FrameWriter(role: .client)
    }

    mutating func push(_ text: String) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { raw in
            var chunk: MessageChunk? =
                mailbox.needsChunk(byteCount: raw.count) ? ChunkPool.make(byteCount: raw.count) : nil
            #expect(mailbox.append(raw, kind: 1, chunk: &chunk) != .full)
        }
    }

    mutating func fill(room: Int) -> Outbox.Stop {
        outbox.add(mailbox.takeAll())
        let random = [UInt8](repeating: 0x5A, count: 4096)
        keys.refill(random.span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 8)
        defer { output.deallocate() }
        var position = 0
        let stop = outbox.fill(
            output, at: &position, streamOffset: UInt64(stream.count), writer: &writer, keys: &keys,
            stopsAtFrameEnd: false)
        stream.append(contentsOf: output[..<position])
        outbox.checkInvariants()
        return stop
    }

    mutating func settle(written: Int) -> UInt64 {
        var count: UInt64 = 0
        while let run = outbox.nextCompleted(written: UInt64(written)) {
            mailbox.completed(count: run.count, bytes: run.recordBytes)
            count += run.count
        }
        return count
    }

    /// What a server makes of the stream; a "~" before those that came compressed.
    func messages(takeover: Bool = true) -> [String] {
        var server = WebSocketEndpoint(role: .server, limits: EndpointLimits(), allowsRSV1: true)
        let inflater = makeInflater(takeover: takeover, max: 8 << 20)
        var texts: [String] = []
        var offset = 0
        while let event = server.bytesReceived(stream.span.bytes, from: &offset) {
            guard case .message = event else {
                texts.append("\(event)")
                continue
            }
            if server.messageIsCompressed {
                let message = try? inflater.inflated((server.message?.array ?? []), isText: true).get()
                texts.append("~" + String(decoding: message ?? [], as: UTF8.self))
            } else {
                texts.append(String(decoding: (server.message?.array ?? []), as: UTF8.self))
            }
        }
        return texts
    }
}

@Suite struct OutboxCompressionTests {
    private let texts = (0..<30).map {
        #"{"node":"plc1","group":"fast","timestamp":\#(1_650_006_388_943 + $0),"values":{"tag0":\#($0 * $0)}}"#
    }

    @Test func messagesArriveWholeAndInOrderWhateverTheBuffersSize() {
        for takeover in [true, false] {
            for room in 16..<60 {
                var bench = Bench(takeover: takeover)
                for text in texts { bench.push(text) }
                while bench.fill(room: room) == .bufferFull {}
                #expect(bench.messages(takeover: takeover) == texts.map { "~" + $0 })
            }
        }
    }

    @Test func shortOnesAndNoiseGoOutAsTheyAreInBetween() {
        var bench = Bench()
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
        var bench = Bench()
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
            var bench = Bench()
            for text in texts { bench.push(text) }
            _ = bench.fill(room: 400)
            let done = Int(bench.settle(written: cut))
            _ = bench.outbox.rewind()
            #expect(bench.outbox.deflater == nil)
            if cut == 100 {
                // A server that declines.
                bench.stream = []
                bench.writer = FrameWriter(role: .client)
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
        var bench = Bench()
        bench.outbox.inspectsMessages = true
        for text in texts.prefix(4) { bench.push(text) }
        var seen: [String] = []
        while bench.fill(room: 65_536) == .uninspected {
            let message = bench.outbox.nextMessage()?.withBytes { String(decoding: $0, as: UTF8.self) } ?? ""
            seen.append(message)
            bench.outbox.markInspected(isRefused: message == texts[1])
        }
        #expect(seen == Array(texts.prefix(4)))
        #expect(bench.messages() == [0, 2, 3].map { "~" + texts[$0] })
    }

    /// Calls `fill` until all is framed. Returns how often it stopped because enough had been compressed.
    private func fillAll(_ bench: inout Bench, room: Int) -> Int {
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
            var bench = Bench()
            let large = String(repeating: texts[0], count: 5000 * count)
            for _ in 0..<5 { bench.push(large) }
            var inputBefore: UInt64 = 0
            var pauses = 0
            var stop = Outbox.Stop.deflating
            while stop != .allFramed {
                stop = bench.fill(room: 1 << 20)
                if stop == .deflating { pauses += 1 }
                let input = bench.outbox.deflaterInputBytes
                #expect(input - inputBefore <= UInt64(2 * Outbox.deflateBytesMax))
                inputBefore = input
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
        var bench = Bench()
        let small = String(repeating: "a", count: 30)
        for _ in 0..<1000 { bench.push(small) }
        #expect(fillAll(&bench, room: 1 << 20) >= 1000 * 1024 / Outbox.deflateBytesMax)
        #expect(bench.messages() == [String](repeating: "~" + small, count: 1000))
    }

    @Test func aConnectionThatEndsInTheMiddleOfCompressingLosesNothing() {
        let large = String(repeating: texts[0], count: 5000)
        for takeover in [true, false] {
            for pieces in 1..<14 {
                var bench = Bench(takeover: takeover)
                bench.push(texts[1])
                bench.push(large)
                bench.push(texts[2])
                for _ in 0..<pieces { _ = bench.fill(room: 1 << 20) }
                _ = bench.settle(written: 0)
                _ = bench.outbox.rewind()
                bench.connect(takeover: takeover)
                _ = fillAll(&bench, room: 10_000)
                let arrived = bench.messages(takeover: takeover)
                #expect(arrived.count == 3)
                #expect(arrived.elementsEqual([texts[1], large, texts[2]].map { "~" + $0 }))
            }
        }
    }

    @Test func controlFramesMayGoBetweenThePiecesOfOneThatIsBeingCompressed() {
        var bench = Bench()
        bench.push(String(repeating: texts[0], count: 5000))
        #expect(bench.fill(room: 1 << 20) == .deflating)
        #expect(bench.stream.isEmpty)
        #expect(!bench.writer.isMidFrame)
    }

    @Test func countsWhatItSaved() {
        var bench = Bench()
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
