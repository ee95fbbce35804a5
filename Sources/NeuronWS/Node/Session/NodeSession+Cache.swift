// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// What the session does with the node's cache: hands work to the spool's thread, and takes what has come of it.
extension NodeSession {
    /// Messages stay on disk until the host has read outcomes of earlier ones, which is looked at so often.
    private static let outcomesReadInterval: UInt64 = 100_000_000

    /// Messages may lie there: always where some go out in front of others.
    var usesCache: Bool { cache.isOpen || configuration.settings.cache != nil || backlog.live != nil }

    /// Looks after the cache: results, room, work, pace. Callbacks may end the session.
    func tendCache() {
        guard usesCache, !isEnded else { return }
        let now = Clock.monotonicNanoseconds
        takeSpoolResult(now)
        if isEnded { return }
        takeMailThatWaits(now)
        var mayLoad: Bool
        repeat {
            while trims(now) {
                carryOutCache()
                if isEnded { return }
                node.lock.withLock { noteCacheLocked() }
            }
            carryOutCache()
            if isEnded { return }
            mayLoad = hasRoomForOutcome
            submitWork(now, mayLoad: mayLoad)
        } while cache.lacksRoom && trims(now)
        let isClosed = node.lock.withLock { node.spool == nil }
        let openingAt = isClosed ? node.openCacheAgain(now: now) : nil
        carryOutCache()
        if isEnded { return }
        if isClosed || toldCacheError != nil { tellCacheError() }
        if isEnded { return }
        tellLedger()
        if isEnded { return }
        var next = cache.pace(&backlog, now: now)
        if !mayLoad, !cache.away.isEmpty { next = min(next ?? .max, now &+ Self.outcomesReadInterval) }
        next = min(next ?? .max, openingAt ?? .max)
        scheduleCacheTimer(next, now: now)
        if backlog.takeWake() { signal() }
    }

    private func trims(_ now: UInt64) -> Bool {
        let isFull = node.lock.withLock { node.wishes.wantsRoom(in: node.sendQueue, isLinked: link != nil) }
        return cache.trim(&backlog, now: now, isFull: isFull)
    }

    private func submitWork(_ now: UInt64, mayLoad: Bool) {
        guard let spool = node.lock.withLock({ node.spool }) else { return cache.refill(&backlog) }
        let work = cache.nextWork(
            &backlog, now: now, mayLoad: mayLoad, chunk: { MessagePool.shared.takeChunk(imageBytes: $0) })
        if let work { spool.submit(work) }
    }

    /// The outcomes of more messages can be held until the host reads them.
    private var hasRoomForOutcome: Bool {
        node.lock.withLock {
            if let events = node.events { node.sendQueue.ledger.unreadRuns = events.load.waitingRuns }
            return node.sendQueue.ledger.hasRoomForOutcome()
        }
    }

    /// What is new of a cache that could not be opened.
    func tellCacheError() { toldCacheError = node.tellCacheError(told: toldCacheError) }

    private func takeSpoolResult(_ now: UInt64) {
        guard let spool = node.lock.withLock({ node.spool }), let result = spool.takeResult() else { return }
        cache.finished(result, &backlog, now: now)
        node.tellSpoolNews(hasFault: cache.fault != nil)
        if isEnded { return }
        carryOutCache()
        if isEnded { return }
        _ = tellOwed()
    }

    /// What is pushed while nothing can be sent goes to disk too: there is no connection, or the server does not read.
    private func takeMailThatWaits(_ now: UInt64) {
        cache.refill(&backlog)
        let isLeftToSender = link.map { $0.connection.keepsUp(backlog, isFlushed: $0.isFlushed) } ?? false
        node.lock.lock()
        let mail = node.wishes.takeMailThatWaits(
            from: &node.sendQueue, &mailPace, isLinked: link != nil, isLeftToSender: isLeftToSender,
            isLast: run.end.storesRest, opensCache: cache.mayBeOpened(backlog),
            syncInterval: cache.settings.syncInterval, now: now)
        node.lock.unlock()
        guard let mail else { return }
        _ = mail.deliver(to: &cache, &backlog, now: now)
        // It came with a place on disk.
        if run.end.storesRest { cache.storeAll() }
    }

    private func carryOutCache() {
        while let action = cache.nextAction() {
            switch consume action {
            case .conclude(let run):
                node.conclude(run)
                if isEnded { return }
            case .skip(let ids): node.skip(ids)
            case .discount(let bytes): node.lock.withLock { node.sendQueue.ledger.discount(bytes) }
            case .release(var chunks): MessagePool.shared.give(&chunks)
            }
        }
    }

    private func noteCacheLocked() {
        node.noteCacheLocked(cache.awayNow, bytes: cache.diskBytes, asideCount: cache.asideCount)
        node.sendQueue.ledger.replacesLast = cache.replacesLast
    }

    private func tellLedger() {
        cache.noteFull(backlog)
        let storedThrough = cache.storedThrough
        var hasNews = false
        node.lock.lock()
        noteCacheLocked()
        if storedThrough > node.sendQueue.ledger.storedThrough {
            node.sendQueue.ledger.stored(through: storedThrough)
            hasNews = true
        } else if storedThrough == 0 {
            node.sendQueue.ledger.lostStored()
        }
        if cache.failedStores != node.sendQueue.ledger.failedStores {
            node.sendQueue.ledger.failedStores = cache.failedStores
            hasNews = true
        }
        if cache.looksDone > node.sendQueue.ledger.looksDone {
            node.sendQueue.ledger.looksDone = cache.looksDone
            hasNews = true
        }
        if cache.looksFailed > node.sendQueue.ledger.looksFailed {
            node.sendQueue.ledger.looksFailed = cache.looksFailed
            hasNews = true
        }
        if hasNews, node.flushWaiters > 0 { node.changed.broadcast() }
        let awaitsRoom = node.sendQueue.ledger.awaitsRoom
        let isFullNews = exchange(&node.isCacheFull, with: cache.isFull) != cache.isFull
        node.lock.unlock()
        if isFullNews { node.tellFull() }
        if isEnded { return }
        // What lies on disk alone has made room.
        if awaitsRoom { node.tellRoom() }
    }

    private func scheduleCacheTimer(_ paced: UInt64?, now: UInt64) {
        let mail = mailPace.deadline(syncInterval: cache.settings.syncInterval)
        let next = min(cache.deadline(backlog, now: now) ?? .max, paced ?? .max, mail ?? .max)
        if next < .max { timers[.cache].set(at: next, loop, self) }
    }

    func cacheTimerFired() {
        tendCache()
        if run.end.storesRest { endIfIdle() } else { pump() }
    }

    /// All that there is goes to disk now, and what lies there is looked for.
    func storeAll() {
        cache.refill(&backlog)
        node.lock.lock()
        let mail = node.wishes.takeMailToStore(
            from: &node.sendQueue, isLinked: link != nil, opensCache: cache.mayBeOpened(backlog))
        let looks = node.sendQueue.ledger.looksAsked
        node.lock.unlock()
        if let mail { _ = mail.deliver(to: &cache, &backlog, now: Clock.monotonicNanoseconds) }
        cache.storeAll()
        cache.look(for: looks)
    }

    /// The session ends: what is left goes to disk first. - Returns: false: it is on its way there.
    func hasStoredRest() -> Bool {
        let isKept = node.lock.withLock {
            (cache.isOpen || node.sendQueue.cacheOpened != nil) && !node.cachePlace.isForgotten
        }
        if !isKept { return true }
        if run.end.beginsStoring() { storeAll() }
        tendCache()
        return isEnded || cache.isSettled(backlog)
    }
}
