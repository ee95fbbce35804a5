// SPDX-License-Identifier: Apache-2.0
/// What a piece of input turned out to be. Small: what is seldom and large lies in a box.
public enum EndpointEvent: Equatable, Sendable {
    /// A whole message. `WebSocketEndpoint.withMessage` lends its bytes until the next `bytesReceived`.
    case message(MessageKind)
    /// Its Pong is queued already (RFC 6455 §5.5.2), unless our Close is.
    indirect case ping(ControlPayload)
    indirect case pong(ControlPayload)
    /// The peer's Close, nil for one without a code. Our echo is queued already if we had not sent a Close before
    /// (RFC 6455 §5.5.1).
    indirect case close(CloseCode?, reason: ControlPayload)
    /// The peer broke the protocol or a limit. Our Close with the error's code is queued if it was the first, and
    /// nothing more is read (RFC 6455 §7.1.7).
    indirect case failed(ProtocolError)
}
