/// What is forwarded, and with what added. Immutable, so that a push may use it while the table changes.
public final class Subscription: @unchecked Sendable {
    /// The driver's name and the group's behind it, as UTF-8; never written after `init`, which makes this Sendable.
    let names: UnsafeMutableRawPointer
    let driverCount: Int
    let groupCount: Int
    public let parameters: SubscriptionParameters
    /// How its groups are written under the present settings.
    public let encoding: EncodingOptions

    init(
        driver: UnsafeRawBufferPointer, group: UnsafeRawBufferPointer, parameters: SubscriptionParameters,
        encoding: EncodingOptions
    ) {
        names = UnsafeMutableRawPointer.allocate(byteCount: driver.count + group.count, alignment: 8)
        driverCount = driver.count
        groupCount = group.count
        if let base = driver.baseAddress { names.copyMemory(from: base, byteCount: driver.count) }
        if let base = group.baseAddress { (names + driver.count).copyMemory(from: base, byteCount: group.count) }
        self.parameters = parameters
        self.encoding = encoding
    }

    deinit { names.deallocate() }

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
