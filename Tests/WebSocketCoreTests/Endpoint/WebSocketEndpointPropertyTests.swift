// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCore

/// Both roles against each other, and against noise, with random input from seeds.
struct WebSocketEndpointPropertyTests {
    /// Cuts input into random pieces.
    private func pieces(_ input: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var done = 0
        while done < input.count {
            let count = min(
                Int.random(in: 0...(Bool.random(using: &random) ? 9 : 3000), using: &random), input.count - done)
            pieces.append(Array(input[done..<(done + count)]))
            done += count
        }
        return pieces
    }

    /// A conversation: messages in random fragments with control frames between them.
    private func conversation(masked: Bool, _ random: inout SeededGenerator) -> (input: [UInt8], seen: [Seen]) {
        var input: [UInt8] = []
        var seen: [Seen] = []
        func key() -> MaskingKey? {
            masked ? MaskingKey(word: UInt32.random(in: 0...UInt32.max, using: &random)) : nil
        }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let isText = Bool.random(using: &random)
            let length = [0, 1, 125, 126, 200, 70_000].randomElement(using: &random)!
            let payload = isText ? Array(String(repeating: "aä€😀", count: length / 10 + 1).utf8) : random.bytes(length)
            var done = 0
            var opcode: Opcode = isText ? .text : .binary
            repeat {
                let count = Int.random(in: 0...(payload.count - done), using: &random)
                let isLast = done + count == payload.count && Bool.random(using: &random)
                input += frame(opcode, Array(payload[done..<(done + count)]), fin: isLast, key: key())
                done += count
                opcode = .continuation
                if isLast { break }
                if Bool.random(using: &random) {
                    let control = random.bytes(Int.random(in: 0...125, using: &random))
                    let isPing = Bool.random(using: &random)
                    input += frame(isPing ? .ping : .pong, control, key: key())
                    seen.append(isPing ? .ping(control) : .pong(control))
                }
            } while true
            seen.append(.message(isText ? .text : .binary, payload))
        }
        input += frame(.close, hex("03e8"), key: key())
        seen.append(.close(1000, ""))
        return (input, seen)
    }

    @Test(arguments: 0..<25 as Range<UInt64>)
    func readsRandomConversationsHoweverTheyAreSplit(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for role in [Role.client, .server] {
            let (input, expected) = conversation(masked: role == .server, &random)
            var whole = endpoint(role)
            #expect(whole.see(input) == expected)
            for _ in 0..<3 {
                var split = endpoint(role)
                #expect(split.see(pieces: pieces(input, &random)) == expected)
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func takesDamagedConversationsAlikeHoweverTheyAreSplit(seed: UInt64) {
        var random = SeededGenerator(seed: 1000 + seed)
        for role in [Role.client, .server] {
            var (input, _) = conversation(masked: role == .server, &random)
            for _ in 0..<4 {
                let place = Int.random(in: 0..<min(input.count, 300), using: &random)
                input[place] = UInt8.random(in: 0...255, using: &random)
                var whole = endpoint(role, message: 100_000, frame: 100_000, rsv1: true)
                let expected = whole.see(input)
                var split = endpoint(role, message: 100_000, frame: 100_000, rsv1: true)
                #expect(split.see(pieces: pieces(input, &random)) == expected)
                #expect(split.state == whole.state)
                #expect(split.written() == whole.written())
            }
        }
    }

    @Test func takesNoiseWithoutATrap() {
        var random = SeededGenerator(seed: 8)
        var failures = 0
        for _ in 0..<20_000 {
            var client = endpoint(Bool.random(using: &random) ? .client : .server, message: 500, frame: 400)
            let seen = client.see(random.bytes(Int.random(in: 0...40, using: &random)))
            if case .failed = seen.last { failures += 1 }
        }
        #expect(failures > 10_000)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func carriesWhatAClientWritesToAServer(seed: UInt64) {
        var random = SeededGenerator(seed: 2000 + seed)
        var writer = FrameWriter(role: .client)
        var server = endpoint(.server)
        for _ in 0..<20 {
            let payload = random.bytes(Int.random(in: 0...5000, using: &random))
            let key = MaskingKey(word: UInt32.random(in: 0...UInt32.max, using: &random))
            var seen: [Seen] = []
            var isStarted = false
            var isDone = false
            while !isDone {
                var output = [UInt8](repeating: 0, count: Int.random(in: 1...2000, using: &random))
                var position = 0
                output.withUnsafeMutableBytes { target in
                    if !isStarted {
                        isStarted = writer.startFrame(
                            opcode: .binary, fin: true, rsv1: false, payloadBytes: payload.count, maskingKey: key,
                            into: target, at: &position)
                    }
                    guard isStarted else { return }
                    isDone = payload.withUnsafeBytes {
                        writer.continueFrame(payload: $0, into: target, at: &position)
                    }
                }
                seen += server.see(Array(output[..<position]))
            }
            #expect(seen == [.message(.binary, payload)])
        }
    }
}
