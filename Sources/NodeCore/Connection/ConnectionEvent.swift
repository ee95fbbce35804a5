// SPDX-License-Identifier: Apache-2.0
import WebSocketCore

/// What the bytes of the peer turned out to be. Small: what is seldom and large lies in a box.
public enum ConnectionEvent {
    /// A proxy has opened the way to the server. TLS is to begin, or not; then `Connection.transportOpened` is awaited.
    case tunnelOpened(startsTLS: Bool)
    /// Frames may flow.
    indirect case negotiated(NegotiatedConnection)
    /// The answer of the proxy, or to the opening handshake, will not do; nothing more is read or written.
    indirect case refused(NegotiationError)
    /// A whole message, inflated.
    case message(MessageKind, IncomingBytes)
    /// Its Pong is queued.
    indirect case ping(ControlPayload)
    indirect case pong(ControlPayload)
    /// The peer's Close; our echo is queued, unless our own Close was before it.
    indirect case close(CloseCode?, reason: ControlPayload)
    /// The peer broke the protocol or a limit; our Close is queued, and nothing more is read.
    indirect case failed(ProtocolError)
}

/// The bytes of a message from the peer. They stay where they are as long as this does, whatever becomes of the
/// connection: in the callback that is shown them, a host may end it. Nothing behind them is read before `handled`.
public enum IncomingBytes {
    case plain(MessageBytes)
    /// In the memory of what inflated them, until `handled`.
    case inflated(UnsafeRawBufferPointer, by: Inflater)

    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        switch self {
        case .plain(let bytes): bytes.withUnsafeBytes(body)
        case .inflated(let bytes, let owner): withExtendedLifetime(owner) { body(bytes) }
        }
    }

    /// Nobody needs them any more: their memory goes.
    public func handled() {
        switch self {
        case .plain(let bytes): bytes.forgetIfLarge()
        case .inflated(_, let owner): owner.forget()
        }
    }
}
