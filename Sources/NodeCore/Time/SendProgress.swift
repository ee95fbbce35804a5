// SPDX-License-Identifier: Apache-2.0
/// How far the peer's kernel has come with what we send on a connection, as our kernel knows it at one moment.
///
/// Positions count the bytes that our kernel was given, ciphertext with TLS.
public struct SendProgress: Equatable, Sendable {
    /// All before it is acknowledged.
    public var acknowledged: UInt64
    /// Where the peer's receive window ends: all before it has been acknowledged or has room there. It moves on as the
    /// peer's application reads, and only then. nil: this kernel does not tell.
    public var windowEnd: UInt64?
    /// How long ago the last acknowledgement came, nanoseconds.
    public var acknowledgementAge: UInt64
    /// Bytes wait, and not for the network: all that the window let through is acknowledged. The peer's application
    /// reads slowly, or not at all.
    public var isHeldByPeer: Bool

    public init(
        acknowledged: UInt64, windowEnd: UInt64? = nil, acknowledgementAge: UInt64 = 0, isHeldByPeer: Bool = false
    ) {
        self.acknowledged = acknowledged
        self.windowEnd = windowEnd
        self.acknowledgementAge = acknowledgementAge
        self.isHeldByPeer = isHeldByPeer
    }
}
