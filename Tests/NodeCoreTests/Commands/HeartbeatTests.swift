// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import Testing

@testable import NodeCore

@Suite struct HeartbeatTests {
    private let second: UInt64 = 1_000_000_000

    private func options(_ expects: HeartbeatOptions.Expectation) -> HeartbeatOptions {
        HeartbeatOptions(
            message: Array("alive".utf8), kind: .NEURON_WS_TEXT, intervalMilliseconds: 5000,
            timeoutMilliseconds: 2000, expects: expects)
    }

    private func came(_ text: String, _ heartbeat: inout Heartbeat) -> Bool {
        Array(text.utf8).withUnsafeBytes { heartbeat.messageReceived($0) }
    }

    private var health: HeartbeatOptions.Expectation {
        let text = Array("message_type".utf8)
        guard let pointer = text.withUnsafeBytes({ try? JSONPointer($0) }) else { return .nothing }
        return .member(pointer, value: Array("health".utf8))
    }

    @Test func `without an answer one goes out at each interval`() {
        var heartbeat = Heartbeat(options(.nothing), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second - 1) == .none)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        // Not before this one has left.
        #expect(heartbeat.deadline == nil)
        #expect(heartbeat.timerFired(now: 60 * second) == .none)
        heartbeat.left(now: 60 * second)
        #expect(heartbeat.timerFired(now: 60 * second) == .send)
    }

    @Test func `an answer that stops is noticed its time after the heartbeat left`() {
        var heartbeat = Heartbeat(options(health), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(now: 6 * second)
        #expect(!came(#"{"message_type":"state"}"#, &heartbeat))
        #expect(came(#"{"message_type":"health"}"#, &heartbeat))
        #expect(!came(#"{"message_type":"health"}"#, &heartbeat))
        #expect(heartbeat.deadline == 10 * second)
        #expect(heartbeat.timerFired(now: 10 * second) == .send)
        heartbeat.left(now: 10 * second)
        #expect(heartbeat.timerFired(now: 12 * second - 1) == .none)
        #expect(heartbeat.timerFired(now: 12 * second) == .timedOut)
    }

    @Test func `where any message answers it, it stays a message like any other`() {
        var heartbeat = Heartbeat(options(.anyMessage), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(now: 5 * second)
        #expect(!came("whatever", &heartbeat))
        #expect(heartbeat.deadline == 10 * second)
    }

    @Test func `times are put into the message`() {
        var filled = options(.nothing)
        filled.message = Array(#"{"t":${timestamp},"tai":"${tai}","x":"${other}"}"#.utf8)
        let text = String(decoding: filled.text(wallMilliseconds: 1_700_000_000_123), as: UTF8.self)
        #expect(text == #"{"t":1700000000123,"tai":"1700000037:123000000","x":"${other}"}"#)
    }
}
