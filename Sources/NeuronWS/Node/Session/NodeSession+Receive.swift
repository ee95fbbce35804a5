// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

extension NodeSession {
    /// It is still the present connection: no callback has ended it.
    func isCurrent(_ link: Link) -> Bool { self.link === link }

    /// Bytes from the stream. - Returns: how many of them are done with; the rest comes again.
    func streamReceived(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let link else { return bytes.count }
        let newBytes = UInt64(bytes.count - min(link.waitingBytes, bytes.count))
        node.lock.withLock { node.counters.wireBytesReceived &+= newBytes }
        link.connection.repliesGoFirst = isAllSent(link)
        machine.bytesReceived(now: loop.nowNanoseconds)
        // What came of an earlier connection may still be under way.
        guard continueArriving(), hasTurn() else {
            link.waitingBytes = bytes.count
            return 0
        }
        guard isCurrent(link) else { return bytes.count }
        let taken = receive(link, bytes)
        link.waitingBytes = bytes.count - taken
        return taken
    }

    /// Bytes from the server. A callback may end the session or the connection in the middle of them.
    /// - Returns: how far it came: to the end, or to where the turn ended.
    func receive(_ link: Link, _ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        beginTracingReceived(link)
        // How far it may look: no further than the trace has told.
        var end = link.trace?.received == nil ? bytes.count : min(link.tracedBytes, bytes.count)
        while isCurrent(link) {
            // At the end the connection is asked once more, so that it forgets the last message.
            guard offset == bytes.count || hasTurn() else { break }
            guard offset < end || end == bytes.count,
                step(link, UnsafeRawBufferPointer(rebasing: bytes[..<end]), &offset)
            else {
                if end == bytes.count { break }
                end = traceReceived(link, bytes, told: end)
                continue
            }
            if arriving != nil || link.connection.isInflating && !hasTurn() {
                link.stream?.pause()
                break
            }
        }
        guard isCurrent(link) else { return bytes.count }
        link.tracedBytes = end - offset
        link.hasReceived = link.hasReceived || offset > 0
        if link.connection.isNegotiating { awaitText(link) }
        // Only now after the opening handshake: a Close that came with the answer is known before a message is lost
        // to it.
        let (byConnection, byBacklog) = (link.connection.takeWake(), backlog.takeWake())
        if byConnection || byBacklog { pump() }
        return offset
    }

