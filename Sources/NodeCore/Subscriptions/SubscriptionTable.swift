/// Why a change of the subscriptions was refused.
public enum SubscriptionError: Error, Equatable, Sendable {
    /// A name is empty, longer than 1024 bytes, or holds a control character.
    case invalidName
    /// There is no such subscription.
    case notFound
    /// There are `SubscriptionTable.countMax` already.
    case tooMany
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
    public var count: Int { slots.count }

    static var wildcard: UnsafeRawBufferPointer {
        let name: StaticString = "*"
        return UnsafeRawBufferPointer(start: name.utf8Start, count: 1)
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

    /// Subscribes; a subscription of the same names is replaced.
    public mutating func subscribe(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, parameters: SubscriptionParameters,
        encoding: EncodingOptions
    ) throws(SubscriptionError) {
        guard Self.isName(driver), Self.isName(group) else { throw .invalidName }
        if count >= Self.countMax && index(driver, group) == nil { throw .tooMany }
        insert(Subscription(driver: driver, group: group, parameters: parameters, encoding: encoding))
    }

    /// New settings: every subscription is written anew.
    public mutating func replaceEncodings(_ make: (SubscriptionParameters) -> EncodingOptions) {
        var all: [Subscription] = []
        forEach { all.append($0) }
        for old in all {
            insert(
                old.withNames { driver, group in
                    Subscription(
                        driver: driver, group: group, parameters: old.parameters,
                        encoding: make(old.parameters))
                })
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
        let ended = subscriptions(of: driver)
        if ended.isEmpty { throw .notFound }
        for subscription in ended { remove(subscription) }
    }

    /// The gateway renamed a driver: all its subscriptions follow. One of the new name is replaced.
    public mutating func rename(
        driver: UnsafeRawBufferPointer, to newDriver: UnsafeRawBufferPointer
    ) throws(SubscriptionError) {
        guard Self.isGivenName(driver), Self.isGivenName(newDriver) else { throw .invalidName }
        let moved = subscriptions(of: driver)
        if moved.isEmpty { throw .notFound }
        for subscription in moved { remove(subscription) }
        for subscription in moved {
            insert(
                subscription.withNames { _, group in
                    Subscription(
                        driver: newDriver, group: group, parameters: subscription.parameters,
                        encoding: subscription.encoding)
                })
        }
    }

    /// The gateway renamed a group of a driver: its subscription follows. One of the new name is replaced.
    public mutating func rename(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, to newGroup: UnsafeRawBufferPointer
    ) throws(SubscriptionError) {
        guard Self.isGivenName(driver), Self.isGivenName(group), Self.isGivenName(newGroup) else { throw .invalidName }
        guard let found = index(driver, group), let old = slots[found] else { throw .notFound }
        remove(at: found)
        insert(
            Subscription(driver: driver, group: newGroup, parameters: old.parameters, encoding: old.encoding))
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

    /// Every subscription, in no particular order.
    public func forEach(_ body: (Subscription) -> Void) {
        for index in 0..<slots.capacity { if let subscription = slots[index] { body(subscription) } }
    }

    /// Traps when an invariant does not hold; for tests.
    func checkInvariants() {
        precondition(slots.capacity & (slots.capacity - 1) == 0 && count * 2 <= slots.capacity)
        var found = 0
        for place in 0..<slots.capacity {
            guard let subscription = slots[place] else { continue }
            found += 1
            precondition(subscription.withNames { index($0, $1) } == place)
        }
        precondition(found == count)
        precondition(exactCount + anyGroupCount + anyDriverCount + (all == nil ? 0 : 1) == count)
    }
}

extension SubscriptionTable {
    private func hash(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> UInt64 {
        NameHash.pair(NameHash.of(driver, seed: seed), NameHash.of(group, seed: seed))
    }

    private func index(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Int? {
        slots.find(hash(driver, group), driver, group)
    }

    private func subscriptions(of driver: UnsafeRawBufferPointer) -> [Subscription] {
        var found: [Subscription] = []
        forEach { subscription in
            if subscription.withNames({ name, _ in name.elementsEqual(driver) }) { found.append(subscription) }
        }
        return found
    }

    private mutating func insert(_ subscription: Subscription) {
        let (hash, place) = subscription.withNames { driver, group in (self.hash(driver, group), index(driver, group)) }
        if let place {
            slots.replace(at: place, with: subscription)
            if all != nil && isAll(subscription) { all = subscription }
            return
        }
        slots.insert(hash, subscription)
        countIn(subscription, by: 1)
    }

    private mutating func remove(_ subscription: Subscription) {
        if let place = subscription.withNames({ index($0, $1) }) { remove(at: place) }
    }

    private mutating func remove(at place: Int) {
        guard let subscription = slots[place] else { return }
        countIn(subscription, by: -1)
        slots.remove(at: place)
    }

    private func isAll(_ subscription: Subscription) -> Bool {
        subscription.withNames { Self.isWildcard($0) && Self.isWildcard($1) }
    }

    private mutating func countIn(_ subscription: Subscription, by step: Int) {
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
