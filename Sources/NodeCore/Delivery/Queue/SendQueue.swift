// SPDX-License-Identifier: Apache-2.0
import CNeuronWS

/// Messages that a node has taken and that have no outcome yet, as those threads see them that hand them over: whether
/// there is room for one more, which number it gets, where it waits for the loop, and what was taken and refused.
///
/// One value, so that a message that comes costs one access to it. Not locked: the node brings its lock.
///
/// Invariants: those of `ledger`; what waits to be taken bears the newest of its numbers.
public struct SendQueue: ~Copyable {
    /// Why a message is not taken.
    public enum Refusal: Error {
        /// The node ends: what came now would have no outcome.
        case closed
        case full
        /// There is room for the message, and none for its outcome: the host reads none.
        case outcomesUnread
        /// More than the whole cache has room for.
        case tooBigForCache
    }

    public struct Counts: Equatable, Sendable {
        public var accepted: UInt64 = 0
        /// Refused, for whatever reason.
        public var rejected: UInt64 = 0
        /// Of those, because there was no room.
        public var full: UInt64 = 0
        /// Groups that came to no message.
        public var skipped: UInt64 = 0
        /// In the messages that were accepted.
        public var tags: UInt64 = 0
        public var tagErrors: UInt64 = 0
    }

    /// What a message takes on disk beside its bytes, at most.
    private static let diskHeadBytes: UInt64 = 32

    public var ledger: DeliveryLedger
    private var mailbox = Mailbox()
    /// A cache that was opened, and that whoever takes the mail has not seen.
    public private(set) var cacheOpened: TakenMail.Opened?
    /// What came before that, and was not taken.
    private var earlier = ChunkList()
    public private(set) var counts = Counts()
    /// Which row of numbers its messages have (setting sequence).
    public var stream: UInt64
    /// Room on disk for the messages that wait; 0: none is kept there.
    public var diskBytes: UInt64 = 0
    /// Nothing is taken any more.
    public var isClosed = false
    private var wantsMoreRoom = false

    public init(limits: DeliveryLedger.Limits, stream: UInt64) {
        ledger = DeliveryLedger(limits: limits)
        self.stream = stream
    }

    // MARK: What comes

    /// Whether there is room for a message of this size; if not, that is counted as a refusal.
    /// - Parameter unreadRuns: of outcomes that the host has not read.
    public mutating func checkRoom(
        byteCount: Int, beyond: DeliveryLedger.Limits = DeliveryLedger.none, unreadRuns: Int
    ) throws(Refusal) {
        // Whether or not there is room now: who waits for that would wait for ever.
        if diskBytes > 0, UInt64(byteCount) + Self.diskHeadBytes > diskBytes, !isClosed {
            counts.rejected &+= 1
            throw .tooBigForCache
        }
        ledger.unreadRuns = unreadRuns
        if !isClosed, ledger.hasRoom(byteCount: byteCount, beyond: beyond) { return }
        throw refusal(byteCount)
    }

    /// Takes a message, and gives it its number.
    /// - Parameters:
    ///   - beyond: room past the limits.
    ///   - unreadRuns: of outcomes that the host has not read.
    ///   - chunk: is taken if one is needed.
    ///   - now: monotonic nanoseconds.
    /// - Returns: its number; nil: it takes a chunk, and there was none.
    public mutating func put(
        _ message: OutgoingMessage, beyond: DeliveryLedger.Limits = DeliveryLedger.none, unreadRuns: Int,
        chunk: inout MessageChunk?, now: UInt64
    ) throws(Refusal) -> UInt64? {
        var message = message
        let id = try prepare(&message, beyond, unreadRuns, keepsLength: false)
        let byteCount = message.byteCount
        guard mailbox.append(message, id: id, chunk: &chunk) else { return nil }
        return accept(byteCount: byteCount, now: now)
    }

    /// The same of one that lies in a chunk of its own already.
    public mutating func put(
        _ message: OutgoingMessage, alone: MessageChunk, beyond: DeliveryLedger.Limits = DeliveryLedger.none,
        unreadRuns: Int, now: UInt64
    ) throws(Refusal) -> UInt64 {
        var message = message
        let id = try prepare(&message, beyond, unreadRuns, keepsLength: true)
        alone.number(message)
        mailbox.append(alone, id: id)
        return accept(byteCount: message.byteCount, now: now)
    }

