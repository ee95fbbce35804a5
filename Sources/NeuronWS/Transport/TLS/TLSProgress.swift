// SPDX-License-Identifier: Apache-2.0
/// How a handshake goes on.
enum TLSHandshakeProgress: Equatable {
    case needsMore, done
    case failed(TransportError)
}

/// What came out of a read.
struct TLSReadResult {
    enum End: Equatable {
        /// There may be more.
        case bufferFull
        /// So many messages that are no data were dealt with that the others have their turn; there may be more.
        case turnOver
        case needsMore
        /// close_notify: the peer has ended the stream.
        case closed
        case failed(TransportError)
    }

    /// Plaintext bytes, present whatever the end.
    let count: Int
    let end: End
}
