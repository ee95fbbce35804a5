// SPDX-License-Identifier: Apache-2.0
/// What is forwarded, and with what added. But for its links, which are the table's, immutable, so that a push may use
/// it while the table changes.
public final class Subscription: @unchecked Sendable {
    /// The driver's name and the group's behind it, as UTF-8; never written after `init`, which makes this Sendable.
    let names: UnsafeMutableRawPointer
    let driverCount: Int
    let groupCount: Int
    public let parameters: SubscriptionParameters
    /// Other for each subscription that a table has had.
    public let number: UInt64

    /// The others of the same driver; referred to, and owned by the table's slots. Only whoever changes the table
    /// looks.
    var next: Unmanaged<Subscription>?
    var previous: Unmanaged<Subscription>?

    /// An empty group: no subscription, but the head of the list of the driver's.
    init(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, parameters: SubscriptionParameters,
        number: UInt64
    ) {
        names = UnsafeMutableRawPointer.allocate(byteCount: driver.count + group.count, alignment: 8)
        driverCount = driver.count
        groupCount = group.count
        if let base = driver.baseAddress { names.copyMemory(from: base, byteCount: driver.count) }
        if let base = group.baseAddress { (names + driver.count).copyMemory(from: base, byteCount: group.count) }
        self.parameters = parameters
        self.number = number
    }

    deinit { names.deallocate() }

    var isHead: Bool { groupCount == 0 }

    /// Puts `subscription` behind this head.
    func link(_ subscription: Subscription) {
        subscription.previous = .passUnretained(self)
        subscription.next = next
        next?.takeUnretainedValue().previous = .passUnretained(subscription)
        next = .passUnretained(subscription)
    }

    /// Takes it out of its list.
    func unlink() {
        previous?.takeUnretainedValue().next = next
        next?.takeUnretainedValue().previous = previous
        next = nil
        previous = nil
    }

    /// Calls `body` with the names, or `*`, as UTF-8.
    public func withNames<Result>(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result) -> Result {
        body(
            UnsafeRawBufferPointer(start: names, count: driverCount),
            UnsafeRawBufferPointer(start: names + driverCount, count: groupCount))
    }

    /// The driver's name, or `*`.
    public var driver: String { withNames { driver, _ in String(decoding: driver, as: UTF8.self) } }
    /// The group's name, or `*`.
    public var group: String { withNames { _, group in String(decoding: group, as: UTF8.self) } }
}
