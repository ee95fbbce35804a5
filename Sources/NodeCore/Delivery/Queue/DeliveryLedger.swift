// SPDX-License-Identifier: Apache-2.0
public import CNeuronWS

/// Which messages a node has taken, and how far they are: numbers, outcomes, and whether there is room for another.
///
/// Not locked: it is under the node's lock, because host threads are refused at once where there is no room, and the
/// loop tells it of outcomes. These need not come in the messages' order.
///
/// Invariants: `endedCount <= acceptedCount`, `endedBytes <= acceptedBytes`, both are equal together; all up to
/// `endedThrough` have their outcome, the next one has none, `endedThrough <= writtenThrough <= acceptedCount`;
/// `islands` are sorted, apart from each other and behind that one.
public struct DeliveryLedger {
    /// What may be without outcome at most; both are settings.
    public struct Limits: Equatable, Sendable {
        /// Bytes of memory, message headers included.
        public var bytesMax: Int
        public var messagesMax: Int

        public init(bytesMax: Int, messagesMax: Int) {
            self.bytesMax = bytesMax
            self.messagesMax = messagesMax
        }
    }

    public var limits: Limits
    /// Messages taken so far, which is also the number of the last one.
    public private(set) var acceptedCount: UInt64 = 0
    public private(set) var acceptedBytes: UInt64 = 0
    /// Messages that have their outcome.
    public private(set) var endedCount: UInt64 = 0
    public private(set) var endedBytes: UInt64 = 0
    public private(set) var endedThrough: UInt64 = 0
    /// All up to this one have their outcome, or the kernel has had them whole.
    public private(set) var writtenThrough: UInt64 = 0
    /// All up to this one have their outcome, or lie on disk.
    public private(set) var storedThrough: UInt64 = 0
    /// Of those without outcome, which lie on disk and take no memory; the node's cache keeps it up to date.
    public var away = Away()

    public struct Away: Equatable, Sendable {
        public var messages: UInt64 = 0
        public var bytes: UInt64 = 0

        public init(messages: UInt64 = 0, bytes: UInt64 = 0) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// What must be known of a message before it is delivered; in force now.
    public var level = neuron_ws_level_t.NEURON_WS_LEVEL_WRITTEN
    /// Those behind `endedThrough` that have their outcome before one in front of them has.
    private var islands = NumberRanges()
    private var waiting = WaitingMarks()
    /// Runs of outcomes that wait for the host (`EventBacklog.runs`); the node keeps it up to date.
    public var unreadRuns = 0

    /// How often what was to be stored could not be: the node's cache keeps it up to date.
    public var failedStores: UInt64 = 0
    /// So often somebody has asked whether what lies on disk is still there, and up to which of these the disk has said
    /// so.
    public private(set) var looksAsked: UInt64 = 0
    public var looksDone: UInt64 = 0
    public var looksFailed: UInt64 = 0

    /// One that waits alone makes room for the next one: `MessageCache.replacesLast`, which the node keeps up to date.
    public var replacesLast = false

    /// A message was refused for want of room, and who sent it has yet to hear that there is some.
    public private(set) var awaitsRoom = false
    /// Bytes that the largest of those takes.
    public private(set) var wantedBytes: UInt64 = 0

    public init(limits: Limits) { self.limits = limits }

    public var queuedCount: UInt64 { acceptedCount &- endedCount }
    public var queuedBytes: UInt64 { acceptedBytes &- endedBytes }
    private var heldCount: UInt64 { queuedCount - min(queuedCount, away.messages) }
    /// Memory gets short.
    public var isHalfFull: Bool {
        heldBytes >= UInt64(limits.bytesMax) / 2 || heldCount >= UInt64(limits.messagesMax) / 2
    }
    /// Little is left of it, or less than one takes that was refused.
    public var lacksRoom: Bool {
        heldBytes * 8 > UInt64(limits.bytesMax) * 7 || heldCount * 8 > UInt64(limits.messagesMax) * 7
            || !hasRoomForWanted
    }
    private var hasRoomForWanted: Bool {
        wantedBytes == 0 || heldCount <= aloneMax || isAllStored || heldBytes + wantedBytes <= UInt64(limits.bytesMax)
    }
    private var heldBytes: UInt64 { queuedBytes - min(queuedBytes, away.bytes) }

    // MARK: Room

    /// Room past the limits that only answers to requests have: a full queue must not leave a peer without one.
    public static let none = Limits(bytesMax: 0, messagesMax: 0)

