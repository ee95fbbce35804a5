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
        }
        #expect(told.map(\.firstID) == [1, 33, 65, 100] && told.map(\.count) == [32, 32, 6, 1])
        // Once, whatever they are cut into.
        #expect(told.reduce(0) { $0 + $1.payloadBytes } == 710 && told.reduce(0) { $0 + $1.recordBytes } == 32 * 71)
        #expect(owed.isEmpty)
    }
}
