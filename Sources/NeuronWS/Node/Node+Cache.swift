// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// The node's messages on disk, as the host's threads see them: opened, closed, forgotten. What a session does with
/// them is in `NodeSession+Cache`.
extension Node {
    /// Opens the cache that the settings ask for, if it is not open. With a fault the node goes on without it, and
    /// says so. Throws if somebody else holds it.
    func openCache() throws(SpoolError) {
        lock.lock()
        guard let settings = settingsToOpenLocked() else { return lock.unlock() }
        lock.unlock()
        if let fault = open(settings), fault.fault == .held { throw fault }
    }

    /// The same of one that could not be opened, if its time has come: on a thread of its own, because a disk may take
    /// long for it. The session is signalled when that is done.
    /// - Returns: when to ask again, monotonic nanoseconds; nil: there is no need to.
    func openCacheAgain(now: UInt64) -> UInt64? {
        lock.lock()
        guard life == .open, let settings = configuration.settings.cache, settings.diskBytes > 0,
            let time = cachePlace.retryAt, now < time || cachePlace.open() == .has
        else {
            lock.unlock()
            return nil
        }
        lock.unlock()
        if now < time { return time }
        do throws(SystemError) {
            try Thread.start(
                CacheOpening(self, settings), name: "neuron-ws-open", stackBytes: CacheOpening.stackBytes
            ).detach()
            return nil
        } catch {
            lock.lock()
            defer { lock.unlock() }
            cachePlace.opened(false, now: now)
            changed.broadcast()
            return cachePlace.retryAt
        }
    }

    /// The node ends: what could not be opened before is tried once more if there is something to keep.
    func openCacheForRest() {
        let isWanted = lock.withLock {
            cachePlace.retryAt != nil && sendQueue.ledger.queuedCount > 0 && session?.isOnLoop != true
        }
        if isWanted { try? openCache() }
    }

    /// The caller has the place, and gives it back.
    /// - Returns: why it is not open; nil: it is.
    @discardableResult
    func open(_ settings: CacheSettings) -> SpoolError? {
        let (stream, nextNumber, takesStream) = lock.withLock {
            (sendQueue.stream, sendQueue.ledger.acceptedCount &+ 1, hasNumberedLocked)
        }
        var opened: Spool?
        var fault: SpoolError?
        do throws(SpoolError) {
            opened = try Spool.open(
                directory: settings.directory, node: name, isSynced: settings.survivesPowerLoss, stream: stream,
                nextNumber: nextNumber, takesStream: takesStream)
        } catch { fault = error }
        lock.lock()
        if life == .open, let wanted = configuration.settings.cache, wanted.directory != settings.directory {
            // The settings have changed meanwhile: what lies there is not to be used.
            lock.unlock()
            opened?.close(nextNumber: opened?.found.nextNumber ?? 0)
            return open(wanted)
        }
        if let other = opened, hasOtherNumbersLocked(other) {
            fault = SpoolError(
                fault: .other,
                text: "the cache \(other.file.path) has messages with numbers of their own (setting sequence), "
                    + "and so has this node: it is opened behind the last outcome")
        }
        if fault == nil, let opened { adoptLocked(opened) }
        if let fault {
            cacheError = fault
            counters.cacheErrors &+= 1
            lock.unlock()
            opened?.close(nextNumber: opened?.found.nextNumber ?? 0)
            lock.lock()
        }
        cachePlace.opened(fault == nil, now: Clock.monotonicNanoseconds)
        let session = self.session
        changed.broadcast()
        lock.unlock()
        session?.signal()
        return fault
    }

    /// nil: there is nothing to be opened here and now.
    private func settingsToOpenLocked() -> CacheSettings? {
        while life == .open, let settings = configuration.settings.cache, settings.diskBytes > 0 {
            switch cachePlace.open() {
            case .has: return settings
            case .passes: return nil
            case .waits: changed.wait(lock)
            }
        }
        return nil
    }

    /// Messages wait that bear numbers of another row than those of the file: an acknowledgement could be either's.
    private func hasOtherNumbersLocked(_ opened: Spool) -> Bool {
        opened.found.stream != sendQueue.stream && hasNumberedLocked
    }

    private var hasNumberedLocked: Bool {
        sendQueue.ledger.queuedCount > 0 && configuration.settings.numbersMessages
    }

    private func adoptLocked(_ spool: Spool) {
        self.spool = spool
        // They may have changed while it was opened.
        if let wanted = configuration.settings.cache { spool.setSynced(wanted.survivesPowerLoss) }
        cacheError = nil
        let found = spool.found
        let now = Clock.monotonicNanoseconds
        let opened = sendQueue.adopt(found, now: now)
        spool.setFirst(opened.first, openID: opened.openID)
        noteCacheLocked(cache?.value.awayNow ?? DeliveryLedger.Away(), bytes: 0, asideCount: 0)
        // A session that is over has given it back.
        if backlog != nil { takeMailLocked(now: now) } else { spool.setUser(session) }
    }

