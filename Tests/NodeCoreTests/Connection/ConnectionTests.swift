// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

/// The typical conversation of a server after its 101: data, control frames inside a message, a Close.
private let conversation: [UInt8] =
    ConnectionBench.text("one") + ConnectionBench.frame(9, [1, 2, 3])
    + ConnectionBench.frame(1, Array("two ".utf8), fin: false) + ConnectionBench.frame(10, [0, 0, 0, 0, 0, 0, 0, 1])
    + ConnectionBench.frame(0, Array("halves".utf8)) + ConnectionBench.text(String(repeating: "x", count: 300))
    + ConnectionBench.close(1001)
private let heardOfIt = ["one", "ping", "pong", "two halves", String(repeating: "x", count: 300), "close 1001"]

@Suite struct ConnectionTests {
    // MARK: The opening handshake

    @Test func nothingIsSentBeforeTheTransportIsThere() {
        var bench = ConnectionBench()
        bench.push("too early")
        #expect(bench.hasOutput() == false)
        #expect(bench.fill(room: 4096) == .allFramed)
        #expect(bench.sent.isEmpty)
        bench.connection.transportOpened()
        #expect(bench.hasOutput() == true)
        bench.fillAll()
        #expect(bench.sent.count == bench.connection.negotiationBytes)
        // Messages wait for the answer.
        #expect(!bench.hasOutput() && bench.connection.isNegotiating)
    }

    @Test func theHandshakeGoesThroughBuffersOfAnySize() {
        // One more than the whole has.
        for room in 1...ConnectionBench().connection.negotiationBytes + 1 {
            var bench = ConnectionBench()
            bench.connection.transportOpened()
            bench.fillAll(room: room)
            bench.receive(bench.answer())
            #expect(bench.heard == ["negotiated"])
            #expect(bench.connection.isOpen && bench.connection.httpStatus == 101)
            #expect(bench.connection.bytesFramed == UInt64(bench.sent.count))
        }
    }

    @Test func anAnswerThatWillNotDoEndsIt() {
        var bench = ConnectionBench()
        bench.connection.transportOpened()
        bench.fillAll()
        bench.push("waits for another")
        bench.receive(Array("HTTP/1.1 403 Forbidden\r\n\r\nno bytes behind it are looked at".utf8))
        #expect(bench.heard == ["refused: unexpectedStatus(403, location: nil, retryAfterSeconds: nil)"])
        #expect(bench.connection.httpStatus == 403)
        #expect(!bench.hasOutput() && !bench.connection.isOpen)
        bench.receive(Array("more".utf8))
        #expect(bench.heard.count == 1)
    }

    // MARK: Input split anywhere, cut anywhere

    @Test func inputMayBeSplitAtEveryByte() {
        var first = ConnectionBench()
        first.connection.transportOpened()
        first.fillAll()
        let all = first.answer() + conversation
        for split in 0...all.count {
            var bench = ConnectionBench()
            bench.connection.transportOpened()
            bench.fillAll()
            bench.receive(Array(all[..<split]))
            bench.receive(Array(all[split...]))
            #expect(bench.heard == ["negotiated"] + heardOfIt)
        }
    }

    @Test func byteAfterByte() {
        var bench = ConnectionBench.opened()
        for byte in conversation { bench.receive([byte]) }
        #expect(bench.heard == heardOfIt)
        bench.fillAll()
        #expect(bench.arrived() == ["pong", "close 1001"])
        #expect(bench.connection.isClosed)
    }

    @Test func anEndAtEveryOffsetIsAPrefixOfTheWhole() {
        for end in 0..<conversation.count {
            var bench = ConnectionBench.opened()
            bench.receive(Array(conversation[..<end]))
            #expect(bench.heard == Array(heardOfIt.prefix(bench.heard.count)))
            #expect(bench.heard.count < heardOfIt.count)
            #expect(!bench.connection.isClosed)
        }
    }