    /// Whether a message of this size would be taken now, `beyond` the limits if need be. One that is larger than the
    /// limit in bytes is taken when nothing else waits: otherwise it could never be sent. One more is taken where one
    /// alone waits that it is to take the place of, and where all that wait lie on disk, so that what is kept in memory
    /// of them keeps nothing out.
    public func hasRoom(byteCount: Int, beyond: Limits = none) -> Bool {
        guard hasRoomForOutcome(beyond: beyond) else { return false }
        let size = UInt64(MessageRecord.size(byteCount: byteCount))
        if heldCount <= aloneMax || isAllStored { return true }
        return heldCount < UInt64(limits.messagesMax) + UInt64(beyond.messagesMax)
            && heldBytes + size <= UInt64(limits.bytesMax) + UInt64(beyond.bytesMax)
    }

    /// So many keep no other one out.
    private var aloneMax: UInt64 { replacesLast ? 1 : 0 }
    /// The next one is no second one beyond the limits: it is not on disk when it comes.
    private var isAllStored: Bool {
        if acceptedCount == 0 || storedThrough == acceptedCount { return acceptedCount > 0 }
        // Those behind have their outcome: they went in front of others.
        guard storedThrough > 0, let last = islands.last else { return false }
        return last.upperBound > acceptedCount && last.lowerBound <= storedThrough &+ 1
    }

    /// Whether the outcome of one more message can be held until the host reads it. Each message comes to one run at
    /// most, whether it continues another or not, so that with this asked at each message
    /// `unreadRuns + queuedCount <= messagesMax + EventBacklog.runsMax` holds by itself, and no outcome is ever lost.
    public func hasRoomForOutcome(beyond: Limits = none) -> Bool {
        heldCount + UInt64(unreadRuns)
            < UInt64(limits.messagesMax) + UInt64(beyond.messagesMax) + UInt64(EventBacklog.runsMax)
    }

    /// One of this size was refused. - Returns: more room is wanted than before.
    mutating func refused(byteCount: Int) -> Bool {
        let size = UInt64(MessageRecord.size(byteCount: byteCount))
        let isMore = size > wantedBytes
        awaitsRoom = true
        wantedBytes = max(wantedBytes, size)
        return isMore
    }

    /// True, once for however many refusals: a quarter of the room is free again, and there is some for each, or as
    /// much as the oldest made.
    public mutating func takeRoom(unreadRuns: Int) -> Bool {
        self.unreadRuns = unreadRuns
        // As in `hasRoom`: what lies on disk alone takes none.
        guard awaitsRoom, hasRoomForOutcome() else { return false }
        let isQuarterFree =
            heldCount * 4 <= UInt64(limits.messagesMax) * 3 && heldBytes * 4 <= UInt64(limits.bytesMax) * 3
        // Where the oldest make room, no more of them go than has to.
        let isFree = isQuarterFree && hasRoomForWanted || replacesLast && !lacksRoom
        guard isFree || heldCount <= aloneMax || isAllStored else { return false }
        awaitsRoom = false
        wantedBytes = 0
        return true
    }

    /// Takes a message that there is room for. - Returns: its number.
    /// - Parameter now: monotonic nanoseconds.
    public mutating func accept(byteCount: Int, now: UInt64 = 0) -> UInt64 {
        acceptedCount &+= 1
        waiting.came(acceptedCount, now: now)
        acceptedBytes &+= UInt64(MessageRecord.size(byteCount: byteCount))
        return acceptedCount
    }

    /// Messages that were found on disk, each as if it had been taken just now. - Returns: the number of the first.
    /// - Parameter next: what comes behind them has this number at least, as far as all before them have their outcome.
    public mutating func adopt(_ found: Away, next: UInt64 = 1, now: UInt64 = 0) -> UInt64 {
        if queuedCount == 0, next > acceptedCount &+ found.messages &+ 1 {
            // The numbers up to there are those of an earlier life.
            endedCount &+= next &- found.messages &- 1 &- acceptedCount
            acceptedCount = next &- found.messages &- 1
            endedThrough = acceptedCount
            writtenThrough = acceptedCount
            islands.removeAll()
        }
        let first = acceptedCount &+ 1
        if found.messages > 0 { waiting.came(first, now: now) }
        acceptedCount &+= found.messages
        acceptedBytes &+= found.bytes
        return first
    }

    // MARK: Outcomes

