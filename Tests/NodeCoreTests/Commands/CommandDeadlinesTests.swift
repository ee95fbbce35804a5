// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct CommandDeadlinesTests {
    private func entry(_ id: UInt64, at time: UInt64) throws -> CommandEntry {
        let bytes = try #require(Array("do".utf8).withUnsafeBytes { EventBytes($0) })
        let command = Command(kind: .NEURON_WS_TEXT, bytes: bytes, rule: .order, timeoutMilliseconds: 1, retries: 0)
        return CommandEntry(id: id, command, deadline: time)
    }

    @Test func momentsComeInTheirOrder() throws {
        var deadlines = CommandDeadlines()
        // Each number below 101 once, in an order that is none.
        let entries = try (1...100 as ClosedRange<UInt64>).map { try entry($0, at: $0 * 37 % 101) }
        for entry in entries {
            try deadlines.add(entry)
            deadlines.checkInvariants()
        }
        var times: [UInt64] = []
        while let first = deadlines.first {
            times.append(first.deadline)
            deadlines.remove(first)
            deadlines.checkInvariants()
        }
        #expect(times == Array(1...100))
        #expect(deadlines.count == 0)
    }

    @Test func eachIsMovedAndTakenOutWhereItStands() throws {
        var deadlines = CommandDeadlines()
        let entries = try (0..<60 as Range<UInt64>).map { try entry($0, at: 100 + $0 * 37 % 61) }
        for entry in entries { try deadlines.add(entry) }
        for (place, entry) in entries.enumerated() {
            if place % 3 == 0 {
                deadlines.remove(entry)
            } else {
                entry.deadline = place % 3 == 1 ? UInt64(place) : 500 - UInt64(place)
                deadlines.moved(entry)
            }
            deadlines.checkInvariants()
        }
        #expect(deadlines.count == 40 && deadlines.first?.deadline == 1)
    }
}
