// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Heartbeats: one at a time, answered or not, and the verdict neither early nor for nothing.
extension World {
    static let heartbeatText = Array(#"{"beat":1}"#.utf8)

    /// - Parameter isRight: one that answers where they are known by a member: by one of their own, or, whatever it
    ///   says, by the one that commands have too.
    static func heartbeatAnswer(isRight: Bool) -> String { isRight ? #"{"alive":1,"re":"beat"}"# : #"{"alive":0}"# }

    static func drawHeartbeats(_ random: inout Seeded) -> HeartbeatOptions? {
        func pointer(_ text: StaticString) -> JSONPointer? {
            try? JSONPointer(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
        guard let alive = pointer("/alive"), let shared = pointer("/re") else { return nil }
        return HeartbeatOptions(
            message: heartbeatText, kind: .NEURON_WS_TEXT, intervalMilliseconds: Int64(random.pick([20, 200, 5000])),
            timeoutMilliseconds: Int64(random.pick([50, 500, 10_000])),
            expects: random.pick([
                .nothing, .anyMessage, .member(alive, value: Array("1".utf8)), .member(shared, value: nil),
            ]))
    }

    // MARK: As `NodeSession`

    func heartbeatTimerFires() {
        guard let link, machine.isOpen else { return }
        switch link.heartbeat?.timerFired(now: now, progress: progress) {
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
            if now < max(left, link.heartbeatMovedAt) &+ options.timeout {
                fail(
                    "a heartbeat that left at \(left), and moved at \(link.heartbeatMovedAt), is called unanswered too "
                        + "early")
            }
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
        link.heartbeatEnd = link.up.accepted
        link.heartbeatMovedAt = now
        link.commandsBefore = link.commandsSent
        link.heartbeat?.left(
            order: commands.heartbeatSent(), end: link.heartbeatEnd, now: now,
            progress: random.chance(50) ? progress : nil)
    }

    /// - Returns: whether it is the answer, or the response to a command before it, and nothing else.
    func answersHeartbeat(_ message: UnsafeRawBufferPointer) -> Bool {
        guard let link, let options = heartbeats else { return false }
        let isAwaited = link.heartbeatLeftAt != nil
        let question = link.heartbeat?.messageCame()
        var place: UInt64?
        if let question, link.heartbeat?.isAnswered(question, by: values(message, at: [question.place])) == true {
            place = question.order
        }
        switch options.expects {
        case .nothing: if place != nil { fail("the answer to a heartbeat that has none") }
        case .anyMessage:
            if place != nil { fail("whatever comes answers a heartbeat, and stays what it is") }
            link.heartbeatLeftAt = nil
        case .member(_, let value):
            let isRight =
                message.elementsEqual(Self.heartbeatAnswer(isRight: true).utf8)
                || value == nil && message.starts(with: #"{"re":"#.utf8)
            if (place != nil) != (isAwaited && isRight) { fail("a heartbeat's answer is another message, or not") }
        }
        guard let place else { return false }
        if answersCommand(message, before: place) { return true }
        if let id = Self.responseID(message), link.commandsBefore.contains(id), asked[id]?.isInOrder == false {
            fail("a heartbeat takes the response to command \(id), which went out before it")
        }
        let isFormer = others.chance(20) && changeHeartbeats(link)
        link.heartbeat?.answered(place)
        if !isFormer { link.heartbeatLeftAt = nil }
        return true
    }

    /// New settings come between two turns that the answer to a heartbeat takes, and the first by these goes out.
    /// - Returns: false: they do not.
    private func changeHeartbeats(_ link: SimulatedLink) -> Bool {
        guard link.heartbeatsAsked == link.heartbeatsGone, let new = Self.drawHeartbeats(&others),
            new.interval < 1_000_000_000
        else { return false }
        heartbeats = new
        link.heartbeat = Heartbeat(new, now: now, former: link.heartbeat)
        (link.heartbeatLeftAt, link.heartbeatAskedAt) = (nil, now)
        now &+= new.interval
        heartbeatTimerFires()
        return true
    }

    /// When the next one is due, as the simulation counts it; nil: not before the last one has left.
    private func nextHeartbeat(_ link: SimulatedLink, _ options: HeartbeatOptions) -> UInt64? {
        guard link.heartbeatsAsked == link.heartbeatsGone else { return nil }
        return link.heartbeatAskedAt &+ options.interval
    }

    /// The last one is on its way, and the kernel took all that there was of it.
    var heartbeatIsStuck: Bool { link.map { $0.heartbeatsAsked > $0.heartbeatsGone } ?? false }

    func checkHeartbeats() {
        guard let link else { return }
        let read = link.up.accepted &- UInt64(link.up.waiting)
        if read > link.heartbeatRead, link.heartbeatRead < link.heartbeatEnd { link.heartbeatMovedAt = now }
        link.heartbeatRead = read
        guard let options = heartbeats, machine.isOpen else { return }
        guard let heartbeat = link.heartbeat else { return fail("open, and no heartbeat will ever be due") }
        if link.observer.heartbeats > link.heartbeatsAsked { fail("a heartbeat went out that was not due") }
        if link.observer.heartbeats > link.heartbeatsGone { fail("a heartbeat went out, and nobody has said so") }
        if let left = link.heartbeatLeftAt {
            // It is looked at four times in the timeout, each a second late at most.
            let last = max(left, link.heartbeatMovedAt) &+ options.timeout &+ options.timeout / 4 &+ 1_000_000_000
            guard let deadline = heartbeat.deadline, deadline <= last else {
                return fail(
                    "a heartbeat that left at \(left), and moved at \(link.heartbeatMovedAt), will be called "
                        + "unanswered too late: \(heartbeat.deadline as Any), by \(options), \(progress as Any)")
            }
        } else if heartbeat.deadline != nextHeartbeat(link, options) {
            return fail("a heartbeat's moment is not where it has to be")
        }
        if let deadline = heartbeat.deadline, deadline <= now { fail("a heartbeat is due, and nobody has seen it") }
    }
}
