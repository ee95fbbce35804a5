// SPDX-License-Identifier: Apache-2.0
import Testing
import WebSocketCore

@testable import NodeCore

@Suite struct SuspectWindowTests {
    /// How many messages may be on their way at a time.
    private func room(_ window: SuspectWindow, _ openID: UInt64) -> UInt64 {
        var count: UInt64 = 0
        while count < 1000, !window.holds(openID + count, behind: openID) { count += 1 }
        return count
    }

    /// How many go out at a time, until none is suspected or those before `limit` are delivered.
    private func rooms(_ window: inout SuspectWindow, from first: UInt64, to limit: UInt64 = .max) -> [UInt64] {
        var open = first
        var rooms: [UInt64] = []
        while window.suspects(open), open < limit, rooms.count < 10_000 {
            rooms.append(room(window, open))
            open += rooms.last ?? 1
            window.delivered(rooms.last ?? 1, to: open)
        }
        return rooms
    }

    @Test func whereNoneIsSuspectedNoneWaits() {
        var window = SuspectWindow()
        #expect(room(window, 1) == 1000)
        window.delivered(7, to: 8)
        #expect(room(window, 8) == 1000)
    }

    /// A hundred thousand that were on their way do not wait for an answer each.
    @Test func someGoAloneAndMoreBehindThem() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 100_000)
        let rooms = rooms(&window, from: 1)
        #expect(rooms.prefix(8) == [1, 1, 1, 1, 1, 1, 1, 1] && rooms[8] == 2)
        #expect(rooms == rooms.sorted() && rooms.last == 64)
        #expect(rooms.count < 1700)
    }

    @Test func thoseAmongWhichOneIsGoAlone() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 500)
        _ = rooms(&window, from: 1, to: 101)
        let open = UInt64(200)
        window.delivered(100, to: open)
        let together = room(window, open)
        #expect(together > 20)
        window.suspect(from: open, before: open + together)
        let alone = rooms(&window, from: open, to: open + together)
        #expect(alone == Array(repeating: 1, count: Int(together)))
        #expect(room(window, open + together) == together / 4)
    }

    @Test func nextTimeItBeginsWithOneAgain() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 50)
        _ = rooms(&window, from: 1)
        #expect(room(window, 70) == 1000)
        window.suspect(from: 70, before: 90)
        #expect(rooms(&window, from: 70).prefix(9) == [1, 1, 1, 1, 1, 1, 1, 1, 2])
    }

    /// A server that confirms many with one word waits for more of them.
    @Test func whereNothingIsSaidMoreGoAfterAWhile() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 1000)
        window.suspect(from: 1, before: 1000)
        var counts = [room(window, 1)]
        for _ in 0..<6 {
            window.waited(nextID: 1 + room(window, 1), behind: 1)
            counts.append(room(window, 1))
        }
        #expect(counts == [1, 2, 4, 8, 16, 32, 64])
        // As many as the server was seen to bear.
        window.delivered(10, to: 11)
        #expect(room(window, 11) == 64)
        window.waited(nextID: 75, behind: 11)
        #expect(room(window, 11) == 1000)
    }

    @Test func whereAConnectionEndsAgainTheyGoAlone() {
        var window = SuspectWindow()
        window.suspect(from: 1, before: 1000)
        window.waited(nextID: 2, behind: 1)
        window.suspect(from: 1, before: 3)
        #expect(room(window, 1) == 1)
    }

    @Test func whoHoldsUpOthersIsWatched() {
        var bench = OutboxBench()
        bench.backlog.setLevel(.NEURON_WS_LEVEL_APP_ACKED)
        for _ in 0..<9 { bench.pushNumbered("{}") }
        var watch = HoldWatch()
        var changes: [Bool] = []
        for _ in 0..<3 {
            bench.connectPlainly()
            _ = bench.fill(room: 10_000)
            bench.settle(written: bench.stream.count)
            changes.append(watch.note(bench.backlog, now: 7))
            if watch.deadline != nil { break }
            bench.cut(.peerClosed(CloseCode(rawValue: 1011), reason: ""), acknowledged: 400)
        }
        // The third time the first goes alone.
        #expect(changes == [false, false, true] && watch.deadline == 7 + SuspectWindow.patience)
        let early = watch.look(&bench.backlog, now: 8)
        let late = watch.look(&bench.backlog, now: 7 + SuspectWindow.patience)
        #expect(!early && late && watch.deadline == nil)
        _ = bench.fill(room: 10_000)
        let (next, isWoken) = (bench.backlog.nextID, bench.backlog.takeWake())
        #expect(next == 3 && !isWoken)
        // What is not written yet has had no time.
        var isChanged = watch.note(bench.backlog, now: 9)
        #expect(!isChanged)
        bench.settle(written: bench.stream.count)
        isChanged = watch.note(bench.backlog, now: 10)
        #expect(isChanged && watch.deadline == 10 + SuspectWindow.patience)
        // A word of the server, and the others go.
        _ = bench.backlog.acknowledge(9, isCumulative: true)
        _ = bench.backlog.acknowledge(2, isCumulative: true)
        bench.carryOut()
        isChanged = watch.note(bench.backlog, now: 11)
        #expect(isChanged && watch.deadline == nil)
    }
}
