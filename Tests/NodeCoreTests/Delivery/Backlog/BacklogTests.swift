// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct BacklogTests {
    @Test func everyMessageHasItsNumberTimeAndGroupOnTheWholeWay() {
        var bench = OutboxBench()
        bench.backlog.inspectsMessages = true
        for index in 0..<5000 { bench.push("message \(index)", time: Int64(index) << 30, group: UInt16(index)) }
        #expect(bench.ledger.acceptedCount == 1000)
        var next: UInt64 = 1
        while bench.fill(room: 1 << 20) == .uninspected {
            let message = bench.backlog.nextMessage()
            let expected = MessageStamp(kind: 1, timeMilliseconds: Int64(next - 1) << 30, group: UInt16(next - 1))
            guard message?.id == next, message?.stamp == expected else { break }
            bench.backlog.markInspected(isRefused: false)
            next += 1
        }
        #expect(next == 1001)
    }

    @Test func abandonedMessagesAreAllAccountedFor() {
        var bench = OutboxBench()
        for index in 0..<100 { bench.push("message \(index)") }
        _ = bench.fill(room: 100)
        bench.backlog.abandon()
        let runs = bench.carryOut(countMax: 30)
        #expect(runs.map(\.count) == [30, 30, 30, 10])
        #expect(runs.allSatisfy { $0.outcome == .NEURON_WS_DROPPED_STOPPED && $0.level == .NEURON_WS_LEVEL_ACCEPTED })
        #expect(bench.isEmpty && bench.ledger.endedThrough == 100)
    }

    @Test func aBacklogMovesWithAllThatIsInIt() {
        var bench = OutboxBench()
        for text in ["one", "two", "three"] { bench.push(text) }
        #expect(bench.fill(room: 14) == .bufferFull)
        bench.settle(written: 9)
        bench.cut()
        var moved = exchange(&bench.backlog, with: Backlog())
        #expect(bench.isEmpty && !moved.isEmpty && moved.openID == 2 && moved.nextID == 2 && moved.endID == 4)
        swap(&bench.backlog, &moved)
        bench.connectPlainly()
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.messages() == ["two", "three"])
    }

    @Test func outcomesAreFoundBehindTheStreamsFourthGigabyte() {
        for start in [0, Int(Int32.max) - 5, Int(UInt32.max) - 15, 3 << 32] as [Int] {
            var bench = OutboxBench()
            for text in ["one", "three", "five5"] { bench.push(text) }
            let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 8)
            defer { output.deallocate() }
            bench.backlog.add(bench.mailbox.takeAll())
            bench.keys.refill([UInt8](repeating: 0x5A, count: 64).span.bytes)
            var position = 0
            let stop = bench.outbox.fill(
                output, at: &position, streamOffset: UInt64(start), from: &bench.backlog, writer: &bench.writer,
                keys: &bench.keys, stopsAtFrameEnd: false)
            #expect(stop == .allFramed && position == 31)
            #expect(bench.settle(written: start + 8).isEmpty)
            #expect(bench.settle(written: start + 19).map(\.count) == [1])
            #expect(
                bench.interrupted(acknowledged: UInt64(start) + 19)
                    == RefusalWatch.Suspect(id: 2, byteCount: 5, place: 10))
            #expect(bench.settle(written: start + 31).map(\.count) == [2])
        }
    }

    // MARK: Levels

    @Test func whatIsWrittenStaysUntilThePeerHasConfirmedIt() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        for text in ["one", "two", "three", "four"] { bench.push(text) }
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.settle(written: 18).isEmpty)
        #expect(bench.backlog.unwrittenID == 3)
        bench.backlog.confirmed(before: 2)
        let first = bench.carryOut()
        #expect(first.map(\.count) == [1] && first.map(\.level) == [.NEURON_WS_LEVEL_PEER_PARSED])
        // Nobody can have what did not leave.
        bench.backlog.confirmed(before: 5)
        #expect(bench.carryOut().map(\.count) == [1])
        #expect(bench.cut() == 2)
        bench.connectPlainly()
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.messages() == ["three", "four"])
        bench.settle(written: bench.stream.count)
        bench.backlog.confirmed(before: 5)
        #expect(bench.carryOut().map(\.firstID) == [3])
        #expect(bench.isEmpty == true)
    }

    @Test func aLevelThatFallsDeliversWhatTheKernelHas() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        for text in ["one", "two", "three"] { bench.push(text) }
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.settle(written: 18).isEmpty)
        bench.backlog.setLevel(.NEURON_WS_LEVEL_WRITTEN)
        let runs = bench.carryOut()
        #expect(runs.map(\.count) == [2] && runs.map(\.level) == [.NEURON_WS_LEVEL_WRITTEN])
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        #expect(bench.settle(written: bench.stream.count).isEmpty)
        #expect(bench.backlog.unwrittenID == 4)
    }

    /// The peer closes with 1009 when it reads the third of five; nothing of one batch is confirmed then.
    @Test func theRefusedOneIsFoundAmongAllThatAreNotConfirmed() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        let texts = ["one", "two", "bad", "four", "five"]
        for text in texts { bench.push(text) }
        var arrived: [String] = []
        var outcomes: [Backlog.Run] = []
        var connections = 0
        while bench.ledger.queuedCount > 0, connections < 20 {
            connections += 1
            bench.connectPlainly()
            while bench.fill(room: 1000) == .allFramed {
                let before = bench.backlog.openID
                let nextID = bench.backlog.nextID
                outcomes += bench.settle(written: bench.stream.count)
                if bench.messages().contains("bad") {
                    _ = bench.backlog.connectionEnded(
                        .peerClosed(CloseCode(rawValue: 1009), reason: ""), acknowledged: UInt64(bench.stream.count))
                    outcomes += bench.carryOut()
                    break
                }
                bench.backlog.confirmed(before: nextID)
                outcomes += bench.carryOut()
                arrived = bench.messages()
                if bench.backlog.openID == before { break }
            }
        }
        let refused = outcomes.filter { $0.outcome == .NEURON_WS_DROPPED_REFUSED_BY_PEER }
        #expect(refused.map(\.firstID) == [3] && refused.map(\.count) == [1])
        #expect(outcomes.reduce(0) { $0 + $1.count } == 5)
        #expect(arrived.suffix(2) == ["four", "five"])
        #expect(connections <= 6)
    }

    /// They go out one at a time after two connections that ended over them: the first one's outcome lets the next go.
    @Test func anOutcomeThatEndsAHoldWakesWhoFrames() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        for text in ["one", "two"] { bench.push(text) }
        for _ in 0..<2 {
            bench.connectPlainly()
            #expect(bench.fill(room: 1000) == .allFramed)
            bench.settle(written: bench.stream.count)
            _ = bench.backlog.connectionEnded(
                .peerClosed(CloseCode(rawValue: 1009), reason: ""), acknowledged: UInt64(bench.stream.count))
        }
        bench.connectPlainly()
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.messages() == ["one"])
        bench.settle(written: bench.stream.count)
        var wakes = bench.backlog.takeWake()
        #expect(!wakes)
        bench.backlog.confirmed(before: 2)
        #expect(bench.carryOut().map(\.count) == [1])
        wakes = bench.backlog.takeWake()
        #expect(wakes)
        wakes = bench.backlog.takeWake()
        #expect(!wakes)
        #expect(bench.fill(room: 1000) == .allFramed)
        #expect(bench.messages() == ["one", "two"])
    }

    /// The server was away twice, or refused one, while many were on their way: one for each answer would take hours.
    @Test func thoseThatAreSuspectedDoNotAllWaitForAnAnswerEach() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        for _ in 0..<300 { bench.push("one") }
        let ending = Ending.peerClosed(CloseCode(rawValue: 1011), reason: "")
        for _ in 0..<2 {
            bench.connectPlainly()
            #expect(bench.fill(room: 10_000) == .allFramed)
            bench.settle(written: bench.stream.count)
            bench.cut(ending, acknowledged: UInt64(bench.stream.count))
        }
        bench.connectPlainly()
        var answers = 0
        while bench.ledger.queuedCount > 0, answers < 300 {
            #expect(bench.fill(room: 10_000) == .allFramed)
            bench.settle(written: bench.stream.count)
            _ = bench.backlog.acknowledge(bench.backlog.nextID - 1, isCumulative: true)
            bench.carryOut()
            answers += 1
        }
        #expect(bench.ledger.queuedCount == 0 && answers < 40)
    }

    @Test func whoHasLookedNeedNotBeWoken() {
        var bench = OutboxBench()
        bench.push("one")
        bench.backlog.add(bench.mailbox.takeAll())
        #expect(bench.fill(room: 4) == .bufferFull)
        let wakes = bench.backlog.takeWake()
        #expect(!wakes)
    }

    @Test func theMessageInWhoseMiddleTheConnectionEndedIsNamed() {
        var bench = OutboxBench()
        for text in ["one", "three", "five5"] { bench.push(text) }
        #expect(bench.interrupted(acknowledged: 100) == nil)
        #expect(bench.fill(room: 28) == .bufferFull)
        // "one" ends at 9, "three" at 20; of "five5" there are 8 bytes.
        #expect(bench.interrupted(acknowledged: 0) == nil)
        #expect(bench.interrupted(acknowledged: 4)?.id == 1)
        bench.settle(written: 9)
        #expect(bench.interrupted(acknowledged: 9) == nil)
        #expect(
            bench.interrupted(acknowledged: 12) == RefusalWatch.Suspect(id: 2, byteCount: 5, place: 3))
        bench.settle(written: 25)
        #expect(
            bench.interrupted(acknowledged: 25) == RefusalWatch.Suspect(id: 3, byteCount: 5, place: 5))
        // What the peer has not acknowledged it cannot have refused.
        #expect(bench.interrupted(acknowledged: 20) == nil)
        bench.cut()
        #expect(bench.interrupted(acknowledged: 100) == nil)
        // The next connection begins with the handshake's bytes.
        bench.connectPlainly()
        bench.stream = Array(repeating: 0, count: 1000)
        #expect(bench.fill(room: 8) == .bufferFull)
        #expect(bench.interrupted(acknowledged: 1000) == nil)
        #expect(bench.interrupted(acknowledged: 1001)?.place == 1)
    }

    @Test(arguments: [0, 1, 2]) func aMessageThatIsGivenUpIsNoMoreAndTheRestFlows(before: Int) {
        var bench = OutboxBench()
        bench.ledger.limits.bytesMax = 8 << 20
        let texts = ["a", "b", String(repeating: "x", count: 1 << 20), "c", "d"]
        for text in texts { bench.push(text) }
        _ = bench.fill(room: 1000)
        let done = bench.settle(written: 7 * before).reduce(0) { $0 + Int($1.count) }
        #expect(done == before)
        // The server has got some of the first three times, and closes with 1009 each time.
        for _ in 1..<RefusalWatch.alikeMax { #expect(!end(&bench).isFirstRefused) }
        #expect(end(&bench).isFirstRefused)
        let runs = bench.carryOut()
        #expect(runs.map(\.outcome) == [.NEURON_WS_DROPPED_REFUSED_BY_PEER])
        #expect(runs.first?.firstID == UInt64(before + 1) && runs.first?.count == 1)
        #expect(runs.first?.payloadBytes == UInt64(texts[before].utf8.count))
        while bench.fill(room: 65_536) == .bufferFull {}
        let isRest = bench.messages() == Array(texts[(before + 1)...])
        #expect(isRest)
        bench.settle(written: bench.stream.count)
        #expect(bench.isEmpty && bench.ledger.queuedCount == 0 && bench.ledger.queuedBytes == 0)
    }

    /// Of a connection on which the first message without outcome has begun.
    private func end(_ bench: inout OutboxBench) -> Backlog.ConnectionEnd {
        bench.connectPlainly()
        #expect(bench.fill(room: 14) == .bufferFull)
        let ending = Ending.peerClosed(CloseCode(rawValue: 1009), reason: "")
        defer { bench.connectPlainly() }
        return bench.backlog.connectionEnded(ending, acknowledged: 1000)
    }
}