    /// What lies on disk: for those who push, and for the metrics.
    func noteCacheLocked(_ away: DeliveryLedger.Away, bytes: UInt64, asideCount: UInt64) {
        let opened = sendQueue.cacheOpened?.found
        sendQueue.noteAway(away)
        counters.cachedMessages = sendQueue.ledger.away.messages
        counters.cachedBytes = bytes &+ (opened?.bytes ?? 0)
        counters.cachedSetAside = asideCount &+ (opened?.asideCount ?? 0)
    }

    /// A session has ended that has not seen that the cache was opened: the node sees it in its place.
    func takeOpenedLocked() {
        if sendQueue.cacheOpened != nil { takeMailLocked(now: Clock.monotonicNanoseconds) }
    }

    /// Of a node without a session.
    func takeMailLocked(now: UInt64) {
        guard var backlog = backlog.take() else { return }
        if var cache = cache.take() {
            cache.value.refill(&backlog.value)
            _ = sendQueue.takeMail().deliver(to: &cache.value, &backlog.value, now: now)
            self.cache = consume cache
        }
        self.backlog = consume backlog
    }

    /// Whether the new settings may follow the old ones.
    func checkCache(_ new: Configuration) throws(NodeError) {
        let (open, old) = lock.withLock { (spool?.file.directory, configuration.settings.cache?.directory) }
        // It stays open when other settings turn it off, and however the directory is written.
        guard let open, let wanted = new.settings.cache?.directory, wanted != old, !wanted.isEmpty,
            (try? Syscalls.realPath(wanted)) != open
        else { return }
        throw .invalidSettings(
            "\"data-dir\" is \"\(wanted)\", and the node's cache lies open in \"\(open)\": destroy the node to move it")
    }

    // MARK: What the disk says

    /// Tells what is new of it, each thing once.
    func tellSpoolNews(hasFault: Bool) {
        guard let spool = lock.withLock({ self.spool }) else { return }
        let news = spool.takeNews()
        lock.lock()
        countLostLocked()
        let before = cacheError
        if let error = news.error { cacheError = error }
        if !hasFault { cacheError = nil }
        counters.cacheErrors &+= news.error == nil ? 0 : 1
        lock.unlock()
        if let notice = news.notice { log(.NEURON_WS_LOG_ERROR, .NEURON_WS_CATEGORY_DELIVERY, notice + ".") }
        if let error = news.error, error != before {
            log(
                .NEURON_WS_LOG_ERROR, .NEURON_WS_CATEGORY_DELIVERY,
                "\(error.text). Messages are kept in memory meanwhile, and nothing more counts as stored.")
        } else if before != nil, !hasFault {
            log(.NEURON_WS_LOG_NOTICE, .NEURON_WS_CATEGORY_DELIVERY, "The cache \(spool.file.path) works again.")
        }
    }

    /// Says that what is to be stored finds no room, or that nothing waits for any.
    func tellFull() {
        let (isFull, file) = lock.withLock { (isCacheFull, spool?.file) }
        guard let file else { return }
        if isFull {
            log(
                .NEURON_WS_LOG_WARN, .NEURON_WS_CATEGORY_DELIVERY,
                "The cache \(file.path) is full (settings cache-disk-size and cache-policy). What finds no room there "
                    + "waits in memory, and all behind it: the node's end drops it, and a killed process loses it.")
        } else {
            log(
                .NEURON_WS_LOG_NOTICE, .NEURON_WS_CATEGORY_DELIVERY,
                "Nothing waits for room in the cache \(file.path) any more.")
        }
    }

    /// Says once that it could not be opened, and that it is open after all.
    /// - Parameter told: what was said last.
    /// - Returns: what is said now.
    func tellCacheError(told: SpoolError?) -> SpoolError? {
        let (error, file) = lock.withLock { (spool == nil ? cacheError : nil, spool?.file) }
        if let error, error != told {
            log(
                .NEURON_WS_LOG_ERROR, .NEURON_WS_CATEGORY_DELIVERY,
                "\(error.text). The node runs without it: nothing is kept on disk. It tries again to open it.")
        } else if told != nil, let file {
            log(
                .NEURON_WS_LOG_NOTICE, .NEURON_WS_CATEGORY_DELIVERY,
                "The cache \(file.path) is open now: messages are kept on disk.")
        }
        return error
    }

    // MARK: Outcomes

    /// Without a damage what is not there may have had its outcome in an earlier life.
    private func countLostLocked() {
        if spool?.hasDamage == true { counters.messagesLost &+= exchange(&skippedCount, with: 0) }
    }

    /// They have no outcome, and count no more.
    func skip(_ ids: Range<UInt64>) {
        lock.lock()
        sendQueue.ledger.ended(
            Backlog.Run(firstID: ids.lowerBound, count: UInt64(ids.count), outcome: .NEURON_WS_DROPPED_STOPPED))
        skippedCount &+= UInt64(ids.count)
        countLostLocked()
        if flushWaiters > 0 { changed.broadcast() }
        lock.unlock()
    }

