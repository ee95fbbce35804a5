// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

/// The order in which a table's commands have their responses, where one of those is late, or lost.
@Suite struct ResponseOrderTests {
    /// Asks, sends and, if the server answers, is answered a moment later. - Returns: whether it was, by its own.
    private func ask(_ table: CommandTable, _ now: inout UInt64, answers: Bool = true) -> Bool {
        let id = table.put(.asked(), now: now)
        let limit = now + 2 * second
        var answered = false
        while !answered, now < limit {
            let sent = table.sendAll(now: now)
            now += second / 100
            // What comes is the response to what went out last.
            if answers, sent.contains(id) { answered = table.came("its own", now: now)?.id == id }
            if table.expired(now: now)?.id == id { return false }
        }
        return answered
    }

    @Test func `after one lost response the commands find their own again`() {
        let table = CommandTable()
        var now: UInt64 = 0
        #expect(ask(table, &now))
        #expect(!ask(table, &now, answers: false))
        // This one may be too late to be sent, and each behind it is answered.
        _ = ask(table, &now)
        for _ in 0..<20 { #expect(ask(table, &now)) }
        #expect(!table.isInDoubt && !table.expectsOrder)
    }

    @Test func `one that is taken back is as one whose response is lost`() {
        let table = CommandTable()
        let gone = table.put(.asked(timeout: 60_000), now: 0)
        _ = table.sendAll()
        #expect(table.cancelled(gone) != nil)
        let next = table.put(.asked(timeout: 200_000), now: 5 * second)
        #expect(table.sendAll(now: 5 * second).isEmpty)
        #expect(table.nextDeadline == 120 * second)
        #expect(table.expired(now: 120 * second) == nil)
        #expect(table.sendAll(now: 120 * second) == [next])
        #expect(table.came("its own", now: 120 * second)?.id == next)
    }

    /// Its time passes twice from when it went out, not from when it was asked for.
    @Test func `what waited to go out has its time from there`() {
        let table = CommandTable()
        let gone = table.put(.asked(timeout: 1000), now: 0)
        #expect(table.sendAll(now: second * 9 / 10) == [gone])
        #expect(table.expired(now: second)?.id == gone)
        let next = table.put(.asked(timeout: 60_000), now: second)
        for tenths in [10, 20, 28] as [UInt64] {
            #expect(table.expired(now: second * tenths / 10) == nil && table.isInDoubt)
            #expect(table.sendAll(now: second * tenths / 10).isEmpty, "\(tenths)")
        }
        #expect(table.nextDeadline == second * 29 / 10)
        #expect(table.expired(now: second * 29 / 10) == nil)
        #expect(table.sendAll(now: second * 29 / 10) == [next])
    }

    @Test func `of many under way one is lost, and when all have ended the order is known again`() {
        let table = CommandTable()
        let ids = (0..<5).map { _ in table.put(.asked(), now: 0) }
        #expect(table.sendAll() == ids)
        // The first one's is lost: nothing tells.
        for id in ids.dropLast() { #expect(table.came("of the one behind")?.id == id) }
        #expect(table.expired(now: second)?.id == ids[4])
        let next = table.put(.asked(timeout: 3000), now: second)
        #expect(table.sendAll(now: second).isEmpty)
        #expect(table.expired(now: 2 * second) == nil)
        #expect(table.sendAll(now: 2 * second) == [next])
        #expect(table.came("its own", now: 2 * second)?.id == next)
    }

    @Test func `what is known by a member is not held back`() {
        let table = CommandTable()
        table.put(.asked(), now: 0)
        _ = table.sendAll()
        _ = table.expired(now: second)
        let held = table.put(.asked(timeout: 5000), now: second)
        let named = table.put(.asked(.at("id"), timeout: 5000), now: second)
        #expect(table.hasWaiting)
        #expect(table.sendAll(now: second) == [named])
        #expect(!table.hasWaiting && table.isHolding)
        table.checkInvariants()
        // Those that were held go before what was asked since.
        let later = table.put(.asked(timeout: 5000), now: second)
        _ = table.expired(now: 2 * second)
        #expect(table.hasWaiting)
        #expect(table.sendAll(now: 2 * second) == [held, later])
        table.checkInvariants()
    }

    @Test func `what is held is too late in its own time, can be taken back, and is sent on another connection`() {
        let table = CommandTable()
        table.put(.asked(), now: 0)
        _ = table.sendAll()
        _ = table.expired(now: second)
        let late = table.put(.asked(timeout: 500), now: second)
        let gone = table.put(.asked(timeout: 5000), now: second)
        let kept = table.put(.asked(timeout: 5000), now: second)
        #expect(table.sendAll(now: second).isEmpty)
        let ended = table.expired(now: second + second / 2)
        #expect(ended?.id == late && ended?.hasLeft == false)
        #expect(table.cancelled(gone)?.id == gone)
        table.checkInvariants()
        #expect(table.lost(now: second + second / 2).isEmpty)
        #expect(table.sendAll(now: second + second / 2) == [kept])
        table.checkInvariants()
    }

    /// The first is late by nearly its whole time, and those behind it cannot come before it.
    @Test func `a response comes no later than those behind it`() {
        let table = CommandTable()
        let first = table.put(.asked(timeout: 1000), now: 0)
        let second = table.put(.asked(timeout: 10), now: 0)
        _ = table.sendAll()
        #expect(table.expired(now: 10_000_000)?.id == second)
        #expect(table.expired(now: 1_000_000_000)?.id == first)
        let next = table.put(.asked(timeout: 5000), now: 1_000_000_000)
        #expect(table.sendAll(now: 1_900_000_000).isEmpty)
        #expect(table.came("of the first", now: 1_900_000_000) == nil)
        #expect(table.sendAll(now: 1_900_000_000).isEmpty)
        #expect(table.came("of the second", now: 1_910_000_000) == nil)
        #expect(table.sendAll(now: 1_910_000_000) == [next])
    }
}
