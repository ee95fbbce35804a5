// SPDX-License-Identifier: Apache-2.0
import NodeCore
import Testing

@Suite struct LookupTableTests {
    private let second: UInt64 = 1_000_000_000

    private func question(_ host: String) -> LookupQuestion {
        LookupQuestion(host: host, version: .any)
    }

    @Test func nobodyWaitsForAnothersName() {
        var table = LookupTable()
        for number in 1...UInt64(LookupTable.lookupsMax) {
            #expect(table.asked(question("host\(number)"), by: number, now: 0) == .start(lookup: number))
        }
        #expect(table.count == LookupTable.lookupsMax)
    }

    @Test func theSameNameIsAskedOnceForAll() {
        var table = LookupTable()
        #expect(table.asked(question("a"), by: 1, now: 0) == .start(lookup: 1))
        #expect(table.asked(question("a"), by: 2, now: second) == .share(lookup: 1))
        #expect(table.asked(LookupQuestion(host: "a", version: .v6), by: 3, now: second) == .start(lookup: 2))
        #expect(table.asked(question("a"), by: 4, now: 2 * second) == .share(lookup: 1))
        #expect(table.ended(1, hasAddresses: false) == [1, 2, 4])
        #expect(table.ended(2, hasAddresses: true) == [3])
        #expect(table.count == 0)
    }

    @Test func pastTheBoundOnlyTheHostsFileIsAsked() {
        var table = LookupTable()
        for number in 1...UInt64(LookupTable.lookupsMax) {
            _ = table.asked(question("host\(number)"), by: number, now: 0)
        }
        #expect(table.asked(question("late"), by: 100, now: 0) == .askHostsFile)
        // A name that is being looked up needs no thread.
        #expect(table.asked(question("host7"), by: 101, now: 60 * second) == .share(lookup: 7))
        // Nobody wants to know any more, but the thread is there until the system answers.
        for number in 1...UInt64(LookupTable.lookupsMax) { table.cancelled(number) }
        #expect(table.asked(question("late"), by: 102, now: 0) == .askHostsFile)
        #expect(table.ended(7, hasAddresses: true) == [101])
        #expect(table.asked(question("late"), by: 103, now: 0) == .start(lookup: 65))
    }

    @Test func whoAsksAgainAfterFiveSecondsGetsALookupOfItsOwn() {
        var table = LookupTable()
        _ = table.asked(question("a"), by: 1, now: 0)
        table.cancelled(1)
        #expect(table.asked(question("a"), by: 2, now: 5 * second - 1) == .share(lookup: 1))
        #expect(table.asked(question("a"), by: 3, now: 5 * second) == .start(lookup: 2))
        // Never more than two for one name: the younger one knows the newer name servers.
        #expect(table.asked(question("a"), by: 4, now: 60 * second) == .share(lookup: 2))
        // What one of them finds is everybody's; that it finds nothing is its own.
        #expect(table.ended(2, hasAddresses: true) == [3, 4, 2])
        #expect(table.ended(1, hasAddresses: true) == [])
        _ = table.asked(question("a"), by: 5, now: 0)
        _ = table.asked(question("a"), by: 6, now: 9 * second)
        #expect(table.ended(3, hasAddresses: false) == [5])
        #expect(table.ended(4, hasAddresses: false) == [6])
    }

    @Test func secondLookupsLeaveRoomForNamesThatHaveNone() {
        var table = LookupTable()
        for number in 1...UInt64(LookupTable.secondLookupsMax) {
            _ = table.asked(question("host\(number)"), by: number, now: 0)
        }
        #expect(table.asked(question("host1"), by: 100, now: 60 * second) == .share(lookup: 1))
        #expect(table.asked(question("other"), by: 101, now: 60 * second) == .start(lookup: 33))
    }

    @Test func whatIsNotKnownIsHarmless() {
        var table = LookupTable()
        table.cancelled(1)
        #expect(table.ended(1, hasAddresses: true) == [])
        _ = table.asked(question("a"), by: 1, now: 0)
        table.cancelled(1)
        #expect(table.ended(1, hasAddresses: true) == [])
    }

    /// Hundreds of nodes ask, lose patience and ask again, while the system answers some names at once, some late and
    /// some never: the bounds hold, everybody is told once or has cancelled, and quick names are never refused while
    /// fewer names hang than there is room for.
    @Test(arguments: 1...20) func inAnyOrderTheBoundsHold(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15
        func random(_ below: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % below
        }
        var table = LookupTable()
        var now: UInt64 = 0
        var next: UInt64 = 0
        var waiting: Set<UInt64> = []
        var hanging: [UInt64] = []
        for _ in 0..<5_000 {
            now += random(second)
            switch random(4) {
            case 0, 1:
                next += 1
                let isQuick = random(2) == 0
                switch table.asked(question(isQuick ? "quick\(next)" : "hangs\(random(40))"), by: next, now: now) {
                case .start(let lookup):
                    if isQuick {
                        #expect(table.ended(lookup, hasAddresses: true) == [next])
                    } else {
                        hanging.append(lookup)
                        waiting.insert(next)
                    }
                case .share: waiting.insert(next)
                case .askHostsFile: Issue.record("refused with \(table.count) look-ups")
                }
            case 2:
                if let client = waiting.randomElement() {
                    table.cancelled(client)
                    waiting.remove(client)
                }
            default:
                guard !hanging.isEmpty, random(4) == 0 else { continue }
                let lookup = hanging.remove(at: Int(random(UInt64(hanging.count))))
                for client in table.ended(lookup, hasAddresses: random(2) == 0) {
                    #expect(waiting.remove(client) != nil)
                }
            }
            #expect(table.count == hanging.count && table.count <= LookupTable.lookupsMax)
        }
        for lookup in hanging {
            for client in table.ended(lookup, hasAddresses: false) { #expect(waiting.remove(client) != nil) }
        }
        #expect(waiting.isEmpty && table.count == 0)
    }
}
