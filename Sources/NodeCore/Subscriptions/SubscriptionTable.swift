// SPDX-License-Identifier: Apache-2.0
/// Why a change of the subscriptions was refused.
public enum SubscriptionError: Error, Equatable, Sendable {
    /// A name is empty, longer than 1024 bytes, or holds a control character.
    case invalidName
    /// There is no such subscription.
    case notFound
    /// There are `SubscriptionTable.countMax` already.
    case tooMany
    /// There is no memory for more of them; nothing has changed.
    case noMemory
}

/// The subscriptions of a node: driver and group to parameters. Not for several threads at once.
///
/// `lookup` stands on the path of every push: it allocates nothing.
public struct SubscriptionTable: ~Copyable {
    public static let countMax = 100_000
    /// Bytes of a name, NEURON_WS_NAME_MAX.
    public static let nameBytesMax = 1024

    let seed: UInt64
    let wildcardHash: UInt64
    var slots = SubscriptionSlots()
    /// How many entries there are of each kind, so that searches that cannot succeed are not made.
    var exactCount = 0
    var anyGroupCount = 0
    var anyDriverCount = 0
    /// The subscription of everything.
    var all: Subscription?

    /// - Parameter seed: random, other in each process.
    public init(seed: UInt64) {
        self.seed = seed
        wildcardHash = NameHash.of(Self.wildcard, seed: seed)
    }

    /// How many there are.
    public private(set) var count = 0
    private var lastNumber: UInt64 = 0

    static var wildcard: UnsafeRawBufferPointer {
        let name: StaticString = "*"
        return UnsafeRawBufferPointer(start: name.utf8Start, count: 1)
    }

    /// The hash of a group's names, for what is kept of it elsewhere.
    public func hash(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> UInt64 {
        NameHash.pair(NameHash.of(driver, seed: seed), NameHash.of(group, seed: seed))
    }

    /// The subscription that covers this driver and group: the exact one, else driver/`*`, else `*`/group, else
    /// `*`/`*`. Allocates nothing.
    public func lookup(driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer) -> Subscription? {
        if exactCount | anyGroupCount | anyDriverCount == 0 { return all }
        let driverHash = NameHash.of(driver, seed: seed)
        let groupHash = NameHash.of(group, seed: seed)
        if exactCount > 0, let index = slots.find(NameHash.pair(driverHash, groupHash), driver, group) {
            return slots[index]
        }
        if anyGroupCount > 0,
            let index = slots.find(NameHash.pair(driverHash, wildcardHash), driver, Self.wildcard)
        {
            return slots[index]
        }
        if anyDriverCount > 0,
            let index = slots.find(NameHash.pair(wildcardHash, groupHash), Self.wildcard, group)
        {
            return slots[index]
        }
        return all
    }

    /// Subscribes; a subscription of the same names is replaced, and returned, so that it may be freed without a lock.
    @discardableResult
    public mutating func subscribe(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, parameters: SubscriptionParameters
    ) throws(SubscriptionError) -> Subscription? {
        guard Self.isName(driver), Self.isName(group) else { throw .invalidName }
        if count >= Self.countMax && index(driver, group) == nil { throw .tooMany }
        guard growIfNeeded() else { throw .noMemory }
        return insert(driver, group, parameters)
    }

    /// Ends exactly the subscription of these names, and returns it.
    @discardableResult
    public mutating func unsubscribe(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer
    ) throws(SubscriptionError) -> Subscription? {
        guard Self.isName(driver), Self.isName(group) else { throw .invalidName }
        guard let found = index(driver, group) else { throw .notFound }
        return remove(at: found)
    }

    /// Ends subscriptions of a driver, at most `stepCountMax`; call again until it says that it was the last time. One
    /// driver may have all there are, and whoever holds a lock for this must be able to let others in between.
    public mutating func unsubscribeSome(
        driver: UnsafeRawBufferPointer, ended: inout [Subscription]
    ) throws(SubscriptionError) -> Bool {
        guard Self.isName(driver) else { throw .invalidName }
        if !has(driver) { throw .notFound }
        for _ in 0..<Self.stepCountMax {
            guard let subscription = firstOf(driver) else { return true }
            if let removed = remove(subscription) { ended.append(removed) }
        }
        return !has(driver)
    }

    /// The gateway renamed a driver: its subscriptions follow, some at a time as with `unsubscribeSome`. One of the new
    /// name is replaced.
    public mutating func renameSome(
        driver: UnsafeRawBufferPointer, to newDriver: UnsafeRawBufferPointer, ended: inout [Subscription]
    ) throws(SubscriptionError) -> Bool {
        guard Self.isGivenName(driver), Self.isGivenName(newDriver) else { throw .invalidName }
        if !has(driver) { throw .notFound }
        if driver.elementsEqual(newDriver) { return true }
        for _ in 0..<Self.stepCountMax {
            guard let old = firstOf(driver) else { return true }
            // A head of its own, where the new driver has none yet.
            guard growIfNeeded() else { throw .noMemory }
            remove(old)
            old.withNames { _, group in
                if let replaced = insert(newDriver, group, old.parameters) { ended.append(replaced) }
            }
            ended.append(old)
        }
        return !has(driver)
    }

    /// The gateway renamed a group of a driver: its subscription follows. One of the new name is replaced.
    public mutating func rename(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, to newGroup: UnsafeRawBufferPointer
    ) throws(SubscriptionError) {
        guard Self.isGivenName(driver), Self.isGivenName(group), Self.isGivenName(newGroup) else { throw .invalidName }
        guard let found = index(driver, group), let old = remove(at: found) else { throw .notFound }
        insert(driver, newGroup, old.parameters)
    }

    /// How many subscriptions are changed in one call at most.
    static let stepCountMax = 64

    /// Where the entries go before the next change, if they would have to move then: made beforehand, because moving a
    /// hundred thousand takes a while. Reads the table, which nobody may change until `adopt`.
    ///
    /// Nil: there is room, or no memory for more, which `subscribe` then finds out.
    public func grown() -> SubscriptionSlots? {
        slots.hasRoom(for: Self.stepCountMax * 2) ? nil : SubscriptionSlots(growing: slots)
    }

    /// Returns the old memory, to be freed.
    public mutating func adopt(_ grown: SubscriptionSlots) -> SubscriptionSlots {
        let old = slots
        old.disown()
        slots = grown
        return old
    }

    /// Whether `name` can be a driver's or a group's, or is `*`.
    public static func isName(_ name: UnsafeRawBufferPointer) -> Bool {
        if name.isEmpty || name.count > nameBytesMax { return false }
        for byte in name where byte < 0x20 || byte == 0x7F { return false }
        return true
    }

    /// A name, but not the sign for all names: nothing can be renamed from or to that.
    private static func isGivenName(_ name: UnsafeRawBufferPointer) -> Bool { isName(name) && !isWildcard(name) }

    private static func isWildcard(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count == 1 && name[0] == UInt8(ascii: "*")
    }

    /// Traps when an invariant does not hold; for tests.
    func checkInvariants() {
        precondition(slots.capacity & (slots.capacity - 1) == 0 && count * 2 <= slots.capacity)
        var found = 0
        var listed = 0
        for place in 0..<slots.capacity {
            guard let subscription = slots[place] else { continue }
            precondition(subscription.withNames { index($0, $1) } == place)
            if !subscription.isHead {
                found += 1
                continue
            }
            // A head has at least one behind it, all of its driver.
            precondition(subscription.next != nil)
            var following = subscription.next?.takeUnretainedValue()
            while let one = following {
                precondition(one.driver == subscription.driver)
                listed += 1
                following = one.next?.takeUnretainedValue()
            }
        }
        precondition(found == count && listed == count)
        precondition(exactCount + anyGroupCount + anyDriverCount + (all == nil ? 0 : 1) == count)
    }
}

extension SubscriptionTable {
    private func index(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Int? {
        slots.find(hash(driver, group), driver, group)
    }

    private static var none: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: wildcard.prefix(0)) }

