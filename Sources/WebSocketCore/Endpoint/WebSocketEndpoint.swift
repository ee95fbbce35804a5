// SPDX-License-Identifier: Apache-2.0
/// One end of a WebSocket connection behind the opening handshake: bytes in, events and control frames out. Data frames
/// going out are `FrameWriter`'s; this type says whether they may be sent (`maySendData`).
public struct WebSocketEndpoint: Sendable {
    /// How far the closing handshake has come (RFC 6455 §7.1).
    public enum State: Equatable, Sendable {
        case open
        /// Our Close is queued or written; the peer's has not come, and what it sends is still read.
        case closeSent
        /// Nothing more is read, because the peer's Close has come or the connection has failed; our Close is queued
        /// but not yet written.
        case closeReceived
        /// Nothing more is read, and our Close is written. A server closes the TCP connection now, a client gives it
        /// a moment to do so (RFC 6455 §7.1.1).
        case closed
    }

    private enum Reading {
        case header
        case dataPayload(left: UInt64)
        case controlPayload(Opcode, left: Int)
        /// Nothing is read any more.
        case over
    }

    private let role: Role
    private var reading = Reading.header
    private var decoder: FrameDecoder
    private var assembler: MessageAssembler
    /// The control frame in progress; it may stand between the frames of a message (RFC 6455 §5.4).
    private var control = ControlPayload()
    private var controlKey: MaskingKey?
    private var queue = ControlFrameQueue()
    private var isCloseWritten = false
    private var framesReceived = 0

    /// - Parameters:
    ///   - role: ours.
    ///   - limits: what the peer may send.
    ///   - allowsRSV1: true when permessage-deflate is negotiated (RFC 7692 §6); see `messageIsCompressed`.
    ///   - memory: where messages lie; where it has none the connection fails with 1009.
    public init(
        role: Role, limits: EndpointLimits, allowsRSV1: Bool = false, memory: MessageMemory = .swift
    ) {
        self.role = role
        decoder = FrameDecoder(role: role, maxFrameBytes: limits.maxFrameBytes, allowsRSV1: allowsRSV1)
        assembler = MessageAssembler(maxMessageBytes: limits.maxMessageBytes, memory: memory)
    }

    public var state: State {
        if case .over = reading { return isCloseWritten ? .closed : .closeReceived }
        return queue.hasClose ? .closeSent : .open
    }

    /// False once our Close is queued or written (RFC 6455 §5.5.1).
    public var maySendData: Bool { !queue.hasClose }

    // MARK: Incoming

    /// Reads on from `input[offset...]` and advances `offset`. Call it again with the same input until it returns nil:
    /// then all of the input is used up. It forgets the message of the previous event.
    /// - Parameters:
    ///   - input: what the peer sent, split anywhere.
    ///   - offset: where to go on; at most `input.byteCount`.
    public mutating func bytesReceived(_ input: RawSpan, from offset: inout Int) -> EndpointEvent? {
        assembler.forget()
        do throws(ProtocolError) {
            while true {
                switch reading {
                case .header:
                    guard let header = try decoder.bytesReceived(input, from: &offset) else { return nil }
                    try frameStarted(header)
                case .dataPayload(let left):
                    guard try dataReceived(input, from: &offset, left: left) else { return nil }
                    reading = .header
                    if let kind = try assembler.frameEnded() { return .message(kind) }
                case .controlPayload(let opcode, let left):
                    guard controlReceived(input, from: &offset, opcode: opcode, left: left) else { return nil }
                    reading = .header
                    return try controlFrameEnded(opcode, input, from: &offset)
                case .over:
                    // RFC 6455 §1.4, §7.1.7: what follows a Close or a failure is discarded.
                    offset = input.byteCount
                    return nil
                }
            }
        } catch {
            offset = input.byteCount
            return fail(error)
        }
    }

    /// Where in the peer's frames the next byte stands; for the client role, whose peer masks nothing.
    public var place: StreamTrace.Place {
        switch reading {
        case .header: .header(decoder.headerSoFar)
        case .dataPayload(let left): left == 0 ? .header([]) : .payload(left: left)
        case .controlPayload(_, let left): left == 0 ? .header([]) : .payload(left: UInt64(left))
        case .over: .nowhere
        }
    }

