// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import NodeCore

/// Who opens, closes and deletes what lies on disk, and when, asks `CachePlace`, as `Node` does: it is opened at any
/// moment, and deleted.
extension CacheWorld {
    func beginPlace() {
        place = CachePlace()
        wantsForgotten = false
        keyShift = nil
        hasOlderBehind = false
        hasNumbersOfFile = false
        // By draws of its own, as the priority's changes.
        if !changes.chance(20) { openCache() }
    }

    /// As `Node`: whoever takes the mail next sees it.
    private func openCache() {
        if place.open() != .has { fail("nobody opens the cache") }
        // Those that wait bear numbers of another row than those of the file: it is opened behind the last outcome.
        let hasOtherNumbers = isNumbered && sendQueue.ledger.queuedCount > 0 && !disk.messages().isEmpty
        let isThere = !changes.chance(10) && !hasOtherNumbers
        tell("opens the cache: \(isThere)")
        place.opened(isThere, now: now)
        guard isThere else {
            if place.retryAt == nil { fail("nobody opens the cache again") }
            return
        }
        wantsForgotten = false
        // A new file takes those of the node.
        if disk.isNew, !hasNumbersOfFile { newestNumber = sendQueue.ledger.acceptedCount }
        hasNumbersOfFile = disk.isNew || sendQueue.ledger.queuedCount == 0
        if !disk.isNew, sendQueue.ledger.queuedCount == 0 { acknowledgesFrom = reader.sequences.count }
        let found = disk.open(nextNumber: sendQueue.ledger.acceptedCount + 1)
        let opened = sendQueue.adopt(found, now: now)
        tell("finds \(found.count) messages, \(found.bytes) bytes, as of \(opened.first), open from \(opened.openID)")
        let there = UInt64(disk.messages().count)
        if !disk.hasDamaged, sendQueue.ledger.away.messages != there {
            fail("\(sendQueue.ledger.away.messages) are counted of \(there) that lie on disk")
        }
        disk.setFirst(opened.first, openID: opened.openID)
        let start = disk.state.first
        for (key, content) in disk.messages() {
            let id = UInt64(key - start) &+ opened.first
            (contents[id], ids[content]) = (content, id)
        }
        let shift = start &- Int64(opened.first)
        keyShift = shift
        // What was pushed before comes in front of what is there, and where power was lost places are given again.
        let end = opened.openID < opened.first ? Int64(opened.openID) &+ shift : disk.state.next
        newestArrived = min(newestArrived, end &- 1)
        hasOlderBehind = opened.openID < opened.first && found.count > 0
        openedAt = now
        takeMail()
        if sendQueue.cacheOpened != nil { return }
        sendQueue.noteAway(cache.awayNow)
        sendQueue.ledger.stored(through: cache.storedEnd &- 1)
        if cache.asideCount != UInt64(disk.state.aside.count) { fail("\(cache.asideCount) are said to be set aside") }
    }

    func openOrForget() {
        if !place.isOpen { return openCache() }
        // Of a node that does not run it is deleted at once, and not at its end.
        guard connection == nil, changes.chance(10) else { return }
        if place.forget(isRunning: false) != .has { fail("nobody deletes what is on disk") }
        forget()
        place.closed()
    }

    /// The host wants it deleted. What a session uses goes when the node ends.
    func forgetAtEnd() {
        switch place.forget(isRunning: true) {
        case .passes: wantsForgotten = true
        case .waits: fail("what nobody deletes is waited for")
        case .has:
            noteDeleted()
            place.closed()
        }
    }

    private func noteDeleted() {
        tell("what lies on disk is deleted")
        for (_, content) in disk.messages() { over.insert(content) }
        over.formUnion(disk.state.aside.values)
        disk.forget()
        for content in contents.values { stored.remove(content) }
        keptAside = []
    }

    /// Another server is wanted, and this connection ends.
    func lookAtWishes() { if wishes.take().reconnects, connection != nil { cut() } }

    /// All that there is goes to disk now: the loop has looked at what the host wants.
    func storeAll() {
        lookAtWishes()
        takeMail()
        cache.storeAll()
    }

    /// What is on disk alone is dropped, the rest goes on.
    private func forget() {
        diskActs()
        takeMail()
        noteDeleted()
        isForgetting = true
        cache.closed(backlog)
        carryOut()
        isForgetting = false
        newestOfGroup = [:]
        // What has gone out makes older ones needless, and what was deleted does not.
        for id in contents.keys.sorted() {
            if let content = contents[id], !ended.contains(id) || delivered.contains(content) { noteNewest(content) }
        }
        sendQueue.noteAway(cache.awayNow)
        keyShift = nil
        newestArrived = .min
    }

    /// The node is about to give what is left its outcome.
    func endPlace() {
        if place.end() != .has { fail("a node has no end") }
        guard place.isForgotten else { return }
        diskActs()
        stored = []
        cache.closed(backlog)
    }

    /// Behind the last outcome.
    func closePlace() {
        if place.isOpen { disk.setNextNumber(sendQueue.ledger.acceptedCount + 1) }
        if place.isOpen != place.close() { fail("what is open is not closed") }
        guard place.isClosing else { return }
        if place.isForgotten {
            noteDeleted()
            newestArrived = .min
        }
        place.closed()
        if wantsForgotten, !disk.messages().isEmpty { fail("what was forgotten is there") }
    }
}
