// SPDX-License-Identifier: Apache-2.0
import NodeCore

/// The cache is opened at any moment, and deleted.
extension CacheWorld {
    /// As `Node`: whoever takes the mail next sees it.
    func openCache() {
        isPlaceOpen = true
        // A new file takes those of the node.
        if disk.isNew, !hasNumbersOfFile { newestNumber = sendQueue.ledger.acceptedCount }
        hasNumbersOfFile = disk.isNew || sendQueue.ledger.queuedCount == 0
        let found = disk.open(nextNumber: sendQueue.ledger.acceptedCount + 1)
        let opened = sendQueue.adopt(found, now: now)
        disk.setFirst(opened.first, openID: opened.openID)
        let start = disk.state.first
        for (key, content) in disk.messages() {
            let id = UInt64(key - start) &+ opened.first
            (contents[id], ids[content]) = (content, id)
        }
        let place = start &- Int64(opened.first)
        self.place = place
        // What was pushed before comes in front of what is there, and where power was lost places are given again.
        let end = opened.openID < opened.first ? Int64(opened.openID) &+ place : disk.state.next
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
        if !isPlaceOpen { return openCache() }
        // Of a node that runs nothing is deleted before its end.
        if connection == nil, changes.chance(10) { forget() }
    }

    /// As `Node`, of one that does not run: what is on disk alone is dropped, the rest goes on.
    private func forget() {
        diskActs()
        takeMail()
        for (_, content) in disk.messages() { over.insert(content) }
        over.formUnion(disk.state.aside.values)
        disk.forget()
        for content in contents.values { stored.remove(content) }
        keptAside = []
        isForgetting = true
        cache.closed(backlog)
        carryOut()
        isForgetting = false
        newestOfGroup = [:]
        for id in contents.keys.sorted() where !ended.contains(id) {
            if let content = contents[id] { noteNewest(content) }
        }
        sendQueue.noteAway(cache.awayNow)
        isPlaceOpen = false
        place = nil
        newestArrived = .min
    }
}
