// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct EndingCountsTests {
    @Test func eachReasonOfTheHeaderHasAName() {
        var counts = EndingCounts()
        for number in 0..<21 { counts.count(neuron_ws_reason_t(rawValue: Int32(number))!) }
        var names: [String] = []
        counts.forEach { name, count in
            names.append("\(name)")
            #expect(count == 1)
        }
        #expect(Set(names).count == 21 && names.first == "none" && names.last == "heartbeat-timeout")
        #expect(names[Int(neuron_ws_reason_t.NEURON_WS_REASON_PING_TIMEOUT.rawValue)] == "ping-timeout")
    }

    @Test func aNumberOfALaterHeaderIsNoTrap() {
        var counts = EndingCounts()
        counts.count(neuron_ws_reason_t(rawValue: 1000)!)
        counts.count(neuron_ws_reason_t(rawValue: -1)!)
        #expect(counts.isEmpty)
    }
}
