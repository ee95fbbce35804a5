/// Why a change of the subscriptions was refused.
public enum SubscriptionError: Error, Equatable, Sendable {
    /// A name is empty, longer than 1024 bytes, or holds a control character.
    case invalidName
    /// There is no such subscription.
    case notFound
    /// There are `SubscriptionTable.countMax` already.
    case tooMany
}

/// The subscriptions of a node: driver and group to parameters.
///
/// An open-addressing hash table by bytes, because `lookup` stands on the path of every push. Invariants: the capacity
/// is a power of two, `count * 2 <= capacity`, and between an entry's home and its place no slot is empty.
public struct SubscriptionTable {
    public static let countMax = 100_000
    /// Bytes of a name, NEURON_WS_NAME_MAX.
    public static let nameBytesMax = 1024
    @usableFromInline static let wildcard: [UInt8] = [UInt8(ascii: "*")]

    @usableFromInline
    struct Slot {
        @usableFromInline var hash: UInt64
        @usableFromInline var subscription: Subscription?
    }

    @usableFromInline let seed: UInt64
    @usableFromInline let wildcardHash: UInt64
    @usableFromInline var slots: [Slot]
    public private(set) var count = 0
    /// How many entries there are of each kind, so that lookups that cannot succeed are not made.
    @usableFromInline var exactCount = 0
    @usableFromInline var anyGroupCount = 0
    @usableFromInline var anyDriverCount = 0
    /// The subscription of everything.
    @usableFromInline var all: Subscription?

    /// - Parameter seed: random, other in each process.
    public init(seed: UInt64) {
        self.seed = seed
        wildcardHash = Self.wildcard.withUnsafeBytes { NameHash.of($0, seed: seed) }
        slots = [Slot](repeating: Slot(hash: 0, subscription: nil), count: 16)
    }

    /// The subscription that covers this driver and group: the exact one, else driver/`*`, else `*`/group, else
    /// `*`/`*`. Allocates nothing.
    @inlinable
    public func lookup(driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer) -> Subscription? {
        if exactCount + anyGroupCount + anyDriverCount == 0 { return all }
        let driverHash = NameHash.of(driver, seed: seed)
        let groupHash = NameHash.of(group, seed: seed)
        if exactCount > 0, let found = find(NameHash.pair(driverHash, groupHash), driver, group) { return found }
        return Self.wildcard.withUnsafeBytes { any in
            if anyGroupCount > 0, let found = find(NameHash.pair(driverHash, wildcardHash), driver, any) {
                return found
            }
            if anyDriverCount > 0, let found = find(NameHash.pair(wildcardHash, groupHash), any, group) {
                return found
            }
            return all
        }
    }

    /// Subscribes; a subscription of the same names is replaced.
    public mutating func subscribe(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, parameters: SubscriptionParameters,
        encoding: EncodingOptions
    ) throws(SubscriptionError) {
        guard Self.isName(driver), Self.isName(group) else { throw .invalidName }
        if index(driver, group) == nil && count >= Self.countMax { throw .tooMany }
        insert(
            Subscription(
                driver: [UInt8](driver), group: [UInt8](group), parameters: parameters, encoding: encoding))
    }

    /// New settings: every subscription is written anew.
    public mutating func replaceEncodings(_ make: (SubscriptionParameters, EncodingOptions) -> EncodingOptions) {
        for subscription in subscriptions({ _ in true }) {
            insert(
                Subscription(
                    driver: subscription.driver, group: subscription.group, parameters: subscription.parameters,
                    encoding: make(subscription.parameters, subscription.encoding)))
        }
    }

    /// Ends exactly the subscription of these names; `group` nil: all of the driver's.
    public mutating func unsubscribe(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer?
    ) throws(SubscriptionError) {
        guard Self.isName(driver), group.map(Self.isName) ?? true else { throw .invalidName }
        if let group {
            guard let found = index(driver, group) else { throw .notFound }
            remove(at: found)
            return
        }
        let ended = subscriptions { NameHash.equal($0, driver) }
        if ended.isEmpty { throw .notFound }
        for subscription in ended { remove(subscription) }
    }

    /// The gateway renamed a driver: all its subscriptions follow. One of the new name is replaced.
    public mutating func rename(
        driver: UnsafeRawBufferPointer, to newDriver: UnsafeRawBufferPointer
    ) throws(SubscriptionError) {
        guard Self.isGivenName(driver), Self.isGivenName(newDriver) else { throw .invalidName }
        let moved = subscriptions { NameHash.equal($0, driver) }
        if moved.isEmpty { throw .notFound }
        for subscription in moved { remove(subscription) }
        for subscription in moved {
            insert(
                Subscription(
                    driver: [UInt8](newDriver), group: subscription.group, parameters: subscription.parameters,
                    encoding: subscription.encoding))
        }
    }

