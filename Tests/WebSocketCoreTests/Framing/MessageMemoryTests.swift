// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

/// A message whose memory is not to be had ends the connection, and not the process.
struct MessageMemoryTests {
    /// Gives blocks of up to so many bytes.
    private func memory(blockBytesMax: Int) -> MessageMemory {
        MessageMemory(
            resize: { block, used, wanted in
                wanted > blockBytesMax ? nil : MessageMemory.swift.resize(block, used, wanted)
            },
            free: { MessageMemory.swift.free($0) })
    }

    private func client(blockBytesMax: Int) -> WebSocketEndpoint {
        WebSocketEndpoint(role: .client, limits: EndpointLimits(), memory: memory(blockBytesMax: blockBytesMax))
    }

    @Test func aMessageWithoutMemoryFailsTheConnectionWith1009AndAReasonThatNamesIt() {
        var client = client(blockBytesMax: 4096)
        let small = [UInt8](repeating: 1, count: 4096)
        #expect(client.see(frame(.binary, small)) == [.message(.binary, small)])
        #expect(client.see(frame(.binary, [UInt8](repeating: 2, count: 4097))) == [.failed(.outOfMemory)])
        #expect(client.state == .closeReceived)
        // Nothing more is read.
        #expect(client.see(frame(.binary, small)) == [])
        var server = WebSocketEndpoint(role: .server, limits: EndpointLimits())
        #expect(server.see(client.written()) == [.close(1009, "There is no memory for a message of this size.")])
    }

    @Test func itEndsSoInManyFramesTooAtWhicheverStepOfItsGrowth() {
        for blockBytesMax in [0, 63, 64, 100, 128, 1000, 4096, 9999] {
            var client = client(blockBytesMax: blockBytesMax)
            var seen: [Seen] = []
            for index in 0..<1000 {
                let opcode = index == 0 ? Opcode.binary : .continuation
                seen += client.see(frame(opcode, [UInt8](repeating: 1, count: 10), fin: false))
            }
            #expect(seen == [.failed(.outOfMemory)])
        }
    }

    @Test func aCopyOfAnAssemblerGoesOnByItself() throws {
        var first = MessageAssembler(maxMessageBytes: 100)
        try first.frameStarted(FrameHeader(opcode: .text, payloadLength: 4))
        try first.payloadReceived(Array("ab".utf8).span.bytes)
        var second = first
        try first.payloadReceived(Array("cd".utf8).span.bytes)
        try second.payloadReceived(Array("xy".utf8).span.bytes)
        #expect(try first.frameEnded() == .text)
        #expect(try second.frameEnded() == .text)
        #expect(first.withMessage { $0.array } == Array("abcd".utf8))
        #expect(second.withMessage { $0.array } == Array("abxy".utf8))
    }

    @Test func whoHoldsAMessageKeepsItWhileTheNextOneComes() throws {
        var client = client(blockBytesMax: 1000)
        var offset = 0
        let input = frame(.text, Array("first".utf8)) + frame(.text, Array("other".utf8))
        #expect(client.bytesReceived(input.span.bytes, from: &offset) == .message(.text))
        let message = client.message
        let held = try #require(message)
        #expect(client.bytesReceived(input.span.bytes, from: &offset) == .message(.text))
        #expect(held.array == Array("first".utf8))
        let other = client.message?.array
        #expect(other == Array("other".utf8))
    }
}
