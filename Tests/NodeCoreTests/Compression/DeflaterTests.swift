// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct DeflaterTests {
    private let telemetry = Array(
        #"{"node":"plc1","group":"fast","timestamp":1650006388943,"values":{"tag0":123,"tag1":124,"tag2":125}}"#.utf8)

    @Test func leavesOutTheTail() throws {
        // RFC 7692 §7.2.1; 32 letters, because "Hello" alone does not shrink.
        let message = [UInt8](repeating: UInt8(ascii: "a"), count: 32)
        let deflater = try #require(makeDeflater())
        #expect(deflater.compressed(message) == bytes(hex: "4a 4c c4 0f 00 00"))
    }

    @Test func everyCombinationOfParametersArrivesAtAPeerThatHasJustThatWindow() throws {
        var random = SplitMix(4)
        for window in 9...15 {
            for memory in 1...9 {
                for takeover in [true, false] {
                    let deflater = try #require(makeDeflater(window: window, memory: memory, takeover: takeover))
                    let peer = StrictPeer(window: window, takeover: takeover)
                    for count in [5, 60, 700, 9000] {
                        let message = random.words(count)
                        guard let compressed = deflater.compressed(message) else { continue }
                        #expect(compressed.count < message.count)
                        #expect(peer.inflate(compressed) == message, "\(window) \(memory) \(takeover) \(count)")
                    }
                }
            }
        }
    }

    @Test func theServersLimitsHold() throws {
        var agreed = DeflateParameters()
        agreed.clientMaxWindowBits = 10
        agreed.clientNoContextTakeover = true
        var random = SplitMix(5)
        let deflater = try #require(makeDeflater(agreed: agreed))
        let peer = StrictPeer(window: 10, takeover: false)
        for _ in 0..<10 {
            let message = random.words(5000)
            #expect(peer.inflate(try #require(deflater.compressed(message))) == message)
        }
    }

    @Test func aWindowOf256BytesMeansThatNothingIsCompressed() {
        var agreed = DeflateParameters()
        agreed.clientMaxWindowBits = 8
        #expect(makeDeflater(agreed: agreed) == nil)
        agreed.clientMaxWindowBits = 9
        #expect(makeDeflater(agreed: agreed) != nil)
    }

    @Test func contextTakeoverMakesTheSecondMessageSmaller() throws {
        let sharing = try #require(makeDeflater())
        let first = try #require(sharing.compressed(telemetry))
        let second = try #require(sharing.compressed(telemetry))
        #expect(second.count < first.count / 3)
        let alone = try #require(makeDeflater(takeover: false))
        #expect(alone.compressed(telemetry) == first)
        #expect(alone.compressed(telemetry) == first)
    }

    @Test func shortAndEmptyMessagesGoOutAsTheyAre() throws {
        let deflater = try #require(makeDeflater(threshold: telemetry.count))
        #expect(deflater.compressed([]) == nil)
        #expect(deflater.compressed(Array(telemetry.dropLast())) == nil)
        #expect(deflater.compressed(telemetry) != nil)
        deflater.thresholdBytes = 0
        #expect(deflater.compressed([]) == nil)
        #expect(deflater.compressed([0x61]) == nil)
    }

    @Test func whatDoesNotShrinkGoesOutAsItIsAndLeavesNoTrace() throws {
        for takeover in [true, false] {
            var random = SplitMix(6)
            let deflater = try #require(makeDeflater(takeover: takeover))
            let peer = StrictPeer(window: 15, takeover: takeover)
            for round in 0..<60 {
                let message: [UInt8]
                switch round % 4 {
                case 0: message = random.bytes(Int.random(in: 1...70_000, using: &random))
                case 1: message = telemetry
                // Begins like what the peer knows, and ends as noise: zlib has written something when it shows.
                case 2: message = telemetry + random.bytes(3000) + random.bytes(40)
                default: message = random.words(Int.random(in: 1...5000, using: &random))
                }
                if let compressed = deflater.compressed(message) {
                    #expect(compressed.count < message.count)
                    #expect(peer.inflate(compressed) == message, "\(round)")
                } else {
                    #expect(deflater.output.isEmpty)
                }
            }
            #expect(deflater.compressed(random.bytes(5000)) == nil)
        }
    }

    @Test func largeMessagesAndReleasedMemory() throws {
        var random = SplitMix(7)
        let deflater = try #require(makeDeflater())
        let peer = makeInflater(max: 8 << 20)
        for count in [200_000, 10, 100_000, 300_000] {
            let message = random.words(count)
            if let compressed = deflater.compressed(message) {
                #expect(peer.inflated(compressed) == .success(message))
            }
            deflater.releaseOutput()
            #expect(deflater.output.isEmpty)
        }
    }

    @Test func aLargeMessageIsCompressedInPieces() throws {
        var random = SplitMix(8)
        let message = random.words(10 * Deflater.pieceBytes + 1)
        let deflater = try #require(makeDeflater())
        var verdicts: [Deflater.Verdict] = []
        message.withUnsafeBytes { raw in
            repeat {
                verdicts.append(deflater.deflate(raw))
                #expect(deflater.isMidMessage == (verdicts.last == .unfinished))
                // Asked for by somebody who does not know: it must not lose what there is.
                if deflater.isMidMessage { deflater.releaseOutput() }
            } while verdicts.last == .unfinished
        }
        #expect(verdicts == [Deflater.Verdict](repeating: .unfinished, count: 10) + [.compressed])
        #expect(makeInflater(max: 1 << 20).inflated(Array(deflater.output)) == .success(message))
    }

    @Test func noiseIsFoundOutInPiecesAndLeavesNoTrace() throws {
        var random = SplitMix(9)
        for takeover in [true, false] {
            let deflater = try #require(makeDeflater(takeover: takeover))
            let peer = makeInflater(takeover: takeover, max: 1 << 20)
            for _ in 0..<3 {
                #expect(deflater.compressed(random.bytes(3 * Deflater.pieceBytes + 7)) == nil)
                #expect(!deflater.isMidMessage)
                let message = random.words(100_000)
                #expect(peer.inflated(try #require(deflater.compressed(message))) == .success(message))
            }
        }
    }
}
