// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import NodeCore

@Suite struct EchoWatchTests {
    @Test func threeSilentConnectionsInARowAreSaidOnce() {
        var watch = EchoWatch()
        #expect(!watch.isDegraded)
        let answer1 = watch.endedWithoutEcho(.NEURON_WS_REASON_PING_TIMEOUT)
        #expect(!answer1)
        let answer2 = watch.endedWithoutEcho(.NEURON_WS_REASON_PING_TIMEOUT)
        #expect(!answer2)
        #expect(!watch.isDegraded)
        let answer3 = watch.endedWithoutEcho(.NEURON_WS_REASON_PING_TIMEOUT)
        #expect(answer3)
        #expect(watch.isDegraded)
        let answer4 = watch.endedWithoutEcho(.NEURON_WS_REASON_PING_TIMEOUT)
        #expect(!answer4)
        let answer5 = watch.endedWithoutEcho(.NEURON_WS_REASON_NETWORK_ERROR)
        #expect(!answer5)
        #expect(watch.isDegraded)
    }

    @Test func anEchoBeginsAnew() {
        var watch = EchoWatch()
        for _ in 0..<3 { _ = watch.endedWithoutEcho(.NEURON_WS_REASON_PING_TIMEOUT) }
        watch.echoed()
        #expect(!watch.isDegraded)
        let answer6 = watch.endedWithoutEcho(.NEURON_WS_REASON_PING_TIMEOUT)
        #expect(!answer6)
    }

    @Test func anotherEndSaysNothingOfPings() {
        var watch = EchoWatch()
        for _ in 0..<9 {
            let isSaid = watch.endedWithoutEcho(.NEURON_WS_REASON_NETWORK_ERROR)
            #expect(!isSaid)
        }
        #expect(!watch.isDegraded)
    }

    @Test func pongsThatAreNoEchoesAreWorthALineForEachServer() {
        var watch = EchoWatch()
        let first = watch.answeredOtherwise()
        watch.echoed()
        let second = watch.answeredOtherwise()
        #expect(first && !second)
        watch = EchoWatch()
        let ofAnother = watch.answeredOtherwise()
        #expect(ofAnother)
    }
}
