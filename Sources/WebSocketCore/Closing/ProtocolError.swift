// SPDX-License-Identifier: Apache-2.0
/// What the peer did that RFC 6455 or our limits forbid. The connection fails with `closeCode` (RFC 6455 §7.1.7).
public enum ProtocolError: Error, Equatable, Sendable, CaseIterable {
    /// A server must not mask (RFC 6455 §5.1).
    case maskedFrameFromServer
    /// A client must mask (RFC 6455 §5.1).
    case unmaskedFrameFromClient
    /// RSV1, RSV2 or RSV3 set without an extension that gives it a meaning here (RFC 6455 §5.2, RFC 7692 §6.1).
    case reservedBits
    /// Opcodes 3–7 and 11–15 (RFC 6455 §5.2).
    case reservedOpcode
    /// A control frame without FIN (RFC 6455 §5.5).
    case fragmentedControlFrame
    /// A control frame of more than 125 bytes (RFC 6455 §5.5).
    case controlFrameTooLong
    /// A payload length written in more bytes than it needs (RFC 6455 §5.2).
    case payloadLengthNotMinimal
    /// A 64-bit payload length with the most significant bit set (RFC 6455 §5.2).
    case payloadLengthTooBig
    /// A continuation frame without a message to continue (RFC 6455 §5.4).
    case unexpectedContinuation
    /// A text or binary frame while another message is unfinished (RFC 6455 §5.4).
    case expectedContinuation
    /// A text message that is not UTF-8 (RFC 6455 §8.1).
    case invalidUTF8
    /// A Close frame of one byte (RFC 6455 §5.5.1).
    case invalidCloseFrame
    /// A Close frame with a code that must not be sent (RFC 6455 §7.4).
    case invalidCloseCode
    /// A Close frame with a reason that is not UTF-8 (RFC 6455 §5.5.1).
    case invalidCloseReason
    /// A frame beyond `EndpointLimits.maxFrameBytes` (RFC 6455 §10.4).
    case frameTooBig
    /// A message beyond `EndpointLimits.maxMessageBytes` (RFC 6455 §10.4).
    case messageTooBig

    /// A message that does not inflate (RFC 7692 §7.2.2).
    case invalidCompressedData
    /// Not the peer's fault: there is no memory for a message of its size, or to inflate it.
    case outOfMemory

    /// The code that our Close frame carries (RFC 6455 §7.4.1).
    public var closeCode: CloseCode {
        switch self {
        case .invalidUTF8, .invalidCloseReason, .invalidCompressedData:
            return .invalidFramePayloadData
        case .frameTooBig, .messageTooBig, .outOfMemory:
            return .messageTooBig
        case .maskedFrameFromServer, .unmaskedFrameFromClient, .reservedBits, .reservedOpcode,
            .fragmentedControlFrame, .controlFrameTooLong, .payloadLengthNotMinimal, .payloadLengthTooBig,
            .unexpectedContinuation, .expectedContinuation, .invalidCloseFrame, .invalidCloseCode:
            return .protocolError
        }
    }

    /// One sentence in ASCII of at most 123 bytes, so that it fits into a Close frame as its reason.
    public var text: String {
        switch self {
        case .maskedFrameFromServer: return "The server sent a masked frame; servers must not mask."
        case .unmaskedFrameFromClient: return "The client sent an unmasked frame; clients must mask."
        case .reservedBits: return "A frame has a reserved bit set that no negotiated extension uses."
        case .reservedOpcode: return "A frame has a reserved opcode."
        case .fragmentedControlFrame: return "A control frame is fragmented."
        case .controlFrameTooLong: return "A control frame has more than 125 bytes of payload."
        case .payloadLengthNotMinimal: return "A frame's payload length is written in more bytes than it needs."
        case .payloadLengthTooBig: return "A frame's payload length has its most significant bit set."
        case .unexpectedContinuation: return "A continuation frame came without a message to continue."
        case .expectedContinuation: return "A new message began before the previous one was finished."
        case .invalidUTF8: return "A text message is not valid UTF-8."
        case .invalidCloseFrame: return "A Close frame has a payload of one byte; it takes none or at least two."
        case .invalidCloseCode: return "A Close frame carries a code that must not be sent."
        case .invalidCloseReason: return "A Close frame's reason is not valid UTF-8."
        case .frameTooBig: return "A frame is bigger than the limit for incoming frames."
        case .messageTooBig: return "A message is bigger than the limit for incoming messages."
        case .invalidCompressedData: return "A compressed message does not inflate."
        case .outOfMemory: return "There is no memory for a message of this size."
        }
    }
}