    /// Lends the bytes of the message that the last `bytesReceived` reported; none if it reported another event.
    public func withMessage<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try assembler.withMessage(body)
    }

    /// The whole message of the last `.message` event, shared and not copied; nil after the next `bytesReceived`.
    ///
    /// `mutating`, because otherwise Swift copies the whole endpoint first where it is a property of an object.
    public var message: MessageBytes? { mutating get { assembler.message } }

    /// True if the message has its first frame's RSV1 set: its bytes are deflated (RFC 7692 §6), and a text's UTF-8
    /// has not been checked.
    public var messageIsCompressed: Bool { mutating get { assembler.isCompressed } }

    /// Frames whose header has come since the last call: a measure of the work, which small frames cause more of than
    /// their bytes.
    public mutating func takeFramesReceived() -> Int { exchange(&framesReceived, with: 0) }

    private mutating func frameStarted(_ header: FrameHeader) throws(ProtocolError) {
        framesReceived += 1
        if header.opcode.isControl {
            control = ControlPayload()
            controlKey = header.maskingKey
            // The decoder lets through no control frame of more than 125 bytes.
            reading = .controlPayload(header.opcode, left: Int(truncatingIfNeeded: header.payloadLength))
        } else {
            try assembler.frameStarted(header)
            reading = .dataPayload(left: header.payloadLength)
        }
    }

    /// - Returns: true when the frame's payload is complete.
    private mutating func dataReceived(
        _ input: RawSpan, from offset: inout Int, left: UInt64
    ) throws(ProtocolError) -> Bool {
        guard left > 0 else { return true }
        let count = Int(min(left, UInt64(input.byteCount - offset)))
        guard count > 0 else { return false }
        let start = offset
        offset += count
        reading = .dataPayload(left: left - UInt64(count))
        try assembler.payloadReceived(input.extracting(start..<offset))
        return UInt64(count) == left
    }

    /// - Returns: true when the frame's payload is complete.
    private mutating func controlReceived(
        _ input: RawSpan, from offset: inout Int, opcode: Opcode, left: Int
    ) -> Bool {
        let count = min(left, input.byteCount - offset)
        control.append(input.extracting(offset..<offset + count))
        offset += count
        reading = .controlPayload(opcode, left: left - count)
        return count == left
    }

    private mutating func controlFrameEnded(
        _ opcode: Opcode, _ input: RawSpan, from offset: inout Int
    ) throws(ProtocolError) -> EndpointEvent {
        if let controlKey { control.applyMask(controlKey) }
        switch opcode {
        case .ping:
            // RFC 6455 §5.5.2: a Ping is answered with its own bytes. Not behind our Close: the peer discards
            // whatever comes after that (§1.4).
            queue.queuePong(control)
            return .ping(control)
        case .pong:
            return .pong(control)
        default:
            let (code, reason) = try ClosePayload.decode(control)
            reading = .over
            offset = input.byteCount
            // RFC 6455 §5.5.1: a Close is answered with a Close, and typically echoes its code.
            queue.queueClose(ClosePayload.encode(code, reason: ControlPayload()))
            return .close(code, reason: reason)
        }
    }

    /// Fails the connection for what the reported message turned out to be once inflated: too big, no UTF-8, or nothing
    /// that inflates. Nothing more is read after it.
    public mutating func messageRejected(_ error: ProtocolError) -> EndpointEvent {
        assembler.forget()
        return fail(error)
    }

    private mutating func fail(_ error: ProtocolError) -> EndpointEvent {
        reading = .over
        // RFC 6455 §7.1.7: a Close frame with an appropriate code, then no more data.
        queue.queueClose(ClosePayload.encode(error.closeCode, reason: ControlPayload(reason: error.text)))
        return .failed(error)
    }

    // MARK: Outgoing control frames

    /// Queues a Ping (RFC 6455 §5.5.2). Nothing happens once our Close is queued. At most 8 Pings wait to be written;
    /// one more replaces the newest of them.
    public mutating func queuePing(_ payload: ControlPayload) { queue.queuePing(payload) }

    /// Queues our Close and with it ends what may be sent (RFC 6455 §7.1.2). Only the first one counts.
    /// - Parameters:
    ///   - code: nil, or one that is not allowed on the wire, sends a Close without code and reason.
    ///   - reason: UTF-8; cut to 123 bytes at a character, and left out if it is not UTF-8.
    public mutating func queueClose(_ code: CloseCode?, reason: ControlPayload = ControlPayload()) {
        queue.queueClose(ClosePayload.encode(code, reason: reason))
    }

    /// True while control frames wait to be written.
    public var hasControlFrames: Bool { !queue.isEmpty }

    /// Writes the queued control frames that fit as a whole at `output[position...]`, in order, and advances
    /// `position`. Only between data frames, never while `FrameWriter.isMidFrame` (RFC 6455 §5.4).
    /// - Parameter keys: gives each frame its masking key in the client role; untouched in the server role.
    /// - Returns: false if `keys` ran empty: refill it and call again.
    public mutating func writeControlFrames(
        into output: UnsafeMutableRawBufferPointer, at position: inout Int, keys: inout MaskingKeyPool
    ) -> Bool {
        let written = queue.write(role: role, into: output, at: &position, keys: &keys)
        if written.close { isCloseWritten = true }
        return !written.ranOutOfKeys
    }
}
