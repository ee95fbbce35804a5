// SPDX-License-Identifier: Apache-2.0
/// Puts a message together from its frames (RFC 6455 §5.4). Limits are checked on the announced length, before a byte
/// of memory is taken; memory itself grows only as bytes arrive, so that an announcement alone costs nothing, and by
/// doubling, however small the frames are, so that the work for a message is in proportion to its bytes and frames.
/// Text is checked as it streams in (RFC 6455 §8.1), so that a fault shows with its first wrong byte.
///
/// Invariant: `buffer.count <= announcedBytes <= maxMessageBytes` while a message is in progress.
public struct MessageAssembler: Sendable {
    /// Memory up to this many bytes is kept for the next message; more is given back when a message is done with.
    public static let retainedBytesMax = 64 * 1024

    private enum State {
        case idle
        /// Between the first frame's header and the end of the last frame.
        case inMessage
        /// Complete and lent out until it is forgotten.
        case complete
    }

    private let maxMessageBytes: UInt64
    private let memory: MessageMemory
    private var state = State.idle
    private var buffer: MessageBytes
    private var announcedBytes: UInt64 = 0
    private var validator = UTF8Validator()
    private var checksText = false
    private var isFinalFrame = false
    private var maskingKey: MaskingKey?
    private var frameReceived = 0
    /// How many bytes were moved because the memory had to grow; for tests.
    private(set) var movedBytes = 0

    /// The kind of the message in progress, or of the complete one.
    public private(set) var kind = MessageKind.text
    /// True if the message's first frame had RSV1 set (RFC 7692 §6.1). Its bytes are then not checked as UTF-8 here:
    /// that can only be done after inflating.
    public private(set) var isCompressed = false

    public init(maxMessageBytes: Int, memory: MessageMemory = .swift) {
        self.maxMessageBytes = UInt64(clamping: maxMessageBytes)
        self.memory = memory
        buffer = MessageBytes(memory: memory)
    }

    /// True between the first frame of a message and the end of its last.
    public var isMidMessage: Bool { state == .inMessage }

    /// How many bytes of memory are held at the moment.
    public var retainedBytes: Int { buffer.capacity }

    /// A data frame begins. `forget` must have been called since the last complete message.
    public mutating func frameStarted(_ header: FrameHeader) throws(ProtocolError) {
        precondition(state != .complete && !header.opcode.isControl)
        // RFC 6455 §5.4: the frames of one message must not be mixed with those of another.
        if header.opcode == .continuation {
            guard state == .inMessage else { throw .unexpectedContinuation }
        } else {
            guard state == .idle else { throw .expectedContinuation }
        }
        let before = state == .inMessage ? announcedBytes : 0
        guard header.payloadLength <= maxMessageBytes - before else { throw .messageTooBig }
        if state == .idle {
            kind = header.opcode == .text ? .text : .binary
            isCompressed = header.rsv1
            checksText = kind == .text && !isCompressed
            validator = UTF8Validator()
            state = .inMessage
        }
        announcedBytes = before + header.payloadLength
        isFinalFrame = header.fin
        maskingKey = header.maskingKey
        frameReceived = 0
    }

    /// Takes a piece of the current frame's payload, still masked if the frame is.
    public mutating func payloadReceived(_ bytes: RawSpan) throws(ProtocolError) {
        let start = buffer.count
        try grow(by: bytes.byteCount)
        bytes.withUnsafeBytes { buffer.append($0) }
        if let maskingKey {
            let offset = frameReceived
            buffer.withAppended(from: start) { Masking.apply($0, key: maskingKey, offset: offset) }
        }
        // Only its place in the key's four bytes matters, so that it may wrap.
        frameReceived &+= bytes.byteCount
        guard checksText else { return }
        let isValid = buffer.withAppended(from: start) { validator.feed(UnsafeRawBufferPointer($0)) }
        guard isValid else { throw .invalidUTF8 }
    }

    /// The current frame's payload is complete.
    /// - Returns: the kind of the message if the frame was its last, else nil.
    public mutating func frameEnded() throws(ProtocolError) -> MessageKind? {
        guard isFinalFrame else { return nil }
        // RFC 6455 §8.1: a text message ends on a whole character; a frame of it need not.
        if checksText && !validator.isComplete { throw .invalidUTF8 }
        state = .complete
        return kind
    }

    /// Lends the complete message's bytes for the duration of the call; none if there is no complete message.
    public func withMessage<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        guard let message else { return try body(UnsafeRawBufferPointer(start: nil, count: 0).bytes) }
        return try message.withUnsafeBytes { (bytes) throws(E) in try body(bytes.bytes) }
    }

    /// The complete message, shared and not copied; nil if there is none.
    public var message: MessageBytes? { state == .complete ? buffer : nil }

    /// Forgets a complete message, and gives its memory back if that is large. Does nothing else.
    public mutating func forget() {
        guard state == .complete else { return }
        state = .idle
        if buffer.capacity > Self.retainedBytesMax || !isKnownUniquelyReferenced(&buffer) {
            buffer = MessageBytes(memory: memory)
        } else {
            buffer.removeAll()
        }
    }

    /// The least that is taken, bytes: a message that begins with many tiny frames does not begin with many moves.
    private static let capacityMin = 64

    /// Makes room by doubling: never by what just this frame needs, which would move the whole message with each. The
    /// last frame's announcement says how much there will be, and that is the end of it.
    private mutating func grow(by count: Int) throws(ProtocolError) {
        let needed = buffer.count + count
        if needed <= buffer.capacity, isKnownUniquelyReferenced(&buffer) { return }
        let doubled = max(UInt64(clamping: buffer.capacity) * 2, UInt64(Self.capacityMin))
        let most = isFinalFrame ? announcedBytes : maxMessageBytes
        let wanted = Int(clamping: max(UInt64(clamping: needed), min(doubled, most)))
        movedBytes &+= buffer.count
        if isKnownUniquelyReferenced(&buffer) {
            guard buffer.reserve(wanted) else { throw .outOfMemory }
        } else {
            // A copy of this assembler goes on with the bytes as they are.
            let own = MessageBytes(memory: memory)
            guard own.reserve(wanted) else { throw .outOfMemory }
            buffer.withUnsafeBytes { own.append($0) }
            buffer = own
        }
    }
}
