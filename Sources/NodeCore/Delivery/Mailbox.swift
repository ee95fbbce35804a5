/// Where host threads put messages for the loop: bounded in bytes and in messages.
///
/// Not locked: the node brings its lock, holds it for one copy, and the loop takes everything at once.
/// Invariants: `completedCount <= acceptedCount`, `completedBytes <= acceptedBytes`.
public struct Mailbox {
    /// What may wait at most; both are settings.
    public struct Limits: Equatable, Sendable {
        /// Bytes of memory, message headers included.
        public var bytesMax: Int
        public var messagesMax: Int

        public init(bytesMax: Int, messagesMax: Int) {
            self.bytesMax = bytesMax
            self.messagesMax = messagesMax
        }
    }

    /// What became of an append.
    public enum Verdict: Equatable, Sendable {
        /// Taken; the message's number.
        case accepted(UInt64)
        /// At a limit: try again when some have been sent.
        case full
    }

    public var limits: Limits
    private var list = ChunkList()
    /// Messages taken so far, which is also the number of the last one.
    public private(set) var acceptedCount: UInt64 = 0
    public private(set) var acceptedBytes: UInt64 = 0
    /// Messages that have their outcome.
    public private(set) var completedCount: UInt64 = 0
    public private(set) var completedBytes: UInt64 = 0
    /// Runs of outcomes that wait for the host (`EventBacklog.runs`); the node keeps it up to date.
    public var unreadRuns = 0

    public init(limits: Limits) { self.limits = limits }

    public var queuedCount: UInt64 { acceptedCount &- completedCount }
    public var queuedBytes: UInt64 { acceptedBytes &- completedBytes }
    /// Nothing waits to be taken.
    public var isEmpty: Bool { list.isEmpty }

    /// Room past the limits that only answers to requests have: a full queue must not leave a peer without one.
    public static let none = Limits(bytesMax: 0, messagesMax: 0)

    /// Whether a message of this size would be taken now, `beyond` the limits if need be. One that is larger than the
    /// limit in bytes is taken when nothing else waits: otherwise it could never be sent.
    public func hasRoom(byteCount: Int, beyond: Limits = none) -> Bool {
        guard hasRoomForOutcome(beyond: beyond) else { return false }
        let size = UInt64(MessageRecord.size(byteCount: byteCount))
        if queuedCount == 0 { return true }
        return queuedCount < UInt64(limits.messagesMax) + UInt64(beyond.messagesMax)
            && queuedBytes + size <= UInt64(limits.bytesMax) + UInt64(beyond.bytesMax)
    }

    /// Whether the outcome of one more message can be held until the host reads it. Each message comes to one run at
    /// most, whether it continues another or not, so that with this asked at each message
    /// `unreadRuns + queuedCount <= messagesMax + EventBacklog.runsMax` holds by itself, and no outcome is ever lost.
    public func hasRoomForOutcome(beyond: Limits = none) -> Bool {
        queuedCount + UInt64(unreadRuns)
            < UInt64(limits.messagesMax) + UInt64(beyond.messagesMax) + UInt64(EventBacklog.runsMax)
    }

    /// The message goes into `chunk` if the last chunk has no room; it must have been taken with this size.
    public func needsChunk(byteCount: Int) -> Bool {
        guard let last = list.last else { return true }
        return !last.hasRoom(byteCount: byteCount)
    }

    /// Copies the message into the mailbox. `pool` gives a chunk where one is needed.
    public mutating func append(
        _ bytes: UnsafeRawBufferPointer, kind: UInt8, beyond: Limits = none, chunk: inout MessageChunk?
    ) -> Verdict {
        guard hasRoom(byteCount: bytes.count, beyond: beyond) else { return .full }
        if let last = list.last, last.hasRoom(byteCount: bytes.count) {
            last.append(bytes, kind: kind)
        } else {
            guard let new = chunk, new.hasRoom(byteCount: bytes.count) else {
                preconditionFailure("no chunk was brought for a message that needs one")
            }
            chunk = nil
            new.append(bytes, kind: kind)
            list.append(new)
        }
        return accepted(byteCount: bytes.count)
    }

    /// A message from this size on comes in a chunk of its own, filled before the lock is taken, bytes: what it would
    /// leave of a chunk is no more than it takes.
    public static let aloneBytesMin = MessageChunk.capacityDefault / 2

    /// Links in a chunk that holds exactly one message, of `byteCount` bytes.
    public mutating func append(_ chunk: MessageChunk, byteCount: Int, beyond: Limits = none) -> Verdict {
        guard hasRoom(byteCount: byteCount, beyond: beyond) else { return .full }
        list.append(chunk)
        return accepted(byteCount: byteCount)
    }

    private mutating func accepted(byteCount: Int) -> Verdict {
        acceptedCount &+= 1
        acceptedBytes &+= UInt64(MessageRecord.size(byteCount: byteCount))
        return .accepted(acceptedCount)
    }

    /// Everything that waits, in order.
    public mutating func takeAll() -> ChunkList {
        let taken = list
        list = ChunkList()
        return taken
    }

    /// The outbox is done with these.
    public mutating func completed(count: UInt64, bytes: UInt64) {
        completedCount &+= count
        completedBytes &+= bytes
        assert(completedCount <= acceptedCount && completedBytes <= acceptedBytes)
    }
}
