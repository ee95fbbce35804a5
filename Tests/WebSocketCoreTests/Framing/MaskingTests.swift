// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct MaskingTests {
    private func copied(_ payload: [UInt8], _ key: MaskingKey, offset: Int) -> [UInt8] {
        // A guard byte behind the end shows writing too far.
        var output = [UInt8](repeating: 0xEE, count: payload.count + 1)
        output.withUnsafeMutableBytes { target in
            payload.withUnsafeBytes { Masking.copy(from: $0, to: target.baseAddress!, key: key, offset: offset) }
        }
        #expect(output.last == 0xEE)
        return Array(output.dropLast())
    }

    private func applied(_ payload: [UInt8], _ key: MaskingKey, offset: Int) -> [UInt8] {
        var bytes = payload
        bytes.withUnsafeMutableBytes { Masking.apply($0, key: key, offset: offset) }
        return bytes
    }

    @Test func masksTheExampleOfTheRFC() {
        let hello = Array("Hello".utf8)
        #expect(copied(hello, exampleKey, offset: 0) == hex("7f9f4d5158"))
        #expect(applied(hello, exampleKey, offset: 0) == hex("7f9f4d5158"))
    }

    @Test func turnsTheKeyWithTheOffset() {
        let zeros = [UInt8](repeating: 0, count: 5)
        #expect(copied(zeros, exampleKey, offset: 1) == hex("fa213d37fa"))
        #expect(copied(zeros, exampleKey, offset: 2) == hex("213d37fa21"))
        #expect(copied(zeros, exampleKey, offset: 3) == hex("3d37fa213d"))
        #expect(copied(zeros, exampleKey, offset: 4) == hex("37fa213d37"))
    }

    @Test func agreesWithMaskingByteByByteAtAllLengthsAndOffsets() {
        var random = SeededGenerator(seed: 1)
        for length in Array(0...300) + [511, 512, 513, 1700, 4099] {
            let payload = random.bytes(length)
            let key = MaskingKey(word: UInt32.random(in: 0...UInt32.max, using: &random))
            for offset in 0...7 {
                let expected = masked(payload, key, offset: offset)
                #expect(isSame(copied(payload, key, offset: offset), expected))
                #expect(isSame(applied(payload, key, offset: offset), expected))
            }
        }
    }

    @Test func leavesNothingToDoForAnEmptyPayload() {
        #expect(copied([], exampleKey, offset: 0) == [])
        Masking.copy(
            from: UnsafeRawBufferPointer(start: nil, count: 0), to: UnsafeMutableRawPointer(bitPattern: 8)!,
            key: exampleKey, offset: 0)
    }
}
