// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Commands to the server: taken on any thread, and told of on the loop.
extension Node {
    /// Takes a command that has been checked. - Returns: its number.
    func request(_ command: Command) throws(NodeError) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(start: command.bytes.pointer, count: command.bytes.count)
        try inspectQueued(bytes, command.kind)
        lock.lock()
        let session = self.session
        let taken: Result<UInt64, NodeError>
        do throws(NodeError) {
            try checkCommandLocked(command)
            guard let id = commands.add(command, now: Clock.monotonicNanoseconds) else { throw .noMemory }
            taken = .success(id)
        } catch { taken = .failure(error) }
        lock.unlock()
        let id = try taken.get()
        session?.signal()
        return id
    }

    private func checkCommandLocked(_ command: Command) throws(NodeError) {
        guard takesCommands, session != nil, life == .open else {
            throw .notRunning("a command needs a node that runs: neuron_ws_node_start first")
        }
        if command.host.on_response == nil, listenerLocked(NEURON_WS_EVENT_RESPONSE).isNobody {
            throw .invalidArgument(
                "`on_response` is NULL and the host takes no NEURON_WS_EVENT_RESPONSE: nobody would hear of the end")
        }
        var unread = 0
        if let events {
            let load = events.load
            unread = load.waitingResponses
            // The end of a command that is taken is never lost.
            if !load.mayGrow { throw .noMemory }
        }
        guard commands.hasRoom(byteCount: command.bytes.count, unread: unread) else {
            commandsAwaitRoom = true
            throw .queueFull(
                "\(commands.count) commands with \(commands.openBytes) bytes have no response yet, and \(unread) "
                    + "responses wait to be read; the limits are \(CommandLimits.openMax) for both and "
                    + "\(CommandLimits.bytesMax) bytes")
        }
        guard commands.hasRoom(for: command.rule) else {
            commandsAwaitRoom = true
            throw .queueFull(
                "commands that wait ask for \(CommandLimits.pointersMax) different `match_member`s, which are the most")
        }
    }

    func cancelRequest(_ id: UInt64) throws(NodeError) {
        lock.lock()
        // A callback comes on the loop only.
        let isByCallback = commands.cancelledByCallback(id)
        let ended = isByCallback ? nil : commands.cancelled(id)
        let session = self.session
        lock.unlock()
        guard isByCallback else {
            guard let ended else { throw .notFound("there is no command \(id), or it has ended") }
            return tell(ended)
        }
        if let session, session.isOnLoop { session.tellEndedCommands() } else { session?.signal() }
    }

    // MARK: Their ends

    /// A command has its outcome. - Parameter response: borrowed for the call.
    func tell(
        _ ended: EndedCommand, _ kind: neuron_ws_kind_t = .NEURON_WS_TEXT, _ response: UnsafeRawBufferPointer? = nil
    ) {
        // A command's own callback goes before events, and hears of its end whatever became of the node.
        let hasOwn = ended.command.host.on_response != nil
        tell(.response(ended, kind, response), to: hasOwn ? .callback : listener(NEURON_WS_EVENT_RESPONSE))
        if lock.withLock({ commandsAwaitRoom }) { tellRoom() }
    }

    /// The node stops: none is taken until it starts again, and all that are left end.
    /// - Returns: false: it has been started again.
    func stopCommands() -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if wishes.starts, life == .open { return false }
        if takesCommands { commands.stop() }
        takesCommands = false
        return true
    }

    /// The same for good, in a callback, and all are told before it goes on.
    func endCommands() {
        _ = stopCommands()
        while let next = lock.withLock({ commands.takeEnded() }) { tell(next) }
    }

    // MARK: Room

    /// Whoever was told that something is full hears of it when a quarter is free again.
    func tellRoom() {
        lock.lock()
        var isTold = false
        if life == .open {
            let unread = events?.load.waitingResponses ?? 0
            if commandsAwaitRoom, commands.hasQuarterFree(unread: unread) {
                commandsAwaitRoom = false
                isTold = true
            }
            if sendQueue.ledger.takeRoom(unreadRuns: events?.load.waitingRuns ?? 0) { isTold = true }
        }
        let queued = sendQueue.ledger.queuedCount
        lock.unlock()
        if isTold { tell(.room(queued: queued)) }
    }

    // MARK: before_send

    /// Shows a message to the host as it is queued, where it wants that. Its callback may end the node, which the
    /// caller holds; no lock may be held.
    func inspectQueued(_ bytes: UnsafeRawBufferPointer, _ kind: neuron_ws_kind_t) throws(NodeError) {
        guard host.inspectsWhenQueued, !host.beforeSend(handle, kind, bytes) else { return }
        countRejected()
        throw .refused("before_send refused the message")
    }
}
