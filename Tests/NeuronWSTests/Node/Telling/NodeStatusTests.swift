// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import Testing

@testable import NeuronWS

@Suite struct NodeStatusTests {
    private let second: UInt64 = 1_000_000_000

    @Test func phaseLinkAndTimesComeFromTheMachinesProgress() {
        var status = NodeStatus()
        #expect(status.state(now: 0).phase == .NEURON_WS_PHASE_IDLE && status.state(now: 0).next_attempt_ms == -1)
        status.progress = .waiting(until: 3 * second, attempt: 2)
        #expect(status.state(now: second).next_attempt_ms == 2000)
        #expect(status.state(now: 3 * second - 1).next_attempt_ms == 1)
        #expect(status.state(now: 9 * second).next_attempt_ms == 0)
        status.progress = .open
        status.openSince = second
        let state = status.state(now: 4 * second)
        #expect(state.link == 1 && state.phase == .NEURON_WS_PHASE_OPEN && state.connected_ms == 3000)
    }

    @Test func nothingOfAConnectionIsLeftForTheNext() {
        var status = NodeStatus()
        let before = status.state(now: 0)
        status.peer = PeerFacts(
            isTLS: true, isVerified: true, isKnownByCommonName: true, isResumed: true, address: "127.0.0.1:9",
            proxy: "http://p:1", subprotocol: "s", extensions: "e", tlsVersion: "TLSv1.3", tlsCipher: "c",
            tlsSubject: "CN=a", tlsIssuer: "CN=b", tlsNotAfter: 7, tlsChainLength: 2)
        let connected = status.state(now: 0)
        #expect(connected.tls && connected.tls_not_after_s == 7 && connected.tls_chain_length == 2)
        status.peer = PeerFacts()
        let after = status.state(now: 0)
        let isSame = withUnsafeBytes(of: before) { old in withUnsafeBytes(of: after) { old.elementsEqual($0) } }
        #expect(isSame)
    }

    @Test func aCallbackIsWorthAPhaseOrAReason() {
        let old = NodeStatus()
        var new = old
        new.attempts = 7
        #expect(!new.differsNotably(from: old))
        new.ending.reason = .NEURON_WS_REASON_STOPPED
        #expect(new.differsNotably(from: old))
        new = old
        new.progress = .open
        #expect(new.differsNotably(from: old))
    }

    @Test func aTextThatDoesNotFitIsCutBetweenCharacters() {
        var status = NodeStatus()
        status.peer.subprotocol = String(repeating: "x", count: 62) + "é"
        let bytes = withUnsafeBytes(of: status.state(now: 0).subprotocol) { Array($0) }
        #expect(bytes.count == 64 && bytes[61] == UInt8(ascii: "x") && bytes[62] == 0)
    }
}
