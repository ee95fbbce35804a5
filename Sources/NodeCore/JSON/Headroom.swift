import CJansson

/// Whether memory is to be had, asked before work whose need a host decides and whose memory is Swift's own: Swift ends
/// the process where malloc says no.
public enum Headroom {
    /// Below this nobody asks: what is small is Swift's own risk, as the header says.
    static let byteCountMin = 64 * 1024
    /// What a document takes at most, while Swift works on it, in its own bytes: an array of numbers of one digit.
    private static let documentFactor = 16

    /// Whether so many bytes could be had at this moment.
    public static func has(_ byteCount: Int) -> Bool {
        byteCount < byteCountMin || neuron_ws_has_memory(byteCount)
    }

    /// Whether a JSON document of so many bytes can be worked on.
    public static func hasForDocument(_ byteCount: Int) -> Bool {
        let (needed, overflows) = byteCount.multipliedReportingOverflow(by: documentFactor)
        return !overflows && has(needed)
    }
}
