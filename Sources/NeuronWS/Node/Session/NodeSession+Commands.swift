// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// Commands and heartbeats on the present connection: `CommandTable` and `Heartbeat` say what is to be done.
extension NodeSession {

    // MARK: Going out

    /// Hands the connection the next command or heartbeat where one may begin. before_send may end the connection.
    /// - Returns: whether some wait still.
    func feedCommands(_ link: Link) -> Bool {
        guard link.connection.isOpen else { return false }
        while link.connection.takesCommand(backlog) {
            if link.isHeartbeatDue {
                link.isHeartbeatDue = false
                feedHeartbeat(link)
                continue
            }
            let (next, hasEnded, isHolding) = node.lock.withLock {
                let next = node.wishes.takeCommand(from: node.commands)
                return (next, node.commands.hasOutcomesToTell, node.commands.isHolding)
            }
            guard let next else {
                // There was no memory for one, or those of an earlier connection are to be seen to first.
                if hasEnded {
                    guard tellEndedCommands(), isCurrent(link) else { return false }
                    continue
                }
                // Until the responses before them have come, or come no more.
                if isHolding { rescheduleCommands() }
                return false
            }
            if node.host.inspectsAsItGoesOut {
                let kind = next.command.kind
                let goes = next.command.bytes.withUnsafeBytes { node.host.beforeSend(node.handle, kind, $0) }
                guard isCurrent(link) else { return false }
                if !goes {
                    if let ended = node.lock.withLock({ node.commands.refused(next.id) }) { node.tell(ended) }
                    guard isCurrent(link) else { return false }
                    continue
                }
                // The host may have taken it back.
                guard node.lock.withLock({ node.commands.isOpen(next.id) }) else {
                    node.lock.withLock { node.commands.withheld(next.command) }
                    continue
                }
            }
            link.connection.queueCommand(next.id, next.command)
            // A buffer holds thousands of small ones.
            draw(.eventsHandled)
        }
        return link.isHeartbeatDue || node.lock.withLock { node.wishes.hasCommand(in: node.commands) }
    }

    /// What the kernel has whole waits for its response: as much of it as the turn has time for, or all, if the stream
    /// is to go.
    /// - Returns: false: some are left, for which the session has another turn.
    @discardableResult
    func noteLeftCommands(_ link: Link, isLast: Bool = false) -> Bool {
        guard let stream = link.stream else { return true }
        while let left = link.connection.takeLeft(written: stream.bytesWritten) {
            let now = Clock.monotonicNanoseconds
            switch left {
            case .command(let id, let command): node.lock.withLock { node.commands.sent(id, command, now: now) }
            case .heartbeat:
                let order = node.lock.withLock { node.commands.heartbeatSent() }
                link.heartbeat?.left(
                    order: order, end: stream.kernelBytes, now: now, progress: stream.sendProgress())
                rescheduleHeartbeat(link)
            }
            draw(.commandsSettled)
            if !isLast, !hasTurn() { return false }
        }
        return true
    }

    // MARK: Ends

    /// Commands are looked at under the node's lock, so many at a time.
    private static let settledAtATime = 32

    /// The connection is gone, and the node goes on. - Parameter begun: the commands that were on their way.
    func endCommandsOfConnection(begun: [UInt64]) {
        let now = Clock.monotonicNanoseconds
        node.lock.withLock { node.commands.connectionEnded(begun: begun, now: now) }
        tellEndedCommands()
    }

    /// Tells of the commands that have ended, in their order, as far as the turn goes. What may end others waits until
    /// all are told.
    /// - Returns: false: some are left, for which the session has another turn.
    @discardableResult
    func tellEndedCommands() -> Bool {
        // A callback of one has ended another.
        if isTellingCommands { return false }
        isTellingCommands = true
        defer { isTellingCommands = false }
        while node.lock.withLock({ node.commands.hasOutcomesToTell }) {
            guard hasTurn() else { return false }
            let ended = node.lock.withLock { node.commands.takeEnded(settling: Self.settledAtATime) }
            guard let ended else {
                draw(.commandsSettled, Self.settledAtATime)
                continue
            }
            node.tell(ended)
            if isEnded { return true }
            draw(.commandsSettled)
            draw(.outcomesTold)
        }
        return true
    }

