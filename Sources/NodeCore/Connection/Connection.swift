// SPDX-License-Identifier: Apache-2.0
import CNeuronWS
import WebSocketCore

/// One connection to a server, from the first byte of the negotiation to the last of the closing handshake: what was
/// agreed on, frames in both directions, compression, and what lies where in the stream of bytes. Without I/O: bytes of
/// the server come in by `bytesReceived`, bytes for it come out by `fill`.
///
/// Nothing of it is ever reset: the next connection is another object. Loop-bound.
///
/// Invariants: it negotiates until it has an endpoint; a Ping's place in the stream is at most `bytesFramed`.
public final class Connection {
    /// What the settings say of it.
    public struct Options {
        public var limits: EndpointLimits
        /// nil: permessage-deflate is not offered.
        public var compression: CompressionOptions?
        /// Payload bytes of an outgoing frame at most; 0: a message is one frame.
        public var fragmentBytesMax: Int

        public init(
            limits: EndpointLimits = EndpointLimits(), compression: CompressionOptions? = nil,
            fragmentBytesMax: Int = 0
        ) {
            self.limits = limits
            self.compression = compression
            self.fragmentBytesMax = fragmentBytesMax
        }
    }

    /// What `bytesReceived` came to.
    public enum Step {
        case event(ConnectionEvent)
        /// There is more to be done, with the same bytes; the caller may look at its turn.
        case goesOn
        /// All bytes are used up, and nothing is left to be done with them.
        case needsBytes
    }

    /// Bytes of the peer that are decoded before the turn is looked at.
    public static let pieceBytes = 16 * 1024

    let options: Options
    public let url: WebSocketURL
    /// By which it leads; nil: none.
    public let proxy: Proxy?
    /// nil: it is done, and what is secret in it gone.
    var negotiation: Negotiation?
    /// nil: it negotiates still. Large: it is asked by mutating calls where it is asked often, which copy nothing.
    var endpoint: WebSocketEndpoint?
    /// There is one.
    public private(set) var isOpen = false
    var writer = FrameWriter(role: .client)
    var outbox = Outbox()
    var lane = CommandLane()
    var deflater: Deflater?
    private var inflater: Inflater?
    /// A compressed message that the inflater is at.
    private var inflating: (kind: MessageKind, bytes: MessageBytes)?
    private var hasEnded = false
    /// See `takeWake`.
    private var isWoken = false

    /// The length of the stream of bytes that has gone into buffers so far.
    public internal(set) var bytesFramed: UInt64 = 0
    /// How far the peer has read; nil: nobody asks.
    public var barrier: Barrier?
    /// A message ended nowhere in the last buffer, and a barrier waits for one that does.
    var barrierWaits = false
    /// The number of our newest keep-alive Ping, which waits to be framed.
    var pingSequence: UInt64 = 0
    /// Our newest Ping waits to be framed; then where it ends in the stream, until the kernel has it.
    var isPingQueued = false
    var pingEnd: UInt64?
    /// The transport is there, and takes bytes.
    var isTransportOpen = false
    /// No message waited to be framed when the bytes came that are being read, and our Close had not gone out: what is
    /// sent meanwhile answers them, and goes before a Close. See `fillReplies`.
    public var repliesGoFirst = false

    /// - Parameters:
    ///   - barrier: asks how far the peer has read; nil: nobody wants to know.
    ///   - tunnel: nil: without a proxy.
    public init(
        _ request: HandshakeRequest, _ options: Options, barrier: Barrier? = nil, tunnel: Tunnel? = nil
    ) {
        let negotiation = Negotiation(request, tunnel)
        url = request.url
        proxy = tunnel?.proxy
        negotiationBytes = negotiation.outputBytes
        self.negotiation = negotiation
        self.options = options
        outbox.fragmentBytesMax = options.fragmentBytesMax
        self.barrier = barrier
    }

    // MARK: What it is

    public var isNegotiating: Bool { !isOpen }

    /// A proxy has not opened the way to the server yet: what answers is the proxy.
    public var isBeforeTunnel: Bool { negotiation?.isBeforeTunnel ?? false }

    /// What it negotiates about: with a proxy, or the opening handshake.
    public var phase: neuron_ws_phase_t { negotiation?.phase ?? .NEURON_WS_PHASE_OPEN }

    /// The HTTP status of the newest answer before frames flowed, a proxy's too; 0: none has come.
    public private(set) var httpStatus = 0

    /// What the server says about its refusal of the opening handshake; nil: nothing that can be shown.
    public private(set) var said: ForeignText?

    /// The server has refused, and its text is still to come.
    public var awaitsText: Bool { negotiation?.refused != nil }

    /// No more of that text is waited for. - Returns: nil: none was.
    public func takeRefusal() -> NegotiationError? {
        guard let error = negotiation?.refused else { return nil }
        hasEnded = true
        said = negotiation?.said
        negotiation = nil
        return error
    }

    /// The most that a step of the negotiation has to send at its beginning, bytes.
    public let negotiationBytes: Int

    /// What may be secret in the negotiation has gone out.
    public var isNegotiationSent: Bool { negotiation?.isLastAllSent ?? true }

    /// False before the opening handshake is done, and once our Close is queued or written (RFC 6455 §5.5.1).
    public var maySendMessages: Bool { endpoint?.maySendData ?? false }

