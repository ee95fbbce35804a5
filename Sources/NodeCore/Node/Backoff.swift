/// When to try again: exponential, with full jitter drawn after the cap, so that a thousand gateways do not return in
/// step. Times in nanoseconds.
public struct Backoff: Sendable {
    /// A connection that lasted this long was a good one: the next failure starts from the beginning.
    public static let stableNanoseconds: UInt64 = 60_000_000_000

    public var minimumNanoseconds: UInt64
    public var maximumNanoseconds: UInt64
    /// Failures in a row.
    public private(set) var failures = 0

    public init(minimumNanoseconds: UInt64, maximumNanoseconds: UInt64) {
        self.minimumNanoseconds = minimumNanoseconds
        self.maximumNanoseconds = maximumNanoseconds
    }

    /// What a failure asks for.
    public enum Policy: Equatable, Sendable {
        /// The usual growing delay.
        case usual
        /// Trying soon makes no sense (401, 403, 1008): the upper half of the maximum.
        case patient
        /// The server said how long (Retry-After), nanoseconds.
        case atLeast(UInt64)
    }

    /// The longest that a server's Retry-After is honoured: an hour.
    public static let retryAfterMaxNanoseconds: UInt64 = 3_600_000_000_000

    /// The delay before the next attempt. `random` is uniform over all of UInt64.
    public mutating func failed(_ policy: Policy, random: UInt64) -> UInt64 {
        failures += 1
        switch policy {
        case .usual:
            return random % (ceiling(failures: failures) + 1)
        case .patient:
            let half = maximumNanoseconds / 2
            return half + random % (half + 1)
        case .atLeast(let asked):
            return min(asked, Self.retryAfterMaxNanoseconds) + random % (minimumNanoseconds + 1)
        }
    }

    /// The cap of the jitter after so many failures.
    func ceiling(failures: Int) -> UInt64 {
        let shift = UInt64(min(failures - 1, 40))
        let grown = minimumNanoseconds.multipliedReportingOverflow(by: 1 << shift)
        return grown.overflow ? maximumNanoseconds : min(grown.partialValue, maximumNanoseconds)
    }

    public mutating func reset() { failures = 0 }
}
