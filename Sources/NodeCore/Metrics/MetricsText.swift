/// Metrics as text.
public enum MetricsText {
    /// OpenMetrics 1.0 text, with the node's name as the label `node`, ending in `# EOF` and a line break.
    public static func openMetrics(_ metrics: NodeMetrics, node: String) -> [UInt8] {
        var text = ""
        let label = "{node=\"\(escaped(node))\"}"
        for metric in MetricDescriptor.all {
            let name = "neuron_ws_\(metric.family)"
            let isCounter = metric.kind == .counter
            text += "# TYPE \(name) \(isCounter ? "counter" : "gauge")\n"
            switch metric.unit {
            case .none: break
            case .bytes: text += "# UNIT \(name) bytes\n"
            case .microseconds: text += "# UNIT \(name) seconds\n"
            }
            text += "# HELP \(name) \(metric.help)\n"
            // OpenMetrics 1.0, "Counter": the sample of a counter ends in _total.
            text += "\(name)\(isCounter ? "_total" : "")\(label) \(value(metric, metrics))\n"
        }
        text += "# EOF\n"
        return Array(text.utf8)
    }

    /// One JSON object, members as in neuron_ws_metrics_t.
    public static func json(_ metrics: NodeMetrics) -> [UInt8] {
        var object = ObjectText()
        for metric in MetricDescriptor.all {
            object.raw("\(metric.name)", "\(metrics.value(metric.field))")
        }
        return object.finished()
    }

    private static func value(_ metric: MetricDescriptor, _ metrics: NodeMetrics) -> String {
        let number = metrics.value(metric.field)
        guard metric.unit == .microseconds else { return "\(number)" }
        // Six decimals from integers: no floating point, so no locale.
        var decimals = "\(number % 1_000_000)"
        while decimals.utf8.count < 6 { decimals = "0" + decimals }
        return "\(number / 1_000_000).\(decimals)"
    }

    /// A label's value: backslash, quote and line feed escaped (OpenMetrics 1.0, "ABNF", escaped-char).
    private static func escaped(_ value: String) -> String {
        var text: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case UInt8(ascii: "\n"): text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            default: text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
