// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct FrameWriterTests {
    /// Writes a frame into outputs of the given size, one after the other.
    private func written(_ payload: [UInt8], role: Role, outputBytes: Int, fin: Bool = true) -> [UInt8] {
        var writer = FrameWriter(role: role)
        var all: [UInt8] = []
        var isStarted = false
        while true {
            var output = [UInt8](repeating: 0xEE, count: outputBytes)
            var position = 0
            var isDone = false
            output.withUnsafeMutableBytes { target in
                if !isStarted {
                    isStarted = writer.startFrame(
                        opcode: .binary, fin: fin, rsv1: false, payloadBytes: payload.count, maskingKey: exampleKey,
                        into: target, at: &position)
                    #expect(isStarted)
                }
                isDone = payload.withUnsafeBytes { writer.continueFrame(payload: $0, into: target, at: &position) }
            }
            #expect(isDone != writer.isMidFrame)
            all += output[..<position]
            if isDone { return all }
            #expect(position == outputBytes)
        }
    }

    @Test func writesTheMaskedExampleOfTheRFC() {
        #expect(written(Array("Hello".utf8), role: .client, outputBytes: 64) == hex("828537fa213d7f9f4d5158"))
    }

    @Test func doesNotMaskAsAServer() {
        #expect(written(Array("Hello".utf8), role: .server, outputBytes: 64, fin: false) == hex("020548656c6c6f"))
    }

    @Test(arguments: [0, 1, 7, 8, 125, 126, 127, 300, 65535, 65536])
    func givesTheSameBytesInPiecesOfAnySize(length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let payload = random.bytes(length)
        let client = frame(.binary, payload, key: exampleKey)
        let server = frame(.binary, payload)
        for outputBytes in [14, 15, 17, 64, 131, 4096, 70_000] {
            #expect(isSame(written(payload, role: .client, outputBytes: outputBytes), client))
            #expect(isSame(written(payload, role: .server, outputBytes: outputBytes), server))
        }
    }

    @Test func writesNothingWhereTheHeaderDoesNotFit() {
        for (payloadBytes, headerBytes) in [(0, 6), (125, 6), (126, 8), (65536, 14)] {
            var writer = FrameWriter(role: .client)
            var output = [UInt8](repeating: 0xEE, count: headerBytes + 2)
            var position = 3
            let tooSmall = output.withUnsafeMutableBytes {
                writer.startFrame(
                    opcode: .text, fin: true, rsv1: false, payloadBytes: payloadBytes, maskingKey: exampleKey,
                    into: $0, at: &position)
            }
            #expect(!tooSmall)
            #expect(position == 3)
            #expect(output == [UInt8](repeating: 0xEE, count: headerBytes + 2))
            #expect(!writer.isMidFrame)
            position = 2
            let justFits = output.withUnsafeMutableBytes {
                writer.startFrame(
                    opcode: .text, fin: true, rsv1: false, payloadBytes: payloadBytes, maskingKey: exampleKey,
                    into: $0, at: &position)
            }
            #expect(justFits)
            #expect(position == headerBytes + 2)
            #expect(writer.isMidFrame == (payloadBytes > 0))
        }
    }

    @Test func packsFramesOneBehindTheOther() {
        var writer = FrameWriter(role: .server)
        var output = [UInt8](repeating: 0, count: 16)
        var position = 0
        output.withUnsafeMutableBytes { target in
            for (text, opcode, fin) in [("Hel", Opcode.text, false), ("lo", .continuation, true)] {
                let payload = Array(text.utf8)
                let isStarted = writer.startFrame(
                    opcode: opcode, fin: fin, rsv1: opcode == .text, payloadBytes: payload.count,
                    maskingKey: exampleKey, into: target, at: &position)
                #expect(isStarted)
                #expect(payload.withUnsafeBytes { writer.continueFrame(payload: $0, into: target, at: &position) })
            }
        }
        #expect(Array(output[..<position]) == hex("410348656c 80026c6f"))
    }
}
