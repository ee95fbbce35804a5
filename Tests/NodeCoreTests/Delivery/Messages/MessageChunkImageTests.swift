// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct MessageChunkImageTests {
    private static func chunk(_ texts: [String]) -> MessageChunk? {
        let chunk = MessageChunk(capacity: 4096, memory: .heap)
        chunk?.firstID = 7
        for text in texts {
            Array(text.utf8).withUnsafeBytes {
                _ = chunk?.append(OutgoingMessage($0, MessageStamp(kind: 1, timeMilliseconds: 5)))
            }
        }
        return chunk
    }

    private static func texts(_ chunk: MessageChunk) -> [String] {
        var texts: [String] = []
        var offset = 0
        while offset < chunk.used {
            let payload = chunk.payload(at: offset)
            texts.append(String(decoding: payload, as: UTF8.self))
            offset += MessageRecord.size(byteCount: payload.count)
        }
        return texts
    }

    private static func reread(_ image: [UInt8], count: Int) -> MessageChunk? {
        let chunk = MessageChunk(capacity: 4096, memory: .heap)
        _ = image.withUnsafeBytes { chunk?.setImage($0, firstID: 7, count: count) }
        return chunk
    }

    @Test func whatWasSealedIsReadAsItWas() throws {
        let chunk = try #require(Self.chunk(["one", "", "three is longer than a word"]))
        chunk.record(at: 0).pointee.packed |= MessageRecord.inspected
        chunk.seal()
        let again = try #require(Self.reread(chunk.withImage { Array($0) }, count: 3))
        #expect(again.isImageWhole && Self.texts(again) == ["one", "", "three is longer than a word"])
        #expect(!again.record(at: 0).pointee.has(MessageRecord.inspected))
        #expect(again.record(at: 0).pointee.stamp == MessageStamp(kind: 1, timeMilliseconds: 5))
    }

    @Test func eachDamagedByteCostsItsMessageAlone() throws {
        let chunk = try #require(Self.chunk(["one", "two", "three"]))
        chunk.seal()
        let image = chunk.withImage { Array($0) }
        for index in image.indices {
            var damaged = image
            damaged[index] ^= 0xFF
            let again = try #require(Self.reread(damaged, count: 3))
            // What fills a record up belongs to no message.
            let isFilling = again.isImageWhole
            var kept: [String] = []
            var list = again.salvaged { ChunkPool.make(byteCount: $0) }
            while let each = list.removeFirst() { kept += Self.texts(each) }
            let record = index / 24
            let expected = ["one", "two", "three"].enumerated().filter { isFilling || $0.offset != record }
            #expect(kept == expected.map(\.element), "byte \(index)")
        }
    }

    @Test func ofADamagedImageThoseThatBearTheirNumberKeepIt() throws {
        let chunk = try #require(MessageChunk(capacity: 4096, memory: .heap))
        chunk.firstID = 7
        chunk.numberShift = 100
        for id in 107...109 as ClosedRange<UInt64> {
            "{}".utf8.withContiguousStorageIfAvailable {
                var message = OutgoingMessage(
                    numbered: UnsafeRawBufferPointer($0), MessageStamp(kind: 1, timeMilliseconds: 0))
                message?.number(id, stream: 1)
                if let message { chunk.append(message) }
            }
        }
        chunk.seal()
        var image = chunk.withImage { Array($0) }
        image[image.count / 3 + 20] ^= 0xFF
        let again = try #require(Self.reread(image, count: 3))
        again.numberShift = 100
        var list = again.salvaged { ChunkPool.make(byteCount: $0) }
        var kept: [ClosedRange<UInt64>] = []
        while let each = list.removeFirst() { kept.append(each.firstNumber...each.endNumber - 1) }
        #expect(kept == [7...7, 9...9])
    }

    @Test func anImageCutAnywhereKeepsWhatIsWhole() throws {
        let chunk = try #require(Self.chunk(["one", "two", "three"]))
        chunk.seal()
        let image = chunk.withImage { Array($0) }
        for length in image.indices {
            let again = try #require(Self.reread(Array(image[..<length]), count: 3))
            #expect(!again.isImageWhole)
            var kept: [String] = []
            var list = again.salvaged { ChunkPool.make(byteCount: $0) }
            while let each = list.removeFirst() { kept += Self.texts(each) }
            #expect(kept == Array(["one", "two", "three"].prefix(kept.count)) && kept.count >= length / 24)
        }
    }

    @Test func messagesOfAnEarlierLifeAreTakenOutThoughTheirNumbersLieBelowOne() throws {
        let chunk = try #require(Self.chunk(["one", "two", "three"]))
        chunk.firstID = UInt64.max
        chunk.removeMessages(before: 1)
        #expect(chunk.firstID == 1 && chunk.count == 1 && Self.texts(chunk) == ["three"])
        chunk.removeMessages(before: 1)
        #expect(chunk.count == 1)
    }

    @Test func aCopyBeginsWhereItIsAskedTo() throws {
        let chunk = try #require(Self.chunk(["one", "two", "three"]))
        let copy = try #require(MessageChunk(capacity: 4096, memory: .heap))
        #expect(chunk.copy(from: 8, into: copy))
        #expect(copy.firstID == 8 && copy.count == 2 && Self.texts(copy) == ["two", "three"])
        let small = try #require(MessageChunk(capacity: 16, memory: .heap))
        #expect(!chunk.copy(from: 8, into: small))
    }

    @Test func messagesThatComeNextAreAbsorbed() throws {
        let chunk = try #require(Self.chunk(["one", "two"]))
        let next = try #require(Self.chunk(["three"]))
        #expect(!chunk.absorb(next))
        next.firstID = 9
        #expect(chunk.absorb(next) && Self.texts(chunk) == ["one", "two", "three"] && chunk.endNumber == 10)
        next.firstID = 10
        next.numberShift = 1
        #expect(!chunk.absorb(next))
        let small = try #require(MessageChunk.fitting(24))
        #expect(small.capacity == 24)
        small.firstID = 10
        let text = MessageStamp(kind: 1, timeMilliseconds: 5)
        Array("four".utf8).withUnsafeBytes { _ = small.append(OutgoingMessage($0, text)) }
        next.firstID = 11
        next.numberShift = 0
        #expect(!small.absorb(next) && chunk.absorb(small))
    }

    /// Numbers that could each be a message's length: whoever looks at each of them looks at half the square of it.
    @Test func whatIsNoMessageIsNotLookedThroughAgainAndAgain() throws {
        let count = 1 << 22
        let chunk = try #require(MessageChunk.fitting(count + 16 + 24))
        chunk.firstID = 7
        let numbers = [Int32](repeating: Int32(count / 2), count: count / 4)
        numbers.withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, MessageStamp(kind: 2, timeMilliseconds: 5))) }
        let text = MessageStamp(kind: 1, timeMilliseconds: 5)
        Array("last".utf8).withUnsafeBytes { _ = chunk.append(OutgoingMessage($0, text)) }
        chunk.seal()
        chunk.record(at: 0).pointee.wireEnd ^= 1
        let list = chunk.salvaged { ChunkPool.make(byteCount: $0) }
        let first = list.first
        let kept = try #require(first)
        #expect(Self.texts(kept) == ["last"])
    }
}
