// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct GroupLatestTests {
    /// Messages of 8 bytes, from this number on: their groups and the times of their data.
    static func chunk(_ messages: [(group: UInt16, time: Int64)], first: UInt64 = 1) -> MessageChunk {
        let chunk = ChunkPool.make(byteCount: 4096)!
        chunk.firstID = first
        for each in messages {
            let stamp = MessageStamp(kind: 1, timeMilliseconds: each.time, group: each.group)
            [UInt8](repeating: 65, count: 8).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, stamp)) }
        }
        return chunk
    }

    private func superseded(_ messages: [(group: UInt16, time: Int64)]) -> [Range<UInt64>] {
        let chunk = Self.chunk(messages)
        var latest = GroupLatest()
        latest.note(chunk)
        return latest.superseded(in: chunk, from: 1).map(\.ids)
    }

    @Test func theNewestIsSoByTheTimeOfItsDataAndNotByItsArrival() {
        #expect(superseded([(1, 300), (1, 100), (1, 200)]) == [2..<4])
        #expect(superseded([(1, 100), (2, 50), (1, 200), (2, 60)]) == [1..<3])
    }

    @Test func ofOneTimeItIsTheOneThatCameLast() {
        #expect(superseded([(1, 100), (1, 100)]) == [1..<2])
    }

    /// The spool's thread has one while the loop takes note of more.
    @Test func whatWasGivenAwayStaysAsItWas() {
        let (old, new) = (Self.chunk([(1, 100)]), Self.chunk([(1, 200), (60_000, 1)], first: 2))
        var latest = GroupLatest()
        latest.note(old)
        let given = latest
        latest.note(new)
        #expect(latest.superseded(in: old, from: 1).count == 1)
        #expect(given.superseded(in: old, from: 1).isEmpty)
    }

    @Test func messagesOfNoGroupAreNeverSuperseded() {
        #expect(superseded([(0, 100), (0, 200)]).isEmpty)
    }

    @Test func norAreThoseOfAnEarlierLife() {
        let old = Self.chunk([(1, 100), (1, 200)])
        let new = Self.chunk([(1, 300)], first: 3)
        var latest = GroupLatest()
        latest.noteUnknown(1..<3, openID: 1)
        latest.note(old)
        latest.note(new)
        let ofOld = latest.superseded(in: old, from: 1)
        #expect(ofOld.isEmpty)
    }

    @Test func aNewerOneThatHasItsOutcomeStillSupersedes() {
        var latest = GroupLatest()
        let (old, new) = (Self.chunk([(1, 100)]), Self.chunk([(1, 200)], first: 2))
        latest.note(old)
        latest.note(new)
        #expect(latest.superseded(in: old, from: 1).map(\.bytes) == [24])
    }

    @Test func whatIsLeftIsTheSameMessagesInChunksOfTheirSize() throws {
        let chunk = Self.chunk([(1, 1), (2, 1), (1, 2), (2, 2), (0, 3)])
        chunk.arrival = 77
        chunk.numberShift = 5
        var latest = GroupLatest()
        latest.note(chunk)
        let parts = latest.superseded(in: chunk, from: 1)
        let rest = try #require(GroupLatest.rest(of: chunk, from: 1, without: parts))
        #expect(parts.map(\.ids) == [1..<3])
        #expect(rest.map(\.firstNumber) == [3] && rest.map(\.messageCount) == [3] && rest.map(\.capacity) == [72])
        #expect(rest.first?.arrival == 77 && rest.first?.sequence == 8)
        let middle = GroupLatest.rest(of: chunk, from: 2, without: [GroupLatest.Part(ids: 3..<4, bytes: 24)])
        #expect(middle?.map { $0.firstNumber..<$0.endNumber } == [2..<3, 4..<6])
        let none = GroupLatest.rest(
            of: chunk, from: 1, without: parts, memory: ChunkMemory(take: { _ in nil }, giveBack: { _, _ in }))
        #expect(none?.count == nil)
    }
}
