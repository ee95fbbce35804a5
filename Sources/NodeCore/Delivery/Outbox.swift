import WebSocketCore

/// Messages on their way out: framed one after the other into a send buffer, kept until the kernel has them whole, and
/// framed anew when the connection ends before that.
///
/// The messages themselves are never changed: masking happens while they are copied into the send buffer, which stays
/// in the cache, so that a message can be sent again as it was. Loop-bound.
///
/// Invariant: `done <= framed <= end` in the order of the messages.
public struct Outbox {
    /// A place in the list of chunks.
    private struct Cursor {
        var chunk: MessageChunk?
        var offset = 0
    }

    /// Why `fill` stopped.
    public enum Stop: Equatable, Sendable {
        /// The send buffer has no room for more.
        case bufferFull
        /// All messages are framed.
        case allFramed
        /// A frame ended, and the caller asked to stop there.
        case frameEnded
        /// The next message has not been seen by the host; see `nextMessage`.
        case uninspected
        /// The pool of masking keys is empty.
        case outOfKeys
        /// Enough has been compressed for one call; see `deflateBytesMax`. Control frames may go in between, unless a
        /// frame is begun.
        case deflating
    }

    /// Consecutive messages with one outcome.
    public struct Run: Equatable, Sendable {
        /// The number of the first.
        public var firstID: UInt64
        public var count: UInt64
        /// Of the messages as they were handed over.
        public var payloadBytes: UInt64
        /// Of memory they took.
        public var recordBytes: UInt64
        /// The host refused them; else they were written.
        public var isRefused: Bool
    }

    private var list = ChunkList()
    private var freed = ChunkList()
    private var framing = Cursor()
    private var doneOffset = 0
    /// How much of the message at `framing` is in frames already, and how much is in the present one.
    private var messageOffset = 0
    private var frameBytes = 0
    private var isMidMessage = false
    /// Whether the message at `framing` goes out compressed; nil: not yet decided.
    private var isDeflated: Bool?
    /// Messages that have their outcome; the next one is `doneCount + 1`.
    public private(set) var doneCount: UInt64 = 0
    private var framedCount: UInt64 = 0
    private var addedCount: UInt64 = 0
    /// Where the first message without outcome begins in the connection's stream of bytes, once it is being framed.
    private var firstStart: UInt64 = 0

    /// Payload bytes of an outgoing frame at most; 0: a message is one frame. A setting.
    public var fragmentBytesMax = 0
    /// The host wants to see each message first.
    public var inspectsMessages = false
    /// Bytes of messages that went out compressed, before and after it, since they were taken last.
    public private(set) var deflatedBytes = DeflatedBytes()

    public struct DeflatedBytes: Equatable, Sendable {
        public var before: UInt64 = 0
        public var after: UInt64 = 0
        /// What went into compression, whatever came of it: a measure of the work.
        public var worked = 0
    }

    /// How much is compressed in one call of `fill`, bytes: compressing takes much longer than framing, and whoever
    /// calls looks at its turn in between. A message counts for so much more than its bytes.
    static let deflateBytesMax = Deflater.pieceBytes
    private static let deflateBytesPerMessage = 1024

    public init() {}

    /// Nothing is left to be framed.
    public var isAllFramed: Bool { framedCount == addedCount && !isMidMessage }
    /// Nothing is left at all.
    public var isEmpty: Bool { doneCount == addedCount }

    /// Takes what the mailbox had.
    public mutating func add(_ more: ChunkList) {
        var more = more
        var chunk = more.first
        while let current = chunk {
            addedCount &+= UInt64(current.count)
            chunk = current.next
        }
        if framing.chunk == nil { framing = Cursor(chunk: more.first, offset: 0) }
        list.append(&more)
    }

    // MARK: Framing

