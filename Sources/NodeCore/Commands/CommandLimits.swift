// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// What commands are bounded by; documented in the header.
public enum CommandLimits {
    /// Commands of a node without outcome, and outcomes that the host has not read, at most.
    public static let openMax = Int(NEURON_WS_COMMANDS_MAX)
    /// Sendings on a connection that expect the next message as their response, those of ended commands too.
    public static let expectedMax = 4 * openMax
    /// Bytes in those without outcome: one is taken, however large, while there are none.
    public static let bytesMax = Int(NEURON_WS_COMMANDS_BYTES_MAX)
    /// Different places at which messages are looked at.
    public static let pointersMax = Int(NEURON_WS_COMMAND_MEMBERS_MAX)
    /// Of a value that is compared.
    public static let matchValueBytesMax = Int(NEURON_WS_NAME_MAX)
    public static let retriesMax = UInt32(NEURON_WS_COMMAND_RETRIES_MAX)
    public static let timeoutMillisecondsMax = UInt32(NEURON_WS_COMMAND_TIMEOUT_MAX_MS)
}
