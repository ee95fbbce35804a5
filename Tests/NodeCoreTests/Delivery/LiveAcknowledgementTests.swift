// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

/// A server whose application acknowledges what it likes, on connections that end at any time, while the host pushes
/// and changes its mind about what goes first.
private final class AcknowledgingWorld {
    private let bench = CacheBench(CacheBench.settings(memory: 40_000, disk: 0))
    private var random: SplitMix
    private var isConnected = false
    private var isLiveFirst = true
    /// On this connection, in order.
    private var sent: (live: [UInt64], others: [UInt64]) = ([], [])
    /// The application has said so.
    private var acknowledged: Set<UInt64> = []
    private var ended: Set<UInt64> = []
    private(set) var wentLive = 0
    private(set) var leftOut = 0

    init(seed: UInt64) {
        random = SplitMix(seed)
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
    }

    func run() {
        for _ in 0..<400 { step() }
        // In the end the server has all.
        for _ in 0..<100 where bench.ledger.queuedCount > 0 {
            if !isConnected { toggleConnection() }
            send(100)
            for list in [sent.live, sent.others] { if let last = list.last { acknowledge(last, isCumulative: true) } }
            settle()
        }
        #expect(bench.ledger.queuedCount == 0 && UInt64(ended.count) == bench.ledger.acceptedCount)
    }

    private func step() {
        switch random.below(20) {
        case ..<6: if bench.ledger.queuedCount < 150 { bench.push(1 + Int(random.below(3)), isNumbered: true) }
        case ..<12: if isConnected { send(1 + Int(random.below(6))) }
        case ..<17:
            let list = random.below(2) == 0 ? sent.live : sent.others
            if isConnected, !list.isEmpty {
                acknowledge(list[Int(random.below(UInt64(list.count)))], isCumulative: random.below(4) == 0)
            }
        case 17:
            isLiveFirst.toggle()
            if isConnected { bench.backlog.setLiveFirst(isLiveFirst) }
        case 18: if random.below(3) == 0 { toggleConnection() }
        default: bench.wait(100)
        }
        settle()
    }

    private func toggleConnection() {
        isConnected.toggle()
        sent = ([], [])
        if isConnected { return bench.backlog.setLiveFirst(isLiveFirst) }
        _ = bench.backlog.connectionEnded(.stopped, acknowledged: nil)
    }

    private func send(_ count: Int) {
        for _ in 0..<count {
            if let lane = bench.backlog.live, let chunk = lane.messages.chunkToFrame() {
                let id = lane.messages.nextID
                lane.messages.framed(chunk.record(at: lane.messages.nextOffset), end: 1)
                note(id, &sent.live)
                wentLive += 1
            } else if let chunk = bench.backlog.chunkToFrame() {
                let record = chunk.record(at: bench.backlog.nextOffset)
                let (id, isLeftOut) = (bench.backlog.nextID, bench.backlog.leavesOutNext(record.pointee))
                bench.backlog.framed(record, end: 1)
                if isLeftOut {
                    #expect(acknowledged.contains(id) && !ended.contains(id))
                    leftOut += 1
                } else {
                    note(id, &sent.others)
                }
            }
        }
        bench.backlog.written(1)
    }

    private func note(_ id: UInt64, _ list: inout [UInt64]) {
        #expect(!acknowledged.contains(id) && !ended.contains(id) && list.last ?? 0 < id)
        list.append(id)
    }

    private func acknowledge(_ id: UInt64, isCumulative: Bool) {
        let list = sent.live.contains(id) ? sent.live : sent.others
        acknowledged.formUnion(list.filter { isCumulative ? $0 <= id : $0 == id })
        let became = bench.backlog.acknowledge(id, isCumulative: isCumulative)
        #expect(became != .unknown)
    }

    private func settle() {
        for _ in 0..<2 {
            for run in bench.outcomes() {
                #expect(run.outcome == .NEURON_WS_DELIVERED)
                for id in run.firstID..<run.firstID + run.count {
                    #expect(acknowledged.contains(id) && ended.insert(id).inserted)
                }
            }
            bench.expectsNoWork()
        }
        bench.backlog.checkInvariants()
    }
}

@Suite struct LiveAcknowledgementTests {
    @Test func eachHasOneOutcomeAndNoneIsSentAgainThatTheApplicationHas() {
        var (wentLive, leftOut) = (0, 0)
        for seed in 1...200 as ClosedRange<UInt64> {
            let world = AcknowledgingWorld(seed: seed)
            world.run()
            wentLive += world.wentLive
            leftOut += world.leftOut
        }
        #expect(wentLive > 1000 && leftOut > 100)
    }
}