    /// Frames messages into `output` from `position` on.
    /// - Parameters:
    ///   - streamOffset: the place of `output[0]` in the connection's stream of bytes.
    ///   - deflater: compresses messages on the present connection, the same one from a `rewind` to the next.
    ///   - stopsAtFrameEnd: control frames wait for the next gap between two frames.
    public mutating func fill(
        _ output: UnsafeMutableRawBufferPointer, at position: inout Int, streamOffset: UInt64,
        writer: inout FrameWriter, keys: inout MaskingKeyPool, deflater: Deflater? = nil, stopsAtFrameEnd: Bool
    ) -> Stop {
        var deflateBytesLeft = Self.deflateBytesMax
        while true {
            guard let chunk = currentChunk() else {
                deflater?.releaseOutput()
                return .allFramed
            }
            let record = chunk.record(at: framing.offset)
            var message = chunk.payload(at: framing.offset)
            if !writer.isMidFrame || !isMidMessage {
                if record.pointee.flags & MessageRecord.refused != 0 {
                    record.pointee.wireEnd = streamOffset &+ UInt64(position)
                    messageFramed(chunk, record)
                    continue
                }
                if inspectsMessages, record.pointee.flags & MessageRecord.inspected == 0 { return .uninspected }
                if let deflater {
                    guard prepare(message, deflater, &deflateBytesLeft) else { return .deflating }
                    if isDeflated == true { message = deflater.output }
                }
                let start = streamOffset &+ UInt64(position)
                if !isMidMessage, framedCount == doneCount { firstStart = start }
                switch startFrame(record, message, output, &position, &writer, &keys) {
                case .bufferFull: return .bufferFull
                case .outOfKeys: return .outOfKeys
                default: break
                }
            } else if isDeflated == true, let deflater {
                message = deflater.output
            }
            let frame = UnsafeRawBufferPointer(rebasing: message[messageOffset..<messageOffset &+ frameBytes])
            guard writer.continueFrame(payload: frame, into: output, at: &position) else { return .bufferFull }
            messageOffset &+= frameBytes
            frameBytes = 0
            if messageOffset == message.count {
                record.pointee.wireEnd = streamOffset &+ UInt64(position)
                messageFramed(chunk, record)
            }
            if stopsAtFrameEnd { return .frameEnded }
        }
    }

    /// Decides, once for each message, whether it goes out compressed, and compresses it, a large one in many calls.
    /// Only here, when all before it is framed: the order of compressing must be that of sending (RFC 7692 §7.2.1).
    /// - Returns: false if enough has been compressed for now.
    private mutating func prepare(
        _ message: UnsafeRawBufferPointer, _ deflater: Deflater, _ bytesLeft: inout Int
    ) -> Bool {
        if isDeflated != nil { return true }
        if bytesLeft <= 0 { return false }
        let work = min(message.count, Deflater.pieceBytes) + Self.deflateBytesPerMessage
        bytesLeft -= work
        deflatedBytes.worked &+= work
        switch deflater.deflate(message) {
        case .unfinished: return false
        case .plain: isDeflated = false
        case .compressed:
            isDeflated = true
            deflatedBytes.before &+= UInt64(message.count)
            deflatedBytes.after &+= UInt64(deflater.output.count)
        }
        return true
    }

    /// What `deflatedBytes` has, and sets it to nothing.
    public mutating func takeDeflatedBytes() -> DeflatedBytes {
        let taken = deflatedBytes
        deflatedBytes = DeflatedBytes()
        return taken
    }

    private mutating func startFrame(
        _ record: UnsafeMutablePointer<MessageRecord>, _ message: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer, _ position: inout Int, _ writer: inout FrameWriter,
        _ keys: inout MaskingKeyPool
    ) -> Stop? {
        let left = message.count &- messageOffset
        let bytes = fragmentBytesMax > 0 && left > fragmentBytesMax ? fragmentBytesMax : left
        let isFirst = !isMidMessage
        // RFC 6455 §5.4: the first frame names the kind, the others are continuations.
        let opcode: Opcode = isFirst ? (record.pointee.kind == 2 ? .binary : .text) : .continuation
        guard output.count &- position >= FrameHeader.encodedLength(payloadBytes: bytes, masked: true) else {
            return .bufferFull
        }
        // RFC 6455 §5.3: a fresh key for each frame.
        guard let key = keys.next() else { return .outOfKeys }
        let fits = writer.startFrame(
            // RFC 7692 §6.1: only the first frame of a compressed message says that it is one.
            opcode: opcode, fin: bytes == left, rsv1: isFirst && isDeflated == true, payloadBytes: bytes,
            maskingKey: key,
            into: output, at: &position)
        precondition(fits, "the room was asked for before")
        frameBytes = bytes
        isMidMessage = true
        return nil
    }

    private mutating func currentChunk() -> MessageChunk? {
        while let chunk = framing.chunk {
            if framing.offset < chunk.used { return chunk }
            guard let next = chunk.next else { return nil }
            framing = Cursor(chunk: next, offset: 0)
        }
        return nil
    }

    private mutating func messageFramed(_ chunk: MessageChunk, _ record: UnsafeMutablePointer<MessageRecord>) {
        framing.offset &+= MessageRecord.size(byteCount: Int(record.pointee.byteCount))
        framedCount &+= 1
        messageOffset = 0
        isMidMessage = false
        isDeflated = nil
    }

    // MARK: The host's look at a message

    /// The message that `fill` stopped at as `.uninspected`; nil if there is none. Its bytes outlive this outbox, which
    /// the host's callback may end, and are not copied for that: a large one would keep all others waiting.
    public func nextMessage() -> LentMessage? {
        guard let chunk = framing.chunk, framing.offset < chunk.used else { return nil }
        return LentMessage(chunk, at: framing.offset)
    }

