// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

@Suite struct CommandSettlingTests {
    /// So many that went out, by a member.
    private func sent(_ count: Int, retries: UInt32 = 0, _ table: CommandTable) -> [UInt64] {
        for number in 0..<count { table.put(.asked(.at("id", "\(number)"), retries: retries), now: 0) }
        return table.sendAll()
    }

    @Test func `the end of a connection is seen to some at a time, in order`() {
        let table = CommandTable()
        let ids = sent(100, table)
        table.connectionEnded(now: 1)
        // Nothing was looked at.
        #expect(table.count == 100 && table.hasOutcomesToTell && table.takeEnded(settling: 0) == nil)
        table.checkInvariants()
        var told: [UInt64] = []
        while table.hasOutcomesToTell {
            let before = table.count
            if let ended = table.takeEnded(settling: 3) { told.append(ended.id) }
            #expect(before - table.count <= 3)
            table.checkInvariants()
        }
        #expect(told == ids && table.count == 0)
    }

    @Test func `until then nothing goes out and nothing is too late, and then in order, those of before first`() {
        let table = CommandTable()
        let again = sent(5, retries: 1, table)
        let leaving = table.put(.asked(retries: 1), now: 0)
        #expect(table.takeNext()?.id == leaving)
        let waiting = table.put(.asked(), now: 0)
        table.connectionEnded(now: second / 2)
        let new = table.put(.asked(), now: second / 2)
        #expect(!table.hasWaiting && table.takeNext() == nil)
        #expect(table.nextDeadline == nil && table.expired(now: 9 * second) == nil)
        while table.hasOutcomesToTell { #expect(table.takeEnded(settling: 1) == nil) }
        table.checkInvariants()
        #expect(table.nextDeadline == second)
        #expect(table.sendAll() == again + [leaving, waiting, new])
    }

    @Test func `another end of a connection meanwhile changes nothing`() {
        let table = CommandTable()
        _ = sent(4, retries: 1, table)
        table.connectionEnded(now: 1)
        #expect(table.takeEnded(settling: 2) == nil)
        table.connectionEnded(now: 2)
        #expect(table.takeAllEnded().isEmpty)
        table.checkInvariants()
        #expect(table.sendAll().count == 4)
    }

    @Test func `a stop meanwhile ends all, and what is asked behind it stays`() {
        let table = CommandTable()
        let ids = sent(6, retries: 1, table)
        table.connectionEnded(now: 1)
        #expect(table.takeEnded(settling: 2) == nil)
        table.stop()
        let first = table.takeEnded(settling: 1)
        let new = table.put(.asked(), now: 2)
        table.connectionEnded(now: 3)
        let others = table.takeAllEnded()
        #expect([first?.id].compactMap { $0 } + others.map(\.id) == ids)
        #expect(([first].compactMap { $0 } + others).allSatisfy { $0.outcome == .stopped && $0.hasLeft })
        table.checkInvariants()
        #expect(table.sendAll() == [new])
    }

    @Test func `what ends otherwise meanwhile ends once, and is nobody's answer`() {
        for place in 0..<6 {
            let table = CommandTable()
            let ids = sent(6, retries: 1, table)
            table.connectionEnded(now: 1)
            #expect(table.takeEnded(settling: 3) == nil)
            #expect(table.cancelled(ids[place])?.outcome == .cancelled)
            #expect(table.came(#"{"id":\#(place)}"#) == nil && table.answered(ids[5 - place], now: 1) == nil)
            table.checkInvariants()
            #expect(table.takeAllEnded().isEmpty)
            #expect(table.sendAll() == ids.filter { $0 != ids[place] })
            table.checkInvariants()
        }
    }

    @Test func `a function that was being asked about is not gone on with on another connection`() {
        let table = CommandTable()
        for _ in 0..<3 { table.put(.asked(.function, retries: 1), now: 0) }
        _ = table.sendAll()
        let asked = table.nextFunction(after: nil)
        table.connectionEnded(now: 1)
        #expect(table.nextFunction(after: asked) == nil)
        #expect(table.takeAllEnded().isEmpty)
        _ = table.sendAll()
        #expect(table.nextFunction(after: asked)?.id == 1)
        table.checkInvariants()
    }

    @Test func `tries that begin at one time begin some at a time`() {
        let table = CommandTable()
        let ids = sent(10, retries: 1, table)
        var looks = 0
        while let next = table.nextDeadline, next <= second {
            #expect(table.expired(now: second, againMax: 4) == nil)
            table.checkInvariants()
            looks += 1
        }
        #expect(looks == 3 && Set(table.sendAll(now: second)) == Set(ids))
    }

    @Test func `whatever happens meanwhile, each command has one outcome`() {
        for seed in 0..<300 as Range<UInt64> { Self.run(seed: seed) }
    }

    private static func run(seed: UInt64) {
        var random = SplitMix(seed)
        let table = CommandTable()
        var outcomes: [UInt64: CommandOutcome] = [:]
        var now: UInt64 = 0
        var leaving: [(id: UInt64, command: Command)] = []
        func note(_ ended: EndedCommand?) {
            guard let ended else { return }
            if outcomes.updateValue(ended.outcome, forKey: ended.id) != nil {
                Issue.record("seed \(seed): command \(ended.id) has two outcomes")
            }
        }
        for _ in 0..<400 {
            switch random.next() % 12 {
            case 0...2:
                let rules: [Command.Rule] = [.order, .function, .at("id"), .at("id", "1"), .at("/b/0", "2")]
                table.put(
                    .asked(
                        rules[Int(random.next() % 5)], timeout: UInt32(1 + random.next() % 2000),
                        retries: UInt32(random.next() % 3)), now: now)
            case 3...5: if let next = table.takeNext() { leaving.append(next) }
            case 6:
                for one in leaving { table.sent(one.id, one.command, now: now) }
                leaving = []
            case 7:
                let texts = [#"{"id":1,"b":[2]}"#, #"{"id":2}"#, #"{"b":[2]}"#, "x", #"{"id":"1","b":[2]}"#]
                note(table.came(texts[Int(random.next() % 5)], now: now))
                if let first = table.functions().first { note(table.answered(first.id, now: now)) }
            case 8:
                now &+= random.next() % (second / 4)
                note(table.expired(now: now, againMax: Int(random.next() % 3)))
            case 9:
                let begun = leaving.prefix(Int(random.next() % 3)).map(\.id)
                leaving = []
                table.connectionEnded(begun: begun, now: now)
            case 10: if random.next() % 8 == 0 { leaving = []; table.stop() }
            default: if table.takenCount > 0 { note(table.cancelled(1 + random.next() % table.takenCount)) }
            }
            if random.next() % 2 == 0 { note(table.takeEnded(settling: Int(random.next() % 3))) }
            table.checkInvariants()
        }
        for ended in table.stopped() { note(ended) }
        table.checkInvariants()
        #expect(outcomes.count == Int(table.takenCount))
        #expect(table.counts.open == 0 && table.pointers.isEmpty && !table.hasFunctions && !table.hasOutcomesToTell)
    }
}
