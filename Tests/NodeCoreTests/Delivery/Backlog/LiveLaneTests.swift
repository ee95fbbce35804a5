// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing
import WebSocketCore

@testable import NodeCore

/// A connection whose backlog has messages, named by letters, and live ones, named by figures.
private struct LaneBench: ~Copyable {
    var bench: ConnectionBench
    var nextLive: UInt64 = 1001

    init(fragmentBytesMax: Int = 0, barrier: Barrier? = nil) {
        bench = ConnectionBench.opened(barrier: barrier, fragmentBytesMax: fragmentBytesMax)
        bench.backlog.setLiveFirst(true)
    }

    /// - Parameter isTaken: false: there was no room.
    mutating func pushLive(_ texts: String..., bytesMax: Int = 1 << 20, isTaken: Bool = true) {
        for text in texts {
            let chunk = ChunkPool.make(byteCount: text.utf8.count)
            chunk?.firstID = nextLive
            var stamp = MessageStamp(kind: 1, timeMilliseconds: 0)
            stamp.isNumbered = bench.isNumbered
            Array(text.utf8).withUnsafeBytes { raw in _ = chunk?.append(OutgoingMessage(raw, stamp)) }
            let taken = chunk.map { bench.backlog.live?.take($0, bytesMax: bytesMax, openID: 1) == true }
            #expect(taken == isTaken)
            nextLive += 1
        }
    }

    /// The kernel has all that was sent.
    mutating func settle() -> [Range<UInt64>] {
        bench.backlog.written(bench.connection.bytesFramed)
        if let barrier = bench.connection.barrier {
            bench.backlog.confirmed(before: barrier.confirmedID, live: barrier.confirmedLiveID)
        }
        return outcomes()
    }

    mutating func outcomes() -> [Range<UInt64>] {
        var ids: [Range<UInt64>] = []
        while let action = bench.backlog.nextAction() {
            guard case .conclude(let run) = action else { continue }
            ids.append(run.firstID..<run.firstID + run.count)
        }
        bench.backlog.checkInvariants()
        return ids
    }
}

@Suite struct LiveLaneTests {
    @Test func liveMessagesGoInFrontOfThoseThatWait() {
        var lanes = LaneBench()
        for text in ["a", "b", "c"] { lanes.bench.push(text) }
        lanes.pushLive("1", "2")
        lanes.bench.fillAll()
        #expect(lanes.bench.arrived() == ["1", "2", "a", "b", "c"])
        #expect(lanes.settle() == [1001..<1003, 1..<4])
    }

    @Test(arguments: [30, 61, 100]) func noneComesBetweenTheFramesOfAnother(room: Int) {
        var lanes = LaneBench(fragmentBytesMax: 20)
        let long = String(repeating: "a", count: 70)
        lanes.bench.push(long)
        lanes.bench.push("b")
        _ = lanes.bench.fill(room: 30)
        let isBegun = lanes.bench.backlog.isMessageBegun
        #expect(isBegun)
        let live = String(repeating: "1", count: 50)
        lanes.pushLive(live)
        _ = lanes.bench.fill(room: room)
        lanes.pushLive("2")
        lanes.bench.fillAll(room: room)
        #expect(lanes.bench.arrived() == [long, live, "2", "b"])
    }

    @Test func oneThatWaitsHasItsTurnAfterSoManyLiveBytes() {
        var lanes = LaneBench()
        for text in ["a", "b", "c"] { lanes.bench.push(text) }
        let live = String(repeating: "1", count: LiveLane.bytesInRowMax / 4)
        for _ in 0..<10 { lanes.pushLive(live) }
        lanes.bench.fillAll(room: 1000)
        let order = lanes.bench.arrived().map { $0.first ?? " " }
        #expect(String(order) == "1111a1111b11c")
    }

    @Test func whatThereIsRoomForIsLiveUntilHalfOfItIsFree() {
        var lanes = LaneBench()
        lanes.bench.push("a")
        let text = String(repeating: "1", count: 100)
        lanes.pushLive(text, text, text, bytesMax: 800)
        lanes.pushLive(text, bytesMax: 800, isTaken: false)
        let isFull = !lanes.bench.backlog.takesMail
        lanes.bench.fillAll()
        let takesMail = lanes.bench.backlog.takesMail
        #expect(isFull && takesMail)
        #expect(lanes.settle() == [1001..<1004, 1..<2])
        // One that is larger than all goes alone.
        lanes.pushLive(text, bytesMax: 10)
        lanes.pushLive(text, bytesMax: 10, isTaken: false)
    }