    /// These have their outcome, which they had not before.
    public mutating func ended(_ run: Backlog.Run) {
        endedCount &+= run.count
        // What a damaged file said of its messages' sizes need not be so.
        endedBytes = endedCount == acceptedCount ? acceptedBytes : min(acceptedBytes, endedBytes &+ run.recordBytes)
        assert(endedCount <= acceptedCount && endedBytes <= acceptedBytes)
        defer { if queuedCount == 0 { waiting.removeAll() } }
        guard run.firstID == endedThrough &+ 1 else { return islands.insert(run.firstID..<run.firstID &+ run.count) }
        endedThrough &+= run.count
        while let island = islands.first, island.lowerBound == endedThrough &+ 1 {
            endedThrough = island.upperBound &- 1
            islands.removeFirst()
        }
        writtenThrough = max(writtenThrough, endedThrough)
        waiting.left(before: endedThrough &+ 1)
    }

    /// So many bytes of those without outcome are nowhere.
    public mutating func discount(_ bytes: UInt64) {
        guard endedCount < acceptedCount else { return }
        endedBytes = min(acceptedBytes, endedBytes &+ bytes)
    }

    /// Since when the oldest message without outcome waits, monotonic nanoseconds; nil: there is none.
    public var oldestSince: UInt64? { queuedCount == 0 ? nil : waiting.oldest }

    /// The kernel has had all up to this one.
    public mutating func written(through id: UInt64) { writtenThrough = max(writtenThrough, id) }

    /// All up to this one lie on disk.
    public mutating func stored(through id: UInt64) { storedThrough = max(storedThrough, min(id, acceptedCount)) }

    /// What lay on disk is gone from there.
    public mutating func lostStored() { storedThrough = 0 }

    /// - Returns: what `looksDone` is when the disk has answered.
    public mutating func askLook() -> UInt64 {
        looksAsked &+= 1
        return looksAsked
    }

    /// How far all messages are: up to this one they have reached this level, or have another outcome.
    public func reachedThrough(_ level: neuron_ws_level_t) -> UInt64 {
        switch level {
        case .NEURON_WS_LEVEL_WRITTEN: writtenThrough
        case .NEURON_WS_LEVEL_STORED: max(endedThrough, storedThrough)
        default: endedThrough
        }
    }

    /// How it stands for who waits until all up to a message have reached a level.
    public enum Progress { case reached, open, unstorable }

    /// - Parameter failedStores: what it was when they began to wait. A disk that has failed since, or has no room,
    ///   takes no more: to wait for it is in vain, though another outcome may come yet.
    /// - Parameter look: what `askLook` said; 0: the disk is not asked.
    public func progress(
        through id: UInt64, _ level: neuron_ws_level_t, failedStores before: UInt64, look: UInt64 = 0
    ) -> Progress {
        if reachedThrough(level) >= id {
            return looksDone >= look ? .reached : looksFailed >= look ? .unstorable : .open
        }
        return level == .NEURON_WS_LEVEL_STORED && failedStores != before ? .unstorable : .open
    }

    /// How many messages up to this one have not reached this level, nor another outcome.
    public func openCount(through id: UInt64, _ level: neuron_ws_level_t) -> UInt64 {
        if level == .NEURON_WS_LEVEL_WRITTEN, writtenThrough > endedThrough {
            return id > writtenThrough ? id - writtenThrough : 0
        }
        if level == .NEURON_WS_LEVEL_STORED, storedThrough > endedThrough {
            return id > storedThrough ? id - storedThrough : 0
        }
        guard id > endedThrough else { return 0 }
        var open = id - endedThrough
        islands.forEach { island in
            if island.lowerBound <= id { open -= min(island.upperBound, id + 1) - island.lowerBound }
            return island.lowerBound <= id
        }
        return open
    }

    /// Whether this message has no outcome yet.
    public func isOpen(_ id: UInt64) -> Bool {
        id > endedThrough && id <= acceptedCount && !islands.contains(id)
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants() {
        precondition(endedCount <= acceptedCount && endedBytes <= acceptedBytes)
        let bytesMin = queuedCount &* UInt64(MessageRecord.size(byteCount: 0))
        precondition(queuedBytes >= bytesMin && (queuedCount > 0 || queuedBytes == 0))
        islands.checkInvariants(behind: endedThrough &+ 1)
        islands.forEach { island in
            precondition(island.upperBound <= acceptedCount &+ 1)
            return true
        }
        precondition(openCount(through: acceptedCount, .NEURON_WS_LEVEL_PEER_PARSED) == queuedCount)
        precondition(endedThrough <= writtenThrough && writtenThrough <= acceptedCount)
    }
}