    /// The gateway renamed a group of a driver: its subscription follows. One of the new name is replaced.
    public mutating func rename(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, to newGroup: UnsafeRawBufferPointer
    ) throws(SubscriptionError) {
        guard Self.isGivenName(driver), Self.isGivenName(group), Self.isGivenName(newGroup) else { throw .invalidName }
        guard let found = index(driver, group), let old = slots[found].subscription else { throw .notFound }
        remove(at: found)
        insert(
            Subscription(
                driver: old.driver, group: [UInt8](newGroup), parameters: old.parameters, encoding: old.encoding))
    }

    /// Whether `name` can be a driver's or a group's, or is `*`.
    public static func isName(_ name: UnsafeRawBufferPointer) -> Bool {
        if name.isEmpty || name.count > nameBytesMax { return false }
        for byte in name where byte < 0x20 || byte == 0x7F { return false }
        return true
    }

    /// A name, but not the sign for all names: nothing can be renamed from or to that.
    private static func isGivenName(_ name: UnsafeRawBufferPointer) -> Bool {
        isName(name) && !(name.count == 1 && name[0] == UInt8(ascii: "*"))
    }

    /// Every subscription, in no particular order.
    public func forEach(_ body: (Subscription) -> Void) {
        for slot in slots { if let subscription = slot.subscription { body(subscription) } }
    }

    /// Traps when an invariant does not hold; for tests.
    func checkInvariants() {
        precondition(slots.count & (slots.count - 1) == 0 && count * 2 <= slots.count)
        var found = 0
        forEach { subscription in
            found += 1
            let isFound = subscription.driver.withUnsafeBytes { driver in
                subscription.group.withUnsafeBytes { group in index(driver, group) != nil }
            }
            precondition(isFound)
        }
        precondition(found == count)
        precondition(exactCount + anyGroupCount + anyDriverCount + (all == nil ? 0 : 1) == count)
    }
}

extension SubscriptionTable {
    @inlinable
    func find(_ hash: UInt64, _ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Subscription? {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var index = Int(truncatingIfNeeded: hash) & mask
            while let subscription = slots[index].subscription {
                if slots[index].hash == hash && subscription.isNamed(driver, group) { return subscription }
                index = (index + 1) & mask
            }
            return nil
        }
    }

    private func hash(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> UInt64 {
        NameHash.pair(NameHash.of(driver, seed: seed), NameHash.of(group, seed: seed))
    }

    private func index(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Int? {
        let hash = hash(driver, group)
        var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while let subscription = slots[index].subscription {
            if slots[index].hash == hash && subscription.isNamed(driver, group) { return index }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    private func subscriptions(_ isOfDriver: (UnsafeRawBufferPointer) -> Bool) -> [Subscription] {
        var found: [Subscription] = []
        forEach { subscription in
            if subscription.driver.withUnsafeBytes({ isOfDriver($0) }) { found.append(subscription) }
        }
        return found
    }

    private mutating func insert(_ subscription: Subscription) {
        let (hash, place) = subscription.driver.withUnsafeBytes { driver in
            subscription.group.withUnsafeBytes { group in (self.hash(driver, group), index(driver, group)) }
        }
        if let place {
            slots[place].subscription = subscription
            if isAll(subscription) { all = subscription }
            return
        }
        if (count + 1) * 2 > slots.count { grow() }
        put(Slot(hash: hash, subscription: subscription))
        countIn(subscription, by: 1)
    }

    private mutating func put(_ slot: Slot) {
        var index = Int(truncatingIfNeeded: slot.hash) & (slots.count - 1)
        while slots[index].subscription != nil { index = (index + 1) & (slots.count - 1) }
        slots[index] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, subscription: nil), count: old.count * 2)
        for slot in old where slot.subscription != nil { put(slot) }
    }

    private mutating func remove(_ subscription: Subscription) {
        let place = subscription.driver.withUnsafeBytes { driver in
            subscription.group.withUnsafeBytes { group in index(driver, group) }
        }
        if let place { remove(at: place) }
    }

    /// Empties a slot and moves back what stands behind it, so that no search ends early.
    private mutating func remove(at place: Int) {
        guard let subscription = slots[place].subscription else { return }
        countIn(subscription, by: -1)
        let mask = slots.count - 1
        var hole = place
        var index = (place + 1) & mask
        while slots[index].subscription != nil {
            let home = Int(truncatingIfNeeded: slots[index].hash) & mask
            // It may move only if its home does not lie between the hole and it.
            if (index - home) & mask >= (index - hole) & mask {
                slots[hole] = slots[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        slots[hole] = Slot(hash: 0, subscription: nil)
    }

    private func isAll(_ subscription: Subscription) -> Bool {
        subscription.driver == Self.wildcard && subscription.group == Self.wildcard
    }

    private mutating func countIn(_ subscription: Subscription, by step: Int) {
        count += step
        let anyDriver = subscription.driver == Self.wildcard
        let anyGroup = subscription.group == Self.wildcard
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