    /// The run ends, and with it all commands. - Returns: false: not yet, or it does not.
    func hasEndedCommands() -> Bool {
        guard node.stopCommands() else {
            commandsGoOn()
            return false
        }
        run.end.beginsEndingCommands()
        return tellEndedCommands()
    }

    /// Their connection is gone all the same: nothing that comes on the next one is theirs.
    func commandsGoOn() {
        if let begun = run.end.commandsGoOn() { endCommandsOfConnection(begun: begun) }
    }

    // MARK: Too late

    /// For the next that may be too late.
    func rescheduleCommands() {
        guard !isEnded, let deadline = node.lock.withLock({ node.commands.nextDeadline }) else { return }
        timers[.commands].set(at: deadline, loop, self)
    }

    func commandTimerFired() {
        // Else they are looked at behind those.
        guard tellEndedCommands() else { return }
        while hasTurn() {
            let now = Clock.monotonicNanoseconds
            let (ended, next) = node.lock.withLock {
                (node.commands.expired(now: now, againMax: Self.settledAtATime), node.commands.nextDeadline)
            }
            guard let ended else {
                if next ?? .max > now { break }
                draw(.commandsSettled, Self.settledAtATime)
                continue
            }
            if !ended.hasLeft {
                node.log(
                    .NEURON_WS_LOG_NOTICE, .unsentCommand,
                    "Command \(ended.id) was never sent: \(whyUnsent(ended)).")
            }
            node.tell(ended)
            if isEnded { return }
            draw(.commandsSettled)
            draw(.outcomesTold)
        }
        rescheduleCommands()
        // Those that have another try.
        pump()
    }

    private func whyUnsent(_ ended: EndedCommand) -> String {
        if ended.wasHeld {
            return "it was held back within its time, for responses to commands in order that went out before it were "
                + "late or lost (give match_member where there is one)"
        }
        return link?.openSince == nil
            ? "no connection took it within its time" : "what goes out before it took all its time"
    }

    // MARK: Heartbeats

    /// On a new connection, or by new settings.
    func beginHeartbeats(_ link: Link) {
        link.isHeartbeatDue = false
        let former = link.heartbeat
        link.heartbeat = configuration.settings.heartbeat.map {
            Heartbeat($0, now: Clock.monotonicNanoseconds, former: former)
        }
        rescheduleHeartbeat(link)
    }

    private func feedHeartbeat(_ link: Link) {
        guard let options = configuration.settings.heartbeat else { return }
        let text = options.text(wallMilliseconds: Clock.wallMilliseconds)
        // Without memory there is one later.
        guard let bytes = text.withUnsafeBytes({ EventBytes($0) }) else { return beginHeartbeats(link) }
        link.connection.queueHeartbeat(bytes, options.kind)
    }

    func rescheduleHeartbeat(_ link: Link) {
        guard isCurrent(link) else { return }
        timers[.heartbeat].move(to: link.heartbeat?.deadline, loop, self)
    }

    func heartbeatTimerFired() {
        guard let link, machine.isOpen else { return }
        let progress = link.stream?.sendProgress()
        switch link.heartbeat?.timerFired(now: Clock.monotonicNanoseconds, progress: progress) {
        case .send:
            link.isHeartbeatDue = true
            pump()
        case .timedOut:
            let timeout = configuration.settings.heartbeat?.timeout ?? 0
            return failed(Ending.heartbeatTimeout(after: timeout))
        case .none?, nil: break
        }
        if isCurrent(link) { rescheduleHeartbeat(link) }
    }
}
