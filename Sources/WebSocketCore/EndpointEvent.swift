// SPDX-License-Identifier: Apache-2.0
/// What a piece of input turned out to be.
public enum EndpointEvent: Equatable, Sendable {
    /// A whole message. `WebSocketEndpoint.withMessage` lends its bytes until the next `bytesReceived` or
    /// `messageHandled`.
    case message(MessageKind)
    /// Its Pong is queued already (RFC 6455 §5.5.2), unless our Close is.
    case ping(ControlPayload)
    case pong(ControlPayload)
    /// The peer's Close, nil for one without a code. Our echo is queued already if we had not sent a Close before
    /// (RFC 6455 §5.5.1).
    case close(CloseCode?, reason: ControlPayload)
    /// The peer broke the protocol or a limit. Our Close with the error's code is queued if it was the first, and
    /// nothing more is read (RFC 6455 §7.1.7).
    case failed(ProtocolError)
}
