// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct EventBacklogTests {
    private func run(
        _ firstID: UInt64, _ count: UInt64 = 1, _ outcome: neuron_ws_outcome_t = .NEURON_WS_DELIVERED
    ) -> NodeEvent {
        .delivery(DeliveryRun(firstID: firstID, count: count, outcome: outcome, level: .NEURON_WS_LEVEL_WRITTEN))
    }

    private func message(_ count: Int = 1) -> NodeEvent {
        let bytes = [UInt8](repeating: 0x61, count: count)
        return bytes.withUnsafeBytes { .message(.NEURON_WS_TEXT, EventBytes($0)!) }
    }

    private func line(_ text: String = "line") -> NodeEvent {
        Array(text.utf8).withUnsafeBytes { .log(.NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_EVENTS, EventBytes($0)!) }
    }

    private func state(_ link: Int32) -> NodeEvent {
        .state(link: link, phase: .NEURON_WS_PHASE_OPEN, reason: .NEURON_WS_REASON_NONE)
    }

    /// "1-5 D" for a run of five delivered ones, else the kind.
    private func shown(_ event: NodeEvent?) -> String {
        switch event {
        case .delivery(let run)?:
            let letter = run.outcome == .NEURON_WS_DELIVERED ? "D" : "R"
            return "\(run.firstID)-\(run.firstID + run.count - 1) \(letter)"
        case .state(let link, _, _)?: return "state \(link)"
        case .message(_, let bytes)?: return "message \(bytes.count)"
        case .request(let handle, _)?: return "request \(handle)"
        case .log?: return "log"
        case .response(let id, let status, _, let bytes, _)?:
            return "response \(id) \(status.rawValue) \(bytes?.count ?? -1)"
        case .room?: return "room"
        case .dropped(let count)?: return "dropped \(count)"
        case nil: return "none"
        }
    }

    private func drained(_ backlog: inout EventBacklog, singly: Bool = false) -> [String] {
        var all: [String] = []
        while let event = backlog.take(singly: singly) { all.append(shown(event)) }
        backlog.checkInvariants()
        return all
    }

    /// What a server refused, with the Close frame by which it did.
    private func refusal(_ id: UInt64, _ code: UInt16, _ reason: String = "") -> NodeEvent {
        var run = DeliveryRun(
            firstID: id, count: 1, outcome: .NEURON_WS_DROPPED_REFUSED_BY_PEER, level: .NEURON_WS_LEVEL_ACCEPTED)
        run.closeCode = code
        if !reason.isEmpty { run.closeReason = Array(reason.utf8).withUnsafeBytes { EventBytes($0) } }
        return .delivery(run)
    }

    @Test(arguments: [false, true]) func aRefusalCarriesTheCloseFrame(singly: Bool) throws {
        var backlog = EventBacklog()
        for event in [refusal(1, 1009), refusal(2, 1009), refusal(3, 1008), refusal(4, 1008, "too big"), run(5)] {
            _ = backlog.append(event)
        }
        backlog.checkInvariants()
        var said: [String] = []
        while let event = backlog.take(singly: singly) {
            let told = event.structure
            let text = told.bytes.map { String(cString: $0) } ?? "-"
            said.append("\(told.id)+\(told.count) \(told.close_code) \(text)")
            backlog.checkInvariants()
        }
        let first = singly ? ["1+1 1009 -", "2+1 1009 -"] : ["1+2 1009 -"]
        #expect(said == first + ["3+1 1008 -", "4+1 1008 too big", "5+1 0 -"])
    }

    private func response(_ id: UInt64, byteCount: Int) -> NodeEvent {
        [UInt8](repeating: 97, count: byteCount).withUnsafeBytes {
            .response(id: id, .NEURON_WS_OK, .NEURON_WS_TEXT, EventBytes($0)!, .NEURON_WS_LEVEL_WRITTEN)
        }
    }

    @Test func theEndOfACommandIsNeverLostThoughItsBytesMayBe() {
        var backlog = EventBacklog()
        for _ in 0..<EventBacklog.eventsMax { _ = backlog.append(message()) }
        #expect(backlog.append(response(1, byteCount: 5)) == .held)
        #expect(backlog.append(response(2, byteCount: EventBacklog.bytesMax)) == .held)
        #expect(backlog.append(response(3, byteCount: 5)) == .held)
        #expect(backlog.append(response(4, byteCount: 0)) == .held)
        #expect(backlog.responses == 4 && backlog.droppedCount == 0)
        let status = neuron_ws_status_t.NEURON_WS_NO_MEMORY.rawValue
        #expect(
            drained(&backlog).suffix(4) == [
                "response 1 0 5", "response 2 0 \(EventBacklog.bytesMax)", "response 3 \(status) -1",
                "response 4 \(status) -1",
            ])
        #expect(backlog.responses == 0)
    }

    @Test func newsOfRoomWaitsOnce() {
        var backlog = EventBacklog()
        for _ in 0..<3 { _ = backlog.append(.room) }
        #expect(drained(&backlog) == ["room"])
        _ = backlog.append(.room)
        #expect(drained(&backlog) == ["room"])
    }

    @Test func consecutiveOutcomesAreOneEvent() {
        var backlog = EventBacklog()
        for id in 1...262_144 { _ = backlog.append(run(UInt64(id))) }
        #expect(backlog.runs == 1)
        #expect(drained(&backlog) == ["1-262144 D"])
        #expect(backlog.droppedCount == 0)
    }

    @Test func onlyWhatFollowsWithTheSameOutcomeIsJoined() {
        var backlog = EventBacklog()
        for event in [run(1, 3), run(4), run(6), run(7, 1, .NEURON_WS_DROPPED_REFUSED), state(1), run(8), run(9)] {
            _ = backlog.append(event)
        }
        #expect(drained(&backlog) == ["1-4 D", "6-6 D", "7-7 R", "state 1", "8-9 D"])
    }

    @Test func aRunThatWasTakenIsNotJoinedToAnyMore() {
        var backlog = EventBacklog()
        _ = backlog.append(run(1, 2))
        #expect(shown(backlog.take(singly: true)) == "1-1 D")
        _ = backlog.append(run(3))
        #expect(shown(backlog.take()) == "2-3 D")
        #expect(backlog.append(run(4)) == .held)
        #expect(drained(&backlog) == ["4-4 D"])
    }

    @Test func aHostThatKnowsNoRunsGetsEachOutcome() {
        var backlog = EventBacklog()
        _ = backlog.append(run(1, 4))
        _ = backlog.append(run(5, 1, .NEURON_WS_DROPPED_REFUSED))
        #expect(drained(&backlog, singly: true) == ["1-1 D", "2-2 D", "3-3 D", "4-4 D", "5-5 R"])
    }

    @Test func outcomesThatAlternateAreAllHeld() {
        var backlog = EventBacklog()
        let outcomes: [neuron_ws_outcome_t] = [.NEURON_WS_DELIVERED, .NEURON_WS_DROPPED_REFUSED]
        for id in 1...400_000 { _ = backlog.append(run(UInt64(id), 1, outcomes[id % 2])) }
        #expect(backlog.runs == 400_000 && backlog.droppedCount == 0)
        let all = drained(&backlog)
        #expect(all.count == 400_000 && all.first == "1-1 R" && all.last == "400000-400000 D")
    }

    @Test func messagesPastTheLimitAreDroppedAndCountedAndOutcomesAreNot() {
        var backlog = EventBacklog()
        for _ in 0..<EventBacklog.eventsMax { _ = backlog.append(message()) }
        #expect(backlog.append(message()) == .dropped(count: 1))
        #expect(backlog.append(message()) == .dropped(count: 2))
        #expect(backlog.append(line()) == .dropped(count: 3))
        #expect(backlog.append(run(1)) == .held)
        #expect(backlog.append(state(1)) == .held)
        #expect(backlog.droppedCount == 3)
        backlog.checkInvariants()
        let all = drained(&backlog)
        #expect(all.suffix(3) == ["message 1", "1-1 D", "state 1"] && all.count == EventBacklog.eventsMax + 2)
        #expect(backlog.append(message()) == .held)
    }

    /// A host that did not poll, and does again, learns where how many are missing.
    @Test func howManyWereDroppedIsToldWhereTheyWouldHaveStood() {
        var backlog = EventBacklog()
        backlog.tellsDrops = true
        for _ in 0..<EventBacklog.eventsMax + 5 { _ = backlog.append(message(1)) }
        // While there is no room for them nothing is said, however much else comes.
        for number in 0..<10 { _ = backlog.append(state(Int32(number))) }
        backlog.checkInvariants()
        for _ in 0..<3 { _ = backlog.take() }
        #expect(backlog.append(message(2)) == .held && backlog.append(message(3)) == .held)
        _ = backlog.append(message(4))
        #expect(backlog.append(message(5)) == .dropped(count: 6))
        let all = drained(&backlog)
        let states = (0..<10).map { "state \($0)" }
        #expect(all.count == EventBacklog.eventsMax - 3 + 10 + 5)
        #expect(all.suffix(15) == states + ["dropped 5", "message 2", "message 3", "message 4", "dropped 1"])
        #expect(backlog.isEmpty && backlog.droppedCount == 6)
        #expect(drained(&backlog) == [])
    }

    @Test func whatNeverCouldBeHeldIsToldToo() {
        var backlog = EventBacklog()
        backlog.tellsDrops = true
        #expect(backlog.isEmpty && backlog.lost() == .dropped(count: 1) && !backlog.isEmpty)
        _ = backlog.append(run(1))
        _ = backlog.append(run(2))
        // It does not come between outcomes that are one.
        #expect(drained(&backlog) == ["1-2 D", "dropped 1"])
        _ = backlog.lost()
        backlog.tellsDrops = false
        #expect(backlog.isEmpty && drained(&backlog) == [] && backlog.droppedCount == 2)
    }

    @Test func whatIsToldOfDropsStaysWhenRequestsGo() {
        var backlog = EventBacklog()
        backlog.tellsDrops = true
        let bytes = EventBytes(UnsafeRawBufferPointer(start: nil, count: 0))!
        _ = backlog.lost()
        for event in [.request(7, bytes), state(1)] { _ = backlog.append(event) }
        _ = backlog.lost()
        #expect(backlog.removeRequests() == [7])
        #expect(drained(&backlog) == ["dropped 1", "state 1", "dropped 1"])
    }

    @Test func aMessageLargerThanTheLimitIsHeld() {
        var backlog = EventBacklog()
        _ = backlog.append(line())
        #expect(backlog.append(message(70 << 20)) == .held)
        #expect(backlog.append(message(1)) == .dropped(count: 1))
        #expect(shown(backlog.take()) == "log" && shown(backlog.take()) == "message \(70 << 20)")
        #expect(backlog.append(message(1)) == .held)
        backlog.checkInvariants()
    }

    @Test func theLastStateIsNeverLost() {
        var backlog = EventBacklog()
        _ = backlog.append(message())
        for number in 0..<10_000 { _ = backlog.append(state(Int32(number))) }
        _ = backlog.append(run(1))
        backlog.checkInvariants()
        #expect(backlog.droppedCount == UInt64(10_000 - EventBacklog.statesMax))
        // Also when some were taken meanwhile, which moves the others.
        for _ in 0..<1500 { _ = backlog.take() }
        for number in 10_000..<20_000 { _ = backlog.append(state(Int32(number))) }
        let all = drained(&backlog)
        #expect(all.last == "state 19999" && all.contains("state 9999"))
    }

    @Test func requestsCanBeTakenOut() {
        var backlog = EventBacklog()
        let bytes = EventBytes(UnsafeRawBufferPointer(start: nil, count: 0))!
        for event in [run(1), .request(7, bytes), run(2), .request(8, bytes), state(1)] { _ = backlog.append(event) }
        #expect(backlog.removeRequests() == [7, 8])
        #expect(drained(&backlog) == ["1-2 D", "state 1"])
    }

    /// What comes in goes out, in order, but for what is counted as dropped; whatever the order of both.
    @Test(arguments: 0..<20) func nothingIsLostUncounted(seed: UInt64) {
        var random = SeededRandom(state: seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493)
        var backlog = EventBacklog()
        var nextID: UInt64 = 1
        var toldID: UInt64 = 1
        backlog.tellsDrops = true
        var (added, taken, dropped, told) = (0, 0, 0, 0)
        for _ in 0..<20_000 {
            switch random.next() % 6 {
            case 0, 1:
                let count = random.next() % 5 + 1
                let outcome: neuron_ws_outcome_t =
                    random.next() % 2 == 0 ? .NEURON_WS_DELIVERED : .NEURON_WS_DROPPED_REFUSED
                _ = backlog.append(run(nextID, count, outcome))
                nextID += count
            case 2:
                added += 1
                if case .dropped = backlog.append(message(Int(random.next() % 200_000))) { dropped += 1 }
            default:
                guard let event = backlog.take(singly: random.next() % 2 == 0) else { continue }
                if case .delivery(let run) = event {
                    #expect(run.firstID == toldID)
                    toldID += run.count
                } else if case .dropped(let count) = event {
                    told += Int(count)
                } else {
                    taken += 1
                }
            }
        }
        backlog.checkInvariants()
        while let event = backlog.take() {
            switch event {
            case .delivery(let run): toldID += run.count
            case .dropped(let count): told += Int(count)
            default: taken += 1
            }
        }
        #expect(told == dropped)
        #expect(toldID == nextID && added == taken + dropped && backlog.droppedCount == UInt64(dropped))
    }

    /// They lie in blocks: none is lost between two of them, and many of them are let go of one by one.
    @Test func eventsOfManyBlocksComeInOrder() {
        var backlog = EventBacklog()
        var told: [UInt64] = []
        func add(_ ids: Range<UInt64>) {
            for id in ids {
                _ = backlog.append(.response(id: id, .NEURON_WS_OK, .NEURON_WS_TEXT, nil, .NEURON_WS_LEVEL_WRITTEN))
            }
        }
        func take(_ count: Int) {
            for _ in 0..<count { if case .response(let id, _, _, _, _)? = backlog.take() { told.append(id) } }
        }
        add(0..<3000)
        take(2500)
        add(3000..<6000)
        backlog.checkInvariants()
        take(3500)
        #expect(backlog.isEmpty)
        let isInOrder = told == Array(0..<6000)
        #expect(isInOrder)
        add(0..<300_000)
        backlog.checkInvariants()
        backlog = EventBacklog()
    }

    @Test func withoutMemoryToGrowItDropsWhatMayBeDroppedAndSaysSoBeforehand() {
        let carried = NodeEvent.message(.NEURON_WS_TEXT, [1].withUnsafeBytes { EventBytes($0)! })
        var backlog = EventBacklog(hasMemory: { $0 <= 1024 })
        #expect(backlog.mayGrow)
        let room = (0..<2000).prefix { _ in backlog.append(carried) != .dropped(count: 1) }.count
        #expect(room > 0 && room < 2000)
        #expect(!backlog.mayGrow)
        #expect(backlog.droppedCount == 1)
        _ = backlog.take()
        #expect(!backlog.isEmpty)
        backlog.checkInvariants()
    }
}

/// A small generator whose numbers a seed decides.
private struct SeededRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
