// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

struct WebSocketEndpointTests {
    // MARK: The examples of RFC 6455 §5.7

    @Test func readsTheExamplesOfTheRFCHoweverTheyAreSplit() {
        let input = hex("810548656c6c6f 010348656c 80026c6f 890548656c6c6f 8a0548656c6c6f")
        let hello = Array("Hello".utf8)
        for pieces in cuts(input) {
            var client = endpoint(.client)
            #expect(client.see(pieces: pieces) == [.text("Hello"), .text("Hello"), .ping(hello), .pong(hello)])
            #expect(client.written() == hex("8a8537fa213d7f9f4d5158"))
        }
    }

    @Test func readsTheMaskedExamplesOfTheRFCAsAServer() {
        let input = hex("818537fa213d7f9f4d5158 8a8537fa213d7f9f4d5158")
        for pieces in cuts(input) {
            var server = endpoint(.server)
            #expect(server.see(pieces: pieces) == [.text("Hello"), .pong(Array("Hello".utf8))])
        }
    }

    @Test func readsTheLongExamplesOfTheRFC() {
        var random = SeededGenerator(seed: 7)
        let short = random.bytes(256)
        let long = random.bytes(65536)
        var client = endpoint(.client)
        let input = hex("827e0100") + short + hex("827f0000000000010000") + long
        #expect(client.see(input) == [.message(.binary, short), .message(.binary, long)])
    }

    // MARK: Messages

