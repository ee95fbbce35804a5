/// What is forwarded, and with what added. Immutable, so that a push may use it while the table changes.
public final class Subscription: Sendable {
    /// The driver's name as UTF-8, or `*`.
    public let driver: [UInt8]
    /// The group's name as UTF-8, or `*`.
    public let group: [UInt8]
    public let parameters: SubscriptionParameters
    /// How its groups are written under the present settings.
    public let encoding: EncodingOptions

    public init(
        driver: [UInt8], group: [UInt8], parameters: SubscriptionParameters, encoding: EncodingOptions
    ) {
        self.driver = driver
        self.group = group
        self.parameters = parameters
        self.encoding = encoding
    }

    @inlinable
    func isNamed(_ driver: UnsafeRawBufferPointer, _ group: UnsafeRawBufferPointer) -> Bool {
        self.driver.withUnsafeBytes { NameHash.equal($0, driver) }
            && self.group.withUnsafeBytes { NameHash.equal($0, group) }
    }
}