    @Test func framesBehindTheAnswerAreRead() {
        var bench = ConnectionBench()
        bench.connection.transportOpened()
        bench.fillAll()
        bench.receive(bench.answer() + ConnectionBench.close(1013))
        #expect(bench.heard == ["negotiated", "close 1013"])
        #expect(!bench.connection.maySendMessages)
    }

    @Test func nothingIsReadBehindACloseOrAFault() {
        for (end, heard) in [
            (ConnectionBench.close(1000), "close 1000"), (ConnectionBench.frame(3, []), "failed: reservedOpcode"),
        ] {
            var bench = ConnectionBench.opened()
            bench.receive(end + ConnectionBench.text("behind it"))
            bench.receive(ConnectionBench.text("later"))
            #expect(bench.heard == [heard])
        }
    }

    // MARK: Output

    @Test func messagesAndControlFramesGoThroughBuffersOfAnySize() {
        let texts = (0..<12).map { String(repeating: "abc", count: $0 * 5) + "\($0)" }
        for compresses in [false, true] {
            // From what the Ping takes to what all of it does.
            for room in 14...1300 {
                var bench = ConnectionBench.opened(compresses: compresses)
                for text in texts { bench.push(text) }
                // Its Pong has to fit.
                bench.receive(ConnectionBench.frame(9, [UInt8](repeating: 1, count: min(100, room - 6))))
                bench.connection.queuePing(1)
                while bench.fill(room: room) != .allFramed {}
                #expect(room < 1300 || bench.sent.count < room)
                let arrived = bench.arrived(compresses: compresses)
                #expect(arrived.filter { $0 != "ping" && $0 != "pong" } == texts)
                #expect(arrived.count == texts.count + 2)
            }
        }
    }

    @Test func aPingThatComesInTheMiddleOfAMessageWaitsForTheFrame() {
        var bench = ConnectionBench.opened()
        bench.push(String(repeating: "m", count: 1000))
        #expect(bench.fill(room: 100) == .bufferFull)
        #expect(bench.connection.isMidFrame)
        bench.connection.queuePing(1)
        bench.fillAll(room: 100)
        #expect(bench.arrived() == [String(repeating: "m", count: 1000), "ping"])
    }

    @Test func aPingHasLeftOnceItsLastByteHas() {
        var bench = ConnectionBench.opened()
        let before = bench.connection.bytesFramed
        bench.push("in front of nothing")
        bench.connection.queuePing(1)
        #expect(!bench.connection.pingLeft(written: .max))
        bench.fillAll()
        // A Ping of ours: 2 bytes of header, 4 of key, 8 of payload.
        #expect(!bench.connection.pingLeft(written: before + 13))
        #expect(bench.connection.pingLeft(written: before + 14))
        #expect(!bench.connection.pingLeft(written: .max))
    }

    @Test func behindOurCloseNothingIsSent() {
        var bench = ConnectionBench.opened()
        bench.push("before")
        bench.fillAll()
        bench.connection.queueClose(.goingAway)
        bench.push("after")
        bench.connection.queuePing(1)
        bench.receive(ConnectionBench.text("still read") + ConnectionBench.frame(9, []))
        bench.fillAll()
        #expect(bench.arrived() == ["before", "close 1001"])
        #expect(bench.heard == ["still read", "ping"])
        #expect(!bench.connection.isClosed)
        bench.receive(ConnectionBench.close(1001))
        #expect(bench.connection.isClosed)
    }

