// SPDX-License-Identifier: Apache-2.0
/// Metrics as text.
public enum MetricsText {
    /// A node's name and its counters. An object of its own: a list of them takes a few bytes for each node.
    public final class Sample {
        let node: String
        fileprivate let values: [UInt64]
        fileprivate let endings: EndingCounts
        /// As OpenMetrics has it, and the how manyth of its name it is, from 1 on.
        fileprivate var label = ""
        /// The same without its bracket, for one label more.
        fileprivate var openLabel: String { String(decoding: Array(label.utf8).dropLast(), as: UTF8.self) }
        fileprivate var number = 1

        public init(node: String, metrics: NodeMetrics) {
            self.node = node
            values = metrics.values
            endings = metrics.endings
        }
    }

    /// A text whose size a host decides, by its nodes: its memory may not be there.
    private struct Text {
        let buffer = ByteBuffer(byteCountMax: .max)

        func add(_ text: String) throws(EncodingError) { try buffer.append(Array(text.utf8)) }
    }

    /// OpenMetrics 1.0 text: each family once with a sample for each node, its name as the label `node`, ending in
    /// `# EOF` and a line break. A set of labels comes once only, so that those of one name have a `number` besides.
    public static func openMetrics(_ samples: [Sample]) throws(EncodingError) -> ByteBuffer {
        let text = Text()
        number(samples)
        var histogramStart: Int?
        for (place, metric) in MetricDescriptor.all.enumerated() {
            let name = "neuron_ws_\(metric.family)"
            if let type = type(of: metric) {
                try text.add("# TYPE \(name) \(type)\n")
            } else {
                let start = histogramStart ?? place
                histogramStart = metric.kind == .histogramSum ? nil : start
                if metric.kind == .histogramSum { try addHistogram(start...place, samples, to: text) }
                continue
            }
            let isCounter = metric.kind == .counter
            switch metric.unit {
            case .none: break
            case .bytes: try text.add("# UNIT \(name) bytes\n")
            case .microseconds: try text.add("# UNIT \(name) seconds\n")
            }
            try text.add("# HELP \(name) \(metric.help)\n")
            for sample in samples {
                // OpenMetrics 1.0, "Counter": the sample of a counter ends in _total.
                let value = shown(sample.values[place], metric.unit)
                try text.add("\(name)\(isCounter ? "_total" : "")\(sample.label) \(value)\n")
            }
        }
        if samples.contains(where: { !$0.endings.isEmpty }) {
            try text.add("# TYPE neuron_ws_endings counter\n")
            try text.add("# HELP neuron_ws_endings Connections and attempts that ended, by the reason of it.\n")
            for sample in samples {
                var lines = ""
                sample.endings.forEach { reason, count in
                    lines += "neuron_ws_endings_total\(sample.openLabel),reason=\"\(reason)\"} \(count)\n"
                }
                try text.add(lines)
            }
        }
        try text.add("# EOF\n")
        return text.buffer
    }

    /// nil: a part of a histogram.
    private static func type(of metric: MetricDescriptor) -> StaticString? {
        switch metric.kind {
        case .counter: "counter"
        case .gauge: "gauge"
        case .bucket, .histogramCount, .histogramSum: nil
        }
    }

    /// The samples of one node stand together (OpenMetrics 1.0, "Metric").
    private static func addHistogram(
        _ places: ClosedRange<Int>, _ samples: [Sample], to text: Text
    ) throws(EncodingError) {
        let first = MetricDescriptor.all[places.lowerBound]
        let name = "neuron_ws_\(first.family)"
        try text.add("# TYPE \(name) histogram\n# UNIT \(name) seconds\n# HELP \(name) \(first.help)\n")
        for sample in samples {
            let within = sample.openLabel
            for place in places {
                let part = MetricDescriptor.all[place]
                let value = sample.values[place]
                switch part.kind {
                case .bucket(let limit): try text.add("\(name)_bucket\(within),le=\"\(limit)\"} \(value)\n")
                case .histogramCount:
                    try text.add("\(name)_bucket\(within),le=\"+Inf\"} \(value)\n")
                    try text.add("\(name)_count\(sample.label) \(value)\n")
                case .histogramSum: try text.add("\(name)_sum\(sample.label) \(shown(value, part.unit))\n")
                case .counter, .gauge: break
                }
            }
        }
    }

    private static func number(_ samples: [Sample]) {
        var counts: [[UInt8]: Int] = [:]
        for sample in samples {
            // Bytes: names that Unicode takes for equal are two labels.
            let bytes = Array(sample.node.utf8)
            sample.number = (counts[bytes] ?? 0) + 1
            counts[bytes] = sample.number
            let number = sample.number > 1 ? ",number=\"\(sample.number)\"" : ""
            sample.label = "{node=\"\(escaped(sample.node))\"\(number)}"
        }
    }

    /// One JSON object, members as in neuron_ws_metrics_t.
    public static func json(_ sample: Sample) throws(EncodingError) -> ByteBuffer {
        let text = Text()
        var object = ObjectText()
        append(sample, to: &object)
        try text.buffer.append(object.finished())
        return text.buffer
    }

    /// An array of such objects, with the node's name before the rest.
    public static func json(_ samples: [Sample]) throws(EncodingError) -> ByteBuffer {
        let text = Text()
        number(samples)
        try text.add("[")
        for (index, sample) in samples.enumerated() {
            if index > 0 { try text.add(",") }
            var object = ObjectText()
            object.string("node", sample.node)
            if sample.number > 1 { object.string("number", "\(sample.number)") }
            append(sample, to: &object)
            try text.buffer.append(object.finished())
        }
        try text.add("]")
        return text.buffer
    }

    private static func append(_ sample: Sample, to object: inout ObjectText) {
        for (place, metric) in MetricDescriptor.all.enumerated() {
            object.raw("\(metric.name)", "\(sample.values[place])")
        }
        if sample.endings.isEmpty { return }
        var endings = ObjectText()
        sample.endings.forEach { reason, count in endings.raw("\(reason)", "\(count)") }
        object.raw("endings", String(decoding: endings.finished(), as: UTF8.self))
    }

    private static func shown(_ number: UInt64, _ unit: MetricDescriptor.Unit) -> String {
        guard unit == .microseconds else { return "\(number)" }
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
