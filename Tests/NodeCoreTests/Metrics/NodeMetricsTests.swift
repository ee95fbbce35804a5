// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct NodeMetricsTests {
    /// The C struct read as words holds the size and then each metric in the table's order.
    @Test func theStructHasTheTablesOrder() {
        var metrics = NodeMetrics()
        withUnsafeMutableBytes(of: &metrics) { bytes in
            let words = bytes.bindMemory(to: UInt64.self)
            // What is behind them is no number.
            for index in 0..<MetricDescriptor.all.count { words[index] = UInt64(index + 1) }
        }
        let cStruct = metrics.cStruct
        withUnsafeBytes(of: cStruct) { bytes in
            let words = bytes.bindMemory(to: UInt64.self)
            #expect(words.count == MetricDescriptor.all.count + 1)
            #expect(words[0] == UInt64(MemoryLayout<neuron_ws_metrics_t>.size))
            let values = metrics.values
            for (index, metric) in MetricDescriptor.all.enumerated() {
                #expect(values[index] == UInt64(index + 1))
                #expect(words[index + 1] == UInt64(index + 1), "\(metric.name)")
            }
        }
        #expect(cStruct.messages_accepted == 1)
        #expect(cStruct.wire_bytes_received == 10)
        #expect(cStruct.link == 26)
    }
}
