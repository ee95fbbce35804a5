// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NeuronWS

@Suite struct TLSOutputTests {
    private func append(_ output: TLSOutput, _ bytes: [UInt8], isAnswer: Bool = false) {
        bytes.withUnsafeBytes { _ = output.append($0, isAnswer: isAnswer) }
    }

    @Test func countsARecordOnlyWhenItsLastByteIsSent() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 64, keptMax: 1))
        append(output, [1, 2, 3, 4, 5])
        output.recordEnded(plaintextBytes: 3)
        append(output, [6, 7, 8])
        output.recordEnded(plaintextBytes: 2)
        #expect(output.plaintextBytesTaken == 5)
        output.sent(4)
        #expect(output.plaintextBytesSent == 0)
        output.sent(1)
        #expect(output.plaintextBytesSent == 3)
        output.sent(2)
        #expect(output.plaintextBytesSent == 3)
        #expect(Array(output.bytes) == [8])
        output.sent(1)
        #expect(output.plaintextBytesSent == 5)
        #expect(output.count == 0)
    }

    @Test func regainsTheRoomOfWhatWasSent() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 8, keptMax: 1))
        append(output, [1, 2, 3, 4, 5, 6])
        output.sent(4)
        #expect(output.room == 6)
        append(output, [7, 8, 9, 10, 11, 12])
        #expect(Array(output.bytes) == [5, 6, 7, 8, 9, 10, 11, 12])
        #expect(output.room == 0)
    }

    @Test func growsRatherThanLosing() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 4, keptMax: 1))
        append(output, [1, 2, 3])
        output.sent(1)
        append(output, [4, 5, 6, 7])
        #expect(Array(output.bytes) == [2, 3, 4, 5, 6, 7])
        output.sent(6)
        append(output, [8])
        #expect(Array(output.bytes) == [8])
    }

    @Test func withoutABufferItTakesNothingAndSaysSo() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 64, keptMax: 1, map: { _ in nil }))
        let isDone = [UInt8](repeating: 1, count: 5).withUnsafeBytes { output.append($0, isAnswer: false) }
        #expect(!isDone)
        #expect(output.isOutOfMemory)
        #expect(output.count == 0)
        output.release()
    }

    @Test func givesItsBufferBackWhenDrained() throws {
        let pool = BufferPool(bufferBytes: 16, keptMax: 1)
        let output = TLSOutput(pool: pool)
        append(output, [1])
        let address = output.bytes.baseAddress
        output.sent(1)
        let buffer = try #require(pool.take())
        #expect(UnsafeRawPointer(buffer) == address)
        pool.giveBack(buffer)
    }

    @Test func forgetsMarksOfAThousandRecords() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 8192, keptMax: 1))
        append(output, [0])
        for number in 1...5000 {
            append(output, [1])
            output.recordEnded(plaintextBytes: 1)
            output.sent(1)
            #expect(output.plaintextBytesSent == UInt64(number - 1))
        }
        output.sent(1)
        #expect(output.plaintextBytesSent == 5000)
    }

    @Test func countsAnswersUntilTheyAreSent() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 256 * 1024, keptMax: 1))
        append(output, [1])
        output.recordEnded(plaintextBytes: 1)
        append(output, [UInt8](repeating: 2, count: TLSOutput.answerBytesMax), isAnswer: true)
        append(output, [3, 3])
        output.recordEnded(plaintextBytes: 1)
        #expect(output.answerBytesWaiting == UInt64(TLSOutput.answerBytesMax))
        #expect(!output.isFloodedWithAnswers)
        append(output, [4], isAnswer: true)
        #expect(output.isFloodedWithAnswers)
        // The second record's end shows that all answers before it are gone.
        output.sent(1 + TLSOutput.answerBytesMax + 2)
        #expect(output.answerBytesWaiting == 1)
        output.sent(1)
        #expect(output.answerBytesWaiting == 0)
    }

    @Test func dataIsNoAnswer() {
        let output = TLSOutput(pool: BufferPool(bufferBytes: 256 * 1024, keptMax: 1))
        append(output, [UInt8](repeating: 2, count: TLSOutput.answerBytesMax * 2))
        output.recordEnded(plaintextBytes: TLSOutput.answerBytesMax * 2)
        #expect(output.answerBytesWaiting == 0)
    }
}
