// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

private let millisecond: UInt64 = 1_000_000

@Suite struct AddressRaceTests {
    private static func addresses(_ texts: [String]) -> [AddressRace.Address] {
        texts.map { AddressRace.Address(text: $0, isIPv6: $0.utf8.contains(UInt8(ascii: ":"))) }
    }

    /// All that is to be done at `now`, and when it is to be asked again.
    private func actions(_ race: inout AddressRace, at now: UInt64) -> [AddressRace.Action] {
        var actions: [AddressRace.Action] = []
        while actions.count < 100 {
            let action = race.next(now: now)
            race.checkInvariants()
            actions.append(action)
            switch action {
            case .wait, .lost: return actions
            case .begin, .abandon: break
            }
        }
        return actions
    }

    @Test func takesTheFamiliesInTurn() {
        let list = Self.addresses(["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"])
        #expect(AddressRace.interleaved(list) == [0, 3, 1, 4, 2])
        #expect(AddressRace.interleaved([]).isEmpty)
    }

    @Test func theNextAddressComesAQuarterOfASecondLater() {
        var race = AddressRace(Self.addresses(["::1", "127.0.0.1"]), memory: AddressMemory())
        let start = 5 * millisecond
        let second = start + 250 * millisecond
        #expect(actions(&race, at: start) == [.begin(attempt: 1, address: 0), .wait(until: second)])
        #expect(actions(&race, at: second - 1) == [.wait(until: second)])
        let anew = second + 4_000 * millisecond
        #expect(actions(&race, at: second) == [.begin(attempt: 2, address: 1), .wait(until: anew)])
    }

    @Test func aFailureBeginsTheNextAtOnceAndTheLastOneEndsIt() {
        var race = AddressRace(Self.addresses(["127.0.0.1", "127.0.0.2"]), memory: AddressMemory())
        #expect(actions(&race, at: 0).first == .begin(attempt: 1, address: 0))
        race.attemptFailed(1, now: millisecond)
        #expect(actions(&race, at: millisecond).first == .begin(attempt: 2, address: 1))
        race.attemptFailed(2, now: 2 * millisecond)
        #expect(actions(&race, at: 2 * millisecond) == [.lost])
    }

    @Test func withoutAddressesItIsLost() {
        var race = AddressRace([], memory: AddressMemory())
        #expect(actions(&race, at: 0) == [.lost])
    }

    @Test func addressesThatFailedEarlierComeLastAndLater() {
        var memory = AddressMemory()
        memory.ended("127.0.0.1", openNanoseconds: nil)
        var race = AddressRace(Self.addresses(["127.0.0.1", "127.0.0.2"]), memory: memory)
        #expect(
            actions(&race, at: 0) == [.begin(attempt: 1, address: 1), .wait(until: 2_000 * millisecond)])
        #expect(actions(&race, at: 2_000 * millisecond).first == .begin(attempt: 2, address: 0))
    }

    /// The first attempt and the newest: those between make room.
    @Test func aSilentAddressIsBegunAnewEveryFourSeconds() {
        var race = AddressRace(Self.addresses(["10.0.0.1"]), memory: AddressMemory())
        func at(_ seconds: UInt64) -> UInt64 { seconds * 1_000 * millisecond }
        #expect(actions(&race, at: 0) == [.begin(attempt: 1, address: 0), .wait(until: at(4))])
        #expect(actions(&race, at: at(4)) == [.begin(attempt: 2, address: 0), .wait(until: at(8))])
        #expect(actions(&race, at: at(8)) == [.begin(attempt: 3, address: 0), .wait(until: at(12))])
        #expect(
            actions(&race, at: at(12)) == [
                .abandon(attempt: 2), .begin(attempt: 4, address: 0), .wait(until: at(16)),
            ])
        #expect(
            actions(&race, at: at(16)) == [
                .abandon(attempt: 3), .begin(attempt: 5, address: 0), .wait(until: at(20)),
            ])
    }

    @Test func oneAnswerSpeaksForAllAttemptsToAnAddress() {
        var race = AddressRace(Self.addresses(["10.0.0.1", "10.0.0.2"]), memory: AddressMemory())
        _ = actions(&race, at: 0)
        let second = 250 * millisecond
        _ = actions(&race, at: second)
        let anew = second + AddressRace.repeatNanoseconds
        let begun = actions(&race, at: anew).filter { if case .begin = $0 { true } else { false } }
        #expect(begun.count == 2)
        // The repeated attempt to the first address is refused: its first attempt goes, the other address's stay.
        race.attemptFailed(1, now: anew)
        let left = actions(&race, at: anew)
        #expect(left == [.abandon(attempt: 4), .wait(until: anew + AddressRace.repeatNanoseconds)])
        race.attemptFailed(2, now: anew)
        #expect(actions(&race, at: anew) == [.abandon(attempt: 3), .lost])
    }

    /// No descriptors left, for example: whether that is a failure of the address depends on whether another attempt
    /// to it is under way.
    @Test func whatCannotBeBegunIsAFailureOnlyTheFirstTime() {
        var race = AddressRace(Self.addresses(["10.0.0.1"]), memory: AddressMemory())
        _ = race.next(now: 0)
        _ = actions(&race, at: AddressRace.repeatNanoseconds)
        let verdicts = [2, 1, 1].map { race.attemptNotBegun($0) }
        #expect(verdicts == [false, true, false])
        #expect(actions(&race, at: AddressRace.repeatNanoseconds) == [.lost])
    }

    /// Whatever the network does, and however long: it ends, or it waits for a moment to come.
    @Test func everyRaceGoesOn() {
        var random = SplitMix(7)
        for _ in 0..<300 {
            let count = Int(random.next() % 21)
            let texts = (0..<count).map { $0 % 3 == 0 ? "::\($0)" : "10.0.0.\($0)" }
            var race = AddressRace(Self.addresses(texts), memory: AddressMemory())
            var under: [Int] = []
            var now: UInt64 = 1
            for _ in 0..<200 {
                let next = actions(&race, at: now)
                for case .begin(let attempt, let address) in next {
                    #expect(address < count)
                    under.append(attempt)
                }
                for case .abandon(let attempt) in next { under.removeAll { $0 == attempt } }
                guard case .wait(let until) = next.last else {
                    #expect(next.last == .lost && under.isEmpty)
                    break
                }
                #expect(until > now && !under.isEmpty)
                #expect(under.count <= count * AddressRace.attemptsPerAddressMax)
                if random.next() % 2 == 0 {
                    now = until
                } else {
                    let attempt = under[Int(random.below(UInt64(under.count)))]
                    if random.next() % 8 == 0 {
                        _ = race.attemptNotBegun(attempt)
                    } else {
                        race.attemptFailed(attempt, now: now)
                    }
                    under.removeAll { $0 == attempt }
                }
            }
        }
    }
}
