// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What the node itself brings about, or sees on its clock.
extension Ending {
    static let stopped = Ending(reason: .NEURON_WS_REASON_STOPPED, text: "The node was stopped.")
    static let stoppedAndStarted = Ending(
        reason: .NEURON_WS_REASON_STOPPED, text: "The node was stopped, and started again.")
    static let reconfigured = Ending(
        reason: .NEURON_WS_REASON_RECONFIGURED, text: "The settings changed; connecting anew.")

    static let reconnectWanted = Ending(
        reason: .NEURON_WS_REASON_RECONFIGURED, text: "The host asked for a new connection; connecting anew.")

    /// The host wanted it: nothing has failed.
    public var isWanted: Bool {
        reason == .NEURON_WS_REASON_STOPPED || reason == .NEURON_WS_REASON_RECONFIGURED
    }

    /// The connection ended after a Close frame of the peer's.
    func withClose(of other: Ending) -> Ending {
        var ending = self
        ending.closeCode = other.closeCode
        ending.closeReason = other.closeReason
        return ending
    }

    static func connectTimeout(_ phase: neuron_ws_phase_t, after timeout: UInt64) -> Ending {
        let step: StaticString =
            switch phase {
            case .NEURON_WS_PHASE_RESOLVING: "while looking up the host's address: check the name and the DNS server"
            case .NEURON_WS_PHASE_CONNECTING:
                "while connecting: nothing answers there; check the address, the port and firewalls"
            case .NEURON_WS_PHASE_SECURING: "in the TLS handshake: check that the port speaks TLS"
            case .NEURON_WS_PHASE_PROXY:
                "while waiting for the proxy's answer: check its kind and port, and that it reaches the server"
            default: "while waiting for the answer to the opening handshake: check that it is a WebSocket server"
            }
        let text = "No connection within \(seconds(timeout)) s (setting connect-timeout); the time ran out \(step)."
        return Ending(reason: .NEURON_WS_REASON_CONNECT_TIMEOUT, text: text)
    }

    static func pingTimeout(after timeout: UInt64) -> Ending {
        let text =
            "Nothing came from the server for \(seconds(timeout)) s after a ping, and it took nothing of what was sent "
            + "(setting ping-timeout): the network or the server is gone, or it hangs."
        return Ending(reason: .NEURON_WS_REASON_PING_TIMEOUT, text: text)
    }

    public static func heartbeatTimeout(after timeout: UInt64) -> Ending {
        let text =
            "A heartbeat (setting heartbeat) was not answered within \(seconds(timeout)) s: the server's application "
            + "hangs, or its answer is not the one that the setting expects."
        return Ending(reason: .NEURON_WS_REASON_HEARTBEAT_TIMEOUT, text: text)
    }
}

/// Nanoseconds as seconds with a decimal where it is needed, for texts.
func seconds(_ nanoseconds: UInt64) -> String {
    let tenths = nanoseconds / 100_000_000 + (nanoseconds % 100_000_000 >= 50_000_000 ? 1 : 0)
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}
