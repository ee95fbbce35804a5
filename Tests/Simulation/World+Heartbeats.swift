// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Heartbeats: one at a time, answered or not, and the verdict neither early nor for nothing.
extension World {
    static let heartbeatText = Array(#"{"beat":1}"#.utf8)

    static func heartbeatAnswer(isRight: Bool) -> String { isRight ? #"{"alive":1}"# : #"{"alive":0}"# }

    static func drawHeartbeats(_ random: inout Seeded) -> HeartbeatOptions? {
        let text = Array("/alive".utf8)
        guard let pointer = text.withUnsafeBytes({ try? JSONPointer($0) }) else { return nil }
        return HeartbeatOptions(
            message: heartbeatText, kind: .NEURON_WS_TEXT, intervalMilliseconds: Int64(random.pick([20, 200, 5000])),
            timeoutMilliseconds: Int64(random.pick([50, 500, 10_000])),
            expects: random.pick([.nothing, .anyMessage, .member(pointer, value: Array("1".utf8))]))
    }

    // MARK: As `NodeSession`

    func heartbeatTimerFires() {
        guard let link, machine.isOpen else { return }
        switch link.heartbeat?.timerFired(now: now) {
        case .send:
            guard let options = heartbeats, let next = nextHeartbeat(link, options) else {
                return fail("a heartbeat is due before the last one has left")
            }
            if link.heartbeatLeftAt != nil { fail("a heartbeat is due before the last one has its answer") }
            if now < next { fail("a heartbeat is due too early") }
            link.heartbeatsAsked += 1
            link.heartbeatAskedAt = now
            link.isHeartbeatDue = true
            pump()
        case .timedOut:
            guard let left = link.heartbeatLeftAt, let options = heartbeats else {
                return fail("a heartbeat is too late that is answered, or never left")
            }
            if now < left &+ options.timeout { fail("a heartbeat is called unanswered too early") }
            tell("a heartbeat is not answered")
            heartbeatsUnanswered += 1
            ended(Ending.heartbeatTimeout(after: options.timeout))
        case .none?, nil: break
        }
    }

    func queueHeartbeat(_ link: SimulatedLink) {
        link.isHeartbeatDue = false
        guard let bytes = Self.heartbeatText.withUnsafeBytes({ EventBytes($0) }) else { return fail("no memory") }
        link.connection.queueHeartbeat(bytes, .NEURON_WS_TEXT)
    }

    func heartbeatLeft(_ link: SimulatedLink) {
        if link.heartbeat == nil { return fail("a heartbeat that nobody sent") }
        link.heartbeatsGone += 1
        if link.observer.heartbeats < link.heartbeatsGone {
            fail("a heartbeat is called sent, and the kernel does not have it")
        }
        if link.heartbeatsGone > link.heartbeatsAsked { fail("a heartbeat left that was not due") }
        if link.heartbeatLeftAt != nil { fail("a second heartbeat before the first has its answer") }
        heartbeatsLeft += 1
        if heartbeats?.expects != .nothing { link.heartbeatLeftAt = now }
        link.heartbeat?.left(now: now)
    }

    /// - Returns: whether it is the answer, and nothing else.
    func answersHeartbeat(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let link, let options = heartbeats else { return false }
        let isRight = message.elementsEqual(Self.heartbeatAnswer(isRight: true).utf8)
        let isAwaited = link.heartbeatLeftAt != nil
        let isAnswer = link.heartbeat?.messageReceived(message) ?? false
        switch options.expects {
        case .nothing: if isAnswer { fail("the answer to a heartbeat that has none") }
        case .anyMessage:
            if isAnswer { fail("whatever comes answers a heartbeat, and stays what it is") }
            link.heartbeatLeftAt = nil
        case .member:
            if isAnswer != (isAwaited && isRight) { fail("a heartbeat's answer is taken for another message, or not") }
            if isAnswer { link.heartbeatLeftAt = nil }
        }
        return isAnswer
    }

    /// When the next one is due, as the simulation counts it; nil: not before the last one has left.
    private func nextHeartbeat(_ link: SimulatedLink, _ options: HeartbeatOptions) -> UInt64? {
        guard link.heartbeatsAsked == link.heartbeatsGone else { return nil }
        return link.heartbeatAskedAt &+ options.interval
    }

    /// The last one is on its way, and the kernel took all that there was of it.
    var heartbeatIsStuck: Bool { link.map { $0.heartbeatsAsked > $0.heartbeatsGone } ?? false }

    func checkHeartbeats() {
        guard let link, let options = heartbeats, machine.isOpen else { return }
        guard let heartbeat = link.heartbeat else { return fail("open, and no heartbeat will ever be due") }
        if link.observer.heartbeats > link.heartbeatsAsked { fail("a heartbeat went out that was not due") }
        if link.observer.heartbeats > link.heartbeatsGone { fail("a heartbeat went out, and nobody has said so") }
        let verdict = link.heartbeatLeftAt.map { $0 &+ options.timeout }
        guard heartbeat.deadline == verdict ?? nextHeartbeat(link, options) else {
            return fail("a heartbeat's moment is not where it has to be")
        }
        if let deadline = heartbeat.deadline, deadline <= now { fail("a heartbeat is due, and nobody has seen it") }
    }
}
