// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct InflaterTests {
    private let hello = Array("Hello".utf8)

    @Test func inflatesTheExamplesOfTheRFC() {
        // RFC 7692 §7.2.3.1: one compressed block; §7.2.3.2: the same again, with the window of the first.
        let sharing = makeInflater()
        #expect(sharing.inflated(bytes(hex: "f2 48 cd c9 c9 07 00"), isText: true) == .success(hello))
        #expect(sharing.inflated(bytes(hex: "f2 00 11 00 00"), isText: true) == .success(hello))
        // §7.2.3.3: a block without compression.
        #expect(makeInflater().inflated(bytes(hex: "00 05 00 fa ff 48 65 6c 6c 6f 00")) == .success(hello))
        // §7.2.3.4: a block with BFINAL set.
        #expect(makeInflater().inflated(bytes(hex: "f3 48 cd c9 c9 07 00 00")) == .success(hello))
        // §7.2.3.5: two blocks.
        #expect(makeInflater().inflated(bytes(hex: "f2 48 05 00 00 00 ff ff ca c9 c9 07 00")) == .success(hello))
        // §7.2.3.6: the empty message.
        #expect(makeInflater().inflated([0]) == .success([]))
        #expect(makeInflater().inflated([]) == .success([]))
    }

    @Test func aFinalBlockDoesNotEndWhatMessagesMayReferTo() {
        let inflater = makeInflater()
        #expect(inflater.inflated(bytes(hex: "f3 48 cd c9 c9 07 00 00")) == .success(hello))
        #expect(inflater.inflated(bytes(hex: "f2 00 11 00 00")) == .success(hello))
        // And without the byte that begins the tail's block.
        #expect(inflater.inflated(bytes(hex: "f3 48 cd c9 c9 07 00")) == .success(hello))
        #expect(inflater.inflated(bytes(hex: "f2 00 11 00 00")) == .success(hello))
    }

    @Test func withoutContextTakeoverNothingBeforeTheMessageIsKnown() {
        let inflater = makeInflater(takeover: false)
        #expect(inflater.inflated(bytes(hex: "f2 48 cd c9 c9 07 00")) == .success(hello))
        #expect(inflater.inflated(bytes(hex: "f2 48 cd c9 c9 07 00")) == .success(hello))
        #expect(inflater.inflated(bytes(hex: "f2 00 11 00 00")) == .failure(.invalidCompressedData))
    }

    @Test func refusesWhatIsNoDeflate() {
        for text in [
            "07", "ff ff ff ff", "06 00", "f2 48 cd", "00 05 00 fa fe 48", "04 c0 81 08", "00 05 00 fa ff 48 65",
        ] {
            #expect(makeInflater().inflated(bytes(hex: text)) == .failure(.invalidCompressedData), "\(text)")
        }
    }

    @Test func refusesAMessageThatWasCutOffAnywhere() throws {
        var random = SplitMix(1)
        let message = random.words(300)
        let whole = try #require(makeDeflater()?.compressed(message))
        for count in 1..<whole.count {
            let result = makeInflater().inflated(Array(whole[..<count]))
            // At the end of a block there is nothing to be seen of the loss.
            #expect(result != .success(message), "\(count)")
        }
    }

    @Test func checksUTF8AfterInflating() throws {
        let wrong: [UInt8] = Array("temperature temperature ".utf8) + [0xC3]
        let compressed = try #require(makeDeflater()?.compressed(wrong + wrong))
        #expect(makeInflater().inflated(compressed, isText: true) == .failure(.invalidUTF8))
        #expect(makeInflater().inflated(compressed, isText: false) == .success(wrong + wrong))
        let open = try #require(makeDeflater()?.compressed([UInt8](repeating: 0x61, count: 99) + [0xC3]))
        #expect(makeInflater().inflated(open, isText: true) == .failure(.invalidUTF8))
    }

    @Test func theLimitHoldsToTheByte() throws {
        for count in [1, 2, 1023, 1024, 1025, 4096, 100_000] {
            let message = [UInt8](repeating: 0x20, count: count)
            let compressed =
                count < 10
                ? [0x00, UInt8(count), 0, ~UInt8(count), 0xFF] + message + [0]
                : try #require(makeDeflater()?.compressed(message))
            #expect(makeInflater(max: count).inflated(compressed) == .success(message))
            #expect(makeInflater(max: count - 1).inflated(compressed) == .failure(.messageTooBig))
        }
    }

    @Test func aBombCostsNoMoreThanTheLimit() throws {
        let bomb = try #require(makeDeflater()?.compressed([UInt8](repeating: 0, count: 10 << 20)))
        #expect(bomb.count < 50_000)
        let victim = makeInflater(max: 65_536)
        #expect(victim.inflated(bomb) == .failure(.messageTooBig))
        #expect(victim.bufferBytesMost <= 65_537)
    }

    @Test func eightBitsForgiveWhoDeflatesWithNine() throws {
        var random = SplitMix(2)
        let sender = try #require(makeDeflater(window: 9))
        let receiver = makeInflater(window: 8)
        for _ in 0..<20 {
            let message = random.words(2000)
            #expect(receiver.inflated(try #require(sender.compressed(message))) == .success(message))
        }
    }

    /// How often `inflate` is called for a message; each call stays within its pieces.
    private func calls(_ inflater: Inflater, _ compressed: [UInt8], isText: Bool = false) -> (Int, [UInt8]?) {
        compressed.withUnsafeBytes { raw in
            defer { inflater.forget() }
            for call in 1... {
                let before = inflater.inflatedBytes
                do throws(ProtocolError) {
                    let whole = try inflater.inflate(raw, isText: isText)
                    #expect(inflater.inflatedBytes - before <= 2 * Inflater.outputPieceBytes)
                    if let whole { return (call, Array(whole)) }
                } catch { return (call, nil) }
            }
            return (0, nil)
        }
    }

    @Test func aLargeMessageTakesManyCalls() throws {
        for isText in [false, true] {
            var before = 0
            for count in [1 << 20, 2 << 20, 4 << 20] {
                let message = [UInt8](repeating: 0x20, count: count)
                let bomb = try #require(makeDeflater()?.compressed(message))
                let (calls, result) = calls(makeInflater(max: count), bomb, isText: isText)
                #expect(result == message)
                // Double the output, double the calls.
                #expect(calls >= count / (2 * Inflater.outputPieceBytes))
                #expect(before == 0 || calls <= 2 * before + 4)
                before = calls
            }
        }
    }

    @Test func blocksThatComeToNothingTakeManyCallsToo() {
        // Empty stored blocks (RFC 1951 §3.2.4): five bytes each, no output.
        let block: [UInt8] = [0x00, 0x00, 0x00, 0xFF, 0xFF]
        let nothing: [UInt8] = (0..<100_000).flatMap { _ in block } + [0]
        let (calls, result) = calls(makeInflater(), nothing)
        #expect(result == [])
        #expect(calls >= nothing.count / Inflater.inputPieceBytes)
    }

    @Test func aFinalBlockMayEndWhereAPieceDoes() {
        // Stored blocks with BFINAL (§3.2.4), whose ends fall on, before and behind the ends of pieces in and out.
        var random = SplitMix(8)
        for around in [Inflater.inputPieceBytes, Inflater.outputPieceBytes - 1, 1024] {
            for difference in -12...12 {
                let size = min(65_535, around + difference)
                let content = random.bytes(size)
                let head: [UInt8] = [
                    0x01, UInt8(size & 0xFF), UInt8(size >> 8), ~UInt8(size & 0xFF), ~UInt8(size >> 8),
                ]
                #expect(makeInflater().inflated(head + content) == .success(content), "\(size)")
                #expect(makeInflater().inflated(head + content + [0]) == .success(content), "\(size)")
                let twice = makeInflater().inflated(head + content + head + content)
                #expect(twice == .success(content + content), "\(size) twice")
            }
        }
    }

    @Test func whatIsCompressedInPiecesComesBackWhole() throws {
        var random = SplitMix(9)
        let deflater = try #require(makeDeflater())
        let inflater = makeInflater(max: 1 << 21)
        for count in [0, 100, 32_767, 32_768, 32_769, 65_536, 200_001, 1 << 20] {
            let message = random.words(count)
            guard let compressed = deflater.compressed(message) else { continue }
            #expect(inflater.inflated(compressed, isText: true) == .success(message), "\(count)")
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SplitMix(3)
        for _ in 0..<3000 {
            let count = Int.random(in: 0...60, using: &random)
            _ = makeInflater(max: 10_000).inflated(random.bytes(count), isText: Bool.random(using: &random))
        }
    }
}