    @Test func aBarrierStandsForBothLanes() {
        var lanes = LaneBench(barrier: Barrier(epoch: 1, patience: 1))
        lanes.bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        lanes.bench.fillAll()
        lanes.bench.answerLastPing()
        lanes.bench.push("a")
        lanes.pushLive("1", "2")
        lanes.bench.fillAll()
        #expect(lanes.settle().isEmpty)
        lanes.bench.answerLastPing()
        #expect(lanes.settle() == [1001..<1003, 1..<2])
        lanes.pushLive("3")
        lanes.bench.fillAll()
        lanes.bench.push("b")
        lanes.bench.fillAll()
        lanes.bench.answerLastPing()
        #expect(lanes.settle() == [1003..<1004])
        lanes.bench.fillAll()
        lanes.bench.answerLastPing()
        #expect(lanes.settle() == [2..<3])
    }

    @Test func anAcknowledgementStandsForItsOwnLane() {
        var lanes = LaneBench()
        lanes.bench.isNumbered = true
        lanes.bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        for text in ["a", "b", "c"] { lanes.bench.push(text) }
        lanes.pushLive("1", "2", "3")
        lanes.bench.fillAll()
        #expect(lanes.settle().isEmpty)
        func acknowledge(_ id: UInt64, isCumulative: Bool = true) -> Backlog.Acknowledgement {
            lanes.bench.backlog.acknowledge(id, isCumulative: isCumulative)
        }
        #expect(acknowledge(1002) == .new)
        // They bear numbers, as it were: without, what came before a number that is known counts too.
        #expect(lanes.outcomes() == [1001..<1003])
        #expect(acknowledge(1002) == .repeated)
        #expect(acknowledge(1004) == .unknown)
        #expect(acknowledge(2) == .new)
        #expect(lanes.outcomes() == [1..<3])
        #expect(acknowledge(1003, isCumulative: false) == .new)
        #expect(acknowledge(3, isCumulative: false) == .new)
        #expect(lanes.outcomes() == [1003..<1004, 3..<4])
    }

    @Test func theHostSeesTheOneThatGoesOutNext() {
        var lanes = LaneBench()
        lanes.bench.backlog.inspectsMessages = true
        lanes.bench.backlog.setLiveFirst(true)
        lanes.bench.push("a")
        lanes.pushLive("1")
        for (id, isRefused) in [(1001, true), (1, false)] as [(UInt64, Bool)] {
            #expect(lanes.bench.fill(room: 100) == .uninspected)
            let message = lanes.bench.backlog.nextMessage()
            #expect(message?.id == id)
            lanes.bench.backlog.markInspected(isRefused: isRefused)
        }
        lanes.bench.fillAll()
        #expect(lanes.bench.arrived() == ["a"])
        #expect(lanes.settle() == [1001..<1002, 1..<2])
    }

    @Test func repliesBeforeACloseAreOfBothLanes() {
        var lanes = LaneBench()
        lanes.bench.connection.repliesGoFirst = true
        lanes.bench.push("a")
        lanes.pushLive("1")
        #expect(lanes.bench.fillReplies() == .allFramed)
        #expect(lanes.bench.arrived() == ["1", "a"])
    }

    @Test func theEndOfAConnectionLetsTheCopiesGo() {
        var lanes = LaneBench()
        lanes.bench.backlog.setLevel(.NEURON_WS_LEVEL_PEER_PARSED)
        lanes.bench.push("a")
        lanes.pushLive("1")
        // One that was not live.
        lanes.nextLive += 1
        lanes.pushLive("2")
        lanes.bench.fillAll()
        lanes.pushLive("3")
        #expect(lanes.settle().isEmpty)
        _ = lanes.bench.backlog.connectionEnded(.stopped, acknowledged: nil)
        let (isAllFramed, start) = (lanes.bench.backlog.isAllFramed, lanes.bench.backlog.liveStart)
        #expect(!isAllFramed && start == .max)
        #expect(lanes.outcomes().isEmpty)
        // They may have arrived; what was not framed cannot.
        let repeats = ([1, 1001, 1002, 1003, 1004] as [UInt64]).map { id in
            lanes.bench.backlog.nextID = id
            return lanes.bench.backlog.isNextRepeat
        }
        #expect(repeats == [true, true, false, true, false])
    }
}