    /// Both Close frames are through, or the connection has failed and our Close is in a buffer.
    public var isClosed: Bool { endpoint?.state == .closed }

    /// A message has come whole and is being inflated: nothing behind it is read before.
    public var isInflating: Bool { inflating != nil }

    /// Where a trace of what is framed from now on begins.
    public var placeOfSent: StreamTrace.Place {
        if !isOpen, !isNegotiationSent { return isBeforeTunnel && bytesFramed > 0 ? .nowhere : .head }
        return writer.isMidFrame ? .payload(left: UInt64(writer.payloadLeft)) : .header([])
    }

    /// Where a trace of what comes from now on begins; nil: within the negotiation, where none can.
    public var placeOfReceived: StreamTrace.Place? { endpoint?.place }

    // MARK: Incoming

    /// Reads on from `input[offset...]` and advances `offset`, a piece at a time. To be called again until it needs
    /// bytes; also with no more of them while `isInflating`.
    /// - Parameters:
    ///   - wallSeconds: Unix time, for a date in Retry-After.
    ///   - budget: is drawn from.
    public func bytesReceived(
        _ input: UnsafeRawBufferPointer, from offset: inout Int, wallSeconds: Int64, budget: inout TurnBudget
    ) -> Step {
        if hasEnded {
            offset = input.count
            return .needsBytes
        }
        if inflating != nil { return inflatePiece(&budget) }
        guard isOpen else { return negotiate(input, &offset, wallSeconds: wallSeconds) }
        let piece = UnsafeRawBufferPointer(rebasing: input[..<min(input.count, offset + Self.pieceBytes)])
        let before = offset
        if offset < piece.count { barrier?.bytesReceived() }
        let event = endpoint?.bytesReceived(piece.bytes, from: &offset)
        budget.draw(.bytesReceived, offset - before)
        budget.draw(.framesReceived, endpoint?.takeFramesReceived() ?? 0)
        guard let event else { return offset == input.count ? .needsBytes : .goesOn }
        return step(event, &budget)
    }

    private func negotiate(
        _ input: UnsafeRawBufferPointer, _ offset: inout Int, wallSeconds: Int64
    ) -> Step {
        // What comes before TLS has begun is TLS's.
        guard isTransportOpen,
            let progress = negotiation?.bytesReceived(input.bytes, from: &offset, wallSeconds: wallSeconds)
        else { return .needsBytes }
        httpStatus = negotiation?.httpStatus ?? 0
        isWoken = true
        switch progress {
        case .needsBytes: return .needsBytes
        case .tunnelOpened(let startsTLS):
            isTransportOpen = false
            return .event(.tunnelOpened(startsTLS: startsTLS))
        case .failed(let error):
            hasEnded = true
            said = negotiation?.said
            negotiation = nil
            return .event(.refused(error))
        case .done(let agreed):
            negotiation = nil
            if let deflate = agreed.deflate, let compression = options.compression {
                inflater = Inflater(agreed: deflate, messageBytesMax: options.limits.maxMessageBytes)
                deflater = Deflater.make(agreed: deflate, options: compression)
            }
            endpoint = WebSocketEndpoint(
                role: .client, limits: options.limits, allowsRSV1: inflater != nil, memory: .heap)
            isOpen = true
            return .event(.negotiated(agreed))
        }
    }

    private func step(_ event: EndpointEvent, _ budget: inout TurnBudget) -> Step {
        switch event {
        case .message(let kind):
            guard let bytes = endpoint?.message else { return .goesOn }
            guard inflater != nil, endpoint?.messageIsCompressed == true else {
                return .event(.message(kind, .plain(bytes)))
            }
            inflating = (kind, bytes)
            return .goesOn
        case .ping(let payload):
            budget.draw(.eventsHandled)
            return .event(.ping(payload))
        case .pong(let payload):
            budget.draw(.eventsHandled)
            barrier?.pongReceived(payload)
            // What it confirms makes room, and is followed by the next question.
            if barrier != nil { isWoken = true }
            return .event(.pong(payload))
        case .close(let code, let reason): return .event(.close(code, reason: reason))
        case .failed(let error): return .event(.failed(error))
        }
    }

    private func inflatePiece(_ budget: inout TurnBudget) -> Step {
        guard let inflater, let (kind, bytes) = inflating else { return .goesOn }
        let before = inflater.inflatedBytes
        let result: Result<UnsafeRawBufferPointer?, ProtocolError> = bytes.withUnsafeBytes { bytes in
            do throws(ProtocolError) {
                return .success(try inflater.inflate(bytes, isText: kind == .text))
            } catch { return .failure(error) }
        }
        // So much for the call, though it may come to nothing.
        budget.draw(.bytesInflated, 512 + inflater.inflatedBytes - before)
        switch result {
        case .success(nil): return .goesOn
        case .success(let message?):
            inflating = nil
            bytes.forgetIfLarge()
            return .event(.message(kind, .inflated(message, by: inflater)))
        case .failure(let error):
            inflating = nil
            guard let event = endpoint?.messageRejected(error) else { return .goesOn }
            return step(event, &budget)
        }
    }

    /// True: what has come asks whoever sends to look: it wants an answer, or may have confirmed messages.
    public func takeWake() -> Bool {
        defer { isWoken = false }
        return isWoken || hasControlFrames
    }
}