    /// The head of the list of a driver's subscriptions: an entry like theirs, of an empty group.
    private func head(of driver: UnsafeRawBufferPointer) -> Subscription? {
        index(driver, Self.none).flatMap { slots[$0] }
    }

    private func has(_ driver: UnsafeRawBufferPointer) -> Bool { head(of: driver) != nil }

    private func firstOf(_ driver: UnsafeRawBufferPointer) -> Subscription? {
        head(of: driver)?.next?.takeUnretainedValue()
    }

    private mutating func make(
        _ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer, _ parameters: SubscriptionParameters
    ) -> Subscription {
        lastNumber += 1
        return Subscription(driver: driver, group: group, parameters: parameters, number: lastNumber)
    }

    /// Makes room for one more, and its head. False: there is no memory for it.
    private mutating func growIfNeeded() -> Bool {
        if slots.hasRoom(for: 2) { return true }
        guard let larger = SubscriptionSlots(growing: slots) else { return false }
        _ = adopt(larger)
        return true
    }

    /// Returns the one whose place it takes. There is room: `growIfNeeded` was called, or as many were removed.
    @discardableResult
    private mutating func insert(
        _ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer, _ parameters: SubscriptionParameters
    ) -> Subscription? {
        let subscription = make(driver, group, parameters)
        let head: Subscription
        if let found = self.head(of: driver) {
            head = found
        } else {
            head = make(driver, Self.none, .none)
            slots.insert(hash(driver, Self.none), head)
        }
        head.link(subscription)
        if let place = index(driver, group) {
            let old = slots.replace(at: place, with: subscription)
            old?.unlink()
            if all != nil && isAll(subscription) { all = subscription }
            return old
        }
        slots.insert(hash(driver, group), subscription)
        countIn(subscription, by: 1)
        return nil
    }

    @discardableResult
    private mutating func remove(_ subscription: Subscription) -> Subscription? {
        guard let place = subscription.withNames({ index($0, $1) }) else { return nil }
        return remove(at: place)
    }

    @discardableResult
    private mutating func remove(at place: Int) -> Subscription? {
        guard let subscription = slots.remove(at: place) else { return nil }
        countIn(subscription, by: -1)
        subscription.unlink()
        subscription.withNames { driver, _ in
            guard let place = index(driver, Self.none), slots[place]?.next == nil else { return }
            _ = slots.remove(at: place)
        }
        return subscription
    }

    private func isAll(_ subscription: Subscription) -> Bool {
        subscription.withNames { Self.isWildcard($0) && Self.isWildcard($1) }
    }

    private mutating func countIn(_ subscription: Subscription, by step: Int) {
        count += step
        let (anyDriver, anyGroup) = subscription.withNames { (Self.isWildcard($0), Self.isWildcard($1)) }
        if anyDriver && anyGroup {
            all = step > 0 ? subscription : nil
        } else if anyDriver {
            anyDriverCount += step
        } else if anyGroup {
            anyGroupCount += step
        } else {
            exactCount += step
        }
    }
}
