// SPDX-License-Identifier: Apache-2.0
/// Which of the settings' URLs is tried next, and when. Each has its own wait and its own memory of failures:
/// what one server asks for concerns no other.
///
/// The look begins at the URL that worked last, or behind the one that failed last, and takes the first whose wait is
/// over: so none that is ready is passed over for long. Times in nanoseconds.
///
/// `0 <= first < count`.
public struct ServerPool: Sendable {
    public enum Next: Equatable, Sendable {
        /// This URL, at once.
        case now(Int)
        /// Nobody before.
        case at(UInt64)
    }

    private var servers: [Backoff]
    /// Where the next look begins.
    private var first = 0
    /// The link broke that had been good: all wait for the one that worked last, which jitter keeps from being
    /// overrun. It comes first, and only if it fails do the others.
    private var waitsForFirst = false

    public init(count: Int, minimumNanoseconds: UInt64, maximumNanoseconds: UInt64) {
        let fresh = Backoff(minimumNanoseconds: minimumNanoseconds, maximumNanoseconds: maximumNanoseconds)
        servers = Array(repeating: fresh, count: max(1, count))
    }

    public var count: Int { servers.count }

    public func next(now: UInt64) -> Next {
        if waitsForFirst, servers[first].notBefore > now { return .at(servers[first].notBefore) }
        var earliest = UInt64.max
        for offset in 0..<count {
            let index = (first + offset) % count
            if servers[index].notBefore <= now { return .now(index) }
            earliest = min(earliest, servers[index].notBefore)
        }
        return .at(earliest)
    }

    /// The attempt at this URL failed, or the connection to it ended soon. `random` is uniform over all of UInt64.
    public mutating func failed(_ index: Int, _ policy: Backoff.Policy, now: UInt64, random: UInt64) {
        guard servers.indices.contains(index) else { return }
        servers[index].failed(policy, now: now, random: random)
        first = (index + 1) % count
        waitsForFirst = false
    }

    /// The handshake with this URL is completed: as long as nothing else is known, it is the one that works.
    public mutating func opened(_ index: Int) {
        if servers.indices.contains(index) { first = index }
    }

    /// A connection to this URL ended that had been open for so long.
    public mutating func ended(
        _ index: Int, _ policy: Backoff.Policy, openFor duration: UInt64, now: UInt64, random: UInt64
    ) {
        guard servers.indices.contains(index) else { return }
        let isGood = duration >= Backoff.stableNanoseconds
        if isGood { servers[index].reset() }
        failed(index, policy, now: now, random: random)
        // One that does not want us for a while is no reason to wait for the others.
        guard isGood, policy == .usual else { return }
        first = index
        waitsForFirst = true
    }

    /// The host wants a connection now, whatever was.
    public mutating func reset() {
        for index in servers.indices { servers[index].reset() }
        waitsForFirst = false
    }

    /// New bounds for the waits; those under way become at most what they now say.
    public mutating func configured(minimumNanoseconds: UInt64, maximumNanoseconds: UInt64) {
        for index in servers.indices {
            servers[index].configured(minimumNanoseconds: minimumNanoseconds, maximumNanoseconds: maximumNanoseconds)
        }
    }

    /// Other URLs take the place of these: `places` says of each where its server stood, nil: nowhere. What is known of
    /// a server goes along with it.
    mutating func rearranged(_ places: [Int?], fresh: ServerPool) {
        let (old, oldFirst) = (servers, first)
        servers = fresh.servers
        for (index, place) in places.enumerated() where servers.indices.contains(index) {
            if let place, old.indices.contains(place) { servers[index] = old[place] }
        }
        let kept = places.firstIndex(of: oldFirst)
        first = kept.map { min($0, servers.count - 1) } ?? 0
        if kept == nil { waitsForFirst = false }
    }

    func checkInvariants() {
        precondition(servers.indices.contains(first), "the look begins nowhere")
        for server in servers { server.checkInvariants() }
    }
}
