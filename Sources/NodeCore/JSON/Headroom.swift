// SPDX-License-Identifier: Apache-2.0
import CJansson

/// Whether memory is to be had, asked before work whose need a host decides and whose memory is Swift's own: Swift ends
/// the process where malloc says no.
public enum Headroom {
    /// Below this nobody asks: what is small is Swift's own risk, as the header says.
    static let byteCountMin = 64 * 1024
    /// Whether so many bytes could be had at this moment.
    public static func has(_ byteCount: Int) -> Bool {
        byteCount < byteCountMin || neuron_ws_has_memory(byteCount)
    }
}