    /// Of a node without a session: stores what is left, and waits for it.
    func storeRest() {
        guard let spool = lock.withLock({ self.spool }) else { return }
        if lock.withLock({ cachePlace.isForgotten }) {
            // What is under way holds messages that need their outcome.
            guard lock.withLock({ cache?.value.isBusy ?? false }), let result = spool.waitForResult() else { return }
            lock.lock()
            finishedLocked(result)
            lock.unlock()
            return carryOutCache()
        }
        lock.lock()
        let now = Clock.monotonicNanoseconds
        takeMailLocked(now: now)
        if let backlog = backlog.take() {
            cache?.value.storeAll()
            cache?.value.look()
            self.backlog = consume backlog
        }
        lock.unlock()
        while true {
            if lock.withLock({ cache?.value.isBusy ?? false }), let result = spool.waitForResult() {
                lock.lock()
                finishedLocked(result)
                lock.unlock()
                carryOutCache()
            }
            lock.lock()
            let work = nextWorkLocked()
            lock.unlock()
            guard let work else { break }
            spool.submit(work)
        }
        tellSpoolNews(hasFault: lock.withLock { cache?.value.fault != nil })
        if lock.withLock({ noteFullLocked() }) { tellFull() }
    }

    /// Of a node without a session. - Returns: there is something to be told.
    private func noteFullLocked() -> Bool {
        guard let backlog = backlog.take() else { return false }
        cache?.value.noteFull(backlog.value)
        self.backlog = consume backlog
        let isFull = cache?.value.isFull ?? false
        return exchange(&isCacheFull, with: isFull) != isFull
    }

    private func closeLocked() {
        takeMailLocked(now: Clock.monotonicNanoseconds)
        guard let backlog = backlog.take() else { return }
        cache?.value.closed(backlog.value)
        sendQueue.ledger.lostStored()
        self.backlog = consume backlog
    }

    private func finishedLocked(_ result: consuming SpoolResult) {
        guard var backlog = backlog.take() else { return }
        cache?.value.finished(result, &backlog.value, now: Clock.monotonicNanoseconds)
        self.backlog = consume backlog
    }

    private func nextWorkLocked() -> SpoolWork? {
        guard var backlog = backlog.take() else { return nil }
        let work = cache?.value.nextWork(
            &backlog.value, now: Clock.monotonicNanoseconds, mayLoad: false,
            chunk: { MessagePool.shared.takeChunk(imageBytes: $0) })
        self.backlog = consume backlog
        return work
    }

    /// Of a node without a session.
    func carryOutCache() {
        while let action = lock.withLock({ cache?.value.nextAction() }) {
            switch consume action {
            case .conclude(let run): conclude(run)
            case .skip(let ids): skip(ids)
            case .discount(let bytes): lock.withLock { sendQueue.ledger.discount(bytes) }
            case .release(var chunks): MessagePool.shared.give(&chunks)
            }
        }
    }

    /// Behind the last outcome.
    func closeCache() {
        let (spool, deletes, last) = lock.withLock {
            let deletes = cachePlace.isForgotten
            // None of the messages that lie there waits any more, or nothing lies there.
            counters.cachedMessages = 0
            if deletes { (counters.cachedBytes, counters.cachedSetAside) = (0, 0) }
            return (self.spool.take(), deletes, sendQueue.ledger.acceptedCount)
        }
        if let error = spool?.close(deletes: deletes, nextNumber: last &+ 1) { tellUndeleted(error) }
    }

    private func tellUndeleted(_ error: SpoolError) {
        log(.NEURON_WS_LOG_ERROR, .NEURON_WS_CATEGORY_DELIVERY, "\(error.text).")
    }

    /// Deletes what the node has on disk: now, or when it ends if it runs.
    func forget() {
        lock.lock()
        var turn = cachePlace.forget(isRunning: session != nil)
        while turn == .waits {
            changed.wait(lock)
            turn = cachePlace.forget(isRunning: session != nil)
        }
        let (spool, isBusy, settings) = (self.spool, cache?.value.isBusy ?? false, configuration.settings.cache)
        lock.unlock()
        guard turn == .has else { return }
        // What is under way holds messages.
        let result = isBusy ? spool?.waitForResult() : nil
        if spool != nil { closeCache() } else { deleteFile(settings) }
        lock.lock()
        if let result { finishedLocked(result) }
        if spool != nil {
            closeLocked()
            noteCacheLocked(DeliveryLedger.Away(), bytes: 0, asideCount: 0)
        }
        cachePlace.closed()
        changed.broadcast()
        lock.unlock()
        carryOutCache()
    }

    /// Of a cache that is not open here.
    private func deleteFile(_ settings: CacheSettings?) {
        guard let settings, settings.diskBytes > 0, let directory = try? Syscalls.realPath(settings.directory) else {
            return
        }
        do throws(SpoolError) {
            try Spool.deleteIfFree(SpoolFile(directory: directory, node: name))
        } catch { tellUndeleted(error) }
    }
}
