// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// Frames the messages that a `Backlog` hands it, one after the other, for one connection: the next has another.
///
/// The messages themselves are never changed: masking happens while they are copied into the send buffer, which stays
/// in the cache, so that a message can be sent again as it was.
public struct Outbox {
    /// Why `fill` stopped.
    public enum Stop: Equatable, Sendable {
        /// The send buffer has no room for more.
        case bufferFull
        /// All messages are framed.
        case allFramed
        /// A frame ended, and the caller asked to stop there.
        case frameEnded
        /// The next message has not been seen by the host, or answers another server; see `Backlog.nextMessage`.
        case uninspected
        /// The pool of masking keys is empty.
        case outOfKeys
        /// There is no memory to mark a message that is sent again.
        case outOfMemory
        /// Enough has been compressed, or marked, for one call; see `deflateBytesMax`. Control frames may go in
        /// between, unless a frame is begun.
        case deflating
    }

    /// How much of the backlog's next message is in frames already, and how much is in the present one.
    private var messageOffset = 0
    private var frameBytes = 0
    private var isMidMessage = false
    /// Whether that message goes out compressed; nil: not yet decided.
    private var isDeflated: Bool?
    private let repeats = RepeatMark()

    /// What is done with a message is not finished: no other may come in between.
    var isBusy: Bool { isMidMessage || isDeflated != nil || repeats.isBegun }

    /// Payload bytes of an outgoing frame at most; 0: a message is one frame. A setting.
    var fragmentBytesMax = 0
    /// Bytes of messages that went out compressed, before and after it, since they were taken last.
    private(set) var deflatedBytes = DeflatedBytes()

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

    // MARK: Framing

    /// Frames messages into `output` from `position` on.
    /// - Parameters:
    ///   - streamOffset: the place of `output[0]` in the connection's stream of bytes.
    ///   - backlog: hands out the messages, and is told how far they are.
    ///   - deflater: compresses messages on the present connection, the same one each time.
    ///   - stopsAtFrameEnd: control frames wait for the next gap between two frames.
    mutating func fill(
        _ output: UnsafeMutableRawBufferPointer, at position: inout Int, streamOffset: UInt64,
        from backlog: inout Backlog, writer: inout FrameWriter, keys: inout MaskingKeyPool,
        deflater: Deflater? = nil, stopsAtFrameEnd: Bool
    ) -> Stop {
        var deflateBytesLeft = Self.deflateBytesMax
        while true {
            guard let chunk = backlog.chunkToFrame() else {
                deflater?.releaseOutput()
                return .allFramed
            }
            let record = chunk.record(at: backlog.nextOffset)
            // What the deflater has begun with has to go out: what comes behind may refer to it.
            let isUntouched = !isMidMessage && isDeflated == nil && deflater?.isMidMessage != true
            if isUntouched, backlog.isForAnother(record.pointee) { return .uninspected }
            if isUntouched, backlog.leavesOutNext(record.pointee) {
                backlog.framed(record, end: streamOffset &+ UInt64(position), isLeftOut: true)
                repeats.framed()
                continue
            }
            var message = chunk.payload(at: backlog.nextOffset)
            if backlog.isNextRepeat, record.pointee.has(MessageRecord.numbered) {
                switch mark(message, backlog.nextID, &deflateBytesLeft) {
                case .whole(let marked): message = marked
                case .unfinished: return .deflating
                case .noMemory: return .outOfMemory
                }
            }
            if !writer.isMidFrame || !isMidMessage {
                if backlog.inspectsMessages, !record.pointee.has(MessageRecord.inspected) { return .uninspected }
                if let deflater {
                    backlog.beginDeflating()
                    guard prepare(message, deflater, &deflateBytesLeft) else { return .deflating }
                    if isDeflated == true { message = deflater.output }
                }
                let start = streamOffset &+ UInt64(position)
                let isFirst = !isMidMessage
                switch startFrame(record.pointee, message, output, &position, &writer, &keys) {
                case .bufferFull: return .bufferFull
                case .outOfKeys: return .outOfKeys
                default: if isFirst { backlog.begin(at: start) }
                }
            } else if isDeflated == true, let deflater {
                message = deflater.output
            }
            let frame = UnsafeRawBufferPointer(rebasing: message[messageOffset..<messageOffset &+ frameBytes])
            guard writer.continueFrame(payload: frame, into: output, at: &position) else { return .bufferFull }
            messageOffset &+= frameBytes
            frameBytes = 0
            if messageOffset == message.count {
                backlog.framed(record, end: streamOffset &+ UInt64(position))
                messageFramed()
            }
            if stopsAtFrameEnd { return .frameEnded }
        }
    }

    /// To copy is so many times cheaper than to compress.
    private static let markShare = 32

    /// The next message's bytes as they go out: a copy, of a large one in many calls.
    private mutating func mark(
        _ message: UnsafeRawBufferPointer, _ id: UInt64, _ deflateBytesLeft: inout Int
    ) -> RepeatMark.Marked {
        let before = max(0, deflateBytesLeft) * Self.markShare
        var left = before
        let marked = repeats.marked(message, id: id, bytesLeft: &left)
        let work = (before - left) / Self.markShare
        deflateBytesLeft -= work
        deflatedBytes.worked &+= work
        return marked
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
    mutating func takeDeflatedBytes() -> DeflatedBytes {
        let taken = deflatedBytes
        deflatedBytes = DeflatedBytes()
        return taken
    }

    private mutating func startFrame(
        _ record: MessageRecord, _ message: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer, _ position: inout Int, _ writer: inout FrameWriter,
        _ keys: inout MaskingKeyPool
    ) -> Stop? {
        let left = message.count &- messageOffset
        let bytes = fragmentBytesMax > 0 && left > fragmentBytesMax ? fragmentBytesMax : left
        let isFirst = !isMidMessage
        // RFC 6455 §5.4: the first frame names the kind, the others are continuations.
        let opcode: Opcode = isFirst ? (record.has(MessageRecord.binary) ? .binary : .text) : .continuation
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

    private mutating func messageFramed() {
        messageOffset = 0
        isMidMessage = false
        isDeflated = nil
        repeats.framed()
    }
}