    @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536])
    func readsMessagesOfEveryLengthInBothRoles(length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let payload = random.bytes(length)
        var client = endpoint(.client)
        #expect(client.see(frame(.binary, payload)) == [.message(.binary, payload)])
        var server = endpoint(.server)
        #expect(server.see(frame(.binary, payload, key: exampleKey)) == [.message(.binary, payload)])
    }

    @Test func readsControlFramesBetweenFragments() {
        let input = hex("010161 890170 000162 8a0171 0000 890172 800163")
        for pieces in cuts(input) {
            var client = endpoint(.client)
            #expect(client.see(pieces: pieces) == [.ping([0x70]), .pong([0x71]), .ping([0x72]), .text("abc")])
            // RFC 6455 §5.5.2: a Pong for each Ping, with its bytes.
            let pongs = hex("8a810000000070 8a810000000072")
            #expect(client.written(keys: hex("00000000 00000000")) == pongs)
        }
    }

    @Test func lendsAMessageUntilTheNextInput() {
        var client = endpoint(.client)
        var offset = 0
        #expect(client.bytesReceived(hex("810161").span.bytes, from: &offset) == .message(.text))
        #expect(client.withMessage { $0.array } == [0x61])
        #expect(client.withMessage { $0.array } == [0x61])
        #expect(client.bytesReceived(hex("810161").span.bytes, from: &offset) == nil)
        #expect(client.withMessage { $0.array } == [])
        offset = 0
        #expect(client.bytesReceived(hex("810162").span.bytes, from: &offset) == .message(.text))
        #expect(client.withMessage { $0.array } == [0x62])
        #expect(client.see(hex("810163")) == [.text("c")])
    }

    @Test func aLargeMessageIsForgottenOnceItIsHandled() {
        var client = endpoint(.client)
        let length = MessageAssembler.retainedBytesMax + 1
        let head = hex("827f") + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) }
        var offset = 0
        let frame = head + [UInt8](repeating: 7, count: length)
        #expect(client.bytesReceived(frame.span.bytes, from: &offset) == .message(.binary))
        #expect(client.withMessage { $0.array.count } == length)
        client.message?.forgetIfLarge()
        #expect(client.withMessage { $0.array.count } == 0)
        #expect(client.see(hex("810163")) == [.text("c")])
    }

    @Test func reportsCompressedMessages() {
        var client = endpoint(.client, rsv1: true)
        let input = hex("c102ffff 810161 4201ff 8001ff")
        let expected: [Seen] = [
            .message(.text, hex("ffff"), isCompressed: true), .text("a"),
            .message(.binary, hex("ffff"), isCompressed: true),
        ]
        for pieces in cuts(input) {
            var copy = client
            #expect(copy.see(pieces: pieces) == expected)
        }
        #expect(client.see(input) == expected)
    }

    // MARK: Faults

    /// Each fault as a server commits it, and our Close with its code.
    @Test(arguments: [
        ("818537fa213d7f9f4d5158", ProtocolError.maskedFrameFromServer), ("c10161", .reservedBits),
        ("830161", .reservedOpcode), ("090161", .fragmentedControlFrame), ("897e0080", .controlFrameTooLong),
        ("827e0001ff", .payloadLengthNotMinimal), ("827f8000000000000001", .payloadLengthTooBig),
        ("800161", .unexpectedContinuation), ("000161", .unexpectedContinuation),
        ("010161 810162", .expectedContinuation), ("010161 020162", .expectedContinuation), ("8101ff", .invalidUTF8),
        ("8101c3", .invalidUTF8), ("880103", .invalidCloseFrame), ("880203ed", .invalidCloseCode),
        ("880303e8ff", .invalidCloseReason), ("827e0101", .frameTooBig), ("027e0100", .messageTooBig),
    ])
    func failsWithACloseOfTheRightCodeAndReadsNoMore(input: String, error: ProtocolError) {
        for pieces in cuts(hex(input) + hex("810161")) {
            var client = endpoint(.client, message: 255, frame: 256)
            #expect(client.see(pieces: pieces) == [.failed(error)])
            #expect(client.state == .closeReceived)
            #expect(!client.maySendData)
            let text = Array(error.text.utf8)
            let code = error.closeCode.rawValue
            let body = [UInt8(code >> 8), UInt8(code & 0xFF)] + text
            #expect(client.written(keys: hex("00000000")) == [0x88, 0x80 | UInt8(body.count), 0, 0, 0, 0] + body)
            #expect(client.state == .closed)
            #expect(client.see(hex("810161")) == [])
        }
    }

    @Test func failsAsAServerOnUnmaskedFrames() {
        var server = endpoint(.server)
        #expect(server.see(hex("810548656c6c6f")) == [.failed(.unmaskedFrameFromClient)])
        #expect(Array(server.written(keys: []).prefix(4)) == hex("8837 03ea"))
    }

    @Test func failsAtTheFirstWrongByteOfATextThatIsNotComplete() {
        var client = endpoint(.client)
        #expect(client.see(hex("8114 cebae1bdb9cf83cebcceb5")) == [])
        #expect(client.see(hex("f4")) == [])
        #expect(client.see(hex("90")) == [.failed(.invalidUTF8)])
    }

    @Test func acceptsACharacterSplitOverFragments() {
        var client = endpoint(.client)
        #expect(client.see(hex("0101c3 8001a4")) == [.text("ä")])
        #expect(client.see(hex("0101e2 890170 000182 8001ac")) == [.ping([0x70]), .text("€")])
        #expect(client.see(hex("0101c3 8000")) == [.failed(.invalidUTF8)])
    }

    @Test func checksTheMessageLimitOverFragments() {
        var client = endpoint(.client, message: 4, frame: 3)
        #expect(client.see(hex("0203616263 800164")) == [.message(.binary, Array("abcd".utf8))])
        #expect(client.see(hex("0203616263 0001640001")) == [.failed(.messageTooBig)])
    }

    // MARK: Closing

    @Test func echoesTheCodeOfAClose() {
        let input = hex("8805 03e9 627965")
        for pieces in cuts(input + hex("810161")) {
            var client = endpoint(.client)
            #expect(client.see(pieces: pieces) == [.close(1001, "bye")])
            #expect(client.state == .closeReceived)
            #expect(!client.maySendData)
            #expect(client.hasControlFrames)
            #expect(client.written(keys: hex("00000000")) == hex("88820000000003e9"))
            #expect(client.state == .closed)
            #expect(!client.hasControlFrames)
        }
    }

    @Test func echoesACloseWithoutACode() {
        var client = endpoint(.client)
        #expect(client.see(hex("8800")) == [.close(nil, "")])
        #expect(client.written(keys: hex("01020304")) == hex("888001020304"))
    }

    @Test func closesFromOurSide() {
        var client = endpoint(.client)
        #expect(client.state == .open)
        #expect(client.maySendData)
        client.queueClose(.normalClosure, reason: ControlPayload(reason: "done"))
        #expect(client.state == .closeSent)
        #expect(!client.maySendData)
        #expect(client.written(keys: hex("00000000")) == hex("88860000000003e8 646f6e65"))
        #expect(client.state == .closeSent)
        // What the peer sent before it saw our Close is still read, but a Ping is not answered any more.
        #expect(client.see(hex("810161 890170")) == [.text("a"), .ping([0x70])])
        #expect(!client.hasControlFrames)
        #expect(client.see(hex("880203e8")) == [.close(1000, "")])
        #expect(client.state == .closed)
        #expect(!client.hasControlFrames)
    }

    @Test func sendsOneCloseWhereBothSidesCloseAtOnce() {
        var client = endpoint(.client)
        client.queueClose(.goingAway)
        #expect(client.see(hex("880203e8")) == [.close(1000, "")])
        #expect(client.state == .closeReceived)
        #expect(client.written(keys: hex("00000000 00000000")) == hex("88820000000003e9"))
        #expect(client.state == .closed)
        client.queueClose(.normalClosure)
        #expect(!client.hasControlFrames)
    }

    @Test func isClosedAtOnceWhereAFaultComesBehindOurClose() {
        var client = endpoint(.client)
        client.queueClose(.normalClosure)
        #expect(client.written(keys: hex("00000000")) == hex("88820000000003e8"))
        #expect(client.see(hex("8101ff")) == [.failed(.invalidUTF8)])
        #expect(client.state == .closed)
        #expect(!client.hasControlFrames)
    }

    // MARK: Control frames going out

    @Test func masksControlFramesEachWithAKeyOfItsOwn() {
        var client = endpoint(.client)
        client.queuePing(ControlPayload("Hello"))
        client.queuePing(ControlPayload("Hello"))
        #expect(
            client.written(keys: hex("37fa213d 00000000"))
                == hex("898537fa213d7f9f4d5158 89850000000048656c6c6f"))
    }

    @Test func doesNotMaskControlFramesAsAServer() {
        var server = endpoint(.server)
        server.queuePing(ControlPayload("Hello"))
        #expect(server.written(keys: []) == hex("890548656c6c6f"))
    }

    @Test func tellsWhenTheKeysRunOutAndGoesOnAfterwards() {
        var client = endpoint(.client)
        client.queuePing(ControlPayload("a"))
        client.queuePing(ControlPayload("b"))
        var pool = MaskingKeyPool()
        pool.refill(hex("00000000").span.bytes)
        var output = [UInt8](repeating: 0, count: 64)
        var position = 0
        #expect(!output.withUnsafeMutableBytes { client.writeControlFrames(into: $0, at: &position, keys: &pool) })
        #expect(Array(output[..<position]) == hex("89810000000061"))
        #expect(client.hasControlFrames)
        pool.refill(hex("00000000").span.bytes)
        #expect(output.withUnsafeMutableBytes { client.writeControlFrames(into: $0, at: &position, keys: &pool) })
        #expect(Array(output[..<position]) == hex("89810000000061 89810000000062"))
        #expect(!client.hasControlFrames)
    }

    @Test func isNotClosedBeforeItsCloseFits() {
        var client = endpoint(.client)
        #expect(client.see(hex("880203e8")) == [.close(1000, "")])
        #expect(client.written(room: 7) == [])
        #expect(client.state == .closeReceived)
        #expect(client.written(room: 8, keys: hex("00000000")) == hex("88820000000003e8"))
        #expect(client.state == .closed)
    }

    @Test func aMessageThatIsRejectedOnceInflatedFailsTheConnection() {
        var client = endpoint(.client, rsv1: true)
        var offset = 0
        let input = hex("c102 ffff 8101 61")
        #expect(client.bytesReceived(input.span.bytes, from: &offset) == .message(.text))
        #expect(client.messageRejected(.messageTooBig) == .failed(.messageTooBig))
        let message = client.message
        #expect(message == nil)
        // What follows is not read.
        #expect(client.bytesReceived(input.span.bytes, from: &offset) == nil)
        #expect(offset == input.count)
        #expect(client.state == .closeReceived)
        #expect(!client.maySendData)
    }
}