    private mutating func prepare(
        _ message: inout OutgoingMessage, _ beyond: DeliveryLedger.Limits, _ unreadRuns: Int, keepsLength: Bool
    ) throws(Refusal) -> UInt64 {
        let id = ledger.acceptedCount &+ 1
        message.number(id, stream: stream, keepsLength: keepsLength)
        try checkRoom(byteCount: message.byteCount, beyond: beyond, unreadRuns: unreadRuns)
        return id
    }

    private mutating func accept(byteCount: Int, now: UInt64) -> UInt64 {
        counts.accepted &+= 1
        return ledger.accept(byteCount: byteCount, now: now)
    }

    private mutating func refusal(_ byteCount: Int) -> Refusal {
        counts.rejected &+= 1
        if isClosed { return .closed }
        counts.full &+= 1
        if ledger.refused(byteCount: byteCount) { wantsMoreRoom = true }
        return ledger.hasRoomForOutcome() ? .full : .outcomesUnread
    }

    /// A message was refused before it came here.
    public mutating func countRejected() { counts.rejected &+= 1 }

    /// A group came to no message.
    public mutating func countSkipped() { counts.skipped &+= 1 }

    /// What was in the message that was accepted last.
    public mutating func countTags(_ tags: Int, errors: Int) {
        counts.tags &+= UInt64(truncatingIfNeeded: tags)
        counts.tagErrors &+= UInt64(truncatingIfNeeded: errors)
    }

    /// True, once: a message was refused, and whoever makes room is to look again.
    public mutating func takeWantsMoreRoom() -> Bool { exchange(&wantsMoreRoom, with: false) }

    // MARK: The loop

    /// Something waits to be taken.
    /// - Parameter opensCache: as of `takeMail`.
    public func hasMail(opensCache: Bool = true) -> Bool {
        cacheOpened == nil ? !mailbox.isEmpty : opensCache
    }

    /// All messages that wait, in order, where there is no cache.
    public mutating func takeMessages() -> ChunkList { mailbox.takeAll() }

    /// Everything that waits, in order.
    /// - Parameter opensCache: false: a cache that was opened, and what came behind it, wait
    ///   (`MessageCache.mayBeOpened`).
    public mutating func takeMail(opensCache: Bool = true) -> TakenMail {
        if cacheOpened != nil, !opensCache { return TakenMail(ChunkList()) }
        guard let opened = cacheOpened.take() else { return TakenMail(takeMessages()) }
        return TakenMail(takeMessages(), behind: opened, exchange(&earlier, with: ChunkList()))
    }

    /// What lies on disk alone, as far as who takes the mail knows.
    public mutating func noteAway(_ away: DeliveryLedger.Away) {
        ledger.away = away
        guard let found = cacheOpened?.found else { return }
        ledger.away.messages &+= found.messages
        ledger.away.bytes &+= found.bytes
    }

    /// The node's cache was opened, which whoever takes the mail next sees to: what was found there comes behind all
    /// that has been accepted.
    /// - Returns: what the spool is to know.
    public mutating func adopt(_ found: MessageCache.Found, now: UInt64) -> TakenMail.Opened {
        assert(cacheOpened == nil)
        let isAllEnded = ledger.queuedCount == 0
        if isAllEnded { stream = found.stream }
        let openID = ledger.endedThrough &+ 1
        let away = DeliveryLedger.Away(messages: found.count, bytes: found.bytes)
        let first = ledger.adopt(away, next: found.nextNumber, now: now)
        for each in found.gaps {
            ledger.ended(
                Backlog.Run(
                    firstID: first &+ each.lowerBound, count: UInt64(each.count), outcome: .NEURON_WS_DROPPED_STOPPED))
        }
        noteAway(DeliveryLedger.Away(messages: found.messages, bytes: found.bytes))
        let opened = TakenMail.Opened(found, first: first, openID: isAllEnded ? first : openID)
        earlier = takeMessages()
        cacheOpened = opened
        return opened
    }
}
