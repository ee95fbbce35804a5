// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore
import WebSocketCore

/// Whom a message from the server is for: a heartbeat that it answers, the delivery level that it acknowledges for, a
/// command that it is the response to, whoever takes requests, or the host as it is. Asked in this order.
///
/// Each step may take several turns, and what comes behind the message waits meanwhile. Each may call the host, which
/// may do anything.
extension NodeSession {
    /// Whether a message has found whom it is for.
    private enum Taken { case taken, nobody, later }

    /// Does something with a message, and lets go of its bytes where nothing of it is left for another turn.
    func route(_ message: ArrivedMessage, _ body: (UnsafeRawBufferPointer) -> Void) {
        message.bytes.withBytes(body)
        if arriving == nil { message.bytes.handled() }
    }

    /// A whole message from the server.
    func routeMessage(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        var pointers = node.lock.withLock { node.commands.mayBeAnswered ? node.commands.pointers : [] }
        if let place = message.question?.place { pointers.append(place) }
        guard !pointers.isEmpty else { return routeLooked(message, bytes) }
        if places.pointers != pointers { places = PlaceSet(pointers) }
        look(PlaceScan(places), message, bytes)
    }

    /// What is left from an earlier turn.
    func routeRest(_ rest: Arriving) {
        route(rest.message) { bytes in
            switch rest.content {
            case .look(let scan): look(scan, rest.message, bytes)
            case .acknowledgement(let reader): routeAcknowledgement(reader, rest.message, bytes)
            case .functions(let last, let isForHeartbeat):
                switch (askFunctions(rest.message, bytes, isForHeartbeat: isForHeartbeat, behind: last), isForHeartbeat)
                {
                case (.nobody, true): answersHeartbeat(rest.message, bytes)
                case (.nobody, false): routeOther(rest.message, bytes)
                case (.taken, _), (.later, _): break
                }
            case .documents(let documents): routeDocuments(documents, rest.message, bytes)
            }
        }
    }

    /// Finds out what stands at the places that are asked for.
    private func look(_ scan: PlaceScan, _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        var scan = scan
        while true {
            let before = scan.workBytes
            let isOver = scan.step(bytes)
            draw(.bytesParsed, scan.workBytes - before)
            if isOver { break }
            turn.budget.timeIs(Clock.monotonicNanoseconds)
            if !hasTurn() { return keep(.look(scan), message) }
        }
        var message = message
        message.values = MessageValues(scan, bytes)
        routeLooked(message, bytes)
    }

    private func routeLooked(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        if let question = message.question, link?.heartbeat?.isAnswered(question, by: message.values) == true {
            guard node.lock.withLock({ node.commands.mayBeAnswered }) else { return answersHeartbeat(message, bytes) }
            switch answersCommand(message, bytes, isForHeartbeat: true) {
            case .nobody: return answersHeartbeat(message, bytes)
            case .taken, .later: return
            }
        }
        if backlog.level == .NEURON_WS_LEVEL_APP_ACKED, let reader = acknowledgementReader(bytes) {
            return routeAcknowledgement(reader, message, bytes)
        }
        routeToCommands(message, bytes)
    }

    /// It answers a heartbeat that says how its answer is known, and no command that says the same and went out before.
    private func answersHeartbeat(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        if let link, let question = message.question {
            link.heartbeat?.answered(question.order)
            rescheduleHeartbeat(link)
        }
        // The host hears of it all the same.
        deliver(message.kind, bytes, isExpected: true)
    }

    /// One that acknowledges nothing.
    func routeToCommands(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) {
        if node.lock.withLock({ node.commands.mayBeAnswered }) {
            switch answersCommand(message, bytes, isForHeartbeat: false) {
            case .nobody: break
            case .taken, .later: return
            }
        }
        routeOther(message, bytes)
    }

    // MARK: Responses

    /// Whether a message is the response to a command that says how it is known.
    /// - Parameter isForHeartbeat: only to one that went out before the heartbeat that it answers too.
    private func answersCommand(
        _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer, isForHeartbeat: Bool
    ) -> Taken {
        if !message.values.isEmpty {
            let limit = limit(message, isForHeartbeat)
            let now = Clock.monotonicNanoseconds
            let ended = node.lock.withLock { node.commands.answered(by: message.values, before: limit, now: now) }
            if let ended {
                node.tell(ended, message.kind, bytes)
                return .taken
            }
        }
        return askFunctions(message, bytes, isForHeartbeat: isForHeartbeat, behind: nil)
    }

    private func limit(_ message: ArrivedMessage, _ isForHeartbeat: Bool) -> UInt64 {
        isForHeartbeat ? min(message.limit, message.question?.order ?? .max) : message.limit
    }

    /// Asks the functions of the commands behind `last`, one after the other, until one says yes or the turn is over.
    private func askFunctions(
        _ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer, isForHeartbeat: Bool,
        behind last: CommandTable.Asked?
    ) -> Taken {
        let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let limit = limit(message, isForHeartbeat)
        var last = last
        while let asked = node.lock.withLock({ node.commands.nextFunction(after: last, before: limit) }) {
            if last != nil, !hasTurn() {
                if let last { keep(.functions(last, isForHeartbeat: isForHeartbeat), message) }
                return .later
            }
            last = asked
            draw(.eventsHandled)
            let host = asked.command.host
            let isIt = host.matches.map { $0(base, bytes.count, host.context) } ?? false
            if isEnded { return .taken }
            guard isIt else { continue }
            let now = Clock.monotonicNanoseconds
            if let ended = node.lock.withLock({ node.commands.answered(asked.id, now: now) }) {
                node.tell(ended, message.kind, bytes)
                return .taken
            }
        }
        return .nobody
    }

    /// Whether a message that is nothing else is the response that comes next.
    func answersInOrder(_ message: ArrivedMessage, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let now = Clock.monotonicNanoseconds
        node.lock.lock()
        let wasInDoubt = node.commands.isInDoubt
        // A heartbeat whose answer nothing tells has its place among the commands.
        let isHeartbeats =
            link?.heartbeat?.takesInOrder(before: node.commands.nextInOrder, limit: message.limit) ?? false
        let ended = isHeartbeats ? nil : node.commands.answeredInOrder(before: message.limit, now: now)
        let isInDoubt = node.commands.isInDoubt
        node.lock.unlock()
        // What was held back goes out; or the end of the doubt is another one.
        if wasInDoubt, !isInDoubt { signal() }
        if isInDoubt { rescheduleCommands() }
        guard let ended else { return false }
        node.tell(ended, message.kind, bytes)
        return true
    }
}
