// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MessageChunkReadingTests {
    /// Messages 7, 8 and 9, of the times 70, 80 and 90.
    private static func chunk() -> MessageChunk? {
        let chunk = MessageChunk(capacity: 4096, memory: .heap)
        _ = chunk?.setNumber(7, bearing: 107)
        for number in 7...9 {
            Array("message \(number)".utf8).withUnsafeBytes {
                _ = chunk?.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: Int64(number) * 10)))
            }
        }
        return chunk
    }

    private static func texts(_ chunk: MessageChunk, from id: UInt64, atMost: Int = .max) -> [String] {
        var texts: [String] = []
        chunk.forEachMessage(from: id) { bytes, _ in
            texts.append(String(decoding: bytes, as: UTF8.self))
            return texts.count < atMost
        }
        return texts
    }

    @Test func messagesComeInOrderFromAnyOnUntilItIsEnough() throws {
        let chunk = try #require(Self.chunk())
        #expect(Self.texts(chunk, from: 0) == ["message 7", "message 8", "message 9"])
        #expect(Self.texts(chunk, from: 8) == ["message 8", "message 9"])
        #expect(Self.texts(chunk, from: 10).isEmpty)
        #expect(Self.texts(chunk, from: 7, atMost: 2) == ["message 7", "message 8"])
    }

    @Test func whatTheHostRefusedIsNoMessage() throws {
        let chunk = try #require(Self.chunk())
        chunk.record(at: chunk.place(of: 8).offset).pointee.packed |= MessageRecord.refused
        #expect(Self.texts(chunk, from: 7) == ["message 7", "message 9"])
    }

    @Test func theTimesOfTheFirstAndTheLastAreKnown() throws {
        let chunk = try #require(Self.chunk())
        #expect(chunk.firstStamp(from: 7)?.timeMilliseconds == 70)
        #expect(chunk.firstStamp(from: 8)?.timeMilliseconds == 80)
        #expect(chunk.firstStamp(from: 10) == nil)
        #expect(chunk.lastStamp?.timeMilliseconds == 90)
        let empty = try #require(MessageChunk(capacity: 4096, memory: .heap))
        #expect(empty.lastStamp == nil)
    }

    @Test func itsNumberIsToldApartFromWhatItsMessagesBear() throws {
        let chunk = try #require(Self.chunk())
        #expect(chunk.firstNumber == 7 && chunk.sequence == 107)
        #expect(chunk.setNumber(20, bearing: 5) == 23)
        #expect(chunk.firstNumber == 20 && chunk.sequence == 5)
    }
}
