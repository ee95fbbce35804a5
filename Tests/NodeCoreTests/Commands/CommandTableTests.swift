// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private func command(_ rule: Command.Rule = .order, timeout: UInt32 = 1000, retries: UInt32 = 0) -> Command {
    .asked(rule, timeout: timeout, retries: retries)
}

private func member(_ name: String, _ value: String? = nil) -> Command.Rule { .at(name, value) }

private let second: UInt64 = 1_000_000_000

@Suite struct CommandTableTests {
    @Test func `a response is told by the value of a member, whatever else comes first`() {
        let table = CommandTable()
        let first = table.put(command(member("id", "1")), now: 0)
        let other = table.put(command(member("/a/id", "x")), now: 0)
        #expect(table.sendAll() == [first, other])
        #expect(table.came(#"{"id":"2"}"#) == nil)
        #expect(table.came(#"{"a":{"id":"x"}}"#)?.id == other)
        let ended = table.came(#"{"id":1}"#)
        #expect(ended?.id == first)
        #expect(ended?.outcome == .answered)
        #expect(table.came(#"{"id":1}"#) == nil)
        #expect(table.counts.open == 0)
        table.checkInvariants()
    }

    @Test func `what has not gone out whole has no response`() {
        let table = CommandTable()
        let id = table.put(command(member("id")), now: 0)
        #expect(table.came(#"{"id":1}"#) == nil)
        let taken = table.takeNext()
        #expect(taken?.id == id)
        #expect(table.came(#"{"id":1}"#) == nil)
        if let taken { table.sent(taken.id, taken.command, now: 0) }
        #expect(table.came(#"{"id":1}"#)?.id == id)
    }

    @Test func `a message that matches two is the response to the one that went out first`() {
        let table = CommandTable()
        let any = table.put(command(member("id")), now: 0)
        let exact = table.put(command(member("id", "7")), now: 0)
        _ = table.sendAll()
        #expect(table.came(#"{"id":7}"#)?.id == any)
        #expect(table.came(#"{"id":7}"#)?.id == exact)
        #expect(table.came(#"{"id":7}"#) == nil)
    }

    @Test func `responses in order go to their commands in order, behind those with a member`() {
        let table = CommandTable()
        let ids = (0..<3).map { _ in table.put(command(), now: 0) }
        let named = table.put(command(member("id", "n")), now: 0)
        _ = table.sendAll()
        #expect(table.came("one")?.id == ids[0])
        #expect(table.came(#"{"id":"n"}"#)?.id == named)
        #expect(table.came("two")?.id == ids[1])
        #expect(table.came("three")?.id == ids[2])
        #expect(table.came("four") == nil)
    }

    @Test func `the late response to a command that waited in order is not the next one's`() {
        let table = CommandTable()
        let late = table.put(command(timeout: 1000), now: 0)
        _ = table.sendAll()
        let ended = table.expired(now: second)
        #expect(ended?.id == late)
        #expect(ended?.outcome == .timedOut)
        let next = table.put(command(timeout: 5000), now: second)
        // Nothing goes out in order before the late one has come, which is a message like any other.
        #expect(table.sendAll(now: second).isEmpty && table.isHolding)
        #expect(table.came("late", now: second + 1) == nil)
        #expect(table.sendAll(now: second + 1) == [next])
        #expect(table.came("next", now: second + 2)?.id == next)
        table.checkInvariants()
    }

    @Test func `a late response that never comes holds no other up for longer than its time again`() {
        let table = CommandTable()
        table.put(command(timeout: 1000), now: 0)
        _ = table.sendAll()
        #expect(table.expired(now: second)?.outcome == .timedOut)
        let next = table.put(command(timeout: 5000), now: second)
        #expect(table.sendAll(now: second).isEmpty)
        #expect(table.nextDeadline == 2 * second)
        #expect(table.expired(now: 2 * second) == nil)
        #expect(table.sendAll(now: 2 * second) == [next])
        #expect(table.came("next", now: 2 * second)?.id == next)
        #expect(table.nextDeadline == nil)
    }

    @Test func `each try has its time, and the command one outcome`() {
        let table = CommandTable()
        let id = table.put(command(member("id"), timeout: 1000, retries: 2), now: 0)
        #expect(table.sendAll() == [id])
        #expect(table.nextDeadline == second)
        #expect(table.expired(now: second) == nil)
        #expect(table.sendAll(now: second) == [id])
        #expect(table.expired(now: 2 * second) == nil)
        #expect(table.sendAll(now: second) == [id])
        #expect(table.expired(now: 3 * second - 1) == nil)
        #expect(table.expired(now: 3 * second)?.outcome == .timedOut)
        #expect(table.expired(now: 9 * second) == nil)
        #expect(table.nextDeadline == nil)
        table.checkInvariants()
    }

    @Test func `the response to an earlier try ends the command while the next waits to go out`() {
        let table = CommandTable()
        let id = table.put(command(member("id"), timeout: 1000, retries: 1), now: 0)
        _ = table.sendAll()
        #expect(table.expired(now: second) == nil)
        #expect(table.came(#"{"id":0}"#)?.id == id)
        #expect(table.takeNext() == nil)
        table.checkInvariants()
    }

    @Test func `of a command that was tried twice in order the second response is nobody's`() {
        let table = CommandTable()
        let twice = table.put(command(timeout: 1000, retries: 1), now: 0)
        _ = table.sendAll()
        #expect(table.expired(now: second) == nil)
        _ = table.sendAll(now: second)
        let next = table.put(command(timeout: 5000), now: second)
        #expect(table.sendAll(now: second).isEmpty)
        #expect(table.came("a", now: second)?.id == twice)
        #expect(table.sendAll(now: second).isEmpty)
        #expect(table.came("a", now: second) == nil)
        #expect(table.sendAll(now: second) == [next])
        #expect(table.came("b", now: second)?.id == next)
    }

    @Test func `without a connection a command waits within its time`() {
        let table = CommandTable()
        let id = table.put(command(timeout: 1000), now: 0)
        #expect(table.lost(now: 1).isEmpty)
        #expect(table.expired(now: second - 1) == nil)
        #expect(table.expired(now: second)?.id == id)
        // It is not sent any more.
        #expect(table.takeNext() == nil)
    }

    /// A connection that comes late in its time, or a hold that ends then.
    @Test func `what went out late in its time is not sent again at once`() {
        for tenths in [1, 4, 5, 6, 9] as [UInt64] {
            let table = CommandTable()
            let id = table.put(command(member("id"), timeout: 1000, retries: 2), now: 0)
            #expect(table.sendAll(now: second * tenths / 10) == [id])
            #expect(table.expired(now: second) == nil)
            table.checkInvariants()
            let isLate = tenths > 5
            #expect(table.sendAll(now: second) == (isLate ? [] : [id]))
            #expect(table.nextDeadline == 2 * second)
            // The last try is one that goes out.
            #expect(table.expired(now: 2 * second) == nil)
            #expect(table.sendAll(now: 2 * second) == [id])
            #expect(table.expired(now: 3 * second)?.outcome == .timedOut)
        }
    }

    @Test func `what is held to its end is said to be`() {
        let table = CommandTable()
        table.put(command(timeout: 1000), now: 0)
        _ = table.sendAll()
        _ = table.expired(now: second)
        table.put(command(timeout: 100), now: second)
        table.put(command(member("id"), timeout: 100), now: second)
        #expect(table.takeNext()?.command.timeout == 100_000_000)
        let ended = [table.expired(now: second * 11 / 10), table.expired(now: second * 11 / 10)].compactMap { $0 }
        #expect(ended.map(\.wasHeld).sorted { $0 && !$1 } == [true, false])
        #expect(ended.map(\.hasLeft).sorted { $0 && !$1 } == [true, false])
    }

    @Test func `the end of a connection loses what was sent, tries what has a try, and keeps what was not`() {
        let table = CommandTable()
        let lost = table.put(command(member("id")), now: 0)
        let again = table.put(command(member("id"), retries: 1), now: 0)
        _ = table.sendAll()
        let leaving = table.put(command(), now: 0)
        #expect(table.takeNext()?.id == leaving)
        let waiting = table.put(command(), now: 0)
        let ended = table.lost(now: second / 2)
        #expect(ended.map(\.id) == [lost])
        #expect(ended.first?.outcome == .linkLost)
        table.checkInvariants()
        // A response of the old connection's is none here.
        #expect(table.came(#"{"id":0}"#) == nil)
        #expect(table.sendAll() == [again, leaving, waiting])
        #expect(table.lost(now: second).map(\.id) == [again, leaving, waiting])
    }

    @Test func `a command that has left in part is as one that was sent`() {
        let table = CommandTable()
        let begun = table.put(command(), now: 0)
        let again = table.put(command(retries: 1), now: 0)
        let untouched = table.put(command(), now: 0)
        for id in [begun, again, untouched] { #expect(table.takeNext()?.id == id) }
        let ended = table.lost(begun: [begun, again], now: second)
        #expect(ended.map(\.id) == [begun] && ended.first?.outcome == .linkLost)
        table.checkInvariants()
        #expect(table.sendAll() == [again, untouched])
        #expect(table.lost(now: second).map(\.id) == [again, untouched])
    }

    @Test func `what is counted says how commands ended, and how long responses took`() {
        let table = CommandTable()
        let quick = table.put(command(member("id", "1")), now: 0)
        table.put(command(member("id", "2"), timeout: 1000, retries: 1), now: 0)
        table.put(command(member("id", "3")), now: 0)
        table.put(command(member("id", "4"), timeout: 60_000), now: 0)
        #expect(table.sendAll(now: 0).count == 4)
        #expect(table.counts.sent == 4 && table.counts.open == 4)
        #expect(table.came(#"{"id":1}"#, now: 7_000_000)?.id == quick)
        #expect(table.expired(now: second)?.outcome == .timedOut)
        #expect(table.expired(now: second) == nil)
        // Its second try: the time counts from that.
        #expect(table.sendAll(now: second).count == 1)
        #expect(table.came(#"{"id":2}"#, now: second + 300_000_000)?.outcome == .answered)
        #expect(table.lost(now: 2 * second).map(\.outcome) == [.linkLost])
        let counts = table.counts
        #expect(counts.sent == 5 && counts.timedOut == 1 && counts.lost == 1 && counts.open == 0)
        #expect(counts.responses.count == 2 && counts.responses.microseconds == 307_000)
        #expect(counts.responses.within5ms == 0 && counts.responses.within20ms == 1)
        #expect(counts.responses.within100ms == 1 && counts.responses.within500ms == 2)
    }

    @Test func `what ends while it leaves goes out for nothing, and its response in order is nobody's`() {
        let table = CommandTable()
        let cancelled = table.put(command(), now: 0)
        let taken = table.takeNext()
        #expect(table.cancelled(cancelled)?.outcome == .cancelled)
        #expect(table.cancelled(cancelled) == nil)
        if let taken { table.sent(taken.id, taken.command, now: 0) }
        let next = table.put(command(), now: 0)
        #expect(table.sendAll().isEmpty)
        #expect(table.came("to the cancelled one", now: 0) == nil)
        #expect(table.sendAll() == [next])
        #expect(table.came("to the next")?.id == next)
    }

    @Test func `the host's functions are asked in the order of sending, and what ended meanwhile has ended`() {
        let table = CommandTable()
        let ids = (0..<3).map { _ in table.put(command(.function), now: 0) }
        #expect(!table.hasFunctions)
        _ = table.sendAll()
        #expect(table.functions().map(\.id) == ids)
        _ = table.cancelled(ids[1])
        #expect(table.answered(ids[1], now: 0) == nil)
        #expect(table.answered(ids[2], now: 0)?.id == ids[2])
        #expect(table.functions().map(\.id) == [ids[0]])
        #expect(table.stopped().map(\.outcome) == [.stopped])
        #expect(!table.hasFunctions)
    }

    @Test func `there is room as far as the limits say`() {
        let table = CommandTable()
        #expect(table.hasRoom(byteCount: CommandLimits.bytesMax + 1, unread: 0))
        table.put(command(), now: 0)
        #expect(!table.hasRoom(byteCount: CommandLimits.bytesMax, unread: 0))
        #expect(table.hasRoom(byteCount: CommandLimits.bytesMax - 2, unread: 0))
        #expect(!table.hasRoom(byteCount: 0, unread: CommandLimits.openMax - 1))
        for number in 0..<CommandLimits.pointersMax {
            #expect(table.hasRoom(for: member("m\(number)")))
            table.put(command(member("m\(number)")), now: 0)
        }
        #expect(!table.hasRoom(for: member("one more")))
        #expect(table.hasRoom(for: member("m3")))
        #expect(table.hasRoom(for: .function))
        _ = table.stopped()
        #expect(table.hasRoom(for: member("one more")))
        #expect(table.openBytes == 0)
    }

    @Test func `room is worth telling of when a quarter is free`() {
        let table = CommandTable()
        #expect(table.hasQuarterFree(unread: CommandLimits.openMax / 4 * 3))
        #expect(!table.hasQuarterFree(unread: CommandLimits.openMax / 4 * 3 + 1))
        for number in 0..<CommandLimits.pointersMax { table.put(command(member("m\(number)")), now: 0) }
        #expect(!table.hasQuarterFree(unread: 0))
        _ = table.stopped()
        #expect(table.hasQuarterFree(unread: 0))
    }

    @Test func `ten thousand commands in flight are matched in any order, without looking at each`() {
        let table = CommandTable()
        let count = 10_000
        for number in 0..<count { table.put(command(member("uuid", "u\(number)")), now: UInt64(number)) }
        #expect(table.sendAll().count == count)
        var wrong = 0
        for number in (0..<count).reversed() where number % 2 == 0 {
            if table.came(#"{"uuid":"u\#(number)","error":0}"#)?.id != UInt64(number + 1) { wrong += 1 }
        }
        #expect(wrong == 0)
        table.checkInvariants()
        var late = 0
        while table.expired(now: 2 * second) != nil { late += 1 }
        #expect(late == count / 2)
        #expect(table.counts.open == 0)
        table.checkInvariants()
    }

    @Test func `commands that end at once leave nothing behind`() {
        let table = CommandTable()
        for number in 0..<20_000 {
            table.put(command(member("id", "\(number)"), timeout: 3_600_000), now: UInt64(number))
            _ = table.sendAll()
            if table.came(#"{"id":\#(number)}"#) == nil { Issue.record("no response to \(number)") }
        }
        table.checkInvariants()
        #expect(table.pointers.isEmpty)
    }

    @Test func nothingAnswersBeforeACommandHasGoneOutOnTheConnection() {
        let table = CommandTable()
        table.put(command(retries: 1), now: 0)
        #expect(!table.mayBeAnswered)
        _ = table.sendAll()
        #expect(table.mayBeAnswered)
        _ = table.lost(now: 1)
        #expect(!table.mayBeAnswered)
        _ = table.sendAll()
        #expect(table.mayBeAnswered)
        table.checkInvariants()
    }

    /// A response that the stopped connection owed would take the place of the first one on the next.
    @Test func aStopForgetsTheOrderOfResponses() {
        let table = CommandTable()
        table.put(command(), now: 0)
        _ = table.sendAll()
        #expect(table.stopped().count == 1)
        #expect(!table.mayBeAnswered && !table.expectsOrder)
        table.checkInvariants()
        let id = table.put(command(), now: 1)
        _ = table.sendAll(now: 1)
        #expect(table.answeredInOrder(now: 2)?.id == id)
    }

    /// It takes several turns to find out whose it is, and commands go out meanwhile.
    @Test func aMessageAnswersNoCommandThatWentOutAfterItHadCome() {
        let table = CommandTable()
        let first = table.put(.asked(), now: 0)
        _ = table.sendAll()
        let limit = table.sendings + 1
        table.put(.asked(), now: 0)
        table.put(.asked(.at("id")), now: 0)
        table.put(.asked(.function), now: 0)
        _ = table.sendAll()
        let values = Array(#"{"id":1}"#.utf8).withUnsafeBytes { MessageValues($0, at: table.pointers) }
        #expect(table.answered(by: values, before: limit, now: 1) == nil)
        #expect(table.nextFunction(after: nil, before: limit) == nil)
        #expect(table.answeredInOrder(before: limit, now: 1)?.id == first)
        #expect(table.answeredInOrder(before: limit, now: 1) == nil)
        #expect(table.answered(by: values, now: 1) != nil && table.answeredInOrder(now: 1) != nil)
        table.checkInvariants()
    }
}
