// SPDX-License-Identifier: Apache-2.0
/// Metrics as text.
public enum MetricsText {
    /// A node's name and its counters.
    public struct Sample {
        public let node: String
        public let metrics: NodeMetrics

        public init(node: String, metrics: NodeMetrics) {
            self.node = node
            self.metrics = metrics
        }
    }

    /// OpenMetrics 1.0 text: each family once with a sample for each node, its name as the label `node`, ending in
    /// `# EOF` and a line break. A set of labels comes once only, so that those of one name have a `number` besides.
    /// Whether there is memory for such a text of so many nodes: a node's part takes some 8 KiB, and a text that grows
    /// is there twice.
    public static func hasMemory(forNodes count: Int) -> Bool { EventBlock.hasMemory(max(1, count) * 32 * 1024) }

    public static func openMetrics(_ samples: [Sample]) -> [UInt8] {
        var text = ""
        let numbers = numbers(samples)
        let labels = samples.indices.map { index in
            let number = numbers[index] > 1 ? ",number=\"\(numbers[index])\"" : ""
            return "{node=\"\(escaped(samples[index].node))\"\(number)}"
        }
        let values = samples.map { $0.metrics.values }
        var histogramStart: Int?
        for (place, metric) in MetricDescriptor.all.enumerated() {
            let name = "neuron_ws_\(metric.family)"
            if let type = type(of: metric) {
                text += "# TYPE \(name) \(type)\n"
            } else {
                let start = histogramStart ?? place
                histogramStart = metric.kind == .histogramSum ? nil : start
                if metric.kind == .histogramSum { appendHistogram(start...place, values, labels, to: &text) }
                continue
            }
            let isCounter = metric.kind == .counter
            switch metric.unit {
            case .none: break
            case .bytes: text += "# UNIT \(name) bytes\n"
            case .microseconds: text += "# UNIT \(name) seconds\n"
            }
            text += "# HELP \(name) \(metric.help)\n"
            for index in samples.indices {
                // OpenMetrics 1.0, "Counter": the sample of a counter ends in _total.
                let value = shown(values[index][place], metric.unit)
                text += "\(name)\(isCounter ? "_total" : "")\(labels[index]) \(value)\n"
            }
        }
        if samples.contains(where: { !$0.metrics.endings.isEmpty }) {
            text += "# TYPE neuron_ws_endings counter\n"
            text += "# HELP neuron_ws_endings Connections and attempts that ended, by the reason of it.\n"
            for index in samples.indices {
                samples[index].metrics.endings.forEach { reason, count in
                    text += "neuron_ws_endings_total\(labels[index].dropLast()),reason=\"\(reason)\"} \(count)\n"
                }
            }
        }
        text += "# EOF\n"
        return Array(text.utf8)
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
    private static func appendHistogram(
        _ places: ClosedRange<Int>, _ values: [[UInt64]], _ labels: [String], to text: inout String
    ) {
        let first = MetricDescriptor.all[places.lowerBound]
        let name = "neuron_ws_\(first.family)"
        text += "# TYPE \(name) histogram\n# UNIT \(name) seconds\n# HELP \(name) \(first.help)\n"
        for index in values.indices {
            let within = labels[index].dropLast()
            for place in places {
                let part = MetricDescriptor.all[place]
                let value = values[index][place]
                switch part.kind {
                case .bucket(let limit): text += "\(name)_bucket\(within),le=\"\(limit)\"} \(value)\n"
                case .histogramCount:
                    text += "\(name)_bucket\(within),le=\"+Inf\"} \(value)\n"
                    text += "\(name)_count\(labels[index]) \(value)\n"
                case .histogramSum: text += "\(name)_sum\(labels[index]) \(shown(value, part.unit))\n"
                case .counter, .gauge: break
                }
            }
        }
    }

    /// The how manyth of its name each is, from 1 on.
    private static func numbers(_ samples: [Sample]) -> [Int] {
        var counts: [[UInt8]: Int] = [:]
        return samples.map { sample in
            // Bytes: names that Unicode takes for equal are two labels.
            let count = (counts[Array(sample.node.utf8)] ?? 0) + 1
            counts[Array(sample.node.utf8)] = count
            return count
        }
    }

    /// One JSON object, members as in neuron_ws_metrics_t.
    public static func json(_ metrics: NodeMetrics) -> [UInt8] {
        var object = ObjectText()
        append(metrics, to: &object)
        return object.finished()
    }

    /// An array of such objects, with the node's name before the rest.
    public static func json(_ samples: [Sample]) -> [UInt8] {
        var text = [UInt8(ascii: "[")]
        let numbers = numbers(samples)
        for index in samples.indices {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            var object = ObjectText()
            object.string("node", samples[index].node)
            if numbers[index] > 1 { object.string("number", "\(numbers[index])") }
            append(samples[index].metrics, to: &object)
            text.append(contentsOf: object.finished())
        }
        text.append(UInt8(ascii: "]"))
        return text
    }

    private static func append(_ metrics: NodeMetrics, to object: inout ObjectText) {
        let values = metrics.values
        for (place, metric) in MetricDescriptor.all.enumerated() {
            object.raw("\(metric.name)", "\(values[place])")
        }
        if metrics.endings.isEmpty { return }
        var endings = ObjectText()
        metrics.endings.forEach { reason, count in endings.raw("\(reason)", "\(count)") }
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
