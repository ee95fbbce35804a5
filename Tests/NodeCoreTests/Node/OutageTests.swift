// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

private let second: UInt64 = 1_000_000_000

/// How long after the end of an outage a node is back, with the defaults; the server refuses at once while it is down.
@Suite struct OutageTests {
    /// Nanoseconds between the server's return and the connection.
    private func away(outage: UInt64, seed: UInt64) -> UInt64 {
        var random = SplitMix(seed)
        let settings = try! NodeSettings.parse(json: "{\"url\":\"wss://plant.example/\"}")
        var machine = NodeMachine(
            NodeMachine.Parameters(
                connectTimeout: 30 * second, closeTimeout: 5 * second, pingInterval: 20 * second,
                pingTimeout: 10 * second,
                reconnectMinimum: UInt64(settings.reconnectMinMilliseconds) * 1_000_000,
                reconnectMaximum: UInt64(settings.reconnectMaxMilliseconds) * 1_000_000, urlCount: 1))
        _ = machine.started(now: 0)
        _ = machine.timerFired(now: second, random: 0)
        _ = machine.streamConnected()
        _ = machine.handshakeCompleted(now: second)
        let lost = 100 * second
        let ending = Ending(reason: .NEURON_WS_REASON_ABNORMAL, text: "it broke")
        _ = machine.failed(ending, now: lost, random: random.next())
        while true {
            let next = machine.progress.nextAttempt!
            #expect(machine.timerFired(now: next, random: 0) == .connect(urlIndex: 0))
            if next >= lost + outage { return next - lost - outage }
            _ = machine.failed(ending, now: next, random: random.next())
        }
    }

    @Test(arguments: [10, 60, 600] as [UInt64]) func fiftyNodesAreBackSoonAfterAnOutage(seconds: UInt64) {
        var medians: [UInt64] = []
        var longest: UInt64 = 0
        for round in 0..<20 as Range<UInt64> {
            let nodes = (0..<50 as Range<UInt64>).map { node in
                away(outage: seconds * second, seed: seconds << 32 | round << 16 | node)
            }.sorted()
            medians.append((nodes[24] + nodes[25]) / 2)
            longest = max(longest, nodes[49])
        }
        let milliseconds: UInt64 = 1_000_000
        medians.sort()
        print(
            "outage of \(seconds) s, 50 nodes, 20 runs: median \(medians[10] / milliseconds) ms "
                + "(worst run \(medians[19] / milliseconds) ms), longest \(longest / milliseconds) ms")
        #expect(medians[10] <= 4 * second)
        #expect(longest <= 10 * second)
    }

    /// Full jitter: those who lost their server together do not come back together.
    @Test func theyDoNotComeInStep() {
        let nodes = (0..<1000 as Range<UInt64>).map { away(outage: 60 * second, seed: $0) }
        for tenth in 0..<10 as Range<UInt64> {
            let count = nodes.count { $0 / (second / 2) == tenth }
            #expect(count < 160, "half a second brings \(count) of 1000")
        }
    }
}