    /// - Returns: false: it needs bytes.
    private func step(_ link: Link, _ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Bool {
        let connection = link.connection
        let wallSeconds = connection.isNegotiating ? Clock.wallMilliseconds / 1000 : 0
        let step = connection.bytesReceived(bytes, from: &offset, wallSeconds: wallSeconds, budget: &turn.budget)
        lookAtClock()
        switch step {
        case .needsBytes: return false
        case .goesOn: break
        case .event(let event): handle(event, link)
        }
        return true
    }

    /// Goes on with what came whole and is not done with. Nothing behind it is read before.
    /// - Returns: false: it takes another turn, which the session will have.
    @discardableResult
    func continueArriving() -> Bool {
        // It may answer what has gone out, and is told behind what has ended.
        if let link, !noteLeftCommands(link) { return false }
        guard tellEndedCommands(), tellSuperseded() else { return false }
        while true {
            if let current = arriving {
                guard hasTurn() else { return false }
                arriving = nil
                routeRest(current)
            } else if let link, link.connection.isInflating {
                guard hasTurn() else { return false }
                var offset = 0
                _ = step(link, UnsafeRawBufferPointer(start: nil, count: 0), &offset)
            } else {
                return true
            }
        }
    }

    private func handle(_ event: ConnectionEvent, _ link: Link) {
        switch event {
        case .negotiated(let agreed):
            // One that carried a token is none to show.
            let chosen = ForeignText(agreed.subprotocol ?? "").masked(by: link.mask)
            status.peer.subprotocol = chosen.shown(charactersMax: 128)
            status.peer.extensions = agreed.deflate?.text ?? ""
            perform(machine.handshakeCompleted(now: Clock.monotonicNanoseconds))
        case .tunnelOpened(let startsTLS): tunnelOpened(link, startsTLS: startsTLS)
        case .refused(let error): negotiationFailed(error, link)
        case .message(let kind, let bytes): messageReceived(kind, bytes)
        case .ping:
            node.lock.withLock { node.counters.pingsReceived &+= 1 }
        case .pong(let payload):
            pongReceived(payload)
        case .close(let code, let reason):
            frameReplies(link)
            guard isCurrent(link) else { return }
            closeReceived(Ending.peerClosed(code, reason: reason.text.masked(by: link.mask)))
        case .failed(let error):
            frameReplies(link)
            guard isCurrent(link) else { return }
            closeReceived(Ending.protocolFailed(error))
        }
    }

    private func messageReceived(_ kind: MessageKind, _ bytes: IncomingBytes) {
        let kindForHost: neuron_ws_kind_t = kind == .text ? .NEURON_WS_TEXT : .NEURON_WS_BINARY
        let byteCount = bytes.withBytes { $0.count }
        node.lock.lock()
        node.counters.messagesReceived &+= 1
        node.counters.payloadBytesReceived &+= UInt64(byteCount)
        let isWanted = node.life < .destroyed
        let sendings = node.commands.sendings
        node.lock.unlock()
        guard isWanted else { return bytes.handled() }
        let heartbeatDeadline = link?.heartbeat?.deadline
        let question = link?.heartbeat?.messageCame()
        if let link, link.heartbeat?.deadline != heartbeatDeadline { rescheduleHeartbeat(link) }
        let message = ArrivedMessage(
            kind: kindForHost, bytes: bytes, asker: link?.asker ?? .nobody, limit: sendings &+ 1, question: question)
        route(message) { routeMessage(message, $0) }
        draw(.eventsHandled)
    }

    private func pongReceived(_ payload: ControlPayload) {
        node.lock.withLock { node.counters.pongsReceived &+= 1 }
        if let left = link?.connection.barrier?.takeAnswered() {
            let now = Clock.monotonicNanoseconds
            node.lock.withLock { node.counters.pongs.note(microseconds: (now &- min(now, left)) / 1000) }
        }
        guard let sequence = payload.sequence, sequence > 0, sequence <= machine.pings else {
            // Echoes of the barrier's Pings are longer.
            return link?.connection.barrier?.isOwn(payload) == true ? () : noteForeignPong()
        }
        let now = Clock.monotonicNanoseconds
        if let roundTrip = machine.pongReceived(sequence: sequence, now: now) {
            node.lock.withLock {
                node.counters.roundTripMicroseconds = max(1, roundTrip / 1000)
                node.counters.pongs.note(microseconds: roundTrip / 1000)
            }
            reschedule()
        }
    }

    /// A Pong without a Ping is allowed (RFC 6455 §5.5.3), so that this is only worth a line.
    private func noteForeignPong() {
        let hasAsked = machine.pings > 0 || link?.connection.barrier?.hasAsked == true
        guard hasAsked, echoWatch.answeredOtherwise() else { return }
        node.log(
            .NEURON_WS_LOG_INFO, .NEURON_WS_CATEGORY_CONNECTION,
            "A Pong of the server is not the echo of a Ping: it counts as a sign of life, but round trips are not "
                + "measured by such.")
    }

    /// A Close came, or went out because the peer broke the protocol.
    private func closeReceived(_ ending: Ending) {
        machine.closeReceived(ending, now: Clock.monotonicNanoseconds)
        publish()
        reschedule()
        extendTurn()
        pump()
    }
}

extension ControlPayload {
    /// As text, which the peer wrote.
    var text: ForeignText { withBytes { ForeignText($0) } }
}
