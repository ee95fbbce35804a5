// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// Messages that the server's application acknowledges.
@Suite struct BacklogAcknowledgementTests {
    private func bench(_ count: Int) -> OutboxBench {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        for index in 1...count { bench.pushNumbered("{\"a\":\(index)}") }
        return bench
    }

    private func send(_ bench: inout OutboxBench) {
        while bench.fill(room: 1 << 16) != .allFramed {}
        bench.settle(written: bench.stream.count)
    }

    private func expectAcknowledged(
        _ bench: inout OutboxBench, _ id: UInt64, isCumulative: Bool, _ expected: Backlog.Acknowledgement,
        at place: SourceLocation = #_sourceLocation
    ) {
        let became = bench.backlog.acknowledge(id, isCumulative: isCumulative)
        #expect(became == expected, sourceLocation: place)
    }

    private func expectNothing(_ bench: inout OutboxBench, at place: SourceLocation = #_sourceLocation) {
        let runs = bench.carryOut()
        #expect(runs.isEmpty, sourceLocation: place)
    }

    private func expectRun(_ bench: inout OutboxBench, _ count: UInt64, at place: SourceLocation = #_sourceLocation) {
        let runs = bench.carryOut()
        #expect(runs.map(\.count) == [count], sourceLocation: place)
    }

    @Test func aNumberConfirmsAllBeforeIt() {
        var bench = bench(5)
        send(&bench)
        expectNothing(&bench)
        expectAcknowledged(&bench, 3, isCumulative: true, .new)
        let runs = bench.carryOut()
        #expect(runs.map(\.firstID) == [1] && runs.map(\.count) == [3])
        #expect(runs.map(\.level) == [.NEURON_WS_LEVEL_APP_ACKED])
        expectAcknowledged(&bench, 2, isCumulative: true, .repeated)
        expectAcknowledged(&bench, 3, isCumulative: false, .repeated)
    }

