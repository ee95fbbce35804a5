// SPDX-License-Identifier: Apache-2.0
/// Which address of a server is tried next, and when: RFC 8305 (Happy Eyeballs). The families in turn, the next address
/// a quarter of a second after the one before or as soon as that has failed; the first connection wins. Addresses that
/// failed after they had won an earlier race (`AddressMemory`) come last, and later.
///
/// An address that stays silent is begun anew every few seconds, beside what was begun before. TCP repeats its SYN
/// after 1, 3, 7, 15 and 31 seconds (RFC 6298 section 5): where packets were lost for a while, as on a radio link, it
/// would wait for many seconds after the network is back. The first attempt goes on too: the link may be that slow.
///
/// It is asked by `next` what is to be done, again and again until it says `wait` or `lost`. Times are monotonic
/// nanoseconds.
///
/// Each address has at most `attemptsPerAddressMax` attempts; attempts rise in their numbers.
public struct AddressRace: Sendable {
    /// RFC 8305 section 5: the recommended Connection Attempt Delay.
    public static let attemptDelayNanoseconds: UInt64 = 250_000_000
    /// Before an address that failed, 2 s: it must not win against one that is only further away.
    public static let failedDelayNanoseconds: UInt64 = 2_000_000_000
    /// How long an address may be silent before it is begun anew, 4 s.
    public static let repeatNanoseconds: UInt64 = 4_000_000_000
    /// Under way to one address at a time: the first one and the newest.
    public static let attemptsPerAddressMax = 3

    /// One of the server's addresses.
    public struct Address: Sendable {
        /// With its port, as `AddressMemory` knows it.
        public let text: String
        public let isIPv6: Bool

        public init(text: String, isIPv6: Bool) {
            self.text = text
            self.isIPv6 = isIPv6
        }
    }

    /// What is to be done.
    public enum Action: Equatable, Sendable {
        /// An attempt to the address at this place in what `init` was given.
        case begin(attempt: Int, address: Int)
        /// It is given up: others speak for its address, or are newer.
        case abandon(attempt: Int)
        /// Nothing before this, unless something happens.
        case wait(until: UInt64)
        /// No address could be connected to.
        case lost
    }

    private struct Attempt {
        let number: Int
        /// In `order`.
        let place: Int
        let isRepeated: Bool
    }

    /// Places in what `init` was given, in the order in which they are tried.
    private let order: [Int]
    /// So many at the beginning of `order` have not failed.
    private let unfailed: Int
    private let repeatNanoseconds: UInt64
    private var nextPlace = 0
    private var attempts: [Attempt] = []
    private var lastNumber = 0
    private var abandoned: [Int] = []
    /// Places that are to be begun anew now.
    private var silent: [Int] = []
    /// When the next address, or the silent ones anew.
    private var due: UInt64 = 0

    /// - Parameter repeatNanoseconds: for tests.
    public init(
        _ addresses: [Address], memory: AddressMemory, repeatNanoseconds: UInt64 = AddressRace.repeatNanoseconds
    ) {
        let wanted = Self.interleaved(addresses)
        let remembered = memory.order(wanted.map { addresses[$0].text })
        order = remembered.indexes.map { wanted[$0] }
        unfailed = remembered.unfailed
        self.repeatNanoseconds = repeatNanoseconds
    }

    /// RFC 8305 section 4: the system's order, but the families in turn.
    static func interleaved(_ addresses: [Address]) -> [Int] {
        guard let first = addresses.first else { return [] }
        let same = addresses.indices.filter { addresses[$0].isIPv6 == first.isIPv6 }
        let other = addresses.indices.filter { addresses[$0].isIPv6 != first.isIPv6 }
        var result: [Int] = []
        for index in 0..<max(same.count, other.count) {
            if index < same.count { result.append(same[index]) }
            if index < other.count { result.append(other[index]) }
        }
        return result
    }

    public mutating func next(now: UInt64) -> Action {
        if let number = abandoned.popLast() { return .abandon(attempt: number) }
        if nextPlace < order.count {
            guard attempts.isEmpty || now >= due else { return .wait(until: due) }
            nextPlace += 1
            due = now &+ delay
            return begin(nextPlace - 1, isRepeated: false)
        }
        if attempts.isEmpty { return .lost }
        if silent.isEmpty, now >= due {
            silent = order.indices.filter { place in attempts.contains { $0.place == place } }
            due = now &+ repeatNanoseconds
        }
        while let place = silent.popLast() {
            let under = attempts.filter { $0.place == place }
            if under.isEmpty { continue }
            if under.count >= Self.attemptsPerAddressMax {
                silent.append(place)
                attempts.removeAll { $0.number == under[1].number }
                return .abandon(attempt: under[1].number)
            }
            return begin(place, isRepeated: true)
        }
        return .wait(until: due)
    }

    /// Before the next address, or before the silent ones are begun anew.
    private var delay: UInt64 {
        if nextPlace >= order.count { return repeatNanoseconds }
        return nextPlace < unfailed ? Self.attemptDelayNanoseconds : Self.failedDelayNanoseconds
    }

    private mutating func begin(_ place: Int, isRepeated: Bool) -> Action {
        lastNumber += 1
        attempts.append(Attempt(number: lastNumber, place: place, isRepeated: isRepeated))
        return .begin(attempt: lastNumber, address: order[place])
    }

    /// It could not be begun: this host lacks something.
    /// - Returns: whether that is a failure of its address; if it was one begun anew, the others go on.
    public mutating func attemptNotBegun(_ number: Int) -> Bool {
        guard let index = attempts.firstIndex(where: { $0.number == number }) else { return false }
        return !attempts.remove(at: index).isRepeated
    }

    /// The address, or the network, has answered that it will not do. What else is under way to it would be told the
    /// same, later.
    public mutating func attemptFailed(_ number: Int, now: UInt64) {
        guard let place = attempts.first(where: { $0.number == number })?.place else { return }
        for other in attempts where other.place == place && other.number != number { abandoned.append(other.number) }
        attempts.removeAll { $0.place == place }
        if nextPlace < order.count { due = now }
    }

    public func checkInvariants() {
        for place in order.indices {
            precondition(
                attempts.count { $0.place == place } <= Self.attemptsPerAddressMax, "too many attempts to an address")
        }
        precondition(nextPlace <= order.count && unfailed <= order.count, "a place beyond the addresses")
    }
}
