// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct FrameHeaderTests {
    private func encoded(_ header: FrameHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: 15)
        let length = bytes.withUnsafeMutableBytes { header.write(into: $0.baseAddress!) }
        #expect(bytes[length] == 0xEE)
        let masked = header.maskingKey != nil
        #expect(FrameHeader.encodedLength(payloadBytes: Int(header.payloadLength), masked: masked) == length)
        return Array(bytes[..<length])
    }

    /// RFC 6455 §5.7.
    @Test func writesTheExamplesOfTheRFC() {
        #expect(encoded(FrameHeader(opcode: .text, payloadLength: 5)) == hex("8105"))
        #expect(encoded(FrameHeader(opcode: .text, payloadLength: 5, maskingKey: exampleKey)) == hex("818537fa213d"))
        #expect(encoded(FrameHeader(fin: false, opcode: .text, payloadLength: 3)) == hex("0103"))
        #expect(encoded(FrameHeader(opcode: .continuation, payloadLength: 2)) == hex("8002"))
        #expect(encoded(FrameHeader(opcode: .ping, payloadLength: 5)) == hex("8905"))
        #expect(encoded(FrameHeader(opcode: .pong, payloadLength: 5, maskingKey: exampleKey)) == hex("8a8537fa213d"))
        #expect(encoded(FrameHeader(opcode: .binary, payloadLength: 256)) == hex("827e0100"))
        #expect(encoded(FrameHeader(opcode: .binary, payloadLength: 65536)) == hex("827f0000000000010000"))
    }

    @Test func usesTheMinimalLengthAtItsBorders() {
        #expect(encoded(FrameHeader(opcode: .binary, payloadLength: 0)) == hex("8200"))
        #expect(encoded(FrameHeader(opcode: .binary, payloadLength: 125)) == hex("827d"))
        #expect(encoded(FrameHeader(opcode: .binary, payloadLength: 126)) == hex("827e007e"))
        #expect(encoded(FrameHeader(opcode: .binary, payloadLength: 65535)) == hex("827effff"))
        let masked = FrameHeader(opcode: .binary, payloadLength: 0x0123_4567_89AB_CDEF, maskingKey: exampleKey)
        #expect(encoded(masked) == hex("82ff0123456789abcdef37fa213d"))
    }

    @Test func writesEachReservedBit() {
        #expect(encoded(FrameHeader(rsv1: true, opcode: .text, payloadLength: 1)) == hex("c101"))
        #expect(encoded(FrameHeader(rsv2: true, opcode: .text, payloadLength: 1)) == hex("a101"))
        #expect(encoded(FrameHeader(rsv3: true, opcode: .text, payloadLength: 1)) == hex("9101"))
    }
}
