// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct OwedOutcomesTests {
    private func run(_ first: UInt64, _ count: UInt64) -> Backlog.Run {
        var run = Backlog.Run(firstID: first, count: count, outcome: .NEURON_WS_DELIVERED)
        (run.payloadBytes, run.recordBytes) = (10 * count, 32 * count)
        return run
    }

    @Test func theyComeInOrderSoManyAtATime() {
        var owed = OwedOutcomes()
        owed.append(run(1, 70))
        owed.append(run(100, 1), refusal: Ending(reason: .NEURON_WS_REASON_POLICY_VIOLATION, text: "no"))
        var told: [Backlog.Run] = []
        while let one = owed.removeFirst(countMax: 32) {
            #expect((one.refusal != nil) == (one.run.firstID == 100))
            told.append(one.run)
            // None counts for less than it takes, whatever is told of it first.
            #expect(one.run.recordBytes == 32 * one.run.count)
        }
        #expect(told.map(\.firstID) == [1, 33, 65, 100] && told.map(\.count) == [32, 32, 6, 1])
        // Once, whatever they are cut into.
        #expect(told.reduce(0) { $0 + $1.payloadBytes } == 710 && told.reduce(0) { $0 + $1.recordBytes } == 32 * 71)
        #expect(owed.isEmpty)
    }

    /// Messages of which so many have gone out whole.
    private func backlog(_ count: Int, written: Int) -> Backlog {
        let bench = CacheBench()
        bench.push(count)
        for _ in 0..<written {
            guard let chunk = bench.backlog.chunkToFrame() else { break }
            bench.backlog.framed(chunk.record(at: bench.backlog.nextOffset), end: 1)
        }
        bench.backlog.written(1)
        return exchange(&bench.backlog, with: Backlog())
    }

    @Test func whatAConnectionHasSettledComesBeforeWhatTheNextOneDoes() {
        var backlog = backlog(5, written: 2)
        var owed = OwedOutcomes()
        _ = owed.connectionEnds(&backlog)
        _ = backlog.connectionEnded(.stopped, acknowledged: nil)
        guard let chunk = backlog.chunkToFrame() else { return #expect(Bool(false)) }
        backlog.framed(chunk.record(at: backlog.nextOffset), end: 1)
        backlog.written(1)
        var told: [UInt64] = []
        while let action = owed.nextAction(&backlog, countMax: 1) {
            if case .tell(let run, _) = action { told.append(run.firstID) }
        }
        #expect(told == [1, 2, 3] && owed.isEmpty)
    }

    @Test func oneThatIsBeingSetAsideKeepsThoseBehindItWaiting() {
        var backlog = backlog(1, written: 1)
        var owed = OwedOutcomes()
        let refusal = Ending(reason: .NEURON_WS_REASON_POLICY_VIOLATION, text: "no")
        owed.append(run(7, 1))
        owed.append(run(8, 1), refusal: refusal)
        owed.append(run(9, 1))
        #expect(owed.removeFirst(countMax: 32, isHeld: { $0 == 8 })?.run.firstID == 7)
        #expect(owed.removeFirst(countMax: 32, isHeld: { $0 == 8 }) == nil && !owed.isEmpty)
        // What the next connection has settled comes behind them.
        if owed.nextAction(&backlog, countMax: 32, isHeld: { $0 == 8 }) != nil { Issue.record("it is told before") }
        #expect(!owed.letsEnd() && owed.holdsEnd)
        #expect(owed.removeFirst(countMax: 32)?.run.firstID == 8)
        // One that nobody refuses waits for nothing.
        #expect(owed.removeFirst(countMax: 32, isHeld: { _ in true })?.run.firstID == 9)
    }

    @Test func theStateThatEndsAStopAndTheEndWaitForTheLast() {
        var owed = OwedOutcomes()
        var mayEnd = owed.letsEnd()
        #expect(mayEnd && !owed.holdsEnd && owed.letsTell(isIdle: true))
        owed.append(run(1, 2))
        #expect(owed.letsTell(isIdle: false) && !owed.letsTell(isIdle: true))
        mayEnd = owed.letsEnd()
        #expect(!mayEnd && owed.holdsEnd)
        owed.started()
        #expect(!owed.holdsEnd)
        _ = owed.removeFirst(countMax: 1)
        mayEnd = owed.letsEnd()
        #expect(!mayEnd && owed.holdsEnd)
        _ = owed.removeFirst(countMax: 1)
        mayEnd = owed.letsEnd()
        #expect(mayEnd && !owed.holdsEnd && owed.letsTell(isIdle: true))
    }
}