    /// What the host said of it.
    public mutating func markInspected(isRefused: Bool) {
        guard let chunk = framing.chunk, framing.offset < chunk.used else { return }
        chunk.record(at: framing.offset).pointee.flags |=
            isRefused ? MessageRecord.inspected | MessageRecord.refused : MessageRecord.inspected
    }

    // MARK: Outcomes

    /// The next messages that the kernel has taken whole, as far as their outcome is the same; nil: no more.
    /// - Parameters:
    ///   - written: how many bytes of the connection's stream the kernel has.
    ///   - countMax: how many there are to be at most.
    public mutating func nextCompleted(written: UInt64, countMax: UInt64 = .max) -> Run? {
        nextRun(countMax) { $0.wireEnd <= written }
    }

    /// The next messages, whatever became of them: the node ends. nil: no more.
    public mutating func nextAbandoned() -> Run? {
        framedCount = addedCount
        return nextRun(.max) { _ in true }
    }

    @inline(__always)
    private mutating func nextRun(_ countMax: UInt64, _ isDone: (MessageRecord) -> Bool) -> Run? {
        var run: Run?
        while let chunk = list.first, doneCount < framedCount {
            if doneOffset >= chunk.used {
                freeFirst()
                continue
            }
            let record = chunk.record(at: doneOffset).pointee
            guard isDone(record), run?.count ?? 0 < countMax else { break }
            let isRefused = record.flags & MessageRecord.refused != 0
            if let run, run.isRefused != isRefused { break }
            let size = MessageRecord.size(byteCount: Int(record.byteCount))
            var next =
                run
                ?? Run(
                    firstID: doneCount &+ 1, count: 0, payloadBytes: 0, recordBytes: 0, isRefused: isRefused)
            next.count &+= 1
            next.payloadBytes &+= UInt64(record.byteCount)
            next.recordBytes &+= UInt64(size)
            run = next
            doneCount &+= 1
            doneOffset &+= size
            // A control frame in front of the next one is counted to it.
            firstStart = record.wireEnd
        }
        if isEmpty { while !list.isEmpty { freeFirst() } }
        return run
    }

    private mutating func freeFirst() {
        guard let chunk = list.removeFirst() else { return }
        if framing.chunk === chunk { framing = Cursor(chunk: list.first, offset: 0) }
        doneOffset = 0
        freed.append(chunk)
    }

    /// Chunks that are no longer needed, for the pool.
    public mutating func takeFreed() -> ChunkList {
        let taken = freed
        freed = ChunkList()
        return taken
    }

    public var hasFreed: Bool { !freed.isEmpty }

    /// The message in whose middle the connection ended: the first without outcome, if the peer has got some of it. To
    /// be asked before `rewind`. `acknowledged`: how many bytes of the connection's stream the peer has.
    public func interrupted(acknowledged: UInt64) -> RefusalWatch.Suspect? {
        guard let chunk = list.first, isMidMessage || framedCount > doneCount, acknowledged > firstStart else {
            return nil
        }
        let first = doneOffset < chunk.used ? (chunk, doneOffset) : chunk.next.map { ($0, 0) }
        guard let (chunk, offset) = first else { return nil }
        return RefusalWatch.Suspect(
            id: doneCount &+ 1, byteCount: Int(chunk.record(at: offset).pointee.byteCount),
            place: acknowledged &- firstStart)
    }

    /// Takes out the first message without outcome, which is to be given up; after `rewind`.
    public mutating func giveUpFirst() -> Run? {
        guard !isEmpty else { return nil }
        framedCount = doneCount &+ 1
        let run = nextRun(1) { _ in true }
        framing = Cursor(chunk: list.first, offset: doneOffset)
        return run
    }

    /// The connection ended: what the kernel did not take whole is framed again, in order, and compressed again if the
    /// next connection wants that. Returns how many messages had been framed in part or whole.
    public mutating func rewind() -> UInt64 {
        let again = framedCount &- doneCount &+ (isMidMessage ? 1 : 0)
        framedCount = doneCount
        framing = Cursor(chunk: list.first, offset: doneOffset)
        firstStart = 0
        messageOffset = 0
        frameBytes = 0
        isMidMessage = false
        // RFC 7692 §7.2.1: what messages may refer to begins anew with each connection.
        isDeflated = nil
        return again
    }

    /// Holds the invariants; for tests and the simulator.
    public func checkInvariants() {
        precondition(doneCount <= framedCount && framedCount <= addedCount)
        precondition(isEmpty == list.isEmpty || !list.isEmpty)
    }
}
