// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct FrameDecoderTests {
    /// The header, or the error and how many bytes it took.
    private enum Outcome: Equatable {
        case header(FrameHeader)
        case failed(ProtocolError, afterBytes: Int)
        case incomplete
    }

    private func decode(
        _ input: [UInt8], as role: Role = .client, step: Int = .max, maxFrameBytes: Int = .max, rsv1: Bool = false
    ) -> Outcome {
        var decoder = FrameDecoder(role: role, maxFrameBytes: maxFrameBytes, allowsRSV1: rsv1)
        var done = 0
        while done < input.count {
            let piece = Array(input[done...].prefix(step))
            var offset = 0
            do throws(ProtocolError) {
                if let header = try decoder.bytesReceived(piece.span.bytes, from: &offset) {
                    #expect(done + offset == input.count)
                    #expect(!decoder.isMidHeader)
                    return .header(header)
                }
            } catch {
                return .failed(error, afterBytes: done + offset)
            }
            #expect(decoder.isMidHeader)
            done += offset
        }
        return .incomplete
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 1 << 40, UInt64(Int64.max)])
    func readsBackEveryLengthHoweverItIsSplit(length: UInt64) {
        for (role, key) in [(Role.client, nil), (.server, exampleKey)] {
            let header = FrameHeader(fin: false, opcode: .binary, payloadLength: length, maskingKey: key)
            var bytes = [UInt8](repeating: 0, count: 14)
            let count = bytes.withUnsafeMutableBytes { header.write(into: $0.baseAddress!) }
            let input = Array(bytes[..<count])
            for step in 1...14 { #expect(decode(input, as: role, step: step) == .header(header)) }
            for cut in 0..<count { #expect(decode(Array(input[..<cut]), as: role) == .incomplete) }
        }
    }

    @Test func stopsBehindTheHeader() throws {
        var decoder = FrameDecoder(role: .client, maxFrameBytes: 100)
        var offset = 0
        let header = try decoder.bytesReceived(hex("8105 48656c6c6f").span.bytes, from: &offset)
        #expect(header == FrameHeader(opcode: .text, payloadLength: 5))
        #expect(offset == 2)
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func refusesReservedOpcodesAtTheFirstByte(opcode: UInt8) {
        #expect(decode([0x80 | opcode, 0]) == .failed(.reservedOpcode, afterBytes: 1))
    }

    @Test(arguments: ["c1", "a1", "91", "f2", "c9", "c0"])
    func refusesReservedBitsAtTheFirstByte(first: String) {
        #expect(decode(hex(first + "00")) == .failed(.reservedBits, afterBytes: 1))
    }

    @Test func letsRSV1ThroughOnlyOnTheFirstFrameOfAMessage() {
        let text = FrameHeader(rsv1: true, opcode: .text, payloadLength: 1)
        #expect(decode(hex("c101"), rsv1: true) == .header(text))
        let binary = FrameHeader(fin: false, rsv1: true, opcode: .binary, payloadLength: 1)
        #expect(decode(hex("4201"), rsv1: true) == .header(binary))
        for first in ["c0", "c8", "c9", "ca", "e1", "d1"] {
            #expect(decode(hex(first + "00"), rsv1: true) == .failed(.reservedBits, afterBytes: 1))
        }
    }

    @Test func refusesFragmentedControlFrames() {
        for first in ["08", "09", "0a"] {
            #expect(decode(hex(first + "00")) == .failed(.fragmentedControlFrame, afterBytes: 1))
        }
    }

    @Test func refusesLongControlFrames() {
        for second in ["7e", "7f"] {
            #expect(decode(hex("89" + second + "00000000000000ff")) == .failed(.controlFrameTooLong, afterBytes: 2))
        }
        #expect(decode(hex("897d")) == .header(FrameHeader(opcode: .ping, payloadLength: 125)))
    }

    @Test func refusesTheWrongMasking() {
        #expect(decode(hex("818537fa213d"), as: .client) == .failed(.maskedFrameFromServer, afterBytes: 2))
        #expect(decode(hex("8105"), as: .server) == .failed(.unmaskedFrameFromClient, afterBytes: 2))
    }

    @Test func refusesLengthsThatAreNotMinimal() {
        #expect(decode(hex("827e007d")) == .failed(.payloadLengthNotMinimal, afterBytes: 4))
        #expect(decode(hex("827e0000")) == .failed(.payloadLengthNotMinimal, afterBytes: 4))
        #expect(decode(hex("827f000000000000ffff")) == .failed(.payloadLengthNotMinimal, afterBytes: 10))
        #expect(decode(hex("827f0000000000000005")) == .failed(.payloadLengthNotMinimal, afterBytes: 10))
    }

    @Test func refusesTheMostSignificantBitOfALength() {
        #expect(decode(hex("827f8000000000000000")) == .failed(.payloadLengthTooBig, afterBytes: 3))
        #expect(decode(hex("827fffffffffffffffff")) == .failed(.payloadLengthTooBig, afterBytes: 3))
    }

    @Test func refusesDataFramesBeyondTheLimitButNoControlFrame() {
        let just = FrameHeader(opcode: .text, payloadLength: 10)
        #expect(decode(hex("810a"), maxFrameBytes: 10) == .header(just))
        #expect(decode(hex("810b"), maxFrameBytes: 10) == .failed(.frameTooBig, afterBytes: 2))
        #expect(decode(hex("827f7fffffffffffffff"), maxFrameBytes: 10) == .failed(.frameTooBig, afterBytes: 10))
        let ping = FrameHeader(opcode: .ping, payloadLength: 125)
        #expect(decode(hex("897d"), maxFrameBytes: 10) == .header(ping))
        #expect(decode(hex("8101"), maxFrameBytes: -1) == .failed(.frameTooBig, afterBytes: 2))
    }
}
