// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct ByteBufferTests {
    @Test func appendedBytesStandInOrder() throws {
        let buffer = ByteBuffer(byteCountMax: 100)
        try buffer.append([0, 0, 1, 2, 3])
        let more = ByteBuffer(byteCountMax: 100)
        try more.append([4, 5])
        try more.withBytes { bytes in Result { try buffer.append(bytes) } }.get()
        #expect(buffer.bytes == [0, 0, 1, 2, 3, 4, 5])
    }

    @Test func takesItsLimitAndNotOneMore() throws {
        let buffer = ByteBuffer(byteCountMax: 3000)
        try buffer.append([UInt8](repeating: 7, count: 3000))
        #expect(throws: EncodingError.tooBig("the message is larger than 3000 bytes")) { try buffer.append([1]) }
        #expect(throws: EncodingError.tooBig("the message is larger than 3000 bytes")) { try buffer.reserve(.max) }
        #expect(buffer.count == 3000)
    }

    @Test func keepsItsMemoryWhenAsked() throws {
        let buffer = ByteBuffer(byteCountMax: 1 << 20)
        try buffer.append([UInt8](repeating: 7, count: 5000))
        let capacity = buffer.capacity
        buffer.removeAll(keepingCapacity: true)
        #expect(buffer.count == 0 && buffer.capacity == capacity && capacity >= 5000)
        buffer.removeAll(keepingCapacity: false)
        #expect(buffer.capacity == 0)
        try buffer.append([1])
        #expect(buffer.bytes == [1])
    }

    @Test func aWriterFillsItToTheLastByte() throws {
        let buffer = ByteBuffer(byteCountMax: 200_000)
        var writer = try ByteWriter.open(buffer)
        for _ in 0..<200_000 { try writer.writeByte(0x61) }
        try writer.finish()
        #expect(buffer.count == 200_000)
        var more = try ByteWriter.open(buffer)
        try more.writeByte(0x62)
        var failure: EncodingError?
        do throws(EncodingError) { try more.finish() } catch { failure = error }
        #expect(failure == .tooBig("the message is larger than 200000 bytes"))
        #expect(buffer.count == 200_000)
    }
}
