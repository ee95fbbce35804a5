// SPDX-License-Identifier: Apache-2.0
/// What host threads ask of a node that runs, until its loop looks: of start and stop what was asked last counts.
///
/// Not locked: its owner brings a lock.
public struct HostWishes: Equatable, Sendable {
    public private(set) var starts = false
    /// Nanoseconds that a stop has at most; nil: none is asked for.
    public private(set) var stopTimeout: UInt64?
    /// The host that stops waits to be told of the end.
    public private(set) var awaitsEnd = false
    public private(set) var isReconfigured = false
    /// The new settings need a new connection.
    public private(set) var reconnects = false
    public private(set) var isDestroyed = false
    public private(set) var pings = false
    /// A new connection is wanted, by the settings that there are.
    public private(set) var isConnectedAnew = false
    /// Somebody waits until all that there is lies on disk.
    public private(set) var stores = false

    public init() {}

    /// A stop that nobody has looked at is taken back.
    public mutating func start() {
        stopTimeout = nil
        awaitsEnd = false
        starts = true
    }

    /// Of several times the shortest counts.
    public mutating func stop(timeout: UInt64, isAwaited: Bool) {
        starts = false
        stopTimeout = min(stopTimeout ?? timeout, timeout)
        awaitsEnd = awaitsEnd || isAwaited
    }

    public mutating func configure(reconnects: Bool) {
        isReconfigured = true
        self.reconnects = self.reconnects || reconnects
    }

    public mutating func destroy() { isDestroyed = true }
    public mutating func ping() { pings = true }
    public mutating func reconnect() { isConnectedAnew = true }
    public mutating func store() { stores = true }

    /// All of them; none are left.
    public mutating func take() -> HostWishes {
        let taken = self
        self = HostWishes()
        return taken
    }
}
