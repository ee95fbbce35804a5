// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Whether a server is taken for one that does not echo Pings (RFC 6455 §5.5.3), which no barrier can wait for: what is
/// remembered of its connections for the next one.
public struct EchoWatch: Sendable {
    /// After so many connections in a row that ended because nothing answered, the first Ping included, it is.
    public static let silentConnectionsMax = 3

    /// Connections in a row on which it answered no Ping at all.
    private var silentConnections = 0
    /// It was said that it answers Pings with what is no echo.
    private var hasToldOfOthers = false

    public init() {}

    public var isDegraded: Bool { silentConnections >= Self.silentConnectionsMax }

    /// It answered a Ping with its bytes.
    public mutating func echoed() { silentConnections = 0 }

    /// A Pong of it is the echo of no Ping. - Returns: true, once: that is worth a line.
    public mutating func answeredOtherwise() -> Bool { !exchange(&hasToldOfOthers, with: true) }

    /// A connection with a barrier ended on which it did not.
    /// - Returns: whether it is taken for such a one from now on.
    public mutating func endedWithoutEcho(_ reason: neuron_ws_reason_t) -> Bool {
        guard reason == .NEURON_WS_REASON_PING_TIMEOUT, !isDegraded else { return false }
        silentConnections += 1
        return isDegraded
    }
}
