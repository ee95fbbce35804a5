// SPDX-License-Identifier: Apache-2.0
/// How long one server is left alone after its failures: exponential, with full jitter drawn after the cap, so that a
/// thousand gateways do not return in step. Times in nanoseconds.
///
/// `notBefore <= failedAt + max(asked, floor) + ceiling`, where `asked` is what the server's Retry-After
/// asks for, and `floor` the minimum where trying soon makes no sense: who is asked for credentials again and again
/// without a wait may lock an account.
public struct Backoff: Sendable {
    /// A connection that lasted this long was a good one: the next failure starts from the beginning. A shorter one
    /// counts as a failure of its server, though the handshake was completed.
    public static let stableNanoseconds: UInt64 = 60_000_000_000

    /// Where trying soon makes no sense, the bound grows to so many times the maximum.
    public static let patience: UInt64 = 6

    /// The longest that a server's Retry-After is honoured: an hour.
    public static let retryAfterMaxNanoseconds: UInt64 = 3_600_000_000_000

    /// What a failure asks for.
    public enum Policy: Equatable, Sendable {
        /// The usual growing delay.
        case usual
        /// Trying soon makes no sense (401, 403, 407, 1008): it grows to `patience` times the maximum, and is never
        /// shorter than the minimum.
        case patient
        /// The server said how long (Retry-After), nanoseconds; the usual delay comes on top.
        case atLeast(UInt64, isPatient: Bool = false)

        var isPatient: Bool {
            switch self {
            case .usual: false
            case .patient: true
            case .atLeast(_, let isPatient): isPatient
            }
        }
    }

    private var minimumNanoseconds: UInt64
    private var maximumNanoseconds: UInt64
    /// Failures in a row.
    public private(set) var failures = 0
    /// When the server may be tried again; 0: it has not failed.
    public private(set) var notBefore: UInt64 = 0
    private var failedAt: UInt64 = 0
    private var policy = Policy.usual

    public init(minimumNanoseconds: UInt64, maximumNanoseconds: UInt64) {
        self.minimumNanoseconds = minimumNanoseconds
        self.maximumNanoseconds = maximumNanoseconds
    }

    /// `random` is uniform over all of UInt64.
    public mutating func failed(_ policy: Policy, now: UInt64, random: UInt64) {
        failures += 1
        failedAt = now
        self.policy = policy
        let jitter = ceiling == .max ? random : random % (ceiling + 1)
        notBefore = now.addingSaturated(max(asked, floor)).addingSaturated(jitter)
    }

    /// New bounds. What is left of a wait is at most what they say; what the server asked for stays.
    public mutating func configured(minimumNanoseconds: UInt64, maximumNanoseconds: UInt64) {
        self.minimumNanoseconds = minimumNanoseconds
        self.maximumNanoseconds = maximumNanoseconds
        notBefore = min(notBefore, latest)
    }

    /// It was a good server: what comes next is its first failure.
    public mutating func reset() {
        failures = 0
        notBefore = 0
    }

    /// The cap of the jitter after the failures so far.
    var ceiling: UInt64 {
        var maximum = maximumNanoseconds
        if policy.isPatient { maximum = maximum.multipliedSaturated(by: Self.patience) }
        let shift = UInt64(min(max(failures - 1, 0), 40))
        return min(minimumNanoseconds.multipliedSaturated(by: 1 << shift), maximum)
    }

    private var asked: UInt64 {
        guard case .atLeast(let asked, _) = policy else { return 0 }
        return min(asked, Self.retryAfterMaxNanoseconds)
    }

    private var floor: UInt64 { policy.isPatient ? minimumNanoseconds : 0 }

    private var latest: UInt64 { failedAt.addingSaturated(max(asked, floor)).addingSaturated(ceiling) }

    func checkInvariants() {
        precondition(notBefore <= latest, "a wait beyond its bound")
        precondition(failures > 0 || notBefore == 0, "a wait without a failure")
    }
}

extension UInt64 {
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let sum = addingReportingOverflow(other)
        return sum.overflow ? .max : sum.partialValue
    }

    func multipliedSaturated(by other: UInt64) -> UInt64 {
        let product = multipliedReportingOverflow(by: other)
        return product.overflow ? .max : product.partialValue
    }
}
