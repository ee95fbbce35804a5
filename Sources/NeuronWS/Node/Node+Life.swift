// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Start, stop, and the end of a node. Each may be called on the loop too, in a callback, and waits for nothing then.
extension Node {
    func start() throws(NodeError) {
        lock.withLock { configuration }.readEnvironment()
        while true {
            do throws(SpoolError) {
                try openCache()
            } catch { throw NodeError(error) }
            lock.lock()
            if !cachePlace.isClosing { break }
            lock.unlock()
        }
        guard life == .open else {
            lock.unlock()
            throw Self.isOver
        }
        if let session {
            // A stop may be under way: what was asked last counts.
            wishes.start()
            takesCommands = true
            startsInSession &+= 1
            if endWaiters > 0 { changed.broadcast() }
            lock.unlock()
            session.signal()
            return
        }
        do throws(SystemError) {
            let (loop, maskingKeys) = try Runtime.shared.acquireLoop()
            guard var backlog = backlog.take(), var cache = cache.take() else {
                preconditionFailure("a session has it that is none")
            }
            let new = NodeSession(
                node: self, loop: loop, maskingKeys: maskingKeys,
                backlog: exchange(&backlog.value, with: Backlog()),
                cache: exchange(&cache.value, with: MessageCache(configuration.cacheSettings)))
            session = new
            spool?.setUser(new)
            wishes = HostWishes()
            wishes.start()
            takesCommands = true
            status.progress = .starting(until: Clock.monotonicNanoseconds &+ NodeMachine.startDelayNanoseconds)
            lock.unlock()
            new.signal()
        } catch {
            lock.unlock()
            throw NodeError(error, "the loop could not be started")
        }
    }

    /// How much longer than its timeout a stop waits for the loop thread, which may be busy in a host's callback: 2 s.
    private static let stopGraceNanoseconds: UInt64 = 2_000_000_000

    /// Stops and waits for the end. On the loop it begins the same.
    func stop(timeoutMilliseconds: UInt32) -> neuron_ws_status_t {
        publishGathered()
        lock.lock()
        guard let session = askToStopLocked(timeoutMilliseconds, isAwaited: false), !session.isOnLoop else {
            let session = self.session
            lock.unlock()
            session?.signal()
            return .NEURON_WS_OK
        }
        endWaiters += 1
        let starts = startsInSession
        lock.unlock()
        session.signal()
        let timeout = UInt64(timeoutMilliseconds) * 1_000_000
        let deadline = Clock.monotonicNanoseconds &+ timeout &+ Self.stopGraceNanoseconds
        return waitForEnd(of: session, until: deadline, starts: starts) ? .NEURON_WS_OK : .NEURON_WS_TIMEOUT
    }

    /// - Returns: false if there is nothing to stop.
    func beginStop(timeoutMilliseconds: UInt32) -> Bool {
        publishGathered()
        guard let session = lock.withLock({ askToStopLocked(timeoutMilliseconds, isAwaited: true) }) else {
            return false
        }
        session.signal()
        return true
    }

    /// The caller signals what it returns; nil: the node does not run.
    private func askToStopLocked(_ timeoutMilliseconds: UInt32, isAwaited: Bool) -> NodeSession? {
        guard let session else { return nil }
        wishes.stop(timeout: UInt64(timeoutMilliseconds) * 1_000_000, isAwaited: isAwaited)
        return session
    }

    /// The caller has counted itself in `endWaiters`.
    /// - deadline: nil: however long it takes.
    /// - starts: what `startsInSession` was; a start since then ends the wait, because the session goes on.
    private func waitForEnd(of session: NodeSession, until deadline: UInt64?, starts: UInt64? = nil) -> Bool {
        lock.lock()
        var isInTime = true
        while self.session === session, isInTime, starts ?? startsInSession == startsInSession {
            if let deadline {
                isInTime = changed.wait(lock, until: deadline)
            } else {
                changed.wait(lock)
            }
        }
        let hasEnded = self.session !== session
        if life == .destroyed {
            // While it is counted the loop stays. Frames on it still hold the connection with the key in use.
            lock.unlock()
            TurnEnd.wait(on: session.loop)
            lock.lock()
        }
        endWaiters -= 1
        // The last who waits gives the loop back; if nobody waited, the loop has done it.
        let releases = hasEnded && endWaiters == 0 && session.wantsRelease
        if releases { session.wantsRelease = false }
        lock.unlock()
        if releases { Runtime.shared.releaseLoop() }
        return hasEnded || isInTime
    }

    /// Stops, and gives every message that is left its outcome. On the loop it begins the same.
    func finish(timeoutMilliseconds: UInt32) -> neuron_ws_status_t {
        openCacheForRest()
        lock.withLock { if life == .open { life = .finished } }
        endRequests()
        let status = stop(timeoutMilliseconds: timeoutMilliseconds)
        if beginsTellingRest() { abandonMessages() }
        return status
    }

    /// Whether nobody else does it: there is no session, or the caller is its loop.
    func beginsTellingRest() -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard session?.isOver ?? true, !sendQueue.isClosed else { return false }
        sendQueue.isClosed = true
        return true
    }

    /// Ends the node: after this no callback runs. The handle is gone.
    /// - Returns: false if it is being destroyed already: a callback of its last outcomes did it again.
    func destroy() -> Bool {
        // They become messages, which have their outcome.
        publishGathered()
        openCacheForRest()
        lock.lock()
        let isFirst = life < .destroyed
        if isFirst { life = .destroyed }
        lock.unlock()
        guard isFirst else { return false }
        Runtime.shared.remove(self)
        endRequests()
        defer { dropQueuedRequests() }
        lock.lock()
        let session = self.session
        wishes.destroy()
        if let session, !session.isOnLoop {
            endWaiters += 1
            lock.unlock()
            session.signal()
            _ = waitForEnd(of: session, until: nil)
        } else {
            lock.unlock()
            if let session { session.tearDown() } else { abandonMessages() }
        }
        lock.withLock {
            life = .gone
            configuration = .forgotten
        }
        return true
    }

    static var isOver: NodeError { .notRunning("the node was finished or is being destroyed: it takes nothing more") }
}