    /// The server has them, whatever becomes of those before them.
    @Test(arguments: [false, true], [0, 4] as [UInt64])
    func atTheEndWhatWasAcknowledgedAloneIsDelivered(isConnected: Bool, storedBefore: UInt64) {
        var bench = bench(5)
        send(&bench)
        for id in [2, 4] as [UInt64] { expectAcknowledged(&bench, id, isCumulative: false, .new) }
        expectNothing(&bench)
        if !isConnected { _ = bench.backlog.connectionEnded(.endOfStream, acknowledged: 1 << 20) }
        bench.backlog.abandon(storedBefore: storedBefore)
        let runs = bench.carryOut()
        #expect(runs.map(\.count) == [1, 1, 1, 1, 1])
        let left: neuron_ws_outcome_t = storedBefore > 0 ? .NEURON_WS_STORED : .NEURON_WS_DROPPED_STOPPED
        #expect(
            runs.map(\.outcome) == [left, .NEURON_WS_DELIVERED, left, .NEURON_WS_DELIVERED, .NEURON_WS_DROPPED_STOPPED])
        #expect(runs[1].level == .NEURON_WS_LEVEL_APP_ACKED && runs[3].level == .NEURON_WS_LEVEL_APP_ACKED)
    }

    @Test func whatIsAcknowledgedWakesWhoGivesOutcomes() {
        var bench = bench(2)
        send(&bench)
        expectAcknowledged(&bench, 1, isCumulative: true, .new)
        var wakes = bench.backlog.takeWake()
        #expect(wakes)
        expectAcknowledged(&bench, 1, isCumulative: true, .repeated)
        expectAcknowledged(&bench, 9, isCumulative: true, .unknown)
        wakes = bench.backlog.takeWake()
        #expect(!wakes)
    }

    @Test func singleOnesMayComeInAnyOrderAndTheirOutcomesComeInTheMessages() {
        var bench = bench(6)
        send(&bench)
        for id in [4, 2, 6] as [UInt64] { expectAcknowledged(&bench, id, isCumulative: false, .new) }
        expectAcknowledged(&bench, 4, isCumulative: false, .repeated)
        expectNothing(&bench)
        expectAcknowledged(&bench, 1, isCumulative: false, .new)
        expectRun(&bench, 2)
        expectAcknowledged(&bench, 5, isCumulative: true, .new)
        expectRun(&bench, 4)
        #expect(bench.isEmpty == true)
    }

    @Test func allThroughOneThatIsKnownAloneSaysSomethingOfThoseBeforeIt() {
        var bench = bench(3)
        send(&bench)
        expectAcknowledged(&bench, 3, isCumulative: false, .new)
        expectNothing(&bench)
        expectAcknowledged(&bench, 3, isCumulative: true, .new)
        expectRun(&bench, 3)
    }

    /// Two of an earlier life that bore 5 and 6 there, and one of this life that bears its own number.
    @Test func messagesOfAnEarlierLifeAreAcknowledgedByTheNumbersThatTheyBear() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        var earlier = OutboxBench()
        for _ in 0..<6 { earlier.pushNumbered("{}") }
        var list = earlier.mailbox.takeAll()
        if let chunk = list.removeFirst() {
            chunk.removeMessages(before: 5)
            chunk.numberShift = 5 &- 101
            chunk.firstID = 101
            list.append(chunk)
        }
        _ = bench.ledger.adopt(DeliveryLedger.Away(messages: 2, bytes: 128), next: 103)
        bench.backlog.add(list)
        bench.backlog.mayHaveArrived(1..<103)
        bench.pushNumbered("{}")
        send(&bench)
        let sent = bench.messages()
        #expect(sent.map { $0.hasPrefix(#"{"resent":true,"seq""#) } == [true, true, false])
        #expect(sent.last?.hasPrefix(#"{"seq":103,"#) == true)
        for id in [7, 101, 102, 104, .max] as [UInt64] {
            expectAcknowledged(&bench, id, isCumulative: false, .unknown)
        }
        expectAcknowledged(&bench, 4, isCumulative: false, .repeated)
        expectAcknowledged(&bench, 6, isCumulative: false, .new)
        expectNothing(&bench)
        expectAcknowledged(&bench, 50, isCumulative: true, .new)
        expectRun(&bench, 2)
        expectAcknowledged(&bench, 103, isCumulative: true, .new)
        expectRun(&bench, 1)
        #expect(bench.isEmpty == true)
    }

    @Test func whatWasNotSentCannotBeAcknowledged() {
        var bench = bench(3)
        _ = bench.fill(room: 80)
        bench.settle(written: bench.stream.count)
        let unwritten = bench.backlog.unwrittenID
        #expect(unwritten == 2)
        for id in [0, 2, 3, 4, .max] as [UInt64] {
            expectAcknowledged(&bench, id, isCumulative: true, .unknown)
            expectAcknowledged(&bench, id, isCumulative: false, .unknown)
        }
        expectNothing(&bench)
    }

    /// What is acknowledged is not sent again, also where that is said before its turn on the new connection.
    @Test func whatIsLeftComesAgainInOrder() {
        var bench = bench(6)
        send(&bench)
        expectAcknowledged(&bench, 2, isCumulative: false, .new)
        bench.cut()
        bench.connectPlainly()
        expectAcknowledged(&bench, 4, isCumulative: false, .new)
        bench.pushNumbered("{}")
        send(&bench)
        let begins = bench.messages().map { String($0.prefix(23)) }
        let again: [String] = [1, 3, 5, 6].map { "{\"resent\":true,\"seq\":\($0)," }
        #expect(begins.prefix(4).elementsEqual(again))
        #expect(begins.last == "{\"seq\":7,\"stream\":\"0000")
        expectAcknowledged(&bench, 7, isCumulative: true, .new)
        expectRun(&bench, 7)
    }

    /// A server that knows from before says so as soon as it is there.
    @Test func anAcknowledgementBeforeAnythingIsFramedCounts() {
        var bench = bench(4)
        send(&bench)
        bench.cut()
        bench.connectPlainly()
        expectAcknowledged(&bench, 3, isCumulative: true, .new)
        send(&bench)
        let (count, through) = (bench.messages().count, bench.ledger.endedThrough)
        #expect(count == 1 && through == 3)
        expectAcknowledged(&bench, 4, isCumulative: false, .new)
        expectRun(&bench, 1)
    }

    @Test func aMessageWithoutANumberIsConfirmedByOneBehindIt() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        bench.push("plain")
        bench.pushNumbered("{}")
        send(&bench)
        expectNothing(&bench)
        expectAcknowledged(&bench, 2, isCumulative: false, .new)
        let runs = bench.carryOut()
        #expect(runs.map(\.level) == [.NEURON_WS_LEVEL_PEER_PARSED, .NEURON_WS_LEVEL_APP_ACKED])
    }

    /// Nothing will be said of them, and nobody would hear more by waiting.
    @Test func messagesWithoutNumbersWaitForNothingThatCannotCome() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        for text in ["plain", "too"] { bench.push(text) }
        while bench.fill(room: 1 << 16) != .allFramed {}
        expectNothing(&bench)
        bench.settle(written: 6)
        let open = bench.ledger.queuedCount
        #expect(open == 2)
        bench.backlog.written(UInt64(bench.stream.count))
        let runs = bench.carryOut()
        #expect(runs.map(\.count) == [2] && runs.map(\.level) == [.NEURON_WS_LEVEL_WRITTEN])
        // Behind one that is to be acknowledged they wait for their turn, and then for nothing.
        bench.pushNumbered("{}")
        bench.push("behind")
        send(&bench)
        expectNothing(&bench)
        expectAcknowledged(&bench, 3, isCumulative: false, .new)
        let behind = bench.carryOut()
        #expect(behind.map(\.level) == [.NEURON_WS_LEVEL_APP_ACKED, .NEURON_WS_LEVEL_WRITTEN])
        // On another connection it is as on the first.
        bench.pushNumbered("{}")
        send(&bench)
        bench.cut()
        bench.connectPlainly()
        bench.push("last")
        send(&bench)
        expectNothing(&bench)
        expectAcknowledged(&bench, 5, isCumulative: true, .new)
        let last = bench.carryOut()
        #expect(last.map(\.firstID) == [5, 6] && bench.isEmpty == true)
    }

    /// What the host refused goes to nobody, and nobody acknowledges it.
    @Test func aMessageWithoutANumberDoesNotWaitForOneThatWasRefused() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        bench.backlog.inspectsMessages = true
        bench.push("plain")
        bench.pushNumbered("{}")
        while bench.fill(room: 1000) == .uninspected {
            bench.backlog.markInspected(isRefused: bench.backlog.nextID == 2)
        }
        let runs = bench.settle(written: bench.stream.count)
        #expect(runs.map(\.outcome) == [.NEURON_WS_DELIVERED, .NEURON_WS_DROPPED_REFUSED])
    }

    @Test func oneThatTheHostRefusesIsDoneWithoutTheServer() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        bench.backlog.inspectsMessages = true
        bench.pushNumbered("{}")
        bench.pushNumbered("{}")
        while bench.fill(room: 1000) == .uninspected {
            bench.backlog.markInspected(isRefused: bench.backlog.nextID == 1)
        }
        let runs = bench.settle(written: bench.stream.count)
        let through = bench.ledger.endedThrough
        #expect(runs.map(\.outcome) == [.NEURON_WS_DROPPED_REFUSED] && through == 1)
    }
}
