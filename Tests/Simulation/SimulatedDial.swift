// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// What comes of one dialing: `AddressRace` against addresses that answer, refuse or are silent, each in its own time.
final class SimulatedDial {
    enum Outcome {
        /// With what was wrong with the race, if anything was.
        case pending(String?)
        case connected
        case lost
        /// The name has no address.
        case nameless
    }

    private enum Fate {
        case accepts
        case refuses
        case isSilent
        /// Silent to what was begun before this: packets are lost for a while.
        case isSilentBefore(UInt64)
    }

    /// When it is known that the name has none; nil: it has some.
    private let namelessAt: UInt64?
    private let addresses: [(fate: Fate, delay: UInt64)]
    private var race: AddressRace
    /// Attempts under way, and when each will be answered.
    private var attempts: [(number: Int, address: Int, answered: UInt64?)] = []
    private var wait: UInt64 = 0
    /// How many addresses were begun, and whether one failed since.
    private var begun: Set<Int> = []
    private var hasFailed = false

    init(_ random: inout Seeded, faults: Int, now: UInt64) {
        let isNameless = random.chance(faults / 5)
        namelessAt = isNameless ? now &+ UInt64(random.pick([0, 20, 5000])) * 1_000_000 : nil
        addresses = (0..<random.within(1...4)).map { _ in
            let delay = UInt64(random.pick([0, 1, 50, 300])) * 1_000_000
            guard random.chance(faults) else { return (.accepts, delay) }
            switch random.below(3) {
            case 0: return (.refuses, delay)
            case 1: return (.isSilent, delay)
            default: return (.isSilentBefore(now &+ UInt64(random.pick([100, 5000])) * 1_000_000), delay)
            }
        }
        let texts = addresses.indices.map { AddressRace.Address(text: "10.0.0.\($0)", isIPv6: $0 % 2 == 1) }
        var memory = AddressMemory()
        if random.chance(20) { memory.ended("10.0.0.0", openNanoseconds: nil) }
        race = AddressRace(texts, memory: memory)
    }

    /// When something is due.
    var nextMoment: UInt64? { namelessAt ?? (attempts.compactMap { $0.answered } + [wait]).min() }

    func goOn(now: UInt64) -> Outcome {
        if let namelessAt { return now >= namelessAt ? .nameless : .pending(nil) }
        while let due = attempts.first(where: { $0.answered.map { $0 <= now } ?? false }) {
            if case .refuses = addresses[due.address].fate {
                attempts.removeAll { $0.number == due.number }
                race.attemptFailed(due.number, now: now)
                hasFailed = true
            } else {
                return .connected
            }
        }
        while true {
            race.checkInvariants()
            switch race.next(now: now) {
            case .begin(let number, let address):
                begun.insert(address)
                hasFailed = false
                attempts.append((number, address, answer(address, now)))
            case .abandon(let number):
                guard attempts.contains(where: { $0.number == number }) else {
                    return .pending("an attempt is abandoned that is not there")
                }
                attempts.removeAll { $0.number == number }
            case .wait(let until):
                wait = until
                if hasFailed, begun.count < addresses.count {
                    return .pending("an address has failed, and the next one is waited with")
                }
                return .pending(until > now && !attempts.isEmpty ? nil : "the race waits for nothing")
            case .lost: return .lost
            }
        }
    }

    private func answer(_ address: Int, _ now: UInt64) -> UInt64? {
        let (fate, delay) = addresses[address]
        switch fate {
        case .accepts, .refuses: return now &+ delay
        case .isSilent: return nil
        case .isSilentBefore(let end): return now >= end ? now &+ delay : nil
        }
    }
}
