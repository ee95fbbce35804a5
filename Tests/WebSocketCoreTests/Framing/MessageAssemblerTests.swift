// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct MessageAssemblerTests {
    private func take(_ assembler: inout MessageAssembler, _ bytes: [UInt8]) throws(ProtocolError) {
        try assembler.payloadReceived(bytes.span.bytes)
    }

    private func header(_ opcode: Opcode, _ length: Int, fin: Bool = true) -> FrameHeader {
        FrameHeader(fin: fin, opcode: opcode, payloadLength: UInt64(length))
    }

    @Test func putsFragmentsTogether() throws {
        var assembler = MessageAssembler(maxMessageBytes: 100)
        try assembler.frameStarted(header(.text, 3, fin: false))
        try take(&assembler, Array("Hel".utf8))
        #expect(try assembler.frameEnded() == nil)
        #expect(assembler.isMidMessage)
        try assembler.frameStarted(header(.continuation, 2))
        try take(&assembler, Array("l".utf8))
        try take(&assembler, Array("o".utf8))
        #expect(assembler.withMessage { $0.byteCount } == 0)
        #expect(try assembler.frameEnded() == .text)
        #expect(assembler.withMessage { $0.array } == Array("Hello".utf8))
        assembler.forget()
        #expect(assembler.withMessage { $0.byteCount } == 0)
        #expect(!assembler.isMidMessage)
    }

    @Test func unmasksEachPieceAtItsPlace() throws {
        var random = SeededGenerator(seed: 6)
        let payload = random.bytes(100)
        let bytes = masked(payload, exampleKey)
        for cut in 0...100 {
            var assembler = MessageAssembler(maxMessageBytes: 100)
            try assembler.frameStarted(FrameHeader(opcode: .binary, payloadLength: 100, maskingKey: exampleKey))
            try take(&assembler, Array(bytes[..<cut]))
            try take(&assembler, Array(bytes[cut...]))
            #expect(try assembler.frameEnded() == .binary)
            #expect(assembler.withMessage { $0.array } == payload)
        }
    }

    @Test func checksTheLimitOverAllFramesBeforeTheirPayload() throws {
        var assembler = MessageAssembler(maxMessageBytes: 10)
        #expect(throws: ProtocolError.messageTooBig) { try assembler.frameStarted(header(.binary, 11)) }
        try assembler.frameStarted(header(.binary, 6, fin: false))
        try take(&assembler, [1, 2, 3, 4, 5, 6])
        _ = try assembler.frameEnded()
        #expect(throws: ProtocolError.messageTooBig) { try assembler.frameStarted(header(.continuation, 5)) }
        try assembler.frameStarted(header(.continuation, 4))
        #expect(throws: ProtocolError.messageTooBig) {
            try assembler.frameStarted(FrameHeader(opcode: .continuation, payloadLength: UInt64.max))
        }
    }

    @Test func takesNoMemoryForAnAnnouncementAlone() throws {
        var assembler = MessageAssembler(maxMessageBytes: 1 << 30)
        try assembler.frameStarted(header(.binary, 1 << 30))
        #expect(assembler.retainedBytes == 0)
        try take(&assembler, [1])
        #expect(assembler.retainedBytes < 1024)
    }

    /// How many bytes are moved to put a message of `count` frames of `bytes` each together.
    private func movedBytes(frames count: Int, of bytes: Int) throws -> Int {
        var assembler = MessageAssembler(maxMessageBytes: 16 << 20)
        let piece = [UInt8](repeating: 7, count: bytes)
        for index in 0..<count {
            try assembler.frameStarted(header(index == 0 ? .binary : .continuation, bytes, fin: index == count - 1))
            if bytes > 0 { try take(&assembler, piece) }
            let ended = try assembler.frameEnded()
            #expect((ended == nil) == (index < count - 1))
        }
        #expect(assembler.withMessage { $0.byteCount } == count * bytes)
        #expect(assembler.retainedBytes <= max(64, 2 * count * bytes + 64))
        return assembler.movedBytes
    }

    @Test func aMessageInSmallFramesIsMovedNoMoreThanTwice() throws {
        for bytes in [1, 2, 100] {
            var before = 0
            for count in [5_000, 10_000, 20_000, 40_000] {
                let moved = try movedBytes(frames: count, of: bytes)
                // Linear: the sum of a doubling series. With exact reservations it is count²/2 frames' bytes.
                #expect(moved <= 2 * count * bytes)
                #expect(before == 0 || moved <= before * 5 / 2 + 64, "doubled input, \(before) then \(moved)")
                before = moved
            }
        }
        #expect(try movedBytes(frames: 1000, of: 0) == 0)
    }

    @Test func memoryStaysWithinTheLimitAndAMessageOfOneFrameTakesItsOwnSize() throws {
        var assembler = MessageAssembler(maxMessageBytes: 100_000)
        for index in 0..<100_000 {
            try assembler.frameStarted(header(index == 0 ? .binary : .continuation, 1, fin: false))
            try take(&assembler, [1])
            _ = try assembler.frameEnded()
        }
        #expect(assembler.retainedBytes <= 100_000 + 64)
        var single = MessageAssembler(maxMessageBytes: 1 << 30)
        try single.frameStarted(header(.binary, 70_000))
        try take(&single, [UInt8](repeating: 1, count: 60_000))
        try take(&single, [UInt8](repeating: 1, count: 10_000))
        #expect(single.retainedBytes <= 70_064)
    }

    @Test func keepsSmallMemoryAndGivesLargeMemoryBack() throws {
        var assembler = MessageAssembler(maxMessageBytes: 1 << 20)
        for (length, isKept) in [(1000, true), (1 << 20, false), (40_000, true)] {
            try assembler.frameStarted(header(.binary, length))
            try take(&assembler, [UInt8](repeating: 7, count: length))
            #expect(try assembler.frameEnded() == .binary)
            #expect(assembler.retainedBytes >= length)
            assembler.forget()
            #expect((assembler.retainedBytes >= length) == isKept)
            #expect(assembler.retainedBytes <= MessageAssembler.retainedBytesMax)
        }
    }

    @Test func doesNotCheckCompressedText() throws {
        var assembler = MessageAssembler(maxMessageBytes: 100)
        try assembler.frameStarted(FrameHeader(rsv1: true, opcode: .text, payloadLength: 1))
        try take(&assembler, [0xFF])
        #expect(try assembler.frameEnded() == .text)
        #expect(assembler.isCompressed)
        assembler.forget()
        try assembler.frameStarted(header(.text, 1))
        #expect(!assembler.isCompressed)
        #expect(throws: ProtocolError.invalidUTF8) { try take(&assembler, [0xFF]) }
    }
}
