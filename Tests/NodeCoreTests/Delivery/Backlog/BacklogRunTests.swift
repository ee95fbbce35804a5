// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// What outcomes say together: messages in chunks, whose ends and middles they come to in any order.
@Suite struct BacklogRunTests {
    /// One that was pushed, as the backlog is to tell of it.
    private struct Pushed {
        var bytes: Int
        var isNumbered: Bool
        var isRefused = false
        var isEnded = false
    }

    private struct World: ~Copyable {
        var bench = OutboxBench()
        var random: SplitMix
        var pushed: [Pushed] = []
        let level: neuron_ws_level_t

        init(seed: UInt64, _ level: neuron_ws_level_t) {
            random = SplitMix(seed)
            self.level = level
            bench.backlog.setLevel(level)
            bench.backlog.inspectsMessages = true
        }

        mutating func below(_ count: UInt64) -> UInt64 { random.below(count) }

        /// Each batch is a chunk.
        mutating func push() {
            let isPlain = below(4) == 0
            for _ in 0...below(6) {
                let text = "{\"a\":\"" + String(repeating: "x", count: Int(below(40))) + "\"}"
                let isNumbered = !isPlain || below(3) > 0
                let before = bench.ledger.acceptedCount
                _ = isNumbered ? bench.pushNumbered(text) : bench.push(text)
                guard bench.ledger.acceptedCount > before else { continue }
                let head = isNumbered ? "{\"seq\":\(before + 1),\"stream\":\"0000000000000000\",".utf8.count - 1 : 0
                pushed.append(Pushed(bytes: text.utf8.count + head, isNumbered: isNumbered))
            }
            bench.backlog.add(bench.mailbox.takeAll())
        }

        mutating func fill() {
            while bench.fill(room: 64 + Int(below(1000))) == .uninspected {
                let isRefused = below(16) == 0
                if isRefused { pushed[Int(bench.backlog.nextID) - 1].isRefused = true }
                bench.backlog.markInspected(isRefused: isRefused)
            }
        }

        mutating func confirm() {
            let open = bench.backlog.openID
            let id = open + below(max(1, bench.backlog.nextID - open))
            switch level {
            case .NEURON_WS_LEVEL_PEER_PARSED: bench.backlog.confirmed(before: id + 1)
            case .NEURON_WS_LEVEL_APP_ACKED: _ = bench.backlog.acknowledge(id, isCumulative: below(4) > 0)
            default: break
            }
        }

        /// What is confirmed is told before.
        mutating func cut() -> String? {
            let wrong = take(.max)
            bench.cut()
            bench.connectPlainly()
            return wrong
        }

        /// - Returns: what is wrong with what was told.
        mutating func take(_ countMax: UInt64) -> String? {
            for run in bench.carryOut(countMax: countMax) {
                guard run.count <= countMax else { return "\(run) has more than \(countMax)" }
                var (bytes, recordBytes) = (0, 0)
                for id in Int(run.firstID)..<Int(run.firstID + run.count) {
                    let one = pushed[id - 1]
                    if one.isEnded { return "\(id) has two outcomes" }
                    if one.isRefused != (run.outcome == .NEURON_WS_DROPPED_REFUSED) { return "\(id): \(run)" }
                    let isPlain = level == .NEURON_WS_LEVEL_APP_ACKED && !one.isNumbered
                    let known = isPlain ? [.NEURON_WS_LEVEL_PEER_PARSED, .NEURON_WS_LEVEL_WRITTEN] : [level]
                    if !one.isRefused, !known.contains(run.level) { return "\(id): \(run)" }
                    pushed[id - 1].isEnded = true
                    bytes += one.bytes
                    recordBytes += MessageRecord.size(byteCount: one.bytes)
                }
                if run.payloadBytes != bytes || run.recordBytes != recordBytes {
                    return "\(run) instead of \(bytes) and \(recordBytes) bytes"
                }
            }
            return nil
        }

        mutating func step() -> String? {
            switch below(12) {
            case 0...2: push()
            case 3...5: fill()
            case 6: bench.backlog.written(min(UInt64(bench.stream.count), bench.backlog.written + below(600)))
            case 7: bench.backlog.written(UInt64(bench.stream.count))
            case 8, 9: confirm()
            case 10: if below(8) == 0 { return cut() }
            default: return take(below(2) == 0 ? .max : 1 + below(10))
            }
            return nil
        }

        /// Everything arrives.
        mutating func finish() -> String? {
            for _ in 0..<10_000 where !bench.isEmpty {
                fill()
                bench.backlog.written(UInt64(bench.stream.count))
                confirm()
                if let wrong = take(.max) { return wrong }
            }
            let left = pushed.count { !$0.isEnded }
            return left == 0 ? nil : "\(left) have no outcome"
        }
    }

    @Test(arguments: [
        neuron_ws_level_t.NEURON_WS_LEVEL_WRITTEN, .NEURON_WS_LEVEL_PEER_PARSED, .NEURON_WS_LEVEL_APP_ACKED,
    ])
    func eachMessageIsInOneRunWithItsBytes(_ level: neuron_ws_level_t) {
        for seed in 1...60 as ClosedRange<UInt64> {
            var world = World(seed: seed, level)
            var wrong: String?
            for _ in 0..<600 where wrong == nil { wrong = world.step() }
            wrong = wrong ?? world.finish()
            #expect(wrong == nil, "seed \(seed)")
        }
    }

    /// The bytes of its messages are counted while they are framed, those alone that have no outcome yet.
    @Test func aChunkThatIsFramedAgainIsCountedAgain() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        for text in ["one", "three", "five5"] { bench.push(text) }
        #expect(bench.fill(room: 1000) == .allFramed)
        bench.push("behind")
        #expect(bench.fill(room: 1000) == .allFramed)
        bench.settle(written: bench.stream.count)
        bench.backlog.confirmed(before: 2)
        #expect(bench.carryOut().map(\.payloadBytes) == [3])
        for _ in 0..<2 {
            bench.cut()
            bench.connectPlainly()
            #expect(bench.fill(room: 1000) == .allFramed)
            bench.settle(written: bench.stream.count)
        }
        bench.backlog.confirmed(before: 5)
        let runs = bench.carryOut()
        #expect(runs.map(\.payloadBytes) == [16] && runs.map(\.recordBytes) == [72])
        #expect(bench.isEmpty == true)
    }
}
