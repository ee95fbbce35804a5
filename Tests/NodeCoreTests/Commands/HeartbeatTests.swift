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
        guard let order = answers(text, &heartbeat) else { return false }
        heartbeat.answered(order)
        return true
    }

    /// The place of the heartbeat that it would answer.
    private func answers(_ text: String, _ heartbeat: inout Heartbeat) -> UInt64? {
        guard let question = heartbeat.messageCame() else { return nil }
        let values = Array(text.utf8).withUnsafeBytes { MessageValues($0, at: [question.place]) }
        return heartbeat.isAnswered(question, by: values) ? question.order : nil
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
        heartbeat.left(order: 1, end: 100, now: 60 * second)
        #expect(heartbeat.timerFired(now: 60 * second) == .send)
    }

    @Test func `an answer that stops is noticed its time after the heartbeat left`() {
        var heartbeat = Heartbeat(options(health), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(order: 1, end: 100, now: 6 * second)
        #expect(!came(#"{"message_type":"state"}"#, &heartbeat))
        #expect(came(#"{"message_type":"health"}"#, &heartbeat))
        #expect(!came(#"{"message_type":"health"}"#, &heartbeat))
        #expect(heartbeat.deadline == 10 * second)
        #expect(heartbeat.timerFired(now: 10 * second) == .send)
        heartbeat.left(order: 1, end: 100, now: 10 * second)
        #expect(heartbeat.timerFired(now: 12 * second - 1) == .none)
        #expect(heartbeat.timerFired(now: 12 * second) == .timedOut)
    }

    /// One that left at 5 s, at byte 1000, with a window of 64 KiB that is all free then.
    private func sentHeartbeat(acknowledged: UInt64) -> Heartbeat {
        var heartbeat = Heartbeat(options(health), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(
            order: 1, end: 1000, now: 5 * second,
            progress: SendProgress(acknowledged: acknowledged, windowEnd: acknowledged + 65_536))
        return heartbeat
    }

    @Test func `on a slow link its time runs from when it arrived`() {
        var heartbeat = sentHeartbeat(acknowledged: 100)
        for step in UInt64(1)...9 {
            let acknowledged = 100 * (step + 1)
            #expect(
                heartbeat.timerFired(now: (5 + step) * second, progress: SendProgress(acknowledged: acknowledged))
                    == .none)
        }
        // It has arrived: what is acknowledged behind it proves nothing.
        for (now, action) in [(15, Heartbeat.Action.none), (16, .timedOut)] as [(UInt64, Heartbeat.Action)] {
            let acknowledged = SendProgress(acknowledged: 1000 + now * 1000, windowEnd: 1000 + now * 1000)
            #expect(heartbeat.timerFired(now: now * second, progress: acknowledged) == action)
        }
    }

    @Test func `a link that stands still has its time and no more`() {
        var heartbeat = sentHeartbeat(acknowledged: 100)
        let still = SendProgress(acknowledged: 100, windowEnd: 65_636, acknowledgementAge: 60 * second)
        #expect(heartbeat.timerFired(now: 6 * second, progress: still) == .none)
        #expect(heartbeat.timerFired(now: 7 * second, progress: still) == .timedOut)
    }

    @Test func `a server that reads slowly is waited for until it has read the heartbeat`() {
        var heartbeat = Heartbeat(options(health), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        let window: UInt64 = 1 << 20
        let end = 2 * window
        // All free, before there was anything to read.
        heartbeat.left(
            order: 1, end: end, now: 5 * second, progress: SendProgress(acknowledged: 0, windowEnd: window))
        // Each second it reads 128 KiB of the 2 MiB in front of the heartbeat.
        var now = 5 * second
        var read: UInt64 = 0
        while read < end {
            now += second
            read += 128 << 10
            let progress = SendProgress(acknowledged: min(end, read + window), windowEnd: read + window)
            #expect(heartbeat.timerFired(now: now, progress: progress) == .none, "\(read)")
        }
        // It has read it, and more that comes behind.
        for (seconds, action) in [(1, .none), (2, .timedOut)] as [(UInt64, Heartbeat.Action)] {
            let more = seconds * 128 << 10
            let progress = SendProgress(acknowledged: end + more, windowEnd: end + more + window)
            #expect(heartbeat.timerFired(now: now + seconds * second, progress: progress) == action)
        }
    }

    @Test func `a message tells the place of the heartbeat that it would answer`() {
        var heartbeat = Heartbeat(options(health), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(order: 17, end: 100, now: 5 * second)
        let answer = #"{"message_type":"health"}"#
        #expect(answers(answer, &heartbeat) == 17)
        // A command before it took that.
        #expect(answers(answer, &heartbeat) == 17)
        heartbeat.answered(17)
        #expect(answers(answer, &heartbeat) == nil)
    }

    @Test func `where any message answers it, it stays a message like any other`() {
        var heartbeat = Heartbeat(options(.anyMessage), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(order: 1, end: 100, now: 5 * second)
        #expect(!came("whatever", &heartbeat))
        #expect(heartbeat.deadline == 10 * second)
    }

    @Test func `times are put into the message`() {
        var filled = options(.nothing)
        filled.message = Array(#"{"t":${timestamp},"tai":"${tai}","x":"${other}"}"#.utf8)
        let text = String(decoding: filled.text(wallMilliseconds: 1_700_000_000_123), as: UTF8.self)
        #expect(text == #"{"t":1700000000123,"tai":"1700000037:123000000","x":"${other}"}"#)
    }

    @Test func `an answer that nothing tells has its place among the responses in order`() {
        let table = CommandTable()
        var heartbeat = Heartbeat(options(.anyMessage), now: 0)
        let before = table.put(.asked(timeout: 60_000), now: 0)
        _ = table.sendAll()
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(order: table.heartbeatSent(), end: 100, now: 5 * second)
        let behind = table.put(.asked(timeout: 60_000), now: 0)
        _ = table.sendAll()
        func came() -> UInt64? {
            _ = heartbeat.messageCame()
            if heartbeat.takesInOrder(before: table.nextInOrder) { return 0 }
            return table.answeredInOrder(now: 6 * second)?.id
        }
        #expect(came() == before)
        #expect(came() == 0)
        #expect(came() == behind)
        #expect(came() == nil)
    }

    @Test func `an answer that came before a command went out is not its response`() {
        let table = CommandTable()
        var heartbeat = Heartbeat(options(.anyMessage), now: 0)
        #expect(heartbeat.timerFired(now: 5 * second) == .send)
        heartbeat.left(order: table.heartbeatSent(), end: 100, now: 5 * second)
        let limit = table.sendings + 1
        // What is known by its member answers the heartbeat too: its own answer is still to come.
        _ = heartbeat.messageCame()
        table.put(.asked(timeout: 60_000), now: 0)
        _ = table.sendAll()
        var configured = Heartbeat(options(.anyMessage), now: 6 * second, former: heartbeat)
        var taken = [1, limit, limit].map { configured.takesInOrder(before: table.nextInOrder, limit: $0) }
        #expect(taken == [false, true, false])
        // One that is given up holds no place when the next one goes out.
        #expect(heartbeat.timerFired(now: 10 * second) == .send)
        heartbeat.left(order: table.heartbeatSent(), end: 200, now: 10 * second)
        taken = (0..<2).map { _ in heartbeat.takesInOrder(before: nil) }
        #expect(taken == [true, false])
    }
}
