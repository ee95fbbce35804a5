// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// How often a node's connections, and its attempts at one, have ended for which reason.
public struct EndingCounts: Equatable, Sendable {
    /// By the reason's number; empty: nothing has ended.
    private var counts: [UInt64] = []

    public init() {}

    public mutating func count(_ reason: neuron_ws_reason_t) {
        let number = Int(reason.rawValue)
        guard Self.names.indices.contains(number) else { return }
        if counts.isEmpty { counts = [UInt64](repeating: 0, count: Self.names.count) }
        counts[number] &+= 1
    }

    public var isEmpty: Bool { counts.isEmpty }

    /// Those that have happened, by the reason's name, in the order of the header.
    func forEach(_ body: (StaticString, UInt64) -> Void) {
        for (number, count) in counts.enumerated() where count > 0 { body(Self.names[number], count) }
    }

    /// By neuron_ws_reason_t.
    private static let names: [StaticString] = [
        "none", "normal", "endpoint-shutdown", "protocol-error", "policy-violation", "message-too-big", "server-error",
        "try-later", "abnormal", "ping-timeout", "network-error", "dns", "connect-timeout", "proxy", "tls",
        "handshake-rejected", "stopped", "reconfigured", "application", "refused-by-host", "heartbeat-timeout",
    ]
}