    @Test func messagesMayBeKeptBackFromANewConnection() {
        var bench = ConnectionBench.opened()
        bench.push("later")
        bench.receive(ConnectionBench.frame(9, []))
        #expect(bench.hasOutput(maySendMessages: false) == true)
        var position = 0
        bench.keys.refill([UInt8](repeating: 1, count: 4096).span.bytes)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 8)
        defer { output.deallocate() }
        let stop = bench.connection.fill(
            output, at: &position, backlog: &bench.backlog, keys: &bench.keys, maySendMessages: false)
        #expect(stop == .allFramed && position == 6)
        #expect(bench.hasOutput(maySendMessages: false) == false)
        #expect(bench.hasOutput() == true)
    }

    // MARK: Replies before a Close

    @Test func repliesGoBeforeTheEchoOfAClose() {
        var bench = ConnectionBench.opened()
        bench.connection.repliesGoFirst = true
        bench.receive(ConnectionBench.text("a request") + ConnectionBench.close(1000))
        bench.push("its answer")
        #expect(bench.fillReplies() == .allFramed)
        bench.fillAll()
        #expect(bench.arrived() == ["its answer", "close 1000"])
    }

    @Test func whatWaitedBeforeStaysForTheNextConnection() {
        var bench = ConnectionBench.opened()
        bench.push("waited")
        bench.receive(ConnectionBench.close(1000))
        #expect(bench.fillReplies() == .allFramed)
        bench.fillAll()
        #expect(bench.arrived() == ["close 1000"])
        #expect(bench.backlog.nextID == 1 && !bench.backlog.isAllFramed)
    }

    @Test func noRepliesBehindOurOwnClose() {
        var bench = ConnectionBench.opened()
        bench.connection.repliesGoFirst = true
        bench.connection.queueClose(.goingAway)
        bench.fillAll()
        bench.push("too late")
        #expect(bench.fillReplies() == .allFramed)
        #expect(bench.arrived() == ["close 1001"])
    }

    // MARK: Compression

    @Test func aCompressedMessageIsInflatedPieceByPiece() {
        let text = String(repeating: "hello plant, ", count: 50_000)
        let deflater = makeDeflater()
        let compressed = deflater?.compressed(Array(text.utf8)) ?? []
        #expect(compressed.count > 125 && compressed.count < 65_536)
        var bench = ConnectionBench.opened(compresses: true)
        let frame = ConnectionBench.frame(1, compressed, rsv1: true) + ConnectionBench.text("behind it")
        var pauses = 0
        frame.withUnsafeBytes { raw in
            var offset = 0
            while true {
                let step = bench.connection.bytesReceived(raw, from: &offset, wallSeconds: 0, budget: &bench.budget)
                if case .needsBytes = step { break }
                if bench.connection.isInflating {
                    pauses += 1
                    // Nothing behind it is read meanwhile.
                    #expect(offset <= raw.count - 11)
                }
                guard case .event(.message(_, let bytes)) = step else { continue }
                bench.heard.append(bytes.withBytes { String(decoding: $0, as: UTF8.self) })
                bytes.handled()
            }
        }
        #expect(bench.heard.map(\.utf8.count) == [text.utf8.count, 9])
        #expect(bench.heard.first == text)
        #expect(pauses >= text.utf8.count / Inflater.outputPieceBytes)
    }

    @Test func whatDoesNotInflateFailsTheConnection() {
        for (payload, error) in [
            ([0xFF, 0xFF, 0xFF] as [UInt8], "invalidCompressedData"),
            (makeDeflater()?.compressed([UInt8](repeating: 0xFF, count: 200)) ?? [], "invalidUTF8"),
            (makeDeflater()?.compressed([UInt8](repeating: 0x61, count: 5000)) ?? [], "messageTooBig"),
        ] {
            var bench = ConnectionBench.opened(compresses: true, limits: EndpointLimits(maxMessageBytes: 1000))
            bench.receive(ConnectionBench.frame(1, payload, rsv1: true) + ConnectionBench.text("not read"))
            #expect(bench.heard == ["failed: \(error)"])
            bench.fillAll()
            #expect(bench.connection.isClosed)
        }
    }

    @Test func theMessageOutlivesItsConnection() throws {
        for compresses in [false, true] {
            let text = String(repeating: "kept ", count: 20)
            let payload = compresses ? makeDeflater()?.compressed(Array(text.utf8)) ?? [] : Array(text.utf8)
            let frame = ConnectionBench.frame(1, payload, rsv1: compresses)
            func message() -> IncomingBytes? {
                var bench = ConnectionBench.opened(compresses: compresses)
                return frame.withUnsafeBytes { raw in
                    var offset = 0
                    while true {
                        switch bench.connection.bytesReceived(
                            raw, from: &offset, wallSeconds: 0, budget: &bench.budget)
                        {
                        case .event(.message(_, let bytes)): return bytes
                        case .goesOn: continue
                        default: return nil
                        }
                    }
                }
            }
            let kept = try #require(message())
            #expect(kept.withBytes { String(decoding: $0, as: UTF8.self) } == text)
        }
    }

    @Test func whatIsReadIsDrawnFromTheTurn() {
        var bench = ConnectionBench.opened()
        bench.budget = TurnBudget(lengthNanoseconds: 5_000, now: 0)
        bench.receive((0..<30).flatMap { _ in ConnectionBench.frame(9, []) })
        #expect(bench.budget.isSpent)
    }

    // MARK: Who sends is woken

    @Test func anAnswerOfTheNegotiationAndAPingWakeWhoSends() {
        var bench = ConnectionBench()
        bench.connection.transportOpened()
        bench.fillAll()
        #expect(!bench.connection.takeWake())
        bench.receive(bench.answer())
        #expect(bench.connection.takeWake())
        #expect(!bench.connection.takeWake())
        bench.receive(ConnectionBench.text("a message"))
        #expect(!bench.connection.takeWake())
        bench.receive(ConnectionBench.frame(9, []))
        #expect(bench.connection.takeWake())
        bench.fillAll()
        #expect(!bench.connection.takeWake())
    }

    @Test func aPongWakesWhereItMayConfirmMessages() {
        for barrier in [nil, Barrier(epoch: 1, patience: 1)] {
            var bench = ConnectionBench.opened(barrier: barrier)
            bench.fillAll()
            _ = bench.connection.takeWake()
            bench.receive(ConnectionBench.frame(10, []))
            #expect(bench.connection.takeWake() == (barrier != nil))
        }
    }

    // MARK: Barriers

    @Test func aBarrierStandsBehindTheLastOfABatch() {
        var bench = ConnectionBench.opened(barrier: Barrier(epoch: 1, patience: 1))
        bench.fillAll()
        #expect(bench.arrived() == ["ping"])
        for text in ["one", "two", "three"] { bench.push(text) }
        bench.fillAll()
        // One is out.
        #expect(bench.arrived() == ["ping", "one", "two", "three"])
        bench.answerLastPing()
        #expect(bench.connection.barrier?.confirmedID == 1)
        bench.fillAll()
        #expect(bench.arrived() == ["ping", "one", "two", "three", "ping"])
        bench.answerLastPing()
        #expect(bench.connection.barrier?.confirmedID == 4)
        bench.fillAll()
        #expect(bench.arrived().count == 5)
    }

    /// From what its Ping takes.
    @Test(arguments: Array(30...128) + [4096]) func itNeverStandsInAMessage(room: Int) {
        var bench = ConnectionBench.opened(barrier: Barrier(epoch: 1, patience: 1), fragmentBytesMax: 50)
        let texts = (0..<20).map { String(repeating: "x", count: 30 * $0) }
        for text in texts { bench.push(text) }
        var pings = 0
        while true {
            bench.fillAll(room: room)
            let arrived = bench.arrived()
            let count = arrived.filter { $0 == "ping" }.count
            if count == pings { break }
            pings = count
            let before = arrived.lastIndex(of: "ping").map { $0 - (count - 1) } ?? 0
            bench.answerLastPing()
            #expect(bench.connection.barrier?.confirmedID == UInt64(before + 1))
        }
        #expect(bench.arrived().filter { $0 != "ping" } == texts)
        #expect(bench.connection.barrier?.confirmedID == 21)
    }
}
